from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fattorino.documents.readable import formats


@pytest.mark.parametrize(
    ("value", "least", "text"),
    [
        ("1234.56", 2, "1.234,56"),
        ("1234.50000000", 2, "1.234,50"),
        ("0.01249724", 2, "0,01249724"),
        ("5.00", 0, "5"),
        ("4.900000", 0, "4,9"),
        ("-1234567.10", 2, "-1.234.567,10"),
        ("0.00", 2, "0,00"),
        ("1E+3", 2, "1.000,00"),
    ],
)
def test_numbers_are_written_the_italian_way(value, least, text):
    assert formats.number(Decimal(value), least=least) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**11), max_value=10**11))
def test_no_digit_of_a_number_is_lost(value):
    text = formats.number(value, least=2)
    assert Decimal(text.replace(".", "").replace(",", ".")) == value


def test_dates_times_sizes_and_ibans():
    assert formats.day(datetime.date(2026, 12, 31)) == "31/12/2026"
    assert formats.instant(datetime.datetime(2026, 1, 2, 3, 4, 5)) == "02/01/2026 03:04:05"
    aware = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    assert formats.instant(aware) == "02/01/2026 03:04:05 (UTC+0000)"
    assert formats.size(812) == "812\u00a0byte"
    assert formats.size(12_345) == "12,3\u00a0kB"
    assert formats.size(999_960) == "1\u00a0MB"
    assert formats.size(4_100_000) == "4,1\u00a0MB"
    assert formats.iban("IT60X0542811101000000123456") == "IT60 X054 2811 1010 0000 0123 456"
    assert formats.iban("non un iban") == "non un iban"


def test_money_carries_its_currency():
    assert formats.money(Decimal("1234.56")) == "1.234,56\u00a0€"
    assert formats.money(Decimal("10"), "USD") == "10,00\u00a0USD"
    assert formats.percent(Decimal("4.50")) == "4,5%"
