"""A support: a zip of files with the quadrature that counts them (FTP411, 3.1)."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fattorino.core.errors import FattorinoError, InputError
from fattorino.core.fatturapa.archive import read_zip
from fattorino.core.sdi.ftp.names import SupportName
from fattorino.core.sdi.ftp.records import FileQuadratura, quadrature, read_quadrature, write_record
from fattorino.core.sdi.names import is_invoice_name, parse_message_name
from fattorino.core.texts import say

MOST_FILES = 20_000
LARGEST = 150_000_000  # bytes of a support
LARGEST_FILE = 5_000_000  # of a file inside
# Of supports smaller than this only one may lie in the folder at a time (3.1.2).
SMALL = 15_000_000
# A zip of one file for each invoice costs this much for name, headers and directory, at most.
_ENTRY = 400
_EXTENSIONS = (".xml", ".p7m")
# "Il Sistema ammette nei supporti i soli file con estensione .xml e .p7m" (3.1.6) is said of those that go to SdI. An
# attestation comes as the zip of itself and the invoice that was not delivered (Specifiche tecniche
# SdI 1.8.1, 2.2).
_FROM_SDI = {"AT": (*_EXTENSIONS, ".zip")}


@dataclass(frozen=True, slots=True)
class Piece:
    """A file inside a support, and its kind in the quadrature (FA, EC, RC ...)."""

    name: str
    content: bytes
    kind: str


def kind_of(name: str) -> str:
    """The quadrature's kind for a file name: that of a message, else FA.

    Raises InputError for what neither is an invoice nor a message."""
    if is_invoice_name(name):
        return "FA"
    return parse_message_name(name).tipo


def divide(sizes: Iterable[int], *, most: int = MOST_FILES, largest: int = LARGEST) -> Iterator[int]:
    """How many of the files, in their order, go into each support, so that none is too large even if nothing shrinks.

    Raises InputError for a file that no support takes."""
    count = total = 0
    for size in sizes:
        if size > LARGEST_FILE:
            raise InputError(
                say("Un file supera i 5 MB e non può viaggiare in un supporto SdIFtp."),
                say("Ridurre o togliere gli allegati."),
            )
        if count and (count == most or total + size + _ENTRY > largest):
            yield count
            count = total = 0
        count += 1
        total += size + _ENTRY
    if count:
        yield count


def pack(name: SupportName, pieces: Sequence[Piece], *, made: datetime.datetime) -> bytes:
    """The zip, before it is signed and encrypted. Equal arguments give equal bytes.

    Args:
        made: aware; stands in the quadrature, must not lie after SdI's reception (3.1.6).
    """
    counts = Counter(piece.kind for piece in pieces)
    record = quadrature(name.node, made, name.file, dict(counts))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for inside, content in (
            (name.quadrature, write_record(record)),
            *((p.name, p.content) for p in pieces),
        ):
            # A fixed day: what is made again after a fault must be the same support.
            entry = zipfile.ZipInfo(inside, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class Support:
    """An opened support.

    Attributes:
        quadrature: None where it is missing or cannot be read.
        pieces: every other file, with its kind ("" for a name that is no invoice's and no message's).
        faults: why SdI would suspend it, in Italian; () when all agrees.
    """

    quadrature: FileQuadratura | None
    pieces: tuple[Piece, ...]
    faults: tuple[str, ...]


def unpack(name: SupportName, data: bytes, *, received: datetime.datetime | None = None) -> Support:
    """Open a support and hold it against its quadrature (3.1.6). Faults of content keep nobody from its files.

    Args:
        received: aware; when given, a quadrature made later is a fault.

    Raises:
        ArchiveError: the zip cannot be opened.
    """
    members = read_zip(data, max_members=MOST_FILES + MOST_FILES // 100 + 1)
    pieces: list[Piece] = []
    faults: list[str] = []
    found: FileQuadratura | None = None
    for member in members:
        if member.name == name.quadrature:
            found = _quadrature(member.content, faults)
        else:
            admitted = _FROM_SDI if name.kind == "FO" else {}
            pieces.append(Piece(member.name, member.content, _kind(member.name, admitted, faults)))
    if found is None:
        faults.insert(0, say("Il supporto non contiene un file di quadratura leggibile."))
    else:
        faults += _disagreements(found, name, pieces, received)
    return Support(found, tuple(pieces), tuple(faults))


def _quadrature(content: bytes, faults: list[str]) -> FileQuadratura | None:
    try:
        return read_quadrature(content)
    except FattorinoError as error:
        faults.append(error.text)
        return None


def _kind(name: str, admitted: Mapping[str, tuple[str, ...]], faults: list[str]) -> str:
    try:
        kind = kind_of(name)
    except InputError as error:
        faults.append(error.text)
        return ""
    if not name.lower().endswith(admitted.get(kind, _EXTENSIONS)):
        faults.append(say("Il file «{name}» non è né .xml né .p7m.", name=name))
    return kind


def _disagreements(
    record: FileQuadratura, name: SupportName, pieces: list[Piece], received: datetime.datetime | None
) -> Iterator[str]:
    if record.identificativo_nodo != name.node:
        yield say(
            "Il nodo della quadratura è {found}, non {wanted}.",
            found=record.identificativo_nodo,
            wanted=name.node,
        )
    if record.nome_supporto.partition(".zip")[0] != name.stem:
        yield say(
            "La quadratura è di un altro supporto: {found} invece di {wanted}.",
            found=record.nome_supporto,
            wanted=name.file,
        )
    moment = record.data_ora_creazione
    if received is not None and moment.tzinfo is not None and moment > received:
        yield say("La quadratura porta una data successiva alla ricezione.")
    kinds = [line.tipo for line in record.numero_file.file]
    if len(kinds) != len(set(kinds)):
        yield say("Nella quadratura un tipo di file compare più volte.")
    counts = record.counts()
    inside = Counter(piece.kind for piece in pieces)
    for kind in sorted(counts.keys() | inside.keys()):
        if counts.get(kind, 0) != inside[kind]:
            yield say(
                "File di tipo {kind}: la quadratura ne dichiara {declared}, il supporto ne contiene {found}.",
                kind=kind or "?",
                declared=counts.get(kind, 0),
                found=inside[kind],
            )
