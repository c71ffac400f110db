from __future__ import annotations

import io
import stat
import struct
import tracemalloc
import warnings
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fattorino.core.errors import ArchiveError
from fattorino.core.fatturapa.archive import UnreadableMember, ZipMember, is_zip, members_of, read_zip


def make(*members: tuple[str | zipfile.ZipInfo, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of duplicate names
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def refused(data: bytes, **limits: int) -> ArchiveError:
    with pytest.raises(ArchiveError) as caught:
        read_zip(data, **limits)
    return caught.value


def test_files_come_in_the_archives_order_with_their_folders() -> None:
    data = make(("IT01_b.xml", b"<b/>"), ("cartella/", b""), ("cartella/IT01_à.xml.p7m", b"\x30"))
    assert read_zip(data) == (ZipMember("IT01_b.xml", b"<b/>"), ZipMember("cartella/IT01_à.xml.p7m", b"\x30"))
    assert is_zip(data) and not is_zip(b"<a/>")


@pytest.mark.parametrize(
    "picture", ["\U0001f4c4", "\U0001f468\u200d\U0001f4bb", "\u2764\ufe0f", "\U0001fae8"]
)
def test_pictures_in_a_name_are_names(picture: str) -> None:
    name = f"fatture {picture}/IT01_b.xml"
    assert read_zip(make((name, b"<b/>"))) == (ZipMember(name, b"<b/>"),)
    damaged = refused(make((f"../{picture}.xml", b"x"))).message
    assert picture in damaged and "?" not in damaged


def test_leavings_of_macos_are_passed_over() -> None:
    assert [
        m.name for m in read_zip(make(("a.xml", b"x"), ("__MACOSX/._a.xml", b"y"), ("x/.DS_Store", b"z")))
    ] == ["a.xml"]


def test_stored_and_streamed_archives_are_read() -> None:
    class Pipe(io.RawIOBase):
        """Not seekable: zipfile then writes sizes behind the data."""

        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, piece: object) -> int:
            self.data += piece  # type: ignore[arg-type,operator]
            return len(piece)  # type: ignore[arg-type]

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w") as archive:  # type: ignore[arg-type]
        archive.writestr("a.xml", b"<a/>")
        archive.writestr("b.xml", b"<b/>")
    assert [m.content for m in read_zip(bytes(pipe.data))] == [b"<a/>", b"<b/>"]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"hello", make(("a.xml", b"<a/>"))[:-10]])
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    assert refused(data).code == "00106"


@pytest.mark.parametrize("data", [make(), make(("cartella/", b""))])
def test_an_empty_archive_is_refused(data: bytes) -> None:
    error = refused(data)
    assert error.code == "00106" and "vuoto" in error.message


@pytest.mark.parametrize(
    "name",
    [
        "../a.xml",
        "/etc/passwd",
        "a/../../b.xml",
        "a\\b.xml",
        "C:a.xml",
        "a\u202elmx.exe",
        "a\nb.xml",
        "./a",
        "a//b",
    ],
)
def test_names_that_mean_a_place_or_hide_something_are_refused(name: str) -> None:
    assert "nome non ammesso" in refused(make((name, b"x"))).message


def test_a_name_cut_by_nul_is_refused() -> None:
    data = make(("a.xmlXexe", b"x")).replace(b"a.xmlXexe", b"a.xml\0exe")
    assert "nome non ammesso" in refused(data).message


def test_two_files_of_one_name_are_refused_whatever_the_case() -> None:
    assert "stesso nome" in refused(make(("a.xml", b"1"), ("A.xml", b"2"))).message


def test_symbolic_links_are_refused() -> None:
    info = zipfile.ZipInfo("a.xml")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    info.create_system = 3
    assert "collegamento" in refused(make((info, b"/etc/passwd"))).message


def test_encrypted_members_are_refused() -> None:
    data = bytearray(make(("a.xml", b"x")))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert "password" in refused(bytes(data)).message


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(compression: int) -> None:
    assert "compressione" in refused(make(("a.xml", b"x"), compression=compression)).message


