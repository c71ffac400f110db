"""From the groups of an expression to typed objects: one generated function for each block.

An object of a frozen dataclass sets each attribute through `object.__setattr__`, which alone would cost more than
all the matching. So the function fills an object of a twin class, with the same slots and nothing frozen, and then
gives it its real class; Python itself refuses that unless both are laid out alike.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from fattorino.core.tracciati.declaration import Field
from fattorino.core.tracciati.shape import MARKS, Layout, Slot, item_shape, leaf
from fattorino.core.tracciati.source import NotPlain
from fattorino.core.tracciati.values import Base64, Coded, Day, Value

Maker = Callable[..., Any]
_ENTITIES = tuple(zip(MARKS.values(), "&<>\"'", strict=True))
_MOST_KNOWN = 4096


class _Known(dict[str, Any]):
    """Values of texts that come back line after line."""

    def __init__(self, read: Callable[[str], Any]) -> None:
        self._read = read

    def __missing__(self, text: str) -> Any:
        value = self._read(text)
        if len(self) < _MOST_KNOWN:
            self[text] = value
        return value


def unmarked(text: str) -> str:
    """The text with its marks as the characters they stand for."""
    if not text.isascii():
        for mark, character in _ENTITIES:
            if mark in text:
                text = text.replace(mark, character)
    return text


@cache
def reader_of(value: Value, special: bool) -> Any:
    """What reads the plain text of a value type: a function, a `_Known` table, or None where the text is the value.

    `special`: the text may hold marks. What it makes raises ValueError (so is NotPlain) for what only looked plain.
    """
    match leaf(value).how:
        case "text":
            return unmarked if special else None
        case "word":
            return None
        case "code":
            assert isinstance(value, Coded)
            return {code: code for code in value.codes.values}
        case "count":
            return int
        case "number":
            return Decimal
        case "rate":
            return _RATES
        case "day":
            assert isinstance(value, Day)
            return _DAYS if value.since is None else _Known(lambda text: _day_since(value, text))
    if isinstance(value, Base64):
        return _content
    return lambda text: _checked(value, unmarked(text) if special else text)


_RATES = _Known(Decimal)
_DAYS = _Known(date.fromisoformat)


def _day_since(value: Day, text: str) -> date:
    day = date.fromisoformat(text)
    if value.since is not None and day < value.since:
        raise NotPlain(text)
    return day


def _content(text: str) -> bytes:
    if not text:
        return b""
    content = binascii.a2b_base64(text, strict_mode=True)
    if binascii.b2a_base64(content, newline=False) != text.encode("ascii"):
        raise NotPlain("base64")
    return content


def _checked(value: Value, text: str) -> Any:
    if value.normal(text) != text or value.refusal(text) is not None:
        raise NotPlain(text[:60])
    result = value.value(text)
    if value.text(result) != text:
        raise NotPlain(text[:60])
    return result


@cache
def item_maker(field: Field, special: bool) -> Maker:
    """A function from the groups of `item_shape(field)` to the value."""
    shape = item_shape(field)
    if field.record is not None:
        return _Code(special).function(shape.layout, shape.groups)
    assert field.value is not None
    read = reader_of(field.value, special)
    if read is None:
        return lambda text: text
    return read.__getitem__ if isinstance(read, dict) else read


def run_maker(layout: Layout, groups: int, special: bool) -> Maker:
    """A function from the groups of a run to the tuple of its values, in the order of the slots."""
    return _Code(special).function(layout, groups)


@cache
def items_reader(field: Field, special: bool) -> Callable[[str | None], tuple[Any, ...]]:
    """A function from the span of a repeatable field to its values. The span is known to be nothing but items."""
    finditer = item_shape(field).pattern.finditer
    make = item_maker(field, special)

    def read(span: str | None) -> tuple[Any, ...]:
        return tuple([make(*found.groups()) for found in finditer(span)]) if span else ()

    return read


@cache
def twin_of(cls: type) -> type | None:
    """A class laid out as `cls` whose objects may become objects of `cls`; None where `cls` has no slots only."""
    slots = cls.__dict__.get("__slots__")
    if slots is None or cls.__bases__ != (object,) or hasattr(cls, "__post_init__"):
        return None
    twin = type(cls.__name__, (), {"__slots__": slots})
    twin().__class__ = cls  # TypeError at once, and not in the middle of a file
    return twin


class _Code:
    """Writes a function."""

    def __init__(self, special: bool) -> None:
        self.special = special
        self.lines: list[str] = []
        self.names: dict[str, Any] = {}

    def function(self, layout: Layout, groups: int) -> Maker:
        result = self.block(layout, "    ")
        self.lines.append(f"    return {result}")
        head = f"def make({', '.join(f'g{n}' for n in range(groups))}):"
        exec(compile("\n".join([head, *self.lines]), "<maker>", "exec"), self.names)
        return self.names["make"]

    def name(self, thing: Any) -> str:
        name = f"x{len(self.names)}"
        self.names[name] = thing
        return name

    def block(self, layout: Layout, indent: str) -> str:
        """Lines that make the block; returns the expression of it."""
        parts = [(slot.field.attribute, self.slot(slot, indent)) for slot in layout.slots]
        if layout.cls is None:
            return f"({''.join(f'{value}, ' for _, value in parts)})"
        twin = twin_of(layout.cls)
        result = f"v{len(self.lines)}"
        if twin is None:
            given = ", ".join(f"{attribute}={value}" for attribute, value in parts)
            self.lines.append(f"{indent}{result} = {self.name(layout.cls)}({given})")
            return result
        self.lines.append(f"{indent}{result} = {self.name(twin)}()")
        self.lines.extend(f"{indent}{result}.{attribute} = {value}" for attribute, value in parts)
        self.lines.append(f"{indent}{result}.__class__ = {self.name(layout.cls)}")
        return result

    def slot(self, slot: Slot, indent: str) -> str:
        field, group = slot.field, f"g{slot.group}"
        if field.repeatable:
            return f"{self.name(items_reader(field, self.special))}({group})"
        if slot.inside is None:
            return self.leaf(field, group)
        if slot.group < 0:
            return self.block(slot.inside, indent)
        result = f"w{len(self.lines)}"
        self.lines.append(f"{indent}{result} = None")
        self.lines.append(f"{indent}if {group} is not None:")
        self.lines.append(f"{indent}    {result} = {self.block(slot.inside, indent + '    ')}")
        return result

    def leaf(self, field: Field, group: str) -> str:
        assert field.value is not None
        read = reader_of(field.value, self.special)
        if read is None:
            return group
        value = f"{self.name(read)}[{group}]" if isinstance(read, dict) else f"{self.name(read)}({group})"
        return value if field.fewest else f"None if {group} is None else {value}"
