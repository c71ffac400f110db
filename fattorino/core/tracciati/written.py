"""Values that remember how they were written, where that is not the plain way.

A file may say ``007.50``, ``+7``, ``2026-01-31Z``, ``10:00:00.500`` or break its base64 over lines: all valid, and
whoever writes the invoice again must write just that. Each class here *is* the plain value (equal to it, with the
same hash, at home wherever the plain one is) with one attribute more, `written`: the text of the element. Whatever
is reckoned from such a value is a plain one. Only the reader makes them; `Value.text` gives `written` back.
"""

from __future__ import annotations

from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from typing import Any, Self, SupportsIndex


class WrittenDecimal(Decimal):
    """A number with zeros in front."""

    __slots__ = ("written",)
    written: str

    def __new__(cls, value: Decimal, written: str) -> Self:
        new = super().__new__(cls, value)
        new.written = written
        return new

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (Decimal(self), self.written)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self


class WrittenInt(int):
    """A whole number with a sign or zeros in front."""

    written: str

    def __new__(cls, value: int, written: str) -> Self:
        new = super().__new__(cls, value)
        new.written = written
        return new

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (int(self), self.written)


class WrittenBytes(bytes):
    """Content whose base64 has blanks or line ends in it."""

    written: str

    def __new__(cls, value: bytes, written: str) -> Self:
        new = super().__new__(cls, value)
        new.written = written
        return new

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (bytes(self), self.written)


class WrittenDate(date):
    """A day with a time zone behind it."""

    __slots__ = ("written",)
    written: str

    def __new__(cls, value: date, written: str) -> Self:
        new = super().__new__(cls, value.year, value.month, value.day)
        new.written = written
        return new

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        return type(self), (plain_date(self), self.written)

    # date's own methods make objects of the subclass, which would claim a text that is not theirs.
    def __add__(self, other: Any) -> Any:
        return plain_date(self) + other

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return plain_date(self) - other

    def replace(self, *args: Any, **changes: Any) -> Any:
        return plain_date(self).replace(*args, **changes)


class WrittenDatetime(datetime):
    """A moment with fractions, ``24:00:00`` or a zone spelled otherwise than Python does."""

    __slots__ = ("written",)
    written: str

    def __new__(cls, value: datetime, written: str) -> Self:
        new = super().__new__(
            cls,
            value.year,
            value.month,
            value.day,
            value.hour,
            value.minute,
            value.second,
            value.microsecond,
            value.tzinfo,
            fold=value.fold,
        )
        new.written = written
        return new

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        return type(self), (plain_datetime(self), self.written)

    def __add__(self, other: Any) -> Any:
        return plain_datetime(self) + other

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return plain_datetime(self) - other

    def replace(self, *args: Any, **changes: Any) -> Any:
        return plain_datetime(self).replace(*args, **changes)

    def astimezone(self, tz: tzinfo | None = None) -> Any:
        return plain_datetime(self).astimezone(tz)


Written = WrittenDecimal | WrittenInt | WrittenBytes | WrittenDate | WrittenDatetime
# For isinstance in the readers' and writers' hot paths: one tuple is quicker than a union.
WRITTEN = (WrittenDecimal, WrittenInt, WrittenBytes, WrittenDate, WrittenDatetime)


def plain_date(value: date) -> date:
    """The day alone, of whatever class of date."""
    return date(value.year, value.month, value.day)


def plain_datetime(value: datetime) -> datetime:
    """The moment alone, of whatever class of datetime."""
    moment = time(value.hour, value.minute, value.second, value.microsecond, value.tzinfo, fold=value.fold)
    return datetime.combine(plain_date(value), moment)
