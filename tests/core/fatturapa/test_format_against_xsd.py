"""The format check accepts exactly what libxml2 accepts with the official schemas: samples and mutants."""

from __future__ import annotations

import os
import random
import re
import string
from collections.abc import Callable

import pytest
from lxml import etree

from fattorino.core import xml
from fattorino.core.fatturapa.format_check import DOCUMENTS, examine
from fattorino.core.fatturapa.ordinaria import FatturaElettronica
from fattorino.core.fatturapa.semplificata import FatturaElettronicaSemplificata
from fattorino.core.fatturapa.writing import write_fattura
from fattorino.core.tracciati import walk
from tests.core.fatturapa import generated

# SdI's parser takes these, libxml2 does not: a blank after a date; an xmlns that is no URI.
SDI_IS_MORE_TOLERANT = {"OCA__IT01234567890_FPR04~3.xml", "OCA__IT02780790107_11004.xml"}


def test_every_sample_gets_the_verdict_of_the_official_schema(shared_data, official_schemas):
    samples = sorted((shared_data / "sdi" / "invoices").iterdir())
    assert len(samples) > 50
    different = []
    for sample in samples:
        data = sample.read_bytes()
        ours = not examine(data).findings
        try:
            root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, remove_comments=True))
            name = etree.QName(root).localname
            theirs = official_schemas[name].validate(root)
        except etree.XMLSyntaxError:
            theirs = False
        if ours != theirs and not (sample.name in SDI_IS_MORE_TOLERANT and ours):
            different.append((sample.name, ours, theirs))
    assert different == []


@pytest.mark.parametrize("cls", DOCUMENTS.values(), ids=DOCUMENTS)
def test_generated_documents_with_every_element_are_valid_for_the_official_schema(official_schemas, cls):
    rng = random.Random(20260101)
    for fullness in (0.0, 0.5, 1.0, 1.0):
        data = write_fattura(generated.document(cls, rng, fullness))
        schema = official_schemas[cls.ROOT.element]
        assert schema.validate(etree.fromstring(data)), schema.error_log


def test_mutants_get_the_verdict_of_the_official_schema(shared_data, official_schemas):
    seed = int(os.environ.get("FATTORINO_SEED") or random.SystemRandom().randrange(10**9))
    mutants = int(os.environ.get("FATTORINO_MUTANTS", "2000"))
    print(f"seed {seed}, {mutants} mutants (FATTORINO_SEED, FATTORINO_MUTANTS)")
    rng = random.Random(seed)
    breeds = _breeding_stock(rng, shared_data, official_schemas)
    verdicts = {True: 0, False: 0}
    for number in range(mutants):
        cls, data = rng.choice(breeds)
        root = xml.parse(data)
        done = [_mutate(root, rng) for _ in range(rng.choice((1, 1, 1, 2)))]
        root = xml.parse(etree.tostring(root))  # as it would come: libxml2 treats built empty texts apart
        theirs = official_schemas[cls.ROOT.element].validate(root)
        problems = walk(root, cls).problems
        assert theirs == (not problems), (
            f"seed {seed} mutant {number} {done}: schema says {theirs}, we say {problems[:3]}; "
            f"{official_schemas[cls.ROOT.element].error_log}"
        )
        verdicts[theirs] += 1
    assert mutants < 500 or min(verdicts.values()) > mutants // 20, verdicts


def _breeding_stock(rng, shared_data, schemas) -> list[tuple[type, bytes]]:
    stock: list[tuple[type, bytes]] = []
    for cls in (FatturaElettronica, FatturaElettronica, FatturaElettronicaSemplificata):
        stock += [(cls, write_fattura(generated.document(cls, rng, f, 1))) for f in (0.0, 0.2, 0.5, 1.0)]
    for sample in sorted((shared_data / "sdi" / "invoices").iterdir()):
        data = sample.read_bytes()
        if len(data) < 12_000 and not examine(data).findings:
            root = xml.parse(data)
            name = etree.QName(root).localname
            if schemas[name].validate(root):
                stock.append((DOCUMENTS[name], data))
    return stock


