"""Read SdI's messages leniently and write them strictly.

Reading takes what SdI really sends (and AdE publishes): the namespace under any prefix or missing, `versione`,
`Hash` or `Suggerimento` missing, an AT inside its zip, a BOM, children in another order. Everything that was
tolerated is reported, so that it can be stored beside the message. Writing keeps to the schema or refuses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from fattorino.core import xml
from fattorino.core.errors import ArchiveError, FormatError, InputError
from fattorino.core.fatturapa.archive import ZipMember, is_zip, read_zip
from fattorino.core.sdi.messages import MESSAGES, NS_PA, NS_PR, El, Messaggio, elements
from fattorino.core.sdi.names import MESSAGE_TYPES
from fattorino.core.texts import say
from fattorino.core.xml import name_of

_DS = "http://www.w3.org/2000/09/xmldsig#"
_BOM = b"\xef\xbb\xbf"
_BLANKS = " \t\r\n"
# More than SdI ever sends: an AT carries the invoice itself (5 MB) and one small message.
_ZIP_FILES = 5
_ZIP_BYTES = 20 * 1024 * 1024
# What a person or a channel hands over at once: the receipts of some weeks, each AT a zip of its own.
_ARCHIVE_FILES = 5_000
_ARCHIVE_BYTES = 150 * 1024 * 1024
# An AT within an archive is a zip itself.
_MESSAGE_FILE = re.compile(
    rf"_(?:{'|'.join(MESSAGE_TYPES)})_[A-Za-z0-9_]{{0,4}}\.(?:xml|zip)$", re.IGNORECASE
)
_DATETIME = re.compile(r"(-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?")
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:Z|[+-]\d\d:\d\d)?")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class ReadMessage:
    """
    Attributes:
        xml: the bytes of the message itself.
        tolerated: what was not as it should be, in Italian.
        signed: a ds:Signature is there; whether it holds is for `core.xades` to say.
        enclosed: what came in the same zip (for an AT the invoice it attests).
    """

    message: Messaggio
    xml: bytes
    tolerated: tuple[str, ...] = ()
    signed: bool = False
    enclosed: tuple[ZipMember, ...] = ()


def read_message(data: bytes) -> ReadMessage:
    """Read one message of either flow, dispatching on its root element.

    Raises:
        XmlError: no XML, or XML that is not accepted (DOCTYPE, too big).
        ArchiveError: a zip without exactly one message, or one that cannot be opened safely.
        FormatError: XML that is none of SdI's messages, or one without anything to recognise its file by.
    """
    tolerated: list[str] = []
    enclosed: tuple[ZipMember, ...] = ()
    if is_zip(data):
        data, enclosed = _message_in_zip(data)
    text = data
    if text.startswith(_BOM):
        tolerated.append(say("segno di ordine dei byte (BOM) all'inizio"))
        text = text[len(_BOM) :]
    if text[:1] in (b" ", b"\t", b"\r", b"\n"):
        tolerated.append(say("spazi prima della dichiarazione XML"))
        text = text.lstrip()
    root = xml.parse(text)
    model = _model_of(root, tolerated)
    if root.get("versione") is None:
        tolerated.append(say("attributo versione mancante"))
    message = _read_block(root, model, "", tolerated)
    if not message.identificativo_sdi and not getattr(message, "nome_file", None):
        raise FormatError(
            say("Il messaggio {message} non dice a quale file si riferisce.", message=model.radice)
        )
    signed = any(child.tag == f"{{{_DS}}}Signature" for child in root)
    return ReadMessage(message, data, tuple(tolerated), signed, enclosed)


def write_message(message: Messaggio) -> bytes:
    """The message as XML, without ds:Signature (which its author adds as last child), valid otherwise.

    Raises InputError naming the element that is missing or not as the official schema wants it.
    """
    model = type(message)
    inner, attributes = _write_block(message, model.radice, "  ")
    head = f'<types:{model.radice} xmlns:types="{model.namespace()}"{attributes} versione="1.0">'
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n{head}\n{inner}</types:{model.radice}>\n'
    return text.encode("utf-8")


def read_datetime(text: str) -> datetime | None:
    """An xsd:dateTime, naive where it has no offset; None for anything else."""
    found = _DATETIME.fullmatch(text)
    if found is None:
        return None
    fraction = (found[2] or "0")[:6].ljust(6, "0")
    try:
        return datetime.fromisoformat(f"{found[1]}.{fraction}{(found[3] or '').replace('Z', '+00:00')}")
    except ValueError:
        return None


# Reading -----------------------------------------------------------------------------------------------------


def messages_in(data: bytes) -> tuple[ZipMember, ...]:
    """The messages of an archive that holds several; () for a single message, an AT's zip, or what is no archive.

    Raises nothing: what cannot be opened is for `read_message` to say.
    """
    if not is_zip(data):
        return ()
    try:
        members = read_zip(data, max_members=_ARCHIVE_FILES, max_total_size=_ARCHIVE_BYTES)
    except ArchiveError:
        return ()
    found = tuple(member for member in members if _MESSAGE_FILE.search(member.name))
    return found if len(found) > 1 else ()


def _message_in_zip(data: bytes) -> tuple[bytes, tuple[ZipMember, ...]]:
    members = read_zip(data, max_members=_ZIP_FILES, max_total_size=_ZIP_BYTES)
    messages = [m for m in members if _MESSAGE_FILE.search(m.name)]
    if len(messages) != 1:
        raise ArchiveError(say("Nell'archivio non c'è esattamente un messaggio dello SdI."))
    return messages[0].content, tuple(m for m in members if m is not messages[0])


def _model_of(root: etree._Element, tolerated: list[str]) -> type[Messaggio]:
    namespace, local = name_of(root)
    candidates = [m for m in MESSAGES if m.radice == local]
    for model in candidates:
        if model.namespace() == namespace:
            return model
    if not candidates or namespace in (NS_PA, NS_PR):
        raise FormatError(say("«{name}» non è un messaggio dello SdI che Fattorino conosca.", name=local))
    tolerated.append(say("namespace mancante o diverso da quello ufficiale"))
    if len(candidates) == 1:
        return candidates[0]
    # RicevutaConsegna exists in both flows: only the private one has the file's hash.
    private = any(name_of(child)[1] == "Hash" for child in root.iterchildren(tag=etree.Element))
    return next(m for m in candidates if m.flusso == ("PR" if private else "PA"))


def _read_block(node: etree._Element, model: type[Any], path: str, tolerated: list[str]) -> Any:
    here: dict[str, list[etree._Element]] = {}
    order: list[str] = []
    for child in node.iterchildren(tag=etree.Element):
        namespace, local = name_of(child)
        if namespace == _DS:
            continue
        here.setdefault(local, []).append(child)
        order.append(local)
        if namespace:
            _note(tolerated, say("{path}: elemento con namespace", path=f"{path}/{local}"))
    values: dict[str, Any] = {}
    declared = elements(model)
    for attribute, el in declared:
        if el.kind == "attribute":
            values[attribute] = (node.get(el.name) or "").strip() == "Si"
            continue
        found = here.pop(el.name, [])
        where = f"{path}/{el.name}"
        if len(found) > 1:
            _note(tolerated, say("{path}: ripetuto, vale il primo", path=where))
        if found:
            values[attribute] = _read_value(found[0], el, where, tolerated)
        elif el.required:
            _note(tolerated, say("{path}: mancante", path=where))
    for unknown in here:
        _note(tolerated, say("{path}: elemento sconosciuto, ignorato", path=f"{path}/{unknown}"))
    known = [el.name for _, el in declared if el.name in order]
    if [n for n in dict.fromkeys(order) if n in known] != known:
        _note(tolerated, say("{path}: elementi in un ordine diverso da quello ufficiale", path=path or "/"))
    return model(**values)


def _read_value(node: etree._Element, el: El, where: str, tolerated: list[str]) -> Any:
    if el.kind == "block":
        return _read_block(node, el.model or object, where, tolerated)
    if el.kind == "list":
        items = [c for c in node.iterchildren(tag=etree.Element) if name_of(c)[1] == el.item]
        if not items:
            _note(tolerated, say("{path}: elenco vuoto", path=where))
        return tuple(_read_block(c, el.model or object, f"{where}/{el.item}", tolerated) for c in items)
    text = "".join(t for t in node.itertext() if isinstance(t, str)).strip(_BLANKS)
    value = _typed(text, el)
    if value is None and (text or el.required):
        unread = say("{path}: valore non leggibile «{value}»", path=where, value=text[:60])
        _note(tolerated, unread if text else say("{path}: vuoto", path=where))
    elif (isinstance(value, str) and not _fits(value, el)) or not _matches(text, el):
        _note(tolerated, say("{path}: valore fuori dallo schema «{value}»", path=where, value=text[:60]))
    return value


def _typed(text: str, el: El) -> Any:
    """The value of the element's kind, or None where the text is empty or says nothing of that kind."""
    if not text:
        return None
    if el.kind == "text":
        return text
    try:
        if el.kind == "integer":
            return int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else None
        if el.kind == "date":
            found = _DATE.fullmatch(text)
            return date.fromisoformat(found[1]) if found else None
        return read_datetime(text)
    except ValueError:
        return None


