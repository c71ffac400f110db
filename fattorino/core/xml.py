"""The only XML parser of the house.

What comes from outside is refused when it has a DOCTYPE (SdI's formats have none, and entities, external files
and attribute defaults all come in by it), when it is longer than the caller allows, or when it is deeper or has
longer texts than libxml2's own limits. Nothing is ever fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from lxml import etree

from fattorino.core.errors import XmlError
from fattorino.core.texts import say

LIMIT = 5_242_880  # bytes: the largest invoice SdI takes (Specifiche SdI 1.8.1, control 00003)

_NOT_XML_HINT = say("Aprire il file con il programma che lo ha prodotto ed esportarlo di nuovo.")


@dataclass(frozen=True, slots=True)
class Parsed:
    """`tolerated` says in Italian what was wrong with the XML itself but left no doubt on its content."""

    root: etree._Element
    tolerated: tuple[str, ...] = ()


def _parser(keep_comments: bool, recover: bool) -> etree.XMLParser:
    """A new one each time: a parser keeps its error log, and lxml locks it against other threads."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=recover,
        # A comment inside a value would cut it in two: "1<!-- -->23" must read as "123".
        remove_comments=not keep_comments,
        remove_pis=not keep_comments,
    )


def parse(data: bytes, *, keep_comments: bool = False, limit: int = LIMIT) -> etree._Element:
    """The root element of `data`.

    Args:
        keep_comments: keep comments and processing instructions, for signature work; values are then in pieces.
        limit: largest size in bytes.

    Raises:
        XmlError: not well-formed, a DOCTYPE, too long (code 00003), empty.
    """
    return read(data, keep_comments=keep_comments, limit=limit).root


def read(data: bytes, *, keep_comments: bool = False, limit: int = LIMIT) -> Parsed:
    """As `parse`, and says what was tolerated: the `remarks`, processing instructions inside, and a namespace name
    that is no URI (``xmlns:ds="…xmldsig#&quot;"``), well-formed for SdI, which really delivered such files, but
    refused by libxml2.
    """
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise XmlError(say("Il file è vuoto."), say("Scegliere il file XML della fattura."), code="00106")
    if len(data) > limit:
        raise too_long(len(data), limit)
    parser = _parser(keep_comments, recover=False)
    try:
        root = etree.fromstring(data, parser)
        tolerated = remarks(data)
    except etree.XMLSyntaxError as error:
        if not _only_odd_namespaces(_entries(parser)):
            raise _xml_error(parser) from error
        root = _recovered(data, keep_comments)
        tolerated = (*remarks(data), say("Un attributo xmlns non contiene un URI valido."))
    if root is None:
        raise XmlError(say("Il file non contiene alcun elemento XML."), _NOT_XML_HINT)
    if root.getroottree().docinfo.internalDTD is not None:
        raise XmlError(
            say("Il file contiene una dichiarazione DOCTYPE, che non è ammessa."),
            say("Togliere la dichiarazione DOCTYPE."),
            line=1,
        )
    if not keep_comments and _has_instructions(data):
        tolerated += (
            say("Il file contiene istruzioni di elaborazione (<?...?>), che non vengono conservate."),
        )
    return Parsed(root, tolerated)


_MARKS = {b"\xef\xbb\xbf": "", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_ENCODING = re.compile(rb"<\?xml[ \t\r\n][^>]*?encoding[ \t\r\n]*=[ \t\r\n]*[\"']([A-Za-z0-9._-]{1,40})[\"']")
# XML declaration; then comments, instructions and blanks up to the first element.
_PROLOG = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:<\?xml[ \t\r\n].*?\?>)?((?:[ \t\r\n]++|<!--.*?-->|<\?.*?\?>)*+)", re.DOTALL
)
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_STYLESHEET = b"<?xml-stylesheet"
_PROLOG_SIZE = 4096


def remarks(data: bytes) -> tuple[str, ...]:
    """What is unusual about a file before its root element, in Italian, one sentence each: a byte order mark, an
    encoding other than UTF-8, a stylesheet. SdI takes all three, and none touches the content."""
    head = data[:_PROLOG_SIZE]
    found: list[str] = []
    mark = next((mark for mark in _MARKS if head.startswith(mark)), b"")
    if mark:
        found.append(say("Il file comincia con un segno di ordine dei byte (BOM)."))
    declared = _ENCODING.match(head, len(mark))
    encoding = _MARKS.get(mark) or (declared[1].decode("ascii") if declared else "")
    if encoding.lower() not in ("", "utf-8", "utf8"):
        found.append(say("Il file è nella codifica {encoding}, non in UTF-8.", encoding=encoding))
    prolog = _PROLOG.match(head)
    if prolog and _STYLESHEET in _COMMENT.sub(b"", prolog[1]):
        found.append(say("Il file rimanda a un foglio di stile (<?xml-stylesheet?>), che non viene seguito."))
    return tuple(found)


def _has_instructions(data: bytes) -> bool:
    """Whether there are processing instructions besides declaration and stylesheet: read, they are gone."""
    if data.count(b"<?") == data.count(b"<?xml ", 0, _PROLOG_SIZE) + data.count(_STYLESHEET, 0, _PROLOG_SIZE):
        return False
    root = etree.fromstring(data, _parser(keep_comments=True, recover=True))
    if root is None:
        return False
    if next(root.iter(etree.PI), None) is not None:  # not by XPath, which would sort a million of them
        return True
    around = (*root.itersiblings(etree.PI, preceding=True), *root.itersiblings(etree.PI))
    return any(cast("Any", node).target != "xml-stylesheet" for node in around)


