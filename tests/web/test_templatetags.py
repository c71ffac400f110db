from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from fattorino.web.templatetags import fattorino as tags


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1234.5"), "1.234,50 €"),
        (Decimal("-0.005"), "-0,01 €"),
        (Decimal("1000000"), "1.000.000,00 €"),
        (0, "0,00 €"),
        (None, ""),
    ],
)
def test_amounts_are_written_as_italians_do(value: Decimal | int | None, text: str) -> None:
    assert tags.euro(value) == text


def test_cents_are_whole_numbers_and_lose_nothing() -> None:
    assert tags.euro_cents(-317200) == "-3.172,00 €"
    assert tags.euro_cents(90071992547409931) == "900.719.925.474.099,31 €"


@pytest.mark.parametrize(
    ("value", "text"), [("10.50", "10,5"), ("22", "22"), ("1E+3", "1.000"), ("0.123456789", "0,12345679")]
)
def test_numbers_lose_the_zeros_at_their_end(value: str, text: str) -> None:
    assert tags.number(Decimal(value)) == text


def test_the_day_of_an_instant_is_the_italian_one() -> None:
    late = datetime.datetime(2026, 12, 31, 23, 30, tzinfo=datetime.UTC)
    assert tags.day(late) == "01/01/2027"
    assert tags.moment(late) == "01/01/2027 00:30"
    assert tags.short_moment(late) == "1 gen 00:30"
    assert tags.day(None) == tags.moment(None) == tags.short_moment(None) == ""


@pytest.mark.parametrize(("count", "text"), [(999, "999 byte"), (12_345, "12,3 kB"), (5_000_000, "5 MB")])
def test_sizes_are_written_for_people(count: int, text: str) -> None:
    assert tags.size(count) == text


def test_a_number_in_an_attribute_has_no_separator() -> None:
    assert tags.plain(1234567) == "1234567"
