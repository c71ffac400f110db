from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar

import pytest

from fattorino.core.tracciati.codelists import Code, CodeList
from fattorino.core.tracciati.declaration import A, Choice, E, Root
from fattorino.core.tracciati.patterns import Width
from fattorino.core.tracciati.table import ControlNote, lines, reference_page, width
from fattorino.core.tracciati.values import (
    Base64,
    Coded,
    Counter,
    Day,
    Moment,
    Number,
    Pattern,
    Text,
)

COLORI = CodeList("Colore", (Code("R", "rosso"), Code("VE", "verde | o quasi", since=date(2020, 10, 1))))
Word = Annotated[str, Text("WordType", 10)]
Colore = Annotated[str, Coded("ColoreType", COLORI)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Nome:
    CHOICE: ClassVar[Choice] = Choice((("Ditta",), ("Nome", "Cognome")))

    ditta: Annotated[Word | None, E(1, "Ditta", "ditta")] = None
    nome: Annotated[Word | None, E(2, "Nome", "nome")] = None
    cognome: Annotated[Word | None, E(3, "Cognome", "cognome")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Documento:
    ROOT: ClassVar[Root] = Root(
        element="Documento", namespace="urn:x", prefix="p", versions=("1", "2"), title="Prova"
    )

    versione: Annotated[Word, A("versione", "versione")]
    venditore: Annotated[Nome, E(1, "Venditore", "chi vende")]
    compratore: Annotated[tuple[Nome, ...], E(2, "Compratore", "chi compra")] = ()
    colore: Annotated[Colore, E(3, "Colore", "colore", default="R")]


def test_lines_go_down_the_document_with_whole_ids():
    assert [(line.number, line.depth, line.field.name) for line in lines(Documento)] == [
        ("1", 1, "Venditore"),
        ("1.1", 2, "Ditta"),
        ("1.2", 2, "Nome"),
        ("1.3", 2, "Cognome"),
        ("2", 1, "Compratore"),
        ("2.1", 2, "Ditta"),
        ("2.2", 2, "Nome"),
        ("2.3", 2, "Cognome"),
        ("3", 1, "Colore"),
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Text("X", 60, shortest=5), Width(5, 60)),
        (Pattern("X", re.compile("[A-Z]{6}([A-Z]{3})?"), "x"), Width(6, 9)),
        (Pattern("X", re.compile("[^@]+@[^@]+"), "x", longest=256, shortest=7), Width(7, 256)),
        (Pattern("X", re.compile("a+"), "x"), Width(1, None)),
        (Coded("X", COLORI), Width(1, 2)),
        (Number("X", digits=11, fewest=2, most=8, signed=True), Width(4, 21)),
        (Number("X", digits=3, fewest=2, most=2, maximum=Decimal(100)), Width(4, 6)),
        (Counter("X", 1, 9999), Width(1, 4)),
        (Day("X"), Width(10, 10)),
        (Moment("X"), Width(19, 19)),
        (Base64("X"), None),
    ],
)
def test_width_of_a_value_is_what_the_official_tables_call_its_size(value, expected):
    assert width(value) == expected


def test_the_page_tells_alternatives_defaults_days_and_controls():
    note = ControlNote("00417", "1.1 <Ditta> e 1.2 <Nome> assenti", ("1.1", "2.2"))
    page = reference_page(Documento, [note], command="comando").splitlines()
    assert page[0] == "# Prova"
    assert any("`comando`" in line for line in page)
    assert "| `versione` | `<1.1>` | WordType | 1-10 | versione |" in page
    assert (
        "| 1.1 | `Ditta` | `<0.1>` | WordType | 1-10 | ditta (in alternativa a `Nome` e `Cognome`) | 00417 |"
    ) in page
    assert (
        "| 2.2 | `Nome` | `<0.1>` | WordType | 1-10 | nome (con `Cognome`, in alternativa a `Ditta`) | 00417 |"
    ) in page
    assert "| 2 | **`Compratore`** | `<0.N>` |  |  | chi compra |  |" in page
    assert (
        "| 3 | `Colore` | `<1.1>` | [ColoreType](#coloretype) | 1-2 | colore (se vuoto vale `R`) |  |" in page
    )
    assert "| `VE` | verde \\| o quasi | dal 01/10/2020 |" in page
    assert "| 00417 | 1.1 `<Ditta>` e 1.2 `<Nome>` assenti |" in page


def test_columns_that_nothing_fills_are_left_out():
    page = reference_page(Documento)
    assert "Controlli" not in page
    assert "| Tipo | Base | Formato | Spazi |\n" in page


def test_every_type_and_code_list_comes_once():
    page = reference_page(Documento)
    assert page.count("### ColoreType") == page.count("| `WordType` |") == 1


def test_a_block_is_no_page():
    with pytest.raises(TypeError, match="no ROOT"):
        reference_page(Nome)
