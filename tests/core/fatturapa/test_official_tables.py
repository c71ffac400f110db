"""The declarations say what the official tables and schemas say."""

from __future__ import annotations

import re

import pytest
from lxml import etree

from fattorino.core.fatturapa import codes
from fattorino.core.fatturapa.ordinaria import FatturaElettronica
from fattorino.core.fatturapa.semplificata import FatturaElettronicaSemplificata
from fattorino.core.tracciati import record_of
from fattorino.core.tracciati.values import Coded

CASES = [
    (FatturaElettronica, "Tabellare_Ordinaria_v1.8.tsv", "ordinaria_v1.2.3.xsd"),
    (FatturaElettronicaSemplificata, "Tabellare_Semplificata_2022.tsv", "semplificata_v1.0.2.xsd"),
]
SAME_AS_2_1_2 = re.compile(r"2\.1\.[3-6]\.\d")  # the table does not repeat the lines of 2.1.2


def lines(cls: type, above: str = "") -> dict[str, tuple[str, str]]:
    """Official id -> name and cardinality."""
    found = {}
    for line in record_of(cls).fields:
        number = f"{above}{line.number}"
        found[number] = (line.name, line.cardinality)
        if line.record is not None:
            found |= lines(line.record, f"{number}.")
    return found


@pytest.mark.parametrize(("cls", "table", "schema"), CASES)
def test_ids_names_and_cardinalities_are_those_of_the_official_table(shared_data, cls, table, schema):
    official = {}
    for row in (shared_data / "sdi" / "docs" / table).read_text(encoding="utf-8").splitlines():
        cells = row.split("\t")
        for cell in cells[:10]:
            if match := re.match(r"\s*([\d.]+?)\.?\s*<(\w+)>", cell):
                official[match[1]] = (match[2], cells[13])
    ours = {number: line for number, line in lines(cls).items() if not SAME_AS_2_1_2.fullmatch(number)}
    ours |= {number: line for number, line in lines(cls).items() if number in official}
    assert ours == official


@pytest.mark.parametrize(("cls", "table", "schema"), CASES)
def test_type_names_and_enumerations_are_those_of_the_official_schema(shared_data, cls, table, schema):
    xs = "{http://www.w3.org/2001/XMLSchema}"
    root = etree.parse(str(shared_data / "sdi" / "xsd" / schema)).getroot()
    elements, enumerations = {}, {}
    for kind in root.findall(f"{xs}complexType"):
        elements[kind.get("name")] = {
            e.get("name"): e.get("type") for e in kind.iter(f"{xs}element") if e.get("name")
        }
    for kind in root.findall(f"{xs}simpleType"):
        enumerations[kind.get("name")] = [e.get("value") for e in kind.iter(f"{xs}enumeration")]
    seen = set()

    def compare(block: type) -> None:
        record = record_of(block)
        if block in seen:
            return
        seen.add(block)
        assert list(elements[record.xsd]) == [line.name for line in record.fields]
        for line in record.fields:
            assert elements[record.xsd][line.name] == (
                record_of(line.record).xsd if line.record else line.value.xsd
            ), line
            if isinstance(line.value, Coded):
                assert set(enumerations[line.value.xsd]) == set(line.value.codes.values), line
            if line.record is not None:
                compare(line.record)

    compare(cls)


def test_every_code_has_an_italian_description():
    for codelist in vars(codes).values():
        if isinstance(codelist, codes.CodeList):
            assert all(description for _, description in codelist), codelist.name
            assert not any("’" in description for _, description in codelist)
