"""The schemas made from the declarations are the official ones: type by type, and by what libxml2 accepts with them."""

from __future__ import annotations

import pathlib
import random
import re
from typing import Any

import pytest
from lxml import etree

from fattorino.core import xml
from fattorino.core.fatturapa.format_check import DOCUMENTS
from fattorino.core.tracciati import record_of
from fattorino.core.tracciati.schema import XMLDSIG, schema_text
from tests.core.fatturapa import mutants, mutants_text, mutants_tree

XS = "{http://www.w3.org/2001/XMLSchema}"
OFFICIAL = {
    "FatturaElettronica": "ordinaria_v1.2.3.xsd",
    "FatturaElettronicaSemplificata": "semplificata_v1.0.2.xsd",
}
BASES = {
    "xs:string": ("xs:string", "preserve"),
    "xs:normalizedString": ("xs:string", "replace"),
    "xs:token": ("xs:string", "collapse"),
}
# Same sense, other spelling: ours -> the official one.
SPELLED = {
    "[0-9]{5}": "[0-9][0-9][0-9][0-9][0-9]",
    "[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?": "[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3}){0,1}",
    r"[^\n\r][^\n\r@]*@[^\n\r][^\n\r.]*[.][^\n\r]+": ".+@.+[.]+.+",
}
# In the official schema and used by none of its elements.
UNUSED = {
    "FatturaElettronica": {"String80Type", "String100Type"},
    "FatturaElettronicaSemplificata": {"Art73Type"},
}


@pytest.fixture(scope="module", params=DOCUMENTS.values(), ids=DOCUMENTS)
def cls(request: pytest.FixtureRequest) -> type:
    return request.param


@pytest.fixture
def official(shared_data: pathlib.Path, cls: type) -> pathlib.Path:
    return shared_data / "sdi" / "xsd" / OFFICIAL[cls.ROOT.element]


def ours(cls: type, official: pathlib.Path) -> etree._Element:
    """As bytes, because of the encoding in the declaration."""
    xmldsig = str(official.parent / "xmldsig-core-schema.xsd")
    return etree.fromstring(schema_text(cls, xmldsig=xmldsig).encode())


# ---------------------------------------------------------------------------------- the same schema, type by type


def complex_types(schema: etree._Element) -> dict[str, Any]:
    return {
        kind.get("name"): (
            particles(kind.find(f"{XS}sequence")),
            [(a.get("name"), a.get("type"), a.get("use")) for a in kind.findall(f"{XS}attribute")],
        )
        for kind in schema.findall(f"{XS}complexType")
    }


def particles(group: etree._Element) -> list[Any]:
    found: list[Any] = []
    for part in group.iterchildren(f"{XS}*"):
        if part.tag == f"{XS}element":
            names = ("name", "ref", "type", "default")
            cardinality = (part.get("minOccurs", "1"), part.get("maxOccurs", "1"))
            found.append((*(part.get(name) for name in names), *cardinality))
        elif part.tag != f"{XS}annotation":
            found.append((part.tag, particles(part)))
    return found


def simple_types(schema: etree._Element) -> dict[str, Any]:
    return {
        kind.get("name"): restriction(kind.find(f"{XS}restriction"))
        for kind in schema.findall(f"{XS}simpleType")
    }


def restriction(element: etree._Element) -> Any:
    base, space = BASES.get(element.get("base"), (element.get("base"), ""))
    facets: dict[str, str] = {}
    codes = []
    for part in element.iterchildren(f"{XS}*"):
        name = etree.QName(part).localname
        if name == "enumeration":
            codes.append(part.get("value"))
        elif name == "whiteSpace":
            space = part.get("value")
        else:
            assert name not in facets
            facets[name] = part.get("value")
    if codes:  # lengths beside codes say nothing more
        sizes = {int(facets.pop(name)) for name in ("length", "minLength", "maxLength") if name in facets}
        assert all(len(code) in sizes for code in codes) or not sizes
    if "pattern" in facets:
        facets["pattern"] = spelling(facets["pattern"])
    return base, space, facets, sorted(codes)


def spelling(pattern: str) -> str:
    pattern = re.sub(r"^\((\\p\{IsBasicLatin\})(\{[\d,]+\})\)$", r"[\1]\2", pattern)
    return SPELLED.get(pattern, pattern).replace(r"[\-]?", "-?")


def test_every_block_has_the_elements_order_cardinality_types_and_attributes_of_the_official_schema(
    cls, official
):
    assert complex_types(ours(cls, official)) == complex_types(etree.parse(str(official)).getroot())


def test_every_value_type_has_the_base_and_facets_of_the_official_schema(cls, official):
    theirs = simple_types(etree.parse(str(official)).getroot())
    for unused in UNUSED[cls.ROOT.element]:
        del theirs[unused]
    assert simple_types(ours(cls, official)) == theirs


def test_root_element_namespace_edition_and_import_are_those_of_the_official_schema(cls, official):
    mine, theirs = etree.fromstring(schema_text(cls).encode()), etree.parse(str(official)).getroot()
    assert dict(mine.attrib) == dict(theirs.attrib)
    for tag in ("element", "import"):
        assert [dict(e.attrib) for e in mine.findall(f"{XS}{tag}")] == [
            dict(e.attrib) for e in theirs.findall(f"{XS}{tag}")
        ]


