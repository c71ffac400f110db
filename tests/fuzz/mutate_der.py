"""Mutations of signed files at the level of ASN.1 elements, whatever text encoding they came in."""

from __future__ import annotations

import base64
import binascii
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fattorino.core import asn1

_PEM = re.compile(rb"-----BEGIN [^-]+-----(.*?)-----END", re.DOTALL)
_TAGS = (
    0x02,
    0x03,
    0x04,
    0x05,
    0x06,
    0x0C,
    0x13,
    0x17,
    0x18,
    0x24,
    0x30,
    0x31,
    0x80,
    0xA0,
    0xA1,
    0xA2,
    0x1F,
    0,
)
_OIDS = (
    *("1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"),
    *("1.2.840.113549.1.9.5", "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47", "2.5.4.3"),
    *("1.2.840.113549.1.1.1", "1.2.840.113549.1.1.5", "1.2.840.113549.1.1.10", "1.2.840.113549.1.1.11"),
    *("1.2.840.10045.4.3.2", "1.2.840.10045.2.1", "2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.3"),
    *("1.3.14.3.2.26", "2.5.29.15", "2.5.29.14", "2.5.29.17", "1.2.840.10040.4.1", "1.3.101.112"),
)
_CONTENTS = (
    *(b"", b"\0", b"\x01", b"\xff", b"\x80", b"\x7f" * 9, b"\0" * 300, b"\x80" * 70, b"261121100030Z"),
    *(b"20261121100030Z", b"20261121100030.5+0100", b"991231235959Z", b"260230000000Z", b"2611211000Z"),
)


@dataclass(slots=True)
class Element:
    """`body`: bytes of a primitive, elements of a constructed one."""

    tag: int
    body: bytes | list[Element]
    indefinite: bool = False

    def encoded(self) -> bytes:
        content = self.body if isinstance(self.body, bytes) else b"".join(one.encoded() for one in self.body)
        if self.indefinite and self.tag & asn1.CONSTRUCTED:
            return bytes((self.tag, 0x80)) + content + b"\0\0"
        return asn1.tlv(self.tag, content)


def mutate(
    data: bytes, rng: random.Random, inner: Callable[[bytes], bytes], donors: Sequence[bytes] = ()
) -> bytes:
    """One to three mutations of the elements, in an encoding of any kind; `inner` mutates what is signed.

    Bytes that are no ASN.1 come back unchanged: they are for other mutations.
    """
    der = _binary(data)
    try:
        tree = _tree(asn1.read(der))
    except asn1.Asn1Error:
        return data
    for _ in range(rng.choice((1, 1, 2, 3))):
        lists = _lists(tree)
        if not lists:
            break
        rng.choice(_OPERATIONS)(rng.choice(lists), rng)
        if donors and rng.random() < 0.1:
            _transplant(rng.choice(lists), rng, rng.choice(donors))
    if rng.random() < 0.15:
        _mutate_content(tree, inner)
    return _encoded(tree.encoded(), rng)


def _binary(data: bytes) -> bytes:
    for _ in range(3):
        if data[:1] == b"0" and data[1:2] >= b"\x80":
            break
        pem = _PEM.search(data)
        try:
            data = base64.b64decode(pem[1] if pem else data)
        except (binascii.Error, ValueError):
            break
    return data


def _encoded(der: bytes, rng: random.Random) -> bytes:
    choice = rng.random()
    if choice < 0.8:
        return der
    text = base64.b64encode(der)
    if choice < 0.86:
        return text
    if choice < 0.92:
        width = rng.choice((64, 76, 1))
        return b"\r\n".join(text[at : at + width] for at in range(0, len(text), width))
    if choice < 0.96:
        return base64.b64encode(text)
    return b"-----BEGIN PKCS7-----\n" + base64.encodebytes(der) + b"-----END PKCS7-----\n"


def _tree(node: asn1.Node, depth: int = 0) -> Element:
    if node.tag & asn1.CONSTRUCTED and depth < asn1.MAX_DEPTH:
        children = [_tree(child, depth + 1) for child in node.children()]
        return Element(node.tag, children, node.stop != node.end)
    return Element(node.tag, node.content)


def _lists(tree: Element) -> list[list[Element]]:
    """Every list of elements in the tree."""
    if isinstance(tree.body, bytes):
        return []
    return [tree.body, *(found for child in tree.body for found in _lists(child))]


def _mutate_content(tree: Element, inner: Callable[[bytes], bytes]) -> None:
    """The longest octet string that looks like a document."""
    strings = [
        one
        for elements in _lists(tree)
        for one in elements
        if one.tag == asn1.OCTET_STRING and isinstance(one.body, bytes) and b"<" in one.body
    ]
    if strings:
        longest = max(strings, key=lambda one: len(one.body))
        assert isinstance(longest.body, bytes)
        longest.body = inner(longest.body)


def _drop(elements: list[Element], rng: random.Random) -> None:
    if elements:
        del elements[rng.randrange(len(elements))]


def _repeat(elements: list[Element], rng: random.Random) -> None:
    if elements:
        place = rng.randrange(len(elements))
        elements[place:place] = [elements[place]] * rng.choice((1, 1, 2, 25))


def _shuffle(elements: list[Element], rng: random.Random) -> None:
    rng.shuffle(elements)


def _retag(elements: list[Element], rng: random.Random) -> None:
    if elements:
        rng.choice(elements).tag = rng.choice(_TAGS)


def _lengths(elements: list[Element], rng: random.Random) -> None:
    for element in elements:
        element.indefinite = True


def _refill(elements: list[Element], rng: random.Random) -> None:
    primitives = [one for one in elements if isinstance(one.body, bytes)]
    if not primitives:
        return
    element = rng.choice(primitives)
    if element.tag == asn1.OID and rng.random() < 0.8:
        element.body = asn1.read(asn1.oid(rng.choice(_OIDS))).content
    elif rng.random() < 0.5 and element.body:
        content = bytearray(element.body)
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        element.body = bytes(content)
    else:
        element.body = rng.choice(_CONTENTS)


def _in_pieces(elements: list[Element], rng: random.Random) -> None:
    strings = [one for one in elements if one.tag == asn1.OCTET_STRING and isinstance(one.body, bytes)]
    if not strings:
        return
    element = rng.choice(strings)
    assert isinstance(element.body, bytes)
    size = rng.choice((1, 7, 1000))
    if len(element.body) // size < 5000:
        pieces = [element.body[at : at + size] for at in range(0, len(element.body), size)]
        element.tag |= asn1.CONSTRUCTED
        element.body = [Element(asn1.OCTET_STRING, piece) for piece in pieces]
        element.indefinite = rng.random() < 0.5


def _nest(elements: list[Element], rng: random.Random) -> None:
    if elements:
        place = rng.randrange(len(elements))
        for _ in range(rng.choice((1, 1, 2, 40))):
            elements[place] = Element(rng.choice((0x24, 0x30, 0x31, 0xA0)), [elements[place]])


def _transplant(elements: list[Element], rng: random.Random, donor: bytes) -> None:
    try:
        lists = _lists(_tree(asn1.read(_binary(donor))))
    except asn1.Asn1Error:
        return
    given = [one for found in lists for one in found]
    if given and elements:
        place = rng.randrange(len(elements))
        alike = [one for one in given if one.tag == elements[place].tag]
        elements[place] = rng.choice(alike or given)


_OPERATIONS: tuple[Callable[[list[Element], random.Random], None], ...] = (
    *(_drop, _repeat, _shuffle, _retag, _lengths, _refill, _refill, _refill, _in_pieces, _nest),
)
