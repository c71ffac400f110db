"""Tables of very many rows as lines of one pitch: every text is there, and no line is wider than the page."""

from __future__ import annotations

import re

from fattorino.documents.readable.listing import MOST, WIDTH, is_long, listing
from fattorino.documents.readable.view import Cell, Column, Fact, Table

COLUMNS = (
    Column("N.", "short"),
    Column("Descrizione"),
    Column("Prezzo", "number"),
    Column("Totale", "number"),
)


def table(*rows: tuple[Cell, ...]) -> Table:
    return Table("Beni e servizi", COLUMNS, rows)


def row(number: str, text: str, *notes: Fact) -> tuple[Cell, ...]:
    return (Cell(number), Cell(text, notes), Cell("10,00"), Cell("1.234,56"))


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def test_a_row_is_one_line_with_its_figures_to_the_right() -> None:
    (piece,) = listing(table(row("1", "Carta"), row("2", "Penne")))
    titles, rule, first, _ = piece.split("\n")
    assert words(titles) == ["N", "Descrizione", "Prezzo", "Totale"] and set(rule) == {"-"}
    assert first.startswith("1 ") and first.endswith("10,00  1.234,56") and len(first) == WIDTH


def test_what_is_longer_than_its_column_goes_on_below_and_notes_stand_under_their_row() -> None:
    long = " ".join(f"parola{n}" for n in range(60)) + " " + "x" * 300
    note = Fact("Codice articolo", "ABC-1", "CodiceArticolo")
    (piece,) = listing(table(row("1", long, note), row("2", "Penne")))
    lines = piece.split("\n")
    assert all(len(line) <= WIDTH for line in lines)
    assert [word for word in words(piece) if word.startswith("parola")] == words(long)[:60]
    assert piece.count("x") == 300
    at = next(n for n, line in enumerate(lines) if "Codice articolo: ABC-1 (CodiceArticolo)" in line)
    assert lines[at + 1].startswith("2 ")


def test_each_piece_says_its_titles_again() -> None:
    pieces = listing(table(*(row(str(n), f"voce {n}") for n in range(120))))
    assert len(pieces) == 3 and all("Descrizione" in piece for piece in pieces)
    assert [n for n in range(120) if f"voce {n} " not in "".join(pieces)] == []


def test_many_rows_or_many_notes_make_a_table_long() -> None:
    assert not is_long(table(*[row("1", "a")] * MOST))
    assert is_long(table(*[row("1", "a")] * (MOST + 1)))
    assert is_long(table(row("1", "a", *[Fact("b", "c")] * MOST)))
