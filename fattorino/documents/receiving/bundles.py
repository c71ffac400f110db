"""What is inside of a file that somebody hands in: an invoice, an archive of invoices, a letter of SdI. Touches no
database, and holds one invoice at a time."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from fattorino.core.errors import ArchiveError, InputError
from fattorino.core.fatturapa.archive import (
    MAX_RATIO,
    MAX_TOTAL_SIZE,
    RATIO_FROM,
    UnreadableMember,
    ZipMember,
    is_zip,
    members_of,
)
from fattorino.core.pec.messages import read_pec
from fattorino.core.sdi.names import parse_message_name
from fattorino.core.sdi.pec import from_sdi
from fattorino.core.texts import say

METADATA_LIMIT = 65_536  # bytes; SdI's MT has about one thousand
LETTERS = (".eml",)
DEPTH = 2  # archives within archives


@dataclass(frozen=True, slots=True)
class Found:
    """One file; with `note` it is no invoice file, and the note says why. `delivered_at` where a letter tells it."""

    name: str
    content: bytes = b""
    metadata_name: str = ""
    metadata: bytes = b""
    delivered_at: datetime.datetime | None = None
    note: str = ""

    def with_metadata(self, name: str, content: bytes) -> Found:
        return replace(self, metadata_name=name, metadata=content)


def unpack(name: str, content: bytes, depth: int = DEPTH) -> Iterator[Found]:
    """The invoice files in a file, each with the MT that lies beside it under its name; in the order they lie there.

    Asked twice it says the same, so that whoever was interrupted may go on where he was.
    """
    if not content:
        yield Found(name, note=say("Il file è vuoto."))
    elif is_zip(content):
        yield from _archive(name, content, depth)
    elif name.lower().endswith(LETTERS):
        yield from _letter(name, content, depth)
    elif not _may_be_invoice(name):
        yield Found(name, note=say("Non è un file di fattura: vanno bene .xml, .p7m, .zip e .eml."))
    else:
        yield Found(name, content)


def metadata_of(name: str) -> str:
    """The name, without extension, of the invoice that an MT of this name accompanies; "" for what is no MT."""
    try:
        message = parse_message_name(_last(name))
    except InputError:
        return ""
    return message.fattura.upper() if message.tipo == "MT" else ""


def stem(name: str) -> str:
    """By what an invoice and its MT are paired: the name up to its first dot, in capitals as file systems see it."""
    return _last(name).split(".", 1)[0].upper()


def _archive(name: str, content: bytes, depth: int) -> Iterator[Found]:
    if depth == 0:
        yield Found(name, note=say("Gli archivi dentro altri archivi non si aprono oltre il secondo."))
        return
    try:
        # MTs are small: all of them are held, the invoices are not.
        metadata = {
            metadata_of(m.name): (_last(m.name), m.content)
            for m in _members(content)
            if not isinstance(m, UnreadableMember)
            and metadata_of(m.name)
            and len(m.content) <= METADATA_LIMIT
        }
        used: set[str] = set()
        for member in _members(content):
            if isinstance(member, UnreadableMember):
                yield Found(member.name, note=member.error.text)
            elif not metadata_of(member.name):
                used.add(stem(member.name))
                yield from _with_metadata(unpack(member.name, member.content, depth - 1), metadata)
    except ArchiveError as error:
        yield Found(name, note=error.text)
        return
    yield from _alone(metadata, used)


def _members(content: bytes) -> Iterator[ZipMember | UnreadableMember]:
    """The files of an archive, up to what an honest one holds altogether: many small ones would else make gigabytes of
    a few megabytes.

    Raises:
        ArchiveError: not to be opened, or too much in it; what came before that stands.
    """
    left = min(MAX_TOTAL_SIZE, max(MAX_RATIO * len(content), 10 * RATIO_FROM))
    for member in members_of(content):
        left -= 0 if isinstance(member, UnreadableMember) else len(member.content)
        if left < 0:
            raise ArchiveError(
                say("L'archivio, una volta aperto, supera la dimensione massima."),
                say("Dividerlo in più archivi."),
                code="00003",
            )
        yield member


def _letter(name: str, content: bytes, depth: int) -> Iterator[Found]:
    try:
        letter = read_pec(content)
    except InputError as error:
        yield Found(name, note=error.text)
        return
    # Only the providers' own word of when SdI's letter arrived counts.
    certified = letter.daticert if from_sdi(letter) else None
    delivered = certified.quando if certified else None
    metadata = {
        metadata_of(f.name): (_last(f.name), f.content)
        for f in letter.files
        if metadata_of(f.name) and len(f.content) <= METADATA_LIMIT
    }
    invoices = [f for f in letter.files if _may_be_invoice(f.name) and not metadata_of(f.name)]
    if not invoices:
        yield Found(name, note=say("Il messaggio non contiene fatture."))
    for file in invoices:
        for found in _with_metadata(unpack(file.name, file.content, depth - 1), metadata):
            yield Found(found.name, found.content, found.metadata_name, found.metadata, delivered, found.note)


def _with_metadata(files: Iterable[Found], metadata: dict[str, tuple[str, bytes]]) -> Iterator[Found]:
    for found in files:
        beside = metadata.get(stem(found.name))
        if beside is None or found.metadata or found.note:
            yield found
        else:
            yield found.with_metadata(*beside)


def _alone(metadata: dict[str, tuple[str, bytes]], used: set[str]) -> Iterator[Found]:
    for invoice, (name, _) in metadata.items():
        if invoice not in used:
            yield Found(name, note=say("Metadati (MT) senza la loro fattura."))


def _may_be_invoice(name: str) -> bool:
    return name.lower().endswith((".xml", ".p7m", ".zip"))


def _last(name: str) -> str:
    return name.replace("\\", "/").rsplit("/", 1)[-1]
