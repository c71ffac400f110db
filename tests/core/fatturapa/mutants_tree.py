"""Mutants made by changing the tree: values, cardinalities, order, names, namespaces, attributes."""

from __future__ import annotations

import random
from collections.abc import Callable

from lxml import etree

from fattorino.core import xml
from tests.core.fatturapa.mutants import DS, XSI

# Values at the edges of every facet.
_WORDS = """
IT it ITA I SI NO si TD01 TD07 TD29 TD30 RF01 RF03 RF20 N2 N2.1 N6.1 N7 N8 MP05 MP24 TP02 RT06 TC22 ZO Z D S SC MG PR
SU LN CC TZ FPR12 FPA12 FSM10 0000000 ABC123
0 1 01 +1 -1 -0 999 1000 9999 10000 1.0 1.00 1,00 .5 5. -1.00 -0.00 +1.00 1.123 1.12345678 1.123456789 100.00 100.01
000.00 022.00 99999999999.00 999999999999.00 9999999999999.00 1e3 NaN INF 0x1 1_000.00 １.00 ١.00
2020-02-29 2021-02-29 1969-12-31 1970-01-01 2020-1-1 20200101 2020-W01-1 2020-13-01 0000-01-01 12000-01-01 -0001-01-01
2020-01-01Z 1970-01-01Z 1970-01-01+14:00 1970-01-02+14:00 2020-01-01+01:00 2020-01-01+15:00
2020-01-01T10:00:00 2020-01-01T24:00:00 2020-01-01T25:00:00 2020-01-01t10:00:00 2020-01-01T24:00:00.00
2020-01-01T10:00:00.5Z 2020-01-01T10:00:00.1234567 2020-01-01T10:00 2020-01-01T23:59:60
a@b.it a@b @b.it "[]!#-x"@b.it a@[b] a.b@c.it .a@b.it a@b..it QQ== QR== QQ= QUE= QUFBQUFB Q ==== =
€ ’ è È– ÿ Ā \x7f 😀 RSSMRA80A01H501U 12345678901 1234567890 UNCRITMM UNCRITMMXX UNCRITM1XXX UNCRITMOXXX
IT60X0542811101000000123456
"""
VALUES = tuple(
    _WORDS.split()
    + ["", " ", "  ", "\nIT", "IT ", " 5 ", " 22.00", "2020-01-01 ", "\n2020-01-01", "2020-01-01T10:00:00 "]
    + ["a@b.it ", "a b@c.it", "a@b\n.it", "QUFB QUFB", "QU\nFB", " QQ==", "\u0085", "\u2028", "\u00a0", "\r"]
    + ["a\tb", "a\nb", "a\rb", "\n", "a  b", " a", "b "]
    + ["x" * n + "@b.it" for n in (250, 251, 252)]
    + ["x" * n for n in (2, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 18, 20, 21, 28, 29, 35, 36, 60, 61)]
    + ["è" * n for n in (8, 10, 20, 35, 36, 60, 61, 80, 81, 100, 101, 200, 201, 1000, 1001)]
    + ["X" * n for n in (80, 81, 100, 101, 200, 201, 256, 257)]
)
Mutation = Callable[[etree._Element, random.Random], None]


def spoil(data: bytes, rng: random.Random) -> bytes:
    root = xml.parse(data)
    for _ in range(rng.choice((1, 1, 1, 2))):
        rng.choice(_MUTATIONS)(root, rng)
    return etree.tostring(root)


def _pick(root: etree._Element, rng: random.Random, *, leaf: bool | None = None) -> etree._Element:
    elements = [e for e in root.iter(etree.Element) if e is not root and not e.tag.startswith("{")]
    if leaf is not None:
        elements = [e for e in elements if (len(e) == 0) == leaf]
    return rng.choice(elements) if elements else root


def _value(root, rng):
    _pick(root, rng, leaf=True).text = rng.choice(VALUES)


def _character(root, rng):
    leaf = _pick(root, rng, leaf=True)
    text = leaf.text or ""
    at, cut = rng.randint(0, len(text)), rng.choice((0, 0, 1))
    put = rng.choice(("", "0", "9", "A", "a", ".", "-", "+", "è", "€", " ", "\n", "x" * 20))
    leaf.text = text[:at] + put + text[at + cut :]


def _delete(root, rng):
    element = _pick(root, rng)
    if element is not root:
        element.getparent().remove(element)


def _duplicate(root, rng):
    element = _pick(root, rng)
    if element is not root:
        element.addnext(etree.fromstring(etree.tostring(element, with_tail=False)))


def _swap(root, rng):
    element = _pick(root, rng)
    following = element.getnext()
    if following is not None:
        element.addprevious(following)


def _rename(root, rng):
    element, other = _pick(root, rng), _pick(root, rng)
    element.tag = rng.choice((other.tag, element.tag.lower(), element.tag + "X"))


def _move(root, rng):
    element, target = _pick(root, rng), _pick(root, rng)
    if element is not target and element is not root and element not in list(target.iterancestors()):
        target.append(element)


def _text_in_block(root, rng):
    _pick(root, rng, leaf=False).text = rng.choice(("x", " ", "\n", "\u00a0"))


def _text_after(root, rng):
    element = _pick(root, rng)
    if element is not root:
        element.tail = rng.choice(("x", " ", "\t", "\u00a0", "\n\n"))


def _attribute(root, rng):
    element = rng.choice((root, _pick(root, rng)))
    name = rng.choice(
        ("a", "versione", "SistemaEmittente", f"{{{XSI}}}schemaLocation", f"{{{XSI}}}nil", f"{{{XSI}}}type")
        + (f"{{{XSI}}}noNamespaceSchemaLocation", "{urn:x}y", "{http://www.w3.org/XML/1998/namespace}lang")
    )
    value = {
        f"{{{XSI}}}schemaLocation": rng.choice(("urn:a b.xsd", "urn:a", "")),
        f"{{{XSI}}}nil": "true",
        f"{{{XSI}}}type": rng.choice(("String10Type", "xs:date", "p:String10Type", "p:IdFiscaleType")),
    }.get(name) or rng.choice(VALUES[:60])
    element.set(name, value)


def _no_attribute(root, rng):
    if root.attrib:
        del root.attrib[rng.choice(list(root.attrib))]


def _namespace(root, rng):
    element = _pick(root, rng)
    if element is not root:
        element.tag = f"{{{rng.choice((etree.QName(root).namespace, 'urn:x')) or 'urn:y'}}}{element.tag}"


def _root(root, rng):
    name = etree.QName(root)
    other = rng.choice(("", "{urn:x}", f"{{{str(name.namespace)[:-1]}}}"))
    root.tag = rng.choice(
        (f"{other}{name.localname}", f"{{{name.namespace}}}Fattura", f"{{{name.namespace}}}Altro")
    )


def _stranger(root, rng):
    element = _pick(root, rng)
    stranger = etree.Element(rng.choice(("Altro", "{urn:x}Altro", f"{{{DS}}}Signature")))
    (element.append if element is root else rng.choice((element.append, element.addnext)))(stranger)


_MUTATIONS: tuple[Mutation, ...] = (
    *(_value,) * 8,
    *(_character,) * 5,
    *(_delete, _duplicate, _swap) * 2,
    *(_rename, _move, _text_in_block, _text_after, _attribute, _no_attribute, _namespace, _root, _stranger),
)
