from __future__ import annotations

import datetime
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fattorino.core.errors import ArchiveError, InputError
from fattorino.core.sdi.ftp.names import support_name
from fattorino.core.sdi.ftp.supports import LARGEST_FILE, Piece, divide, kind_of, pack, unpack

MADE = datetime.datetime(2026, 11, 22, 12, 0, tzinfo=datetime.UTC)
NAME = support_name("FI", "01234567890", datetime.datetime(2026, 11, 22, 13, 0), 1)
OF_TWO = "File di tipo FA: la quadratura ne dichiara 2, il supporto ne contiene {}."
PIECES = [
    Piece("IT01234567890_00001.xml", b"<una/>", "FA"),
    Piece("IT01234567890_00002.xml.p7m", b"<due/>", "FA"),
    Piece("IT09876543210_A1b2C_EC_001.xml", b"<esito/>", "EC"),
]


def test_a_support_is_opened_as_it_was_packed():
    support = unpack(NAME, pack(NAME, PIECES, made=MADE), received=MADE)
    assert list(support.pieces) == PIECES
    assert support.faults == ()
    assert support.quadrature is not None and support.quadrature.counts() == {"EC": 1, "FA": 2}


def test_packing_again_gives_the_same_bytes():
    assert pack(NAME, PIECES, made=MADE) == pack(NAME, PIECES, made=MADE)


def test_the_quadrature_has_the_name_of_its_support():
    with zipfile.ZipFile(io.BytesIO(pack(NAME, PIECES, made=MADE))) as archive:
        assert archive.namelist()[0] == "FI.01234567890.2026326.1300.001.xml"


def rezipped(change) -> bytes:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(pack(NAME, PIECES, made=MADE))) as old,
        zipfile.ZipFile(buffer, "w") as new,
    ):
        files = {name: old.read(name) for name in old.namelist()}
        change(files)
        for name, content in files.items():
            new.writestr(name, content)
    return buffer.getvalue()


def without(name):
    return lambda files: files.pop(name)


def with_file(name, content=b"<x/>"):
    return lambda files: files.__setitem__(name, content)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            without("IT01234567890_00001.xml"),
            OF_TWO.format(1),
        ),
        (
            with_file("IT01234567890_00009.xml"),
            OF_TWO.format(3),
        ),
        (without(NAME.quadrature), "Il supporto non contiene un file di quadratura leggibile."),
        (with_file(NAME.quadrature, b"<x/>"), "Il supporto non contiene un file di quadratura leggibile."),
        (with_file("leggimi.txt"), "File di tipo ?: la quadratura ne dichiara 0, il supporto ne contiene 1."),
    ],
)
def test_what_disagrees_with_the_quadrature_is_said_and_the_files_are_kept(change, fault):
    support = unpack(NAME, rezipped(change))
    assert fault in support.faults
    assert len(support.pieces) >= 2


def test_a_quadrature_from_the_future_or_of_another_support_is_a_fault():
    data = pack(NAME, PIECES, made=MADE)
    assert unpack(NAME, data, received=MADE - datetime.timedelta(seconds=1)).faults == (
        "La quadratura porta una data successiva alla ricezione.",
    )
    other = support_name("FI", "11111111111", NAME.made, 1)
    renamed = rezipped(lambda files: files.__setitem__(other.quadrature, files.pop(NAME.quadrature)))
    assert len(unpack(other, renamed).faults) == 2


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04rotto", b"<xml/>"])
def test_what_is_no_zip_is_refused(data):
    with pytest.raises(ArchiveError):
        unpack(NAME, data)


@pytest.mark.parametrize(("kind", "faults"), [("FO", 0), ("FI", 1)])
def test_an_attestation_comes_from_sdi_as_a_zip_and_goes_to_it_as_none(kind, faults):
    name = support_name(kind, "01234567890", NAME.made, 1)
    attestation = Piece("IT01234567890_00001_AT_001.zip", b"PK", "AT")
    support = unpack(name, pack(name, [attestation], made=MADE))
    assert support.pieces == (attestation,)
    assert len(support.faults) == faults


def test_an_archive_of_invoices_is_noted_in_a_support_of_sdi_too():
    name = support_name("FO", "01234567890", NAME.made, 1)
    archive = Piece("IT01234567890_00001.zip", b"PK", "FA")
    assert len(unpack(name, pack(name, [archive], made=MADE)).faults) == 1


def test_a_kind_is_read_from_the_name():
    assert kind_of("IT01234567890_00001.xml.p7m") == "FA"
    assert kind_of("IT01234567890_00001_RC_001.xml") == "RC"
    with pytest.raises(InputError):
        kind_of("leggimi.txt")


@given(st.lists(st.integers(0, 1000), max_size=60), st.integers(1, 10), st.integers(2_000, 5_000))
def test_every_file_is_in_one_support_in_order_and_none_is_too_large(sizes, most, largest):
    counts = list(divide(sizes, most=most, largest=largest))
    assert sum(counts) == len(sizes)
    start = 0
    for count in counts:
        assert 1 <= count <= most
        assert count == 1 or sum(sizes[start : start + count]) + 400 * count <= largest
        start += count


def test_a_file_over_five_megabytes_travels_in_no_support():
    with pytest.raises(InputError):
        list(divide([10, LARGEST_FILE + 1]))
