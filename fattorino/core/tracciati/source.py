"""From the bytes of a file to text in the plain form: decoded, line ends as XML 1.0 (2.11) wants them, entities
as one character each. What is not plain raises `NotPlain` and goes the long way, which decides about it."""

from __future__ import annotations

import codecs
import io
import re
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from fattorino.core.tracciati.declaration import Record
from fattorino.core.tracciati.shape import BLANKS, MARKS

# libxml2 refuses texts longer than this, and so the long way does (libxml2 2.14, XML_MAX_TEXT_LENGTH).
LONGEST = 10_000_000
CHUNK = 65_536
XSI = "http://www.w3.org/2001/XMLSchema-instance"
_BOM = b"\xef\xbb\xbf"
# XML 1.0, production 23.
_DECLARATION = re.compile(
    rb"""<\?xml[ \t\r\n]+version[ ]?=[ ]?(?:"1\.0"|'1\.0')"""
    rb"""(?:[ \t\r\n]+encoding[ ]?=[ ]?["']([A-Za-z][A-Za-z0-9._-]*)["'])?"""
    rb"""(?:[ \t\r\n]+standalone[ ]?=[ ]?(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>"""
)
# Names by which Python and libxml2 mean the same bytes.
_ENCODINGS = {
    b"utf-8": "utf-8",
    b"us-ascii": "ascii",
    b"iso-8859-1": "iso-8859-1",
    b"windows-1252": "windows-1252",
}
# Stylesheets and comments before the root, its name, its attributes.
_HEAD = re.compile(
    rf"(?:{BLANKS}(?:<\?xml-stylesheet[ \t\n][ \t\n -;=@-~]*+\?>|<!--(?:-?+[\t\n -,.-~]++){{0,100}}-->)){{0,20}}"
    rf"{BLANKS}<([A-Za-z_][A-Za-z0-9._-]*+):([A-Za-z]++)"
    r"""((?:[ \t\n]++[A-Za-z_][A-Za-z0-9._:-]*+=(?:"[\t\n !#-%'-;=-~]*+"|'[\t\n -%(-;=-~]*+')){0,50})[ \t\n]*+>"""
)
_ATTRIBUTE = re.compile(r"""([A-Za-z_][A-Za-z0-9._:-]*+)=("[^"]*+"|'[^']*+')""")
# Namespace names of which libxml2 is sure to think that they are URIs.
_URI = re.compile(r"https?://[A-Za-z0-9.-]+(?:/[A-Za-z0-9._/-]*)?#?|urn:[a-z]+:[A-Za-z0-9.:-]+")
_PREFIX = re.compile(r"(?![Xx][Mm][Ll])[A-Za-z_][A-Za-z0-9._-]*")


class NotPlain(ValueError):
    """The text is not in the plain form."""


class Source(Protocol):
    """Text that may still be growing."""

    def more(self, text: str, start: int) -> str | None:
        """`text` from `start` on with what comes next; None at the end. Raises NotPlain."""


@dataclass(frozen=True, slots=True)
class Whole:
    """Text that is all there."""

    def more(self, text: str, start: int) -> str | None:
        return None


def whole_text(data: bytes) -> str:
    """All the text of a file behind its XML declaration. Raises NotPlain."""
    if len(data) > LONGEST:
        raise NotPlain("too long")
    start, encoding = _beginning(data)
    try:
        text = str(memoryview(data)[start:], encoding)
    except UnicodeDecodeError as error:
        raise NotPlain("encoding") from error
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return marked(text)


def marked(text: str) -> str:
    """Text with its entities as marks. Raises NotPlain where "&" or "]]>" is something else."""
    if has_marks(text) or "]]>" in text:
        raise NotPlain("characters that are used as marks, or the end of a CDATA section")
    if "&" not in text:
        return text
    for entity, mark in MARKS.items():
        text = text.replace(entity, mark)
        if "&" not in text:
            return text
    raise NotPlain("a reference that is not one of the five entities")


def has_marks(text: str) -> bool:
    return not text.isascii() and any(mark in text for mark in MARKS.values())


def _beginning(data: bytes) -> tuple[int, str]:
    """Where the text begins behind byte order mark and XML declaration, and its encoding. Raises NotPlain."""
    start = len(_BOM) if data.startswith(_BOM) else 0
    if not data.startswith(b"<?xml", start) or data.startswith(b"<?xml-", start):
        return start, "utf-8"
    declaration = _DECLARATION.match(data, start)
    encoding = declaration and _ENCODINGS.get((declaration[1] or b"utf-8").lower())
    if not declaration or not encoding or (start and encoding != "utf-8"):
        raise NotPlain("XML declaration")
    return declaration.end(), encoding


class Growing:
    """The text of a stream, a chunk at a time."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        head = stream.read(CHUNK)
        start, encoding = _beginning(head)
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        self._decoder = io.IncrementalNewlineDecoder(decoder, translate=True)
        self._ahead: bytes | None = head[start:]
        self._held = ""

    def more(self, text: str, start: int) -> str | None:
        if self._ahead is None:
            return None
        rest = text[start:]
        # At least as much again as is being held: else an element of many chunks would be tried at each of them.
        data = self._ahead + self._stream.read(max(CHUNK, len(rest)))
        self._ahead = self._stream.read(1) or None
        try:
            new = self._held + self._decoder.decode(data, final=self._ahead is None)
        except UnicodeDecodeError as error:
            raise NotPlain("encoding") from error
        # An entity or a "]]>" may be cut in two here.
        cut = len(new)
        if self._ahead is not None:
            last = new.rfind("&", -5)
            cut = last if last >= 0 and ";" not in new[last:] else len(new.rstrip("]"))
        self._held = new[cut:]
        rest += marked(new[:cut])
        if len(rest) > LONGEST:
            raise NotPlain("too long")
        return rest


@dataclass(frozen=True, slots=True)
class Head:
    """The start tag of a document: where it ends, how the end tag begins, its attributes as they are written."""

    end: int
    closing: str
    attributes: dict[str, str]


def find_head(text: str, start: int) -> re.Match[str] | None:
    return _HEAD.match(text, start)


def read_head(found: re.Match[str], record: Record) -> Head:
    """The start tag of the document that `record` describes. Raises NotPlain for any other."""
    assert record.root is not None
    prefix, name, written = found.groups()
    pairs = _ATTRIBUTE.findall(written)
    attributes = {key: value[1:-1] for key, value in pairs}
    spaces = {key[6:]: value for key, value in attributes.items() if key.startswith("xmlns:")}
    if (
        name != record.root.element
        or spaces.get(prefix) != record.root.namespace
        or len(attributes) != len(pairs)
        or not all(map(_PREFIX.fullmatch, spaces))
        or not all(map(_URI.fullmatch, spaces.values()))
    ):
        raise NotPlain("root element")
    values = {}
    location = 0
    own = {line.name: line for line in record.attributes}
    for key, value in attributes.items():
        line = own.get(key)
        if line is not None:
            assert line.value is not None
            if (
                "\t" in value
                or "\n" in value
                or line.value.normal(value) != value
                or line.value.refusal(value)
            ):
                raise NotPlain(key)
            values[line.attribute] = value
        elif key.endswith(":schemaLocation") and spaces.get(key[:-15]) == XSI:
            location += 1
            if location > 1 or len(value.split()) % 2:
                raise NotPlain(key)
        elif not key.startswith("xmlns:"):
            raise NotPlain(key)
    if any(line.fewest and line.attribute not in values for line in record.attributes):
        raise NotPlain("an attribute is missing")
    return Head(found.end(), f"</{prefix}:{name}", values)
