"""The reference pages tell what the official tables tell; where not, the reason stands here."""

from __future__ import annotations

import re

import pytest

from fattorino.core.fatturapa.ordinaria import FatturaElettronica
from fattorino.core.fatturapa.reference import control_notes, fattura_page
from fattorino.core.fatturapa.rules.table import CONTROLS
from fattorino.core.fatturapa.semplificata import FatturaElettronicaSemplificata
from fattorino.core.tracciati.table import lines, width

TABLES = {
    FatturaElettronica: "Tabellare_Ordinaria_v1.8.tsv",
    FatturaElettronicaSemplificata: "Tabellare_Semplificata_2022.tsv",
}
# Sizes that the official table has and the official schema has not; SdI applies the schema. id: schema, table.
OTHER_SIZES = {
    FatturaElettronica: {
        "1.1.6": ((3, 256), (7, 256)),  # EmailType: no minLength, and its pattern is content with a@b
        "2.1.9.7": ((3, 7), (4, 7)),  # PesoType: one decimal is enough
        "2.1.9.8": ((3, 7), (4, 7)),
    },
    FatturaElettronicaSemplificata: {"1.1.5": ((3, 256), (7, 256))},
}
FORMAT = "00200"  # stands at Denominazione, Nome, Cognome: the choice that the schema itself makes
CODE = re.compile(r"\b(0?0\d{3})\s*:")


@pytest.fixture(params=TABLES, ids=lambda cls: cls.__name__)
def cls(request):
    return request.param


@pytest.fixture
def table(cls, shared_data):
    """Official id -> cells, of the lines with an id."""
    found = {}
    for row in (shared_data / "sdi" / "docs" / TABLES[cls]).read_text(encoding="utf-8").splitlines():
        cells = row.split("\t")
        for cell in cells[:10]:
            if match := re.match(r"\s*([\d.]+?)\.?\s*<(\w+)>", cell):
                found[match[1]] = cells
    return found


def official_size(text: str) -> tuple[int, int] | None:
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    return (numbers[0], numbers[-1]) if numbers else None


def test_sizes_are_those_of_the_official_table(cls, table):
    different = {}
    for line in lines(cls):
        if line.field.value is None or line.number not in table:
            continue
        found = width(line.field.value)
        ours = (found.fewest, found.most) if found else None
        official = official_size(table[line.number][14])
        if ours != official:
            different[line.number] = (ours, official)
    assert different == OTHER_SIZES[cls]


def test_a_control_stands_at_every_element_where_the_official_table_has_it(cls, table):
    ours = {(number, note.code) for note in control_notes(cls) for number in note.looks_at}
    official = {
        (number, code.zfill(5)) for number, cells in table.items() for code in CODE.findall(cells[16])
    }
    assert len(official) > 20
    assert sorted(pair for pair in official - ours if pair[1] != FORMAT) == []


def test_every_id_that_a_control_looks_at_is_in_the_table(cls):
    known = {line.number for line in lines(cls)}
    for note in control_notes(cls):
        assert note.looks_at and set(note.looks_at) <= known, note
        assert note.code in CONTROLS


def test_the_texts_of_the_simplified_page_speak_of_its_own_elements():
    names = {line.number: line.field.name for line in lines(FatturaElettronicaSemplificata)}
    for note in control_notes(FatturaElettronicaSemplificata):
        for number, name in re.findall(r"(\d+(?:\.\d+)+) <(\w+)>", note.text):
            assert names[number] == name, note


def test_every_line_of_the_table_is_a_row_of_the_page(cls):
    page = fattura_page(cls)
    for line in lines(cls):
        assert re.search(
            rf"^\| {re.escape(line.number)} \| \**`{line.field.name}`\** \| `<[01]\.[1N]>` \|", page, re.M
        ), line
