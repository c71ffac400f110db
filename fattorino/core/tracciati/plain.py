"""The quick word on a leaf's text: most of them are admitted, plainly written, and need no second look.

`plain_reader` makes, once for each value type, a function from the raw text to its value, or to None for a text on
which `Value.refusal` and `Value.value` must say more. What is not None is admitted, is what `value` would give, and
is written by `text` as it came: so these functions may be stricter than the types, never laxer (the tests compare).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from fattorino.core.tracciati.values import (
    Base64,
    Coded,
    Counter,
    Day,
    Moment,
    Number,
    Pattern,
    Text,
    Value,
    decoded,
    ends_in_zero_bits,
)

PlainReader = Callable[[str], Any]
_BLANK = re.compile("[ \t\n\r]").search


def plain_reader(value: Value) -> PlainReader:
    """The function for `value`. Raises TypeError for a type of values that it does not know."""
    match value:
        case Text():
            return _text(value)
        case Pattern():
            return _pattern(value)
        case Coded():
            # From the text to the one object that stands for it: a thousand lines share their codes.
            return {code: code for code in value.codes.values}.get
        case Number():
            return _number(value)
        case Counter():
            return _counter(value)
        case Day():
            return _day(value)
        case Moment():
            return _moment(value)
        case Base64():
            return _base64
    raise TypeError(type(value).__name__)


def _text(value: Text) -> PlainReader:
    shortest, longest, collapses = value.shortest, value.longest, value.whitespace == "collapse"
    characters = {"ascii": r"[\x00-\x7f]*", "latin": r"[\x00-\xff]*", "any": r"[\s\S]*"}[value.charset]
    matches = re.compile(characters).fullmatch

    def read(raw: str) -> str | None:
        if shortest <= len(raw) <= longest and (raw.isascii() or matches(raw)):
            return None if collapses and _BLANK(raw) else raw
        return None

    return read


def _pattern(value: Pattern) -> PlainReader:
    shortest, matches = value.shortest, value.pattern.fullmatch
    longest = value.longest if value.longest is not None else 1000
    collapses = value.whitespace == "collapse"

    def read(raw: str) -> str | None:
        if shortest <= len(raw) <= longest and matches(raw):
            return None if collapses and _BLANK(raw) else raw
        return None

    return read


def _number(value: Number) -> PlainReader:
    sign = "-?" if value.signed else ""
    whole = rf"(?:0|[1-9][0-9]{{0,{value.digits - 1}}})"
    matches = re.compile(rf"{sign}{whole}\.[0-9]{{{value.fewest},{value.most}}}").fullmatch
    maximum = value.maximum

    def read(raw: str) -> Decimal | None:
        if not matches(raw):
            return None
        number = Decimal(raw)
        return number if maximum is None or number <= maximum else None

    return read


def _counter(value: Counter) -> PlainReader:
    matches = re.compile("0|[1-9][0-9]{0,17}").fullmatch
    lowest, highest = value.lowest, value.highest

    def read(raw: str) -> int | None:
        return number if matches(raw) and lowest <= (number := int(raw)) <= highest else None

    return read


def _day(value: Day) -> PlainReader:
    # Without this, Python would take "2026-W05-6" too.
    matches = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
    since = value.since or date.min

    def read(raw: str) -> date | None:
        if not matches(raw):
            return None
        try:
            day = date.fromisoformat(raw)
        except ValueError:
            return None
        return day if day >= since else None

    return read


def _moment(value: Moment) -> PlainReader:
    def read(raw: str) -> datetime | None:
        try:
            moment: datetime = value.value(raw)
        except ValueError:
            return None
        return moment if type(moment) is datetime else None

    return read


def _base64(raw: str) -> bytes | None:
    try:
        content = decoded(raw)
    except ValueError:
        return None
    return content if ends_in_zero_bits(raw) else None
