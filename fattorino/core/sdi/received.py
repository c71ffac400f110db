"""What arrives together from SdI (in a PEC message, in a support): the invoices, each with its own MT."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fattorino.core.errors import FattorinoError, InputError
from fattorino.core.sdi.message_io import read_message
from fattorino.core.sdi.messages import FileMetadati, MetadatiInvioFile
from fattorino.core.sdi.names import is_invoice_name, parse_message_name

NamedFile = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class ReceivedInvoice:
    """An invoice for us, with its MT; without one, `identificativo_sdi` and the metadata are empty."""

    name: str
    content: bytes
    identificativo_sdi: str = ""
    metadata_name: str = ""
    metadata: bytes = b""


def pair_metadata(files: Iterable[NamedFile]) -> tuple[tuple[ReceivedInvoice, ...], tuple[NamedFile, ...]]:
    """The invoices, each with the MT that names it, and all other files in their order.

    An MT whose invoice is missing, or that a second one repeats, stays among the others: nothing gets lost.
    """
    given = list(files)
    named: dict[str, tuple[NamedFile, str]] = {}
    others: list[NamedFile] = []
    for file in given:
        if not is_metadata(file[0]):
            continue
        about, identifier = _subject(file)
        if named.setdefault(about.lower(), (file, identifier))[0] is not file:
            others.append(file)
    invoices = []
    for name, content in given:
        if is_metadata(name):
            continue
        found = named.pop(name.lower(), None) or named.pop(_stem(name).lower(), None)
        if found is not None:
            (metadata_name, metadata), identifier = found
            invoices.append(ReceivedInvoice(name, content, identifier, metadata_name, metadata))
        elif is_invoice_name(name):
            invoices.append(ReceivedInvoice(name, content))
        else:
            others.append((name, content))
    return tuple(invoices), (*others, *(file for file, _ in named.values()))


def is_metadata(name: str) -> bool:
    """Whether a file's name is that of an MT."""
    try:
        return parse_message_name(name).tipo == "MT"
    except InputError:
        return False


def _subject(file: NamedFile) -> tuple[str, str]:
    """Which file an MT is about, and its identifier. One that cannot be read is about what its own name says."""
    name, content = file
    try:
        message = read_message(content).message
    except FattorinoError:
        return parse_message_name(name).fattura, ""
    if not isinstance(message, MetadatiInvioFile | FileMetadati):
        return parse_message_name(name).fattura, ""
    return message.nome_file or parse_message_name(name).fattura, message.identificativo_sdi or ""


def _stem(name: str) -> str:
    return name.partition(".")[0]