# libxml2 overlooks characters that are not base64 inside base64; the XML Schema text and SdI's parser do not.
BASE64 = string.ascii_letters + string.digits + "+/= \t\r\n"
# Values at the edges of every facet. Blanks around dates and odd years are left out below (known differences).
VALUES = (
    ["", " ", "  ", "IT", "it", "ITA", "I", "\nIT", "IT ", "SI", "NO", "si", "TD01", "TD07", "TD29", "TD30"]
    + [
        "RF01",
        "RF03",
        "RF20",
        "N2",
        "N2.1",
        "N6.1",
        "N7",
        "N8",
        "MP05",
        "MP24",
        "TP02",
        "RT06",
        "TC22",
        "ZO",
        "Z",
    ]
    + [
        "I",
        "D",
        "S",
        "SC",
        "MG",
        "PR",
        "SU",
        "LN",
        "CC",
        "TZ",
        "FPR12",
        "FPA12",
        "FSM10",
        "0000000",
        "ABC123",
    ]
    + [
        "0",
        "1",
        "01",
        "+1",
        "-1",
        "-0",
        "999",
        "1000",
        "9999",
        "10000",
        " 5 ",
        "1.0",
        "1.00",
        "1,00",
        ".5",
        "5.",
    ]
    + [
        "-1.00",
        "+1.00",
        "1.123",
        "1.12345678",
        "1.123456789",
        "100.00",
        "100.01",
        "000.00",
        "022.00",
        " 22.00",
    ]
    + ["9" * 11 + ".00", "9" * 12 + ".00", "9" * 13 + ".00", "1e3", "NaN", "INF", "0x1", "1_000.00", "１.00"]
    + ["2020-02-29", "2021-02-29", "1969-12-31", "1970-01-01", "2020-1-1", "20200101", "2020-01-01Z"]
    + ["2020-01-01+01:00", "2020-01-01+15:00", "0000-01-01", "12000-01-01", "-0001-01-01", "2020-13-01"]
    + ["2020-01-01T10:00:00", "2020-01-01T24:00:00", "2020-01-01T25:00:00", "2020-01-01T10:00:00.5Z"]
    + [
        "a@b.it",
        "a@b",
        "a b@c.it",
        "@b.it",
        "a@b.it ",
        "x" * 250 + "@b.it",
        "x" * 251 + "@b.it",
        '"[]!#-x"@b.it',
    ]
    + ["QQ==", "QR==", "QQ=", "QUE=", "QUFB QUFB", "QU\nFB", "Q", "===="]
    + ["€", "’", "è", "È–", "ÿ", "Ā", "\x7f", "😀", "a\tb", "a\nb", "\n", "a  b", " a", "b "]
    + ["x" * n for n in (2, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 18, 20, 21, 28, 29, 35, 36, 60, 61)]
    + ["è" * n for n in (8, 10, 20, 35, 36, 60, 61, 80, 81, 100, 101, 200, 201, 1000, 1001)]
    + ["X" * n for n in (80, 81, 100, 101, 200, 201, 256, 257)]
    + [
        "RSSMRA80A01H501U",
        "12345678901",
        "1234567890",
        "UNCRITMM",
        "UNCRITMMXX",
        "IT60X0542811101000000123456",
    ]
)
Mutation = Callable[[etree._Element, random.Random], str]


def _pick(root: etree._Element, rng: random.Random, *, leaf: bool | None = None) -> etree._Element:
    elements = [e for e in root.iter(etree.Element) if e is not root and not e.tag.startswith("{")]
    if leaf is not None:
        elements = [e for e in elements if (len(e) == 0) == leaf]
    return rng.choice(elements) if elements else root[0]


def _set(element: etree._Element, text: str) -> None:
    if "Data" in element.tag:
        text = text.strip()
        if re.match(r"-|\d{5,}-", text):  # years that the schema knows and we do not
            text = text[-10:]
    if element.tag == "Attachment":
        text = "".join(c for c in text if c in BASE64)
    element.text = text


def _value(root, rng):
    leaf = _pick(root, rng, leaf=True)
    _set(leaf, rng.choice(VALUES))
    return f"{leaf.tag}={leaf.text!r}"


def _character(root, rng):
    leaf = _pick(root, rng, leaf=True)
    text = leaf.text or ""
    at = rng.randint(0, len(text))
    cut = rng.choice((0, 0, 1))
    _set(
        leaf,
        text[:at]
        + rng.choice(("", "0", "9", "A", "a", ".", "-", "è", "€", " ", "x" * 20))
        + text[at + cut :],
    )
    return f"{leaf.tag}={leaf.text!r}"


def _delete(root, rng):
    element = _pick(root, rng)
    element.getparent().remove(element)
    return f"delete {element.tag}"


def _duplicate(root, rng):
    element = _pick(root, rng)
    element.addnext(etree.fromstring(etree.tostring(element, with_tail=False)))
    return f"duplicate {element.tag}"


def _swap(root, rng):
    element = _pick(root, rng)
    following = element.getnext()
    if following is not None:
        element.addprevious(following)
    return f"swap {element.tag}"


def _rename(root, rng):
    element, other = _pick(root, rng), _pick(root, rng)
    old = element.tag
    element.tag = rng.choice((other.tag, old.lower(), old + "X"))
    return f"rename {old} {element.tag}"


def _move(root, rng):
    element, target = _pick(root, rng), _pick(root, rng)
    if element not in list(target.iterancestors()) and element is not target:
        target.append(element)
    return f"move {element.tag} into {target.tag}"


def _text_in_block(root, rng):
    block = _pick(root, rng, leaf=False)
    block.text = rng.choice(("x", " ", "\n", "\u00a0"))
    return f"text in {block.tag}"


def _attribute(root, rng):
    element = rng.choice((root, _pick(root, rng)))
    xsi = "{http://www.w3.org/2001/XMLSchema-instance}"
    name = rng.choice(("a", "versione", "SistemaEmittente", f"{xsi}schemaLocation", f"{xsi}nil", "{urn:x}y"))
    value = {f"{xsi}schemaLocation": "urn:a b.xsd", f"{xsi}nil": "true"}.get(name) or rng.choice(VALUES[:60])
    element.set(name, value)
    return f"attribute {name}={value!r} on {element.tag}"


def _no_attribute(root, rng):
    if root.attrib:
        del root.attrib[rng.choice(list(root.attrib))]
    return "attribute removed"


def _namespace(root, rng):
    element = _pick(root, rng)
    element.tag = f"{{{etree.QName(root).namespace}}}{element.tag}"
    return f"namespace on {element.tag}"


def _stranger(root, rng):
    element = _pick(root, rng)
    stranger = etree.Element(rng.choice(("Altro", "{urn:x}Altro")))
    rng.choice((element.append, element.addnext))(stranger)
    return f"stranger at {element.tag}"


MUTATIONS: tuple[Mutation, ...] = (
    *(_value,) * 8,
    *(_character,) * 5,
    *(_delete, _duplicate, _swap) * 2,
    *(_rename, _move, _text_in_block, _attribute, _no_attribute, _namespace, _stranger),
)


def _mutate(root: etree._Element, rng: random.Random) -> str:
    return rng.choice(MUTATIONS)(root, rng)
