"""Hypothesis makes whole invoices from the declaration, in every spelling that the schema admits.

What is made is a tree of names and texts (`trees`). From it come the typed object, put together here and not by the
reader (`built`), and XML files in all their manners (`files`), so that reader and writer can be held against both.
"""

from __future__ import annotations

import base64
from datetime import date
from functools import cache
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from hypothesis import strategies as st

from fattorino.core.tracciati import record_of
from fattorino.core.tracciati.declaration import Field
from fattorino.core.tracciati.values import (
    Base64,
    Coded,
    Counter,
    Day,
    Moment,
    Number,
    Pattern,
    Text,
    Value,
    normal,
)

Draw = st.DrawFn
# Characters that XML admits; U+0085, U+2028 and CR too: they must come back as they went.
_ASCII = [(0x20, 0x7F), (0x09, 0x0A), (0x0D, 0x0D)]
_LATIN = [*_ASCII, (0x80, 0xFF)]
_ANY = [*_LATIN, (0x100, 0xD7FF), (0xE000, 0xFFFD), (0x10000, 0x10FFFF)]


def _characters(ranges: list[tuple[int, int]]) -> st.SearchStrategy[str]:
    return st.one_of(st.characters(min_codepoint=low, max_codepoint=high) for low, high in ranges)


_ALPHABETS = {"ascii": _characters(_ASCII), "latin": _characters(_LATIN), "any": _characters(_ANY)}
_XML_ASCII = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
_ZONES = st.sampled_from(("", "", "", "Z", "+01:00", "-00:00", "+14:00", "-13:59"))


class Node(NamedTuple):
    """An element: a leaf with its text, or a block with its children."""

    name: str
    content: str | tuple[Node, ...]


class Document(NamedTuple):
    """An invoice still without form: the root's attributes and children."""

    cls: type
    attributes: dict[str, str]
    children: tuple[Node, ...]


# ------------------------------------------------------------------------------------------------- the values


@cache
def spellings(value: Value) -> st.SearchStrategy[str]:
    """Admitted texts of a leaf; without the blanks around it that the reader drops and reports."""
    made = _spellings(value)
    return made.filter(lambda text: value.refusal(value.normal(text)) is None)


def _spellings(value: Value) -> st.SearchStrategy[str]:
    match value:
        case Text():
            return _texts(value)
        case Pattern():
            shaped = st.from_regex(value.pattern, fullmatch=True, alphabet=_XML_ASCII)
            return shaped.filter(lambda text: value.normal(text) == text)
        case Coded():
            return st.sampled_from(value.codes.values)
        case Number():
            return _numbers(value)
        case Counter():
            sign = st.sampled_from(("", "", "+", "0", "+00") if value.lowest >= 0 else ("",))
            return st.builds("{}{}".format, sign, st.integers(value.lowest, value.highest))
        case Day():
            days = st.dates(min_value=value.since or date(1, 1, 3))
            return st.builds("{}{}".format, days, _ZONES)
        case Moment():
            return _moments()
        case Base64():
            return _base64()
    raise TypeError(value)


@cache
def _attribute(value: Value) -> st.SearchStrategy[str]:
    # White space in an attribute is normalised by XML itself.
    return spellings(value).filter(lambda text: not set(text) & set("\t\n\r"))


def _texts(value: Text) -> st.SearchStrategy[str]:
    alphabet = _ALPHABETS[value.charset]
    short = st.text(alphabet, min_size=value.shortest, max_size=min(value.longest, value.shortest + 6))
    edge = st.builds(
        lambda char, size: char * size, alphabet, st.sampled_from((value.shortest, value.longest))
    )
    made = st.one_of(short, short, short, edge)
    if value.whitespace == "collapse":
        return made.map(lambda text: normal(text, "collapse"))
    return made


def _numbers(value: Number) -> st.SearchStrategy[str]:
    highest = 10**value.digits - 1 if value.maximum is None else int(value.maximum)
    whole = st.one_of(st.integers(0, 100), st.integers(0, highest)).filter(lambda n: n <= highest)
    padded = st.builds(lambda n, width: str(n).zfill(width), whole, st.sampled_from((1, 1, 1, value.digits)))
    decimals = st.text("0123456789", min_size=value.fewest, max_size=value.most)
    sign = st.sampled_from(("", "", "-") if value.signed else ("",))
    return st.builds("{}{}.{}".format, sign, padded, decimals)


def _moments() -> st.SearchStrategy[str]:
    clock = st.one_of(
        st.times().map(lambda time: time.isoformat()),
        st.sampled_from(("24:00:00", "24:00:00.0", "00:00:00", "10:30:00.000", "10:30:00.123456789")),
    )
    days = st.dates(min_value=date(1, 1, 3), max_value=date(9999, 12, 30))
    return st.builds("{}T{}{}".format, days, clock, _ZONES)


@st.composite
def _base64(draw: Draw) -> str:
    text = base64.b64encode(draw(st.binary(max_size=40))).decode()
    blanks = draw(st.sampled_from(("", "", "\n", "\n  ", "\t", "\r\n")))
    width = draw(st.integers(1, 76))
    lines = [text[at : at + width] for at in range(0, len(text), width)]
    return blanks.join(lines) if blanks else text


# ------------------------------------------------------------------------------------------------ the invoice


@st.composite
def trees(draw: Draw, cls: type, most: int = 2) -> Document:
    """A whole valid invoice; repeatable elements up to `most` times."""
    attributes = {}
    for line in record_of(cls).attributes:
        assert line.value is not None
        if line.fewest or draw(st.booleans()):
            attributes[line.name] = draw(_attribute(line.value))
    # None is a bare invoice, many a full one: half and half alone would never make either.
    wanted = draw(st.sampled_from((1, 3, 5, 9)))
    return Document(cls, attributes, draw(_children(cls, most, wanted)))


