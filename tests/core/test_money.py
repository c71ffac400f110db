from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fattorino.core.fatturapa.draft import Discount
from fattorino.core.money import after_steps, italian, line_total, r2, rounded, shares, trimmed


@pytest.mark.parametrize(
    ("amount", "cents"),
    [("1400.0352", "1400.04"), ("1400.0349", "1400.03"), ("1500.2448", "1500.24"), ("1500.2458", "1500.25")],
)
def test_official_examples_of_rounding(amount, cents):
    assert r2(D(amount)) == D(cents)


def test_half_a_cent_goes_away_from_zero_and_zero_has_no_sign():
    assert r2(D("-0.005")) == D("-0.01")
    assert str(r2(D("-0.001"))) == "0.00"


def steps(*texts):
    return [
        Discount("SC", percentuale=D(t[:-1])) if t.endswith("%") else Discount("SC", importo=D(t))
        for t in texts
    ]


@pytest.mark.parametrize(
    ("price", "quantity", "discounts", "expected"),
    [
        ("500", "100", ["10.05", "5.25", "4.70"], "48000.00"),
        ("500", "100", ["8.50%", "5.15%", "3.00%"], "42092.05875"),
        ("500", "100", ["8.50%", "23.56", "15.00", "2.00%"], "41056.12"),
    ],
)
def test_cascade_of_the_official_cases_of_00423(price, quantity, discounts, expected):
    assert line_total(D(price), D(quantity), steps(*discounts)) == D(expected)


def test_an_amount_wins_over_a_percentage_of_the_same_discount():
    both = [Discount("SC", percentuale=D("5.00"), importo=D("2.512"))]
    assert line_total(D("50.158"), D(1000), both) == D("47646.000")


def test_the_sign_of_a_discount_does_not_turn_it_into_a_surcharge():
    assert after_steps(D(100), [Discount("SC", importo=D(-10))]) == 90
    assert after_steps(D(100), [Discount("MG", importo=D(10))]) == 110


def test_rounding_is_the_same_at_any_number_of_places():
    for places in (0, 2, 16, 17, 25):
        unit = D(1).scaleb(-places)
        assert rounded(unit * D("1.5"), places) == 2 * unit and rounded(-unit * D("2.5"), places) == -3 * unit


def test_trimmed_keeps_two_decimals_and_no_needless_zero():
    assert [str(trimmed(D(x))) for x in ("1", "1.50000", "0.123456785", "1000")] == [
        "1.00",
        "1.50",
        "0.12345679",
        "1000.00",
    ]


@given(st.integers(-(10**9), 10**9), st.integers(1, 36))
def test_shares_are_in_cents_and_make_the_whole(cents, count):
    amount = D(cents) / 100
    parts = shares(amount, count)
    assert sum(parts) == amount and len(parts) == count
    assert all(part == r2(part) for part in parts)
    assert max(parts) - min(parts) < D("0.01") * count


def test_last_share_takes_the_cents():
    assert shares(D("100.00"), 3) == (D("33.33"), D("33.33"), D("33.34"))


def test_amounts_for_people_are_italian_and_never_fail():
    assert italian(D("-1234567.5")) == "-1.234.567,50"
    assert "E+" in italian(D("1E+500")) and italian(D("NaN"))