def _note(tolerated: list[str], text: str) -> None:
    # A hostile message with a million odd elements must not become a million remarks.
    if len(tolerated) < 50 and text not in tolerated:
        tolerated.append(text)


def _fits(value: str, el: El) -> bool:
    return el.length is None or el.kind == "list" or el.length[0] <= len(value) <= el.length[1]


def _matches(text: str, el: El) -> bool:
    return not text or not el.pattern or re.fullmatch(el.pattern, text, re.ASCII) is not None


# Writing -----------------------------------------------------------------------------------------------------


def _write_block(block: Any, path: str, indent: str) -> tuple[str, str]:
    parts: list[str] = []
    attributes = ""
    for attribute, el in elements(type(block)):
        value = getattr(block, attribute)
        where = f"{path}/{el.name}"
        if el.kind == "attribute":
            attributes += f' {el.name}="Si"' if value else ""
        elif el.kind == "block":
            if value is not None:
                inner, _ = _write_block(value, where, indent + "  ")
                # A whole message inside another one (the EC in an NE) keeps its own version.
                version = ' versione="1.0"' if isinstance(value, Messaggio) else ""
                parts.append(f"{indent}<{el.name}{version}>\n{inner}{indent}</{el.name}>\n")
            elif el.required:
                raise _missing(where)
        elif el.kind == "list":
            parts.append(_write_list(value, el, where, indent))
        elif value is not None:
            parts.append(f"{indent}<{el.name}>{escape(_text(value, el, where), _CR)}</{el.name}>\n")
        elif el.required:
            raise _missing(where)
    return "".join(parts), attributes


