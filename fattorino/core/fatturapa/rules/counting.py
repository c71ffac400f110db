"""Lines grouped by rate and Natura, and the few to be said something about: what both kinds of tally count with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Generic, Literal, TypeVar

from fattorino.core.money import ZERO

# What a body has: a rule that needs a thing is not asked about a body without it (engine.Rule.needs).
CASSE, MARKED, NATURES, RITENUTE, WITHHELD, PAYMENTS, DISCOUNTS, SPLIT, LOW_RATES, REPEATED = (
    1 << bit for bit in range(10)
)

MOST_PLACES = 200
"""Places listed for one code of one file. SdI itself reports at most 200 `Errore` for a file (MessaggiTypes 1.1);
the others are counted, so that a file wrong at each of 10,000 lines can still be read by a person."""

GENERIC_NATURE = frozenset({"N2", "N3", "N6"})

Mark = Literal[
    "zero rate without Natura",
    "Natura beside a rate",
    "rate below one",
    "generic Natura",
    "zero rate",
    "a cent off",
    "more than a cent off",
    "empty discount",
    "odd declaration of intent",
]

Item = TypeVar("Item")
Body = TypeVar("Body")


@dataclass(slots=True)
class Places(Generic[Item]):
    """The first lines of one kind with their place in the body (1-based), and how many there are in all."""

    kept: list[tuple[int, Item]] = field(default_factory=list)
    count: int = 0

    def __iter__(self) -> Iterator[tuple[int, Item]]:
        return iter(self.kept)

    @property
    def unlisted(self) -> int:
        return self.count - len(self.kept)


@dataclass(slots=True, eq=False)
class Group:
    """The lines with one rate and one Natura: the place of the first, the sum of their totals."""

    rate: Decimal | None
    natura: str | None
    first: int
    marks: tuple[Mark, ...]
    amount: Decimal = ZERO


@dataclass(slots=True, eq=False)
class Uses:
    """Where a rate or a Natura stands first: places (1-based) among lines, casse and riepiloghi; 0 for nowhere."""

    line: int = 0
    cassa: int = 0
    riepilogo: int = 0

    @property
    def charged(self) -> bool:
        return bool(self.line or self.cassa)


@dataclass(slots=True, eq=False)
class RateSums(Uses):
    """What one rate has in one body."""

    goods: Decimal = ZERO
    dues: Decimal = ZERO
    rounding: Decimal = ZERO
    declared: Decimal = ZERO


def marks_of(rate: Decimal | None, natura: str | None) -> tuple[Mark, ...]:
    """What is to be said about a rate and a Natura alone: the same for all lines that have the two."""
    marks: list[Mark] = []
    if rate is not None and rate == 0:
        marks.append("zero rate")
        if natura is None:
            marks.append("zero rate without Natura")
    elif rate is not None:
        if natura is not None:
            marks.append("Natura beside a rate")
        if rate < 1:
            marks.append("rate below one")
    if natura in GENERIC_NATURE:
        marks.append("generic Natura")
    return tuple(marks)


_NO_GROUP = Group(Decimal(-1), None, 0, ())  # no line has a rate below zero


class Counting(Generic[Item, Body]):
    """What the tallies of the two kinds of invoice have in common: groups of lines and marked places.

    `features`: CASSE, MARKED ... or-ed; complete once the tally is closed.
    """

    __slots__ = ("_groups", "_last", "body", "features", "groups", "lines", "marked", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.lines = 0
        self.body: Body
        self.groups: list[Group] = []
        self.marked: dict[Mark, Places[Item]] = {}
        self.features = 0
        self._groups: dict[tuple[Decimal | None, str | None], Group] = {}
        self._last = _NO_GROUP

    @property
    def path(self) -> str:
        return f"/FatturaElettronicaBody[{self.number}]"

    def places(self, mark: Mark) -> Places[Item]:
        return self.marked.get(mark) or Places()

    def mark(self, mark: Mark, number: int, item: Item) -> None:
        places = self.marked.get(mark)
        if places is None:
            places = self.marked[mark] = Places()
        places.count += 1
        if places.count <= MOST_PLACES:
            places.kept.append((number, item))

    def group_of(self, rate: Decimal | None, natura: str | None, number: int) -> Group:
        """The group of line `number`, which is not in the group of the line before."""
        key = (rate, natura)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(rate, natura, number, marks_of(rate, natura))
            self.groups.append(group)
        self._last = group
        return group
