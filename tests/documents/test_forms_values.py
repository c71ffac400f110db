from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fattorino.core.fatturapa.draft import Discount
from fattorino.documents.forms.values import (
    Unreadable,
    read_date,
    read_discounts,
    read_number,
    write_discounts,
    write_number,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.234,56", "1234.56"),
        ("1234,56", "1234.56"),
        ("1234.56", "1234.56"),
        ("1.234.567", "1234567"),
        ("1.234.567,8", "1234567.8"),
        ("-3", "-3"),
        ("\u22123,5", "-3.5"),
        (" 12 ", "12"),
        ("€ 10", "10"),
        (",5", "0.5"),
        ("5,", "5"),
        ("0.125", "0.125"),
        ("1.23", "1.23"),
        ("1'234,5", "1234.5"),
    ],
)
def test_numbers_are_read_as_italians_type_them(text: str, number: str) -> None:
    assert read_number(text) == Decimal(number)


def test_nothing_is_no_number() -> None:
    assert read_number("  ") is None


def test_a_number_that_can_be_read_in_two_ways_is_refused_with_both() -> None:
    with pytest.raises(Unreadable, match=r"1234 oppure 1,234"):
        read_number("1.234")


@pytest.mark.parametrize(
    "text", ["abc", "1,2,3", "1.2.3", "12.34,5", "--1", "1e5", "NaN", "٣", "9" * 40, "1,٣", "."]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read_number(text)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (read_number, read_date, read_discounts):
        try:
            read(text)
        except Unreadable as error:
            assert str(error)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_what_is_written_is_read_back(number: Decimal) -> None:
    assert read_number(write_number(number)) == number


@pytest.mark.parametrize("text", ["2026-12-31", "31/12/2026", "31-12-2026", "31.12.2026"])
def test_dates_are_read_from_the_field_and_from_the_keyboard(text: str) -> None:
    assert read_date(text) == datetime.date(2026, 12, 31)


@pytest.mark.parametrize("text", ["31/02/2026", "2026-13-01", "ieri", "31/12/26"])
def test_a_day_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read_date(text)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("", ()),
        ("10", (Discount("SC", Decimal(10)),)),
        ("10+5", (Discount("SC", Decimal(10)), Discount("SC", Decimal(5)))),
        ("10% + 2,50€", (Discount("SC", Decimal(10)), Discount("SC", None, Decimal("2.50")))),
        ("MG 2", (Discount("MG", Decimal(2)),)),
        ("mg 3€", (Discount("MG", None, Decimal(3)),)),
    ],
)
def test_discounts_in_cascade_are_one_text(text: str, steps: tuple[Discount, ...]) -> None:
    assert read_discounts(text) == steps
    assert read_discounts(write_discounts(steps)) == steps