# ------------------------------------------------------------------------------------------- the same verdicts


@pytest.fixture(scope="module")
def made_schemas(tmp_path_factory, shared_data) -> dict[str, etree.XMLSchema]:
    """Ours, compiled from files without network, with the schema of the signature beside them."""
    folder = tmp_path_factory.mktemp("schemas")
    xmldsig = shared_data / "sdi" / "xsd" / "xmldsig-core-schema.xsd"
    (folder / xmldsig.name).write_bytes(xmldsig.read_bytes())
    made = {}
    for name, document in DOCUMENTS.items():
        path = folder / f"{name}.xsd"
        path.write_text(schema_text(document, xmldsig=xmldsig.name), encoding="utf-8")
        made[name] = etree.XMLSchema(etree.parse(str(path), etree.XMLParser(no_network=True)))
    return made


def test_every_sample_gets_the_verdict_of_the_official_schema(shared_data, official_schemas, made_schemas):
    verdicts = {True: 0, False: 0}
    for sample in sorted((shared_data / "sdi" / "invoices").iterdir()):
        try:
            root = etree.parse(str(sample), etree.XMLParser(resolve_entities=False)).getroot()
        except etree.XMLSyntaxError:
            continue
        name = etree.QName(root).localname
        if name not in DOCUMENTS:
            continue
        expected = official_schemas[name].validate(root)
        assert made_schemas[name].validate(root) == expected, (sample.name, made_schemas[name].error_log)
        verdicts[expected] += 1
    assert min(verdicts.values()) > 5, verdicts


def test_mutants_get_the_verdict_of_the_official_schema(
    shared_data, official_schemas, made_schemas, record_property
):
    number = mutants.MUTANTS // 5
    record_property("seed", f"FATTORINO_SEED={mutants.SEED}")
    rng = random.Random(f"{mutants.SEED}-schema")
    stock = mutants.breeding_stock(rng, shared_data, official_schemas)
    verdicts = {True: 0, False: 0}
    for count in range(number):
        spoil = rng.choice((mutants_tree.spoil, mutants_text.spoil))
        try:
            root = etree.fromstring(spoil(rng.choice(stock), rng), etree.XMLParser(resolve_entities=False))
        except etree.XMLSyntaxError:
            continue
        name = xml.name_of(root).localname
        if name not in DOCUMENTS:
            continue
        expected = official_schemas[name].validate(root)
        verdict = made_schemas[name].validate(root)
        assert verdict == expected, (mutants.SEED, count, made_schemas[name].error_log)
        verdicts[expected] += 1
    assert number < 500 or min(verdicts.values()) > number // 20, verdicts


def probe(schema: etree._Element, names: list[str]) -> etree.XMLSchema:
    """The schema with one more root element for each value type."""
    for name in names:
        etree.SubElement(schema, f"{XS}element", name=f"Probe{name}", type=name)
    return etree.XMLSchema(schema)


def test_every_value_type_takes_the_same_values_at_its_edges(cls, official, shared_data):
    theirs = etree.parse(str(official)).getroot()
    for reference in theirs.findall(f"{XS}import"):
        reference.set("schemaLocation", str(shared_data / "sdi" / "xsd" / "xmldsig-core-schema.xsd"))
    mine = ours(cls, official)
    names = list(simple_types(mine))
    made, expected = probe(mine, names), probe(theirs, names)
    values = [
        *mutants_tree.VALUES,
        *codes_of(theirs),
        *(letter * n for letter in "0Aaè" for n in lengths(theirs)),
    ]
    different = []
    taken = set()
    for name in names:
        element = etree.Element(f"{{{cls.ROOT.namespace}}}Probe{name}")
        for value in values:
            element.text = value
            verdict = expected.validate(element)
            if verdict:
                taken.add(name)
            if made.validate(element) != verdict:
                different.append((name, value))
    assert different == []
    assert taken == set(names)


def codes_of(schema: etree._Element) -> list[str]:
    return [e.get("value") for e in schema.iter(f"{XS}enumeration")]


def lengths(schema: etree._Element) -> list[int]:
    """All lengths that the schema speaks of, and those beside them."""
    found = set()
    for facet in schema.iter(f"{XS}minLength", f"{XS}maxLength", f"{XS}length", f"{XS}pattern"):
        said = (
            re.findall(r"\d+", facet.get("value"))
            if "pattern" not in facet.tag
            else re.findall(r"(?<=[{,])\d+(?=[,}])", facet.get("value"))
        )
        found |= {int(number) + more for number in said for more in (-1, 0, 1)}
    return sorted(n for n in found if 0 <= n <= 1001)


def test_the_official_address_of_xmldsig_is_the_default(cls):
    assert f'schemaLocation="{XMLDSIG}"' in schema_text(cls)


def test_every_element_says_what_it_is(cls):
    schema = etree.fromstring(schema_text(cls).encode())
    for element in schema.iter(f"{XS}element", f"{XS}attribute", f"{XS}enumeration"):
        if element.get("ref") is None:
            assert element.findtext(f"{XS}annotation/{XS}documentation"), element.attrib
    assert record_of(cls).root.title == schema.findtext(f"{XS}element/{XS}annotation/{XS}documentation")
