"""A declaration laid out for the walk: what it asks at every element of a file is looked up once, here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from fattorino.core.tracciati.declaration import Field, Record, record_of
from fattorino.core.tracciati.plain import PlainReader, plain_reader


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A `Field`: a leaf with its reader, or a block with its own plan."""

    field: Field
    position: int
    bit: int
    attribute: str
    repeatable: bool
    read: PlainReader
    plan: Plan | None


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A `Record`. Sets of elements are bits by position: a block is whole when two of them say so.

    Attributes:
        by_name: keyed by tag; lxml's tags of comments are no strings, and not in it.
        must: the obligatory elements.
        choosable: the elements of the choice; `choices`: those of them that may stand together.
    """

    record: Record
    cls: type
    by_name: dict[Any, Line]
    must: int
    choosable: int
    choices: frozenset[int]


@cache
def plan_of(cls: type) -> Plan:
    """The plan of a declared class; no block may hold itself."""
    record = record_of(cls)
    lines = {field.name: _line(field) for field in record.fields}
    groups = record.choice.groups if record.choice is not None else ()
    choices = frozenset(sum(lines[name].bit for name in group) for group in groups)
    return Plan(
        record=record,
        cls=cls,
        by_name=dict(lines),
        must=sum(line.bit for line in lines.values() if line.field.fewest),
        choosable=sum(choices),
        choices=choices or frozenset({0}),
    )


def _line(field: Field) -> Line:
    return Line(
        field=field,
        position=field.position,
        bit=1 << field.position,
        attribute=field.attribute,
        repeatable=field.repeatable,
        read=_undecided if field.value is None else plain_reader(field.value),
        plan=None if field.record is None else plan_of(field.record),
    )


def _undecided(raw: str) -> None:
    """The reader of a block, which has no text to read."""
