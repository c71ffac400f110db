"""The plain form of a declared block as one regular expression, exactly as strict as the declaration.

Text that matches from the first tag to the last one is well-formed XML which the official schema accepts: no XML
parser and no schema has to look at it. Plain means: no comment, CDATA, DOCTYPE, attribute on a child,
self-closed element but a block that may be empty, or number or day spelled otherwise than Python would. Whatever
is not plain does not match and goes the long way (`walk`).

A single block inside another is part of its expression. Repeated blocks are caught together, as one span, and
matched again one by one. Every repetition is either possessive over single characters or begins with a tag that
what follows cannot begin with, so that a text that does not match is given up in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Literal

from fattorino.core.tracciati.declaration import MANY, Choice, Field, record_of
from fattorino.core.tracciati.values import (
    Base64,
    Charset,
    Coded,
    Counter,
    Day,
    Number,
    Pattern,
    Text,
    Value,
)

BLANKS = r"\n?+ *+[ \t\n]*+"
# The five entities of XML stand in the text as one character each, so that lengths are those of the content.
# These controls are legal in XML, but a file that really has one goes the long way. They keep the text narrow.
MARKS = {"&amp;": "\x80", "&lt;": "\x81", "&gt;": "\x82", "&quot;": "\x83", "&apos;": "\x84"}
# Characters of XML 1.0 (production 2) without "<" and "&"; "]]>" is looked for in the whole text.
_CHARACTERS: dict[Charset, str] = {
    "ascii": r"[\t\n -%'-;=-\x7f\x80-\x84]",
    "latin": r"[\t\n -%'-;=-\xff]",
    "any": r"[\t\n -%'-;=-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]",
}
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
# What a pattern may be made of to be sure that it cannot match a tag or an entity.
_WORDS = re.compile(
    r"(?:\(?\[(?:A-Z|a-z|[A-Z]-[A-Z]|[0-9]-[0-9]|[A-Za-z0-9])+\](?:\{[0-9]+(?:,[0-9]+)?\})?(?:\)\??)?)+"
)

How = Literal["text", "word", "code", "rate", "number", "count", "day", "checked"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """Expression of the plain texts of a value type, without groups, and how to read what it matched.

    `how` is "checked" where the expression only says which characters may be there: the value type itself must
    then be asked (`Value.refusal`).
    """

    source: str
    how: How


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a field is in the groups of an expression.

    Attributes:
        group: its group, from 0: the text of a leaf, the span of a repeatable field, "" for an optional block
            that is there; -1 for an obligatory block.
        inside: the fields of a single block.
    """

    field: Field
    group: int
    inside: Layout | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Fields in the groups of an expression: those of `cls`, or some that stand side by side (None)."""

    cls: type | None
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """An expression and where the fields are in its groups."""

    pattern: re.Pattern[str]
    layout: Layout
    groups: int


# The same with "<" and "&", and nothing standing for them.
_RAW_CHARACTERS: dict[Charset, str] = {
    "ascii": r"[\t\n -\x7f]",
    "latin": r"[\t\n -\xff]",
    "any": r"[\t\n -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]",
}


@cache
def leaf(value: Value, raw: bool = False) -> Leaf:
    """The plain texts of a value type; `raw`: before "&" and "<" are written as entities."""
    characters = _RAW_CHARACTERS if raw else _CHARACTERS
    match value:
        case Text(whitespace="replace" | "preserve"):
            return Leaf(f"{characters[value.charset]}{{{value.shortest},{value.longest}}}+", "text")
        case Pattern(longest=None, shortest=0) if _WORDS.fullmatch(value.pattern.pattern):
            return Leaf(f"(?:{value.pattern.pattern.replace('(', '(?:')})", "word")
        case Coded():
            return Leaf(f"(?:{'|'.join(map(re.escape, value.codes.values))})", "code")
        case Number():
            return _number(value)
        case Counter(lowest=0 | 1) if set(str(value.highest)) == {"9"}:
            zero = "|0" if value.lowest == 0 else ""
            return Leaf(f"(?:[1-9][0-9]{{0,{len(str(value.highest)) - 1}}}+{zero})", "count")
        case Day():
            return Leaf(_DAY, "day")
        case Base64():
            return Leaf("[A-Za-z0-9+/]*+={0,2}+", "checked")
    return Leaf(f"{characters['any']}*+", "checked")


def _number(value: Number) -> Leaf:
    sign = "-?+" if value.signed else ""
    decimals = f"{{{value.fewest},{value.most}}}+"
    if value.maximum is None:
        return Leaf(rf"{sign}(?:[1-9][0-9]{{0,{value.digits - 1}}}+|0)\.[0-9]{decimals}", "number")
    power = len(str(int(value.maximum))) - 1
    if value.signed or value.maximum != Decimal(10) ** power or not 0 < power < value.digits:
        return Leaf(r"[0-9.+-]*+", "checked")
    below = rf"(?:[1-9][0-9]{{0,{power - 1}}}+|0)\.[0-9]{decimals}"
    return Leaf(rf"(?:{below}|1{'0' * power}\.0{decimals})", "rate")


class _Expression:
    """Writes the expression of some fields and notes where their groups are."""

    def __init__(self, *, catching: bool) -> None:
        self.catching = catching
        self.groups = 0

    def _group(self) -> int:
        self.groups += 1
        return self.groups - 1

    def fields(self, fields: Sequence[Field], choice: Choice | None) -> tuple[str, tuple[Slot, ...]]:
        groups = choice.groups if choice else ()
        chosen = {name for names in groups for name in names}
        pieces: list[str] = []
        slots: list[Slot] = []
        done: set[str] = set()
        for field in fields:
            if field.name in done:
                continue
            if field.name not in chosen:
                piece, slot = self.field(field, obligatory=field.fewest > 0)
                pieces.append(piece)
                slots.append(slot)
                continue
            by_name = {f.name: f for f in fields}
            ways = []
            for names in groups:
                parts = [self.field(by_name[name], obligatory=True) for name in names]
                ways.append("".join(piece for piece, _ in parts))
                # A block of a choice may be absent although it is obligatory in its way.
                slots.extend(slot for _, slot in parts)
            pieces.append(f"(?:{'|'.join(ways)})")
            done |= chosen
        return "".join(pieces), tuple(slots)

    def field(self, field: Field, *, obligatory: bool) -> tuple[str, Slot]:
        if field.repeatable:
            return self._repeated(field, obligatory=obligatory)
        if field.record is None:
            group = self._group()
            source, slot = self._leaf(field), Slot(field, group)
        else:
            # Whether an optional block is there is told by an empty group of its own.
            group = -1 if field.fewest else self._group()
            source, layout = self._block(field, self._caught("") if group >= 0 else "")
            slot = Slot(field, group, layout)
        return (f"{source}{BLANKS}" if obligatory else f"(?:{source}{BLANKS}|)"), slot

    def _leaf(self, field: Field) -> str:
        assert field.value is not None
        return f"<{field.name}>{self._caught(leaf(field.value).source)}</{field.name}>"

    def _block(self, field: Field, mark: str = "") -> tuple[str, Layout]:
        assert field.record is not None
        record = record_of(field.record)
        inside, slots = self.fields(record.fields, record.choice)
        source = f"{BLANKS}{inside}</{field.name}>"
        if any(f.fewest for f in record.fields) or record.choice:
            return f"<{field.name}>{mark}{source}", Layout(field.record, slots)
        # The only thing that many programs write self-closed: a block without any of its children.
        return f"<{field.name}{mark}(?:>{source}|/>)", Layout(field.record, slots)

    def _repeated(self, field: Field, *, obligatory: bool) -> tuple[str, Slot]:
        group = self._group()
        one, _ = _Expression(catching=False).one(field)
        times = "+" if field.most == MANY else f"{{1,{field.most}}}"
        span = self._caught(f"(?:{one}{BLANKS}){times}")
        # The look ahead spares an engine that finds another tag the trouble to set up a repetition.
        return (span if obligatory else f"(?:(?=<{field.name}[/>]){span}|)"), Slot(field, group)

    def one(self, field: Field) -> tuple[str, Layout]:
        """One occurrence of a repeatable field, up to its last character."""
        if field.record is not None:
            return self._block(field)
        slot = Slot(field, self._group())
        return self._leaf(field), Layout(None, (slot,))

    def _caught(self, source: str) -> str:
        return f"({source})" if self.catching else source


@cache
def item_shape(field: Field) -> Shape:
    """One occurrence of a repeatable field, after blanks, up to the ">" of its end tag.

    For a repeated leaf the layout has that one field, its text in group 0."""
    expression = _Expression(catching=True)
    source, layout = expression.one(field)
    return Shape(re.compile(f"{BLANKS}{source}"), layout, expression.groups)


def run_shape(fields: Sequence[Field], choice: Choice | None, follow: str) -> Shape:
    """Neighbouring single fields of a block, after blanks and with those behind.

    `follow` is an expression of what must come next: without it, text that is still being read could end
    between two fields and look as if the second were not there."""
    expression = _Expression(catching=True)
    source, slots = expression.fields(fields, choice)
    return Shape(re.compile(f"{BLANKS}{source}(?={follow})"), Layout(None, slots), expression.groups)
