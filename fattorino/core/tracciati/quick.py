"""The quick way from a file to typed objects: no XML parser, but the expressions of `shape`.

What it reads, `walk` would read to an equal object without a problem, and the official schema accepts. Of what it
does not read it says nothing: that goes the long way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO

from fattorino.core.tracciati.declaration import Field, Record, record_of
from fattorino.core.tracciati.makers import Maker, item_maker, run_maker
from fattorino.core.tracciati.shape import BLANKS, Shape, item_shape, run_shape
from fattorino.core.tracciati.source import (
    Growing,
    NotPlain,
    Source,
    Whole,
    find_head,
    has_marks,
    read_head,
    whole_text,
)

Take = Mapping[type, Callable[[int, Any], None]]
_NEXT_TAG = re.compile(rf"{BLANKS}<(/?[A-Za-z0-9]++)/?>")
_BLANKS = re.compile(BLANKS)


def read_quick(cls: type, data: bytes) -> Any:
    """The object of `cls` (a declared class with ROOT) that the file holds; None: take the long way.

    Never raises, whatever the bytes."""
    try:
        return _Reader(whole_text(data), Whole(), {}).document(cls)
    except NotPlain:
        return None


def stream_quick(cls: type, source: BinaryIO, take: Take) -> Any:
    """As `read_quick`, from a stream and without holding more of it than one repeated element.

    Args:
        take: what to do with the objects of some repeatable blocks, instead of keeping them in the tuple of the
            block above: called with the number (from 1) of the child of the root in which the object is, and the
            object. Blocks inside other repeatable blocks than the root's children cannot be taken.

    When None is returned, objects may already have been handed over: forget them.

    Raises KeyError for a class in `take` that cannot be taken, and what `source` or a function of `take` raises.
    """
    takable = {part.field.record for part in plan_of(cls).all_parts() if isinstance(part, _Many)}
    for wanted in take:
        if wanted not in takable:
            raise KeyError(f"{wanted.__name__} cannot be taken from the stream of {cls.__name__}")
    try:
        return _Reader("", Growing(source), take).document(cls)
    except NotPlain:
        return None


class _Reader:
    """Text, how far it has been read, and what to do with the objects."""

    def __init__(self, text: str, source: Source, take: Take) -> None:
        self.text = text
        self.pos = 0
        self.source = source
        self.take = take
        self.number = 0  # of the repeated child of the root that is being read
        self.special = has_marks(text)

    def document(self, cls: type) -> Any:
        record = record_of(cls)
        if record.root is not None and record.root.signature == "required":
            raise NotPlain("signatures are for the long way")
        while (found := find_head(self.text, self.pos)) is None:
            self.grow()
        head = read_head(found, record)
        self.pos = head.end
        values: dict[str, Any] = dict(head.attributes)
        values.update(self.children(plan_of(cls)))
        self.tag(head.closing)
        self.tag(">")
        while True:
            self.skip()
            if self.pos < len(self.text):
                raise NotPlain("something after the end")
            if not self.more():
                return cls(**values)

    def children(self, plan: Plan) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for part in plan.parts:
            part.read(self, values)
        return values

    def more(self) -> bool:
        """Get more text, if there is any."""
        text = self.source.more(self.text, self.pos)
        if text is None:
            return False
        self.text, self.pos = text, 0
        self.special = self.special or has_marks(text)
        return True

    def grow(self) -> None:
        if not self.more():
            raise NotPlain(self.text[self.pos : self.pos + 60])

    def skip(self) -> None:
        found = _BLANKS.match(self.text, self.pos)
        assert found is not None
        self.pos = found.end()

    def tag(self, tag: str) -> None:
        """Read over `tag` and the blanks before it."""
        while True:
            self.skip()
            if self.text.startswith(tag, self.pos):
                self.pos += len(tag)
                return
            if len(self.text) - self.pos >= len(tag):
                raise NotPlain(tag)
            self.grow()

    def at(self, name: str) -> bool:
        """Whether the next tag is <name>; no blanks are read over."""
        while (found := _NEXT_TAG.match(self.text, self.pos)) is None:
            if len(self.text) - self.pos > 1000 or not self.more():
                return False
        return found[1] == name


@dataclass(frozen=True)
class _Run:
    """Neighbouring single children without an open block among them."""

    shape: Shape
    attributes: tuple[str, ...]
    makers: tuple[Maker, Maker]

    def read(self, reader: _Reader, values: dict[str, Any]) -> None:
        while (found := self.shape.pattern.match(reader.text, reader.pos)) is None:
            reader.grow()
        reader.pos = found.end()
        try:
            made = self.makers[reader.special](*found.groups())
        except ValueError as error:
            raise NotPlain("a value that does not exist") from error
        values.update(zip(self.attributes, made, strict=True))


@dataclass(frozen=True)
class _Many:
    """A repeatable child, one expression an item."""

    field: Field
    shape: Shape
    makers: tuple[Maker, Maker]

    def read(self, reader: _Reader, values: dict[str, Any]) -> None:
        take = reader.take.get(self.field.record) if self.field.record else None
        match = self.shape.pattern.match
        items: list[Any] = []
        count = 0
        while True:
            text, pos, make = reader.text, reader.pos, self.makers[reader.special]
            while found := match(text, pos):
                pos = found.end()
                count += 1
                try:
                    item = make(*found.groups())
                except ValueError as error:
                    raise NotPlain("a value that does not exist") from error
                if take:
                    reader.pos = pos
                    take(reader.number, item)
                else:
                    items.append(item)
            reader.pos = pos
            if not reader.at(self.field.name):
                break
            reader.grow()
        if not self.field.fewest <= count <= self.field.most:
            raise NotPlain(self.field.name)
        values[self.field.attribute] = tuple(items)


@dataclass(frozen=True)
class _Inner:
    """A block whose children are read part by part."""

    field: Field
    plan: Plan
    numbered: bool

    def read(self, reader: _Reader, values: dict[str, Any]) -> None:
        name = self.field.name
        items: list[Any] = []
        while reader.at(name):
            if len(items) >= self.field.most:
                raise NotPlain(name)
            if self.numbered:
                reader.number = len(items) + 1
            reader.tag(f"<{name}>")
            inside = reader.children(self.plan)
            reader.tag(f"</{name}>")
            items.append(self.plan.record.cls(**inside))
        if len(items) < self.field.fewest:
            raise NotPlain(name)
        if self.field.repeatable:
            values[self.field.attribute] = tuple(items)
        elif items:
            values[self.field.attribute] = items[0]


Part = _Run | _Many | _Inner


@dataclass(frozen=True)
class Plan:
    """How the children of an open block are read, one part after the other."""

    record: Record
    parts: tuple[Part, ...]

    def all_parts(self) -> list[Part]:
        inner = [deep for part in self.parts if isinstance(part, _Inner) for deep in part.plan.all_parts()]
        return [*self.parts, *inner]


@cache
def plan_of(cls: type) -> Plan:
    """The plan of a document."""
    record = record_of(cls)
    assert record.root is not None, cls
    return _plan(record, "</[A-Za-z_]")


def _plan(record: Record, end: str) -> Plan:
    """`end`: an expression of the tag that ends the block."""
    parts: list[Part] = []
    run: list[Field] = []
    for position, field in enumerate(record.fields):
        opens = _opens(record, field)
        if not opens and not field.repeatable:
            run.append(field)
            continue
        if run:
            parts.append(_run(record, run, _follow(record, position, end)))
            run = []
        if opens:
            assert field.record is not None
            inner = _plan(record_of(field.record), f"</{field.name}>")
            parts.append(_Inner(field, inner, numbered=record.root is not None and field.repeatable))
        else:
            parts.append(_Many(field, item_shape(field), (item_maker(field, False), item_maker(field, True))))
    if run:
        parts.append(_run(record, run, end))
    return Plan(record, tuple(parts))


def _opens(record: Record, field: Field) -> bool:
    """The root's repeated children are open, and single blocks that hold an obligatory repeated one."""
    if field.record is None:
        return False
    if field.repeatable:
        return record.root is not None
    inside = record_of(field.record).fields
    return any(f.repeatable and f.fewest and f.record is not None for f in inside)


def _follow(record: Record, position: int, end: str) -> str:
    """What may come where the field at `position` is expected."""
    tags = []
    for field in record.fields[position:]:
        tags.append(f"<{field.name}>")
        if field.fewest:
            return "|".join(tags)
    return "|".join([*tags, end])


def _run(record: Record, fields: list[Field], follow: str) -> _Run:
    choice = record.choice
    if choice and not {name for names in choice.groups for name in names} <= {f.name for f in fields}:
        choice = None  # is in another run: `record_of` has seen to it that its fields are neighbours
    shape = run_shape(fields, choice, follow)
    attributes = tuple(slot.field.attribute for slot in shape.layout.slots)
    makers = (
        run_maker(shape.layout, shape.groups, False),
        run_maker(shape.layout, shape.groups, True),
    )
    return _Run(shape, attributes, makers)
