"""How values are written for an Italian reader: 1.234,56 €, 31/12/2026, IT60 X054 2811 1010 0000 0123 456."""

from __future__ import annotations

import datetime
from decimal import Decimal

# Between a number and its unit: keeps them on one line, on paper as on a phone.
_NBSP = "\u00a0"
_SYMBOLS = {"EUR": "€"}


def number(value: Decimal, *, least: int = 0) -> str:
    """1234.50000000 -> "1.234,5" (`least=0`) or "1.234,50" (`least=2`): no digit of the value is rounded away.

    Args:
        least: decimals shown even when they are zeros.
    """
    sign = "-" if value < 0 else ""
    whole, _, decimals = format(abs(value), "f").partition(".")
    decimals = decimals.rstrip("0").ljust(least, "0")
    groups = f"{int(whole):,}".replace(",", ".")
    return f"{sign}{groups}{',' + decimals if decimals else ''}"


def money(value: Decimal, divisa: str = "EUR") -> str:
    """An amount with its currency: "1.234,56 €", "10,00 USD". At least two decimals, never fewer than given."""
    return f"{number(value, least=2)}{_NBSP}{_SYMBOLS.get(divisa, divisa)}"


def percent(value: Decimal) -> str:
    """22.00 -> "22%"; 4.50 -> "4,5%"."""
    return f"{number(value)}%"


def day(value: datetime.date) -> str:
    return value.strftime("%d/%m/") + f"{value.year:04d}"


def instant(value: datetime.datetime) -> str:
    """Date and time as the document gives them: a time zone, where there is one, is written out."""
    text = f"{day(value)} {value:%H:%M:%S}"
    return f"{text} (UTC{value:%z})" if value.tzinfo else text


def size(count: int) -> str:
    """A size in bytes for a person: "812 byte", "12,3 kB", "4,1 MB"."""
    if count < 1000:
        return f"{count}{_NBSP}byte"
    for unit, scale in (("kB", 1000), ("MB", 1_000_000)):
        if count < scale * 999.95 or unit == "MB":
            tenth = Decimal(count) / scale
            return f"{number(tenth.quantize(Decimal('0.1')))}{_NBSP}{unit}"
    raise AssertionError("unreachable: the last unit takes everything")


def iban(value: str) -> str:
    """In groups of four, as banks print it; what is not shaped like an IBAN stays as it is."""
    if not value.isalnum() or len(value) < 15:
        return value
    return " ".join(value[at : at + 4] for at in range(0, len(value), 4))


def plain(value: object) -> str:
    """Any value of a record, when nothing more is known about it than its type."""
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, datetime.datetime):
        return instant(value)
    if isinstance(value, datetime.date):
        return day(value)
    if isinstance(value, bytes):
        return size(len(value))
    return str(value)
