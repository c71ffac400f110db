"""Open a .zip of invoices that came from a stranger.

Nothing is ever extracted to disk: members are read one by one into memory, each within limits that are checked
before and while inflating, because the sizes written in an archive are only a claim. Python before 3.11.8
accepts overlapping members (CVE-2024-0450), so overlaps are looked for here.

Sources: Specifiche tecniche SdI 1.8.1, point 2.2 (archives); PKWARE APPNOTE 6.3.10.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from fattorino.core.errors import ArchiveError
from fattorino.core.texts import quoted, say

MAX_SIZE = 150 * 1024 * 1024  # the largest SdIFtp support; SDICoop and the web take 5 MB
MAX_MEMBERS = 20_000
MAX_MEMBER_SIZE = 20 * 1024 * 1024
MAX_TOTAL_SIZE = 300 * 1024 * 1024
MAX_RATIO = 100
# Repetitive XML of a few kB may honestly shrink a hundredfold; only what is large is suspicious.
RATIO_FROM = 1024 * 1024

_READABLE = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)
_CHUNK = 256 * 1024
_JOINER = "\N{ZERO WIDTH JOINER}"
_PICTURES = ("\U0001f000", "\U0001faff")
_MAKE_ANEW = say("Creare di nuovo l'archivio, senza password, con la compressione normale.")


@dataclass(frozen=True, slots=True)
class ZipMember:
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class UnreadableMember:
    """A file of an archive that cannot be opened, and why."""

    name: str
    error: ArchiveError


def is_zip(data: bytes) -> bool:
    return data.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def read_zip(
    data: bytes,
    *,
    max_members: int = MAX_MEMBERS,
    max_member_size: int = MAX_MEMBER_SIZE,
    max_total_size: int = MAX_TOTAL_SIZE,
) -> tuple[ZipMember, ...]:
    """All files of an archive, in the archive's order. Folder entries and the ``__MACOSX`` and ``.DS_Store``
    leavings of macOS are passed over; files in folders keep their whole name.

    Raises:
        ArchiveError: not a zip, damaged, empty, or not safe to open (00106; too large: 00003).
    """
    members = []
    # All together as each of them: small members would else make 300 MB out of 300 kB.
    left = min(max_total_size, max(MAX_RATIO * len(data), 10 * RATIO_FROM))
    for member in members_of(data, max_members=max_members, max_member_size=max_member_size):
        if isinstance(member, UnreadableMember):
            raise member.error
        left -= len(member.content)
        if left < 0:
            raise ArchiveError(
                say("L'archivio, una volta aperto, supera la dimensione massima."), code="00003"
            )
        members.append(member)
    return tuple(members)


def members_of(
    data: bytes, *, max_members: int = MAX_MEMBERS, max_member_size: int = MAX_MEMBER_SIZE
) -> Iterator[ZipMember | UnreadableMember]:
    """As `read_zip`, one file after the other: no more than one is held open, and a damaged one does not take the
    others with it (SdI judges "ogni singolo file" of an archive: Elenco dei controlli 1.7, point 2).

    Raises:
        ArchiveError: the archive as a whole cannot be used; always before the first member comes.
    """
    if len(data) > MAX_SIZE:
        raise ArchiveError(
            say("L'archivio supera i {megabytes} MB.", megabytes=MAX_SIZE // 1_048_576), code="00003"
        )
    with _opened(data) as archive:
        entries = archive.infolist()
        if len(entries) > max_members:
            raise ArchiveError(
                say("L'archivio contiene più di {most} file.", most=max_members),
                say("Dividerlo in più archivi."),
            )
        _check_names(entries)
        _check_overlaps(entries, archive.start_dir)
        files = [entry for entry in entries if not entry.is_dir() and not _is_leaving(entry.filename)]
        if not files:
            raise ArchiveError(
                say("L'archivio ZIP è vuoto."), say("Inserire nell'archivio almeno una fattura.")
            )
        for entry in files:
            yield _member(archive, entry, max_member_size)


def _opened(data: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except _BROKEN as error:
        raise ArchiveError(say("L'archivio ZIP è danneggiato o non è leggibile."), _MAKE_ANEW) from error


def _member(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, max_member_size: int
) -> ZipMember | UnreadableMember:
    try:
        _check_entry(entry, max_member_size)
        return ZipMember(entry.filename, _read(archive, entry, max_member_size))
    except ArchiveError as error:
        return UnreadableMember(entry.filename, error)
    except _BROKEN:
        message = say(
            "Il file «{name}» dell'archivio è danneggiato o non è leggibile.", name=entry.filename[:80]
        )
        return UnreadableMember(entry.filename, ArchiveError(message, _MAKE_ANEW))


def _check_names(entries: list[zipfile.ZipInfo]) -> None:
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename
        # orig_filename: zipfile cuts a name at NUL and would hide what follows.
        if not _is_safe(entry.orig_filename):
            shown = printable(name[:80])
            raise ArchiveError(
                say("L'archivio contiene un file con un nome non ammesso: «{name}».", name=shown),
                say("Usare nomi senza percorsi assoluti, «..», barre rovesciate o caratteri di controllo."),
            )
        if name.casefold() in seen:
            raise ArchiveError(
                say("L'archivio contiene due file con lo stesso nome: «{name}».", name=name[:80])
            )
        seen.add(name.casefold())


def _is_safe(name: str) -> bool:
    if not name or len(name) > 255 or name.startswith("/") or "\\" in name or ":" in name:
        return False
    if printable(name) != name:  # control characters and the invisible ones that turn writing around
        return False
    return not any(part in ("", ".", "..") for part in name.removesuffix("/").split("/"))


def printable(name: str) -> str:
    """The name with a replacement character for each that shows nothing or turns the writing around.

    Pictures stay, also those that are newer than this Python and those that a joiner makes of several.
    """
    return "".join(
        c
        if c.isprintable() or c == _JOINER or _PICTURES[0] <= c <= _PICTURES[1]
        else "\N{REPLACEMENT CHARACTER}"
        for c in name
    )


def _is_leaving(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rpartition("/")[2] in (".DS_Store", "Thumbs.db")


def _check_overlaps(entries: list[zipfile.ZipInfo], directory: int) -> None:
    """Each member's header and data must end where the next begins, and before the central directory."""
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end:
            raise ArchiveError(say("L'archivio ZIP è costruito in modo anomalo: i file si sovrappongono."))
        # 30 octets of local header, the name (UTF-8 or the old cp437, as its flag says), the data.
        name = entry.orig_filename.encode("utf-8" if entry.flag_bits & 0x800 else "cp437", "replace")
        end = entry.header_offset + 30 + len(name) + entry.compress_size
    if end > directory:
        raise ArchiveError(say("L'archivio ZIP è costruito in modo anomalo: i file si sovrappongono."))