# A bare carriage return would come back as a line feed.
_CR = {"\r": "&#13;"}


def _write_list(items: tuple[Any, ...], el: El, where: str, indent: str) -> str:
    low, high = el.length or (0, 200)
    if not low <= len(items) <= high:
        raise InputError(
            say(
                "{path} deve contenere da {least} a {most} elementi {element}.",
                path=where,
                least=low,
                most=high,
                element=el.item,
            )
        )
    inner = ""
    for item in items:
        content, _ = _write_block(item, f"{where}/{el.item}", indent + "    ")
        inner += f"{indent}  <{el.item}>\n{content}{indent}  </{el.item}>\n"
    return f"{indent}<{el.name}>\n{inner}{indent}</{el.name}>\n"


def _text(value: Any, el: El, where: str) -> str:
    if isinstance(value, datetime):
        exact = value.microsecond % 1000 == 0
        text = value.isoformat(timespec="milliseconds" if exact else "microseconds")
    elif isinstance(value, date):
        text = value.isoformat()
    else:
        text = str(value)
    if not _fits(text, el) or not _matches(text, el) or (el.pattern and not text) or _FORBIDDEN.search(text):
        raise InputError(
            say("{path}: «{value}» non è ammesso dallo schema dei messaggi SdI.", path=where, value=text[:60])
        )
    return text


def _missing(where: str) -> InputError:
    return InputError(say("{path} è obbligatorio nei messaggi SdI e manca.", path=where))
