"""What a readable copy shows, as plain values: the HTML and the PDF are two drawings of this one thing.

All texts are ready to be read (Italian numbers and dates, codes with their meaning); nothing here knows the
record format, Django or typst.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Fact:
    """One labelled value. `name` is the official element name where the label alone would not identify it."""

    label: str
    value: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody named in the document: `role` ("Cedente / prestatore"), `name`, address lines, other facts."""

    role: str
    name: str
    address: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    kind: Literal["text", "number", "short"] = "text"


@dataclass(frozen=True, slots=True)
class Cell:
    """`notes` stand below the text, smaller: what belongs to the row but has no column of its own."""

    text: str
    notes: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """`listing`: the rows as lines of text instead, for a drawing that cannot have so many (listing.py)."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    listing: tuple[str, ...] = ()

    @property
    def labelled(self) -> list[list[tuple[Column, Cell]]]:
        """Every cell with its column, for a drawing that writes the column's name beside the value."""
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True, slots=True)
class Facts:
    """A titled list of labelled values; `wide` when the values are long (one under the other)."""

    title: str
    facts: tuple[Fact, ...]
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Amount:
    """One row of the totals; `strong` for the one the reader looks for."""

    label: str
    value: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """One document: a FatturaElettronicaBody, or a ricevuta. reading order is the order of the fields;
    `summary` is the VAT table, below which the `totals` stand.
    """

    kind: str
    number: str
    date: str
    head: tuple[Fact, ...]
    causale: tuple[str, ...]
    lines: Table
    summary: Table | None
    totals: tuple[Amount, ...]
    after: tuple[Table | Facts, ...]


@dataclass(frozen=True, slots=True)
class Copy:
    """A whole readable copy: the parties once, then every document of the file.

    `notice` is the sentence that says what this paper is and is not; `subject` its title in a few words.
    """

    title: str
    subject: str
    badge: str
    notice: str
    seller: Party
    buyer: Party
    others: tuple[Party, ...]
    bodies: tuple[Body, ...]
    transmission: tuple[Fact, ...]
    rest: tuple[Facts, ...] = ()
    author: str = ""