def _check_entry(entry: zipfile.ZipInfo, max_member_size: int) -> None:
    name = quoted(entry.filename[:80])
    if entry.flag_bits & 0x1:
        raise ArchiveError(
            say("Il file {name} dell'archivio è protetto da password.", name=name),
            say("Togliere la password."),
        )
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise ArchiveError(say("L'archivio contiene un collegamento invece di un file: {name}.", name=name))
    if entry.compress_type not in _READABLE:
        raise ArchiveError(
            say("Il file {name} usa una compressione non ammessa.", name=name),
            say("Creare l'archivio con la compressione normale."),
        )
    if entry.file_size > max_member_size:
        raise _too_large(entry, max_member_size)
    if entry.file_size > RATIO_FROM and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
        raise ArchiveError(say("Il file {name} ha una compressione anomala e non viene aperto.", name=name))


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes:
    pieces = []
    size = 0
    with archive.open(entry) as stream:
        while piece := stream.read(_CHUNK):
            size += len(piece)
            if size > limit:
                raise _too_large(entry, limit)
            pieces.append(piece)
    return b"".join(pieces)


def _too_large(entry: zipfile.ZipInfo, limit: int) -> ArchiveError:
    return ArchiveError(
        say(
            "Il file «{name}» supera i {megabytes} MB.",
            name=entry.filename[:80],
            megabytes=limit // 1_048_576,
        ),
        code="00003",
    )