def too_long(size: int, limit: int) -> XmlError:
    """What is to be raised, or said, of a file of `size` bytes where `limit` are admitted."""
    return XmlError(
        say("Il file è di {size} byte: il massimo è {limit}.", size=_grouped(size), limit=_grouped(limit)),
        say("Ridurre o togliere gli allegati."),
        code="00003",
    )


def canonical(element: etree._Element) -> bytes:
    """Canonical XML 1.0 without comments: equal bytes for equal content.

    Raises XmlError where a namespace name has no canonical form."""
    try:
        return etree.tostring(element, method="c14n", with_comments=False)
    except etree.C14NError as error:
        raise XmlError(
            say("Il file usa un namespace che non ha una forma canonica."), _NOT_XML_HINT
        ) from error


def _entries(parser: etree.XMLParser) -> list[Any]:
    """Of the parser, not of the exception: that one's log also holds what earlier files left in the thread."""
    return list(cast("Iterable[Any]", parser.error_log))


def _only_odd_namespaces(entries: list[Any]) -> bool:
    return bool(entries) and all(entry.type == etree.ErrorTypes.WAR_NS_URI for entry in entries)


def _recovered(data: bytes, keep_comments: bool) -> etree._Element:
    parser = _parser(keep_comments, recover=True)
    root = etree.fromstring(data, parser)
    if root is None or not _only_odd_namespaces(_entries(parser)):
        raise _xml_error(parser)
    return root


# libxml2's error number -> what a person who did not write the file can make of it.
_NOT_WELL_FORMED = say("Il file non è XML ben formato")
_FAULTS = {
    etree.ErrorTypes.ERR_DOCUMENT_EMPTY: say("Il file non è XML: non inizia con un elemento"),
    etree.ErrorTypes.ERR_DOCUMENT_START: say("Il file non è XML: non inizia con un elemento"),
    etree.ErrorTypes.ERR_DOCUMENT_END: say("Dopo la fine del documento c'è altro contenuto"),
    etree.ErrorTypes.ERR_TAG_NAME_MISMATCH: say(
        "Un elemento è chiuso con un nome diverso da quello di apertura"
    ),
    etree.ErrorTypes.ERR_TAG_NOT_FINISHED: say("Il file è troncato: un elemento non è chiuso"),
    etree.ErrorTypes.ERR_GT_REQUIRED: say("In un elemento manca il carattere «>»"),
    etree.ErrorTypes.ERR_LT_REQUIRED: say("In un elemento manca il carattere «<»"),
    etree.ErrorTypes.ERR_LTSLASH_REQUIRED: say("Il file è troncato: un elemento non è chiuso"),
    etree.ErrorTypes.ERR_NAME_REQUIRED: say("Un carattere «<» o «&» è usato come testo"),
    etree.ErrorTypes.ERR_ENTITYREF_SEMICOL_MISSING: say("Un carattere «&» è usato come testo"),
    etree.ErrorTypes.ERR_UNDECLARED_ENTITY: say("Il file usa un'entità non dichiarata"),
    etree.ErrorTypes.WAR_UNDECLARED_ENTITY: say("Il file usa un'entità non dichiarata"),
    etree.ErrorTypes.ERR_INVALID_CHAR: say("Il file contiene un carattere di controllo che XML non ammette"),
    etree.ErrorTypes.ERR_INVALID_ENCODING: say(
        "Il file contiene byte che non sono nella codifica dichiarata"
    ),
    etree.ErrorTypes.ERR_UNSUPPORTED_ENCODING: say("Il file dichiara una codifica di caratteri sconosciuta"),
    etree.ErrorTypes.ERR_RESERVED_XML_NAME: say("Prima della dichiarazione <?xml ...?> c'è altro contenuto"),
    etree.ErrorTypes.ERR_ATTRIBUTE_REDEFINED: say("Un elemento ha due volte lo stesso attributo"),
    etree.ErrorTypes.ERR_RESOURCE_LIMIT: say(
        "Il file supera i limiti di profondità o di lunghezza dei valori"
    ),
    etree.ErrorTypes.NS_ERR_UNDEFINED_NAMESPACE: say("Un prefisso di namespace non è dichiarato"),
}
_HINTS = {
    etree.ErrorTypes.ERR_NAME_REQUIRED: say("Scrivere &lt; al posto di < e &amp; al posto di &."),
    etree.ErrorTypes.ERR_ENTITYREF_SEMICOL_MISSING: say("Scrivere &amp; al posto di &."),
    etree.ErrorTypes.ERR_INVALID_ENCODING: say("Salvare il file in UTF-8."),
    etree.ErrorTypes.ERR_UNSUPPORTED_ENCODING: say("Salvare il file in UTF-8."),
}


def _xml_error(parser: etree.XMLParser) -> XmlError:
    entry = next(iter(_entries(parser)), None)
    if entry is None:
        return XmlError(say("{fault}.", fault=_NOT_WELL_FORMED), _NOT_XML_HINT)
    hint = _HINTS.get(entry.type, _NOT_XML_HINT)
    fault = _FAULTS.get(entry.type, _NOT_WELL_FORMED)
    if not entry.line:
        return XmlError(say("{fault}.", fault=fault), hint)
    message = say(
        "{fault} (riga {line}, colonna {column}).", fault=fault, line=entry.line, column=entry.column
    )
    return XmlError(message, hint, line=entry.line)


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", ".")


class Name(NamedTuple):
    """An element's or attribute's name; `namespace` is "" where there is none."""

    namespace: str
    localname: str


def name_of(node: etree._Element | str) -> Name:
    """The name of an element, or of an attribute in Clark notation.

    Unlike etree.QName it also takes a namespace that is no URI ("a}b"), which a hostile file may bear.
    """
    tag = node if isinstance(node, str) else str(node.tag)
    namespace, _, local = tag.rpartition("}")
    return Name(namespace.removeprefix("{"), local)
