"""The little ASN.1 that signed files need: read BER, write DER.

Own code and not a general library because a p7m comes from strangers: here the bytes are never re-encoded
behind our back (a signature is over the bytes as they came), depth is bounded, nothing is parsed lazily with
late surprises, and there is exactly one exception. Source: ITU-T X.690.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
NULL = 0x05
OID = 0x06
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
SEQUENCE = 0x30
SET = 0x31

CONSTRUCTED = 0x20
MAX_DEPTH = 32
# Elements looked at in one go. A content in pieces of 40 octets stays below this up to the largest file we take;
# without a bound, 20 MB of empty elements would cost minutes and gigabytes.
MAX_ELEMENTS = 500_000


class Asn1Error(ValueError):
    """The bytes are not the ASN.1 that was expected. Never shown to a user as it is."""


class Node:
    """One element of a BER encoding; a view on the whole buffer, nothing is copied before it is asked for.

    Attributes:
        tag: the identifier octet (class, constructed bit and number; numbers above 30 are not used by CMS).
        start, body, end, stop: offsets of the identifier, of the contents, behind the contents, behind the
            element (which differs from `end` by the end-of-contents octets of an indefinite length).
    """

    __slots__ = ("buffer", "tag", "start", "body", "end", "stop")

    def __init__(self, buffer: bytes, start: int, limit: int) -> None:
        self.buffer = buffer
        self.start = start
        self.tag, self.body, length = _header(buffer, start, limit)
        if length is not None:
            self.end = self.stop = self.body + length
        else:
            self.end = _find_end_of_contents(buffer, self.body, limit)
            self.stop = self.end + 2

    @property
    def raw(self) -> bytes:
        """The element as it came, header included."""
        return self.buffer[self.start : self.stop]

    @property
    def content(self) -> bytes:
        return self.buffer[self.body : self.end]

    def children(self) -> list[Node]:
        """Raises Asn1Error when the element is primitive or its contents are not elements."""
        if not self.tag & CONSTRUCTED:
            raise Asn1Error("not constructed")
        return list(self._children())

    def _children(self) -> Iterator[Node]:
        position = self.body
        left = MAX_ELEMENTS
        while position < self.end:
            left -= 1
            if left < 0:
                raise Asn1Error("too many elements")
            child = Node(self.buffer, position, self.end)
            yield child
            position = child.stop

    def expect(self, tag: int) -> Node:
        if self.tag != tag:
            raise Asn1Error(f"tag {self.tag:#x} instead of {tag:#x}")
        return self

    def octets(self, depth: int = 0) -> bytes:
        """The value of an OCTET STRING, joined when it was sent in pieces (X.690, 8.7.3)."""
        if self.tag & ~CONSTRUCTED != OCTET_STRING:
            raise Asn1Error("not an OCTET STRING")
        if not self.tag & CONSTRUCTED:
            return self.content
        if depth > MAX_DEPTH:
            raise Asn1Error("too deep")
        return b"".join(piece.octets(depth + 1) for piece in self._children())

    def integer(self) -> int:
        content = self.expect(INTEGER).content
        if not content:
            raise Asn1Error("empty INTEGER")
        return int.from_bytes(content, "big", signed=True)

    def oid(self) -> str:
        content = self.expect(OID).content
        if not content or content[-1] & 0x80 or len(content) > 64:
            raise Asn1Error("broken OBJECT IDENTIFIER")
        arcs: list[int] = []
        value = 0
        for octet in content:
            value = value << 7 | octet & 0x7F
            if not octet & 0x80:
                arcs.append(value)
                value = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))

    def der(self, depth: int = 0) -> bytes:
        """The element in definite lengths with joined strings. The order of a SET is left alone."""
        if depth > MAX_DEPTH:
            raise Asn1Error("too deep")
        if not self.tag & CONSTRUCTED:
            return tlv(self.tag, self.content)
        if self.tag == OCTET_STRING | CONSTRUCTED:
            return tlv(OCTET_STRING, self.octets())
        return tlv(self.tag, b"".join(child.der(depth + 1) for child in self._children()))


def read(data: bytes) -> Node:
    """The first element of `data`; what follows it is for the caller to judge by `stop`.

    Raises:
        Asn1Error: truncated, too deep, or no BER at all.
    """
    return Node(data, 0, len(data))


def _header(buffer: bytes, position: int, limit: int) -> tuple[int, int, int | None]:
    """Identifier octet, offset of the contents, length (None: indefinite), all checked against `limit`."""
    if position + 2 > limit:
        raise Asn1Error("truncated")
    tag = buffer[position]
    if tag & 0x1F == 0x1F:
        raise Asn1Error("long tag")
    first = buffer[position + 1]
    body = position + 2
    if first < 0x80:
        length = first
    elif first == 0x80:
        if not tag & CONSTRUCTED:
            raise Asn1Error("primitive of indefinite length")
        return tag, body, None
    else:
        size = first & 0x7F
        if size > 8 or body + size > limit:
            raise Asn1Error("length of length")
        length = int.from_bytes(buffer[body : body + size], "big")
        body += size
    if body + length > limit:
        raise Asn1Error("truncated")
    return tag, body, length


def _find_end_of_contents(buffer: bytes, position: int, limit: int) -> int:
    """Offset of the end-of-contents octets that close an indefinite length opened just before `position`."""
    depth = 1
    for _ in range(MAX_ELEMENTS):
        tag, body, length = _header(buffer, position, limit)
        if length is None:
            depth += 1
            if depth > MAX_DEPTH:
                raise Asn1Error("too deep")
            position = body
        elif tag == 0 and length == 0:
            depth -= 1
            if not depth:
                return position
            position = body
        else:
            position = body + length
    raise Asn1Error("too many elements")


def tlv(tag: int, content: bytes) -> bytes:
    """An element in DER."""
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content


def sequence(*elements: bytes) -> bytes:
    return tlv(SEQUENCE, b"".join(elements))


def set_of(elements: Iterable[bytes], tag: int = SET) -> bytes:
    """A SET OF in DER: sorted (X.690, 11.6)."""
    return tlv(tag, b"".join(sorted(elements)))


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    content = bytearray()
    for arc in (40 * first + second, *rest):
        octets = [arc & 0x7F]
        while arc := arc >> 7:
            octets.append(0x80 | arc & 0x7F)
        content.extend(reversed(octets))
    return tlv(OID, bytes(content))


def integer(value: int) -> bytes:
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))