def test_a_bomb_is_refused_before_inflating() -> None:
    assert "compressione anomala" in refused(make(("a.xml", b"\0" * 15_000_000))).message


def test_a_false_size_does_not_get_past_the_limit() -> None:
    data = make(("a.xml", b"\0" * 3_000_000))
    false = data.replace(struct.pack("<I", 3_000_000), struct.pack("<I", 10))
    assert refused(false).code == "00106"


def test_limits_of_number_size_and_sum() -> None:
    two = make(("a.xml", b"x" * 1000), ("b.xml", b"y" * 1000), compression=zipfile.ZIP_STORED)
    assert "più di 1 file" in refused(two, max_members=1).message
    assert refused(two, max_member_size=999).code == "00003"
    assert refused(two, max_total_size=1999).code == "00003"
    assert len(read_zip(two, max_members=2, max_member_size=1000, max_total_size=2000)) == 2


def test_a_damaged_member_does_not_take_the_others_with_it() -> None:
    data = make(
        ("a.xml", b"first" * 9), ("b.xml", b"second"), ("c.xml", b"third"), compression=zipfile.ZIP_STORED
    )
    found = list(members_of(data.replace(b"second", b"sec0nd", 1)))
    assert [one.name for one in found] == ["a.xml", "b.xml", "c.xml"]
    assert [isinstance(one, ZipMember) for one in found] == [True, False, True]
    (damaged,) = (one for one in found if isinstance(one, UnreadableMember))
    assert damaged.error.code == "00106" and "«b.xml»" in damaged.error.message
    assert refused(data.replace(b"second", b"sec0nd", 1)).message == damaged.error.message


def test_a_locked_or_too_large_member_is_told_apart_from_the_others() -> None:
    data = make(("a.xml", b"x" * 100), ("b.xml", b"y" * 10), compression=zipfile.ZIP_STORED)
    large, small = members_of(data, max_member_size=99)
    assert isinstance(large, UnreadableMember) and large.error.code == "00003"
    assert small == ZipMember("b.xml", b"y" * 10)


def test_what_concerns_the_whole_archive_is_said_before_the_first_member() -> None:
    for data in (b"PK\x03\x04", make(), make(("../a", b"x"), ("b", b"y")), make(("a", b""), ("A", b""))):
        with pytest.raises(ArchiveError):
            next(members_of(data))


def test_members_are_held_one_at_a_time() -> None:
    data = make(*((f"{number}.xml", bytes([number]) * 1_000_000) for number in range(1, 31)))
    tracemalloc.start()
    for member in members_of(data):
        assert isinstance(member, ZipMember) and len(member.content) == 1_000_000
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6_000_000


def test_members_that_share_bytes_are_refused() -> None:
    data = make(("a.xml", b"x" * 100), ("b.xml", b"x" * 100), compression=zipfile.ZIP_STORED)
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    shared = bytearray(data)
    shared[second + 42 : second + 46] = struct.pack("<I", 0)  # the second points to the first's header
    assert "si sovrappongono" in refused(bytes(shared)).message


def test_a_member_within_anothers_data_is_refused() -> None:
    content = b"<a/>"
    local = struct.pack(
        "<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, 0, 0, 33, zlib.crc32(content), len(content), len(content), 5, 0
    )
    data = make(("q.xml", local + b"z.xml" + content), ("z.xml", content), compression=zipfile.ZIP_STORED)
    second = data.rindex(b"PK\x01\x02")
    inner = bytearray(data)
    inner[second + 42 : second + 46] = struct.pack("<I", data.index(local))
    assert "si sovrappongono" in refused(bytes(inner)).message


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damage_anywhere_is_refused_and_nothing_else_is_raised(data: st.DataObject) -> None:
    whole = bytearray(make(("a.xml", b"<a>1</a>" * 20), ("b.xml", b"<b/>")))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_zip(bytes(whole))
    except ArchiveError as error:
        assert error.message