@st.composite
def _children(draw: Draw, cls: type, most: int, wanted: int) -> tuple[Node, ...]:
    record = record_of(cls)
    groups = record.choice.groups if record.choice is not None else ()
    chosen = draw(st.sampled_from(groups)) if groups else ()
    choosable = {name for group in groups for name in group}
    nodes: list[Node] = []
    for line in record.fields:
        if line.name in choosable:
            count = int(line.name in chosen)
        else:
            optional = not line.fewest and draw(st.integers(0, 9)) >= wanted
            count = 0 if optional else draw(st.integers(1, most)) if line.repeatable else 1
        nodes += [Node(line.name, draw(_contents(line, most, wanted))) for _ in range(count)]
    return tuple(nodes)


@cache
def _contents(line: Field, most: int, wanted: int) -> st.SearchStrategy[Any]:
    if line.record is not None:
        return _children(line.record, most, wanted)
    assert line.value is not None
    return spellings(line.value)


def built(document: Document) -> Any:
    """The typed object, put together from the declaration alone."""
    record = record_of(document.cls)
    attributes = {line.attribute: document.attributes.get(line.name) for line in record.attributes}
    return _block(document.cls, document.children, attributes)


def _block(cls: type, children: tuple[Node, ...], values: dict[str, Any]) -> Any:
    for line in record_of(cls).fields:
        items = tuple(_item(line, node) for node in children if node.name == line.name)
        if items:
            values[line.attribute] = items if line.repeatable else items[0]
    return cls(**values)


def _item(line: Field, node: Node) -> Any:
    if line.record is not None:
        assert isinstance(node.content, tuple)
        return _block(line.record, node.content, {})
    assert line.value is not None and isinstance(node.content, str)
    return line.value.value(node.content)


# --------------------------------------------------------------------------------------------------- the file


class Manner(NamedTuple):
    """How a file is written, where XML leaves the choice."""

    prefix: str = "p"
    quote: str = '"'
    indent: str = ""
    newline: str = ""
    end: str = ""  # within a tag, before ">"
    text: str = "escaped"  # or "cdata", "decimal", "hexadecimal"
    comment: str = ""
    declaration: str = '<?xml version="1.0" encoding="UTF-8"?>'
    encoding: str = "utf-8"
    mark: bytes = b""  # byte order mark


PLAIN = Manner()
_DECLARED = {
    "utf-8": (
        '<?xml version="1.0" encoding="UTF-8"?>',
        "<?xml version='1.0' encoding='utf-8' standalone='yes'?>",
        "",
    ),
    "cp1252": ('<?xml version="1.0" encoding="windows-1252"?>',),
    "iso-8859-1": ('<?xml version="1.0" encoding="ISO-8859-1"?>',),
    "utf-16": ('<?xml version="1.0" encoding="UTF-16"?>',),
}


@st.composite
def manners(draw: Draw) -> Manner:
    encoding = draw(st.sampled_from(("utf-8", "utf-8", *_DECLARED)))
    return Manner(
        prefix=draw(st.sampled_from(("p", "ns0", "FatturaPA"))),
        quote=draw(st.sampled_from("\"'")),
        indent=draw(st.sampled_from(("", "  ", "\t"))),
        newline=draw(st.sampled_from(("", "\n", "\r\n", "\n\n"))),
        end=draw(st.sampled_from(("", "", " ", "\n"))),
        text=draw(st.sampled_from(("escaped", "escaped", "cdata", "decimal", "hexadecimal"))),
        comment=draw(st.sampled_from(("", "", "<!-- nota -->", "<!---->"))),
        declaration=draw(st.sampled_from(_DECLARED[encoding])),
        encoding=encoding,
        mark=b"\xef\xbb\xbf" if encoding == "utf-8" and draw(st.booleans()) else b"",
    )


def written(document: Document, manner: Manner = PLAIN) -> bytes:
    """The XML file of `document`, written without any of the code under test."""
    root = document.cls.ROOT  # type: ignore[attr-defined]
    name = f"{manner.prefix}:{root.element}"
    attributes = {f"xmlns:{manner.prefix}": root.namespace} | document.attributes
    opening = " ".join([name, *(f"{key}={_quoted(value, manner)}" for key, value in attributes.items())])
    inside = "".join(_node(node, manner, 1) for node in document.children)
    text = f"{manner.declaration}{manner.newline}<{opening}{manner.end}>{inside}{manner.newline}</{name}>"
    return manner.mark + text.encode(manner.encoding, "xmlcharrefreplace")


def _node(node: Node, manner: Manner, depth: int) -> str:
    layout = manner.newline + manner.indent * depth
    if isinstance(node.content, str):
        inside = _text(node.content, manner)
    else:
        inside = "".join(_node(child, manner, depth + 1) for child in node.content) + layout
    return f"{layout}{manner.comment}<{node.name}{manner.end}>{inside}</{node.name}{manner.end}>"


def _text(text: str, manner: Manner) -> str:
    if manner.text == "decimal" or "\r" in text:
        return "".join(f"&#{ord(char)};" for char in text)
    if manner.text == "hexadecimal":
        return "".join(f"&#x{ord(char):X};" for char in text)
    # In CDATA there is no way to write a character that the encoding has not.
    if manner.text == "cdata" and "]]>" not in text and text.isascii():
        return f"<![CDATA[{text}]]>"
    return escape(text)


def _quoted(value: str, manner: Manner) -> str:
    quotes = {'"': "&quot;", "'": "&apos;"}
    return f"{manner.quote}{escape(value, quotes)}{manner.quote}"
