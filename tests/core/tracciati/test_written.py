from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fattorino.core.tracciati.written import (
    WrittenBytes,
    WrittenDate,
    WrittenDatetime,
    WrittenDecimal,
    WrittenInt,
)

ROME = timezone(timedelta(hours=2))
DAY = WrittenDate(date(2026, 1, 31), "2026-01-31Z")
MOMENT = WrittenDatetime(datetime(2026, 1, 31, 10, 30, 0, 500_000, UTC, fold=1), "2026-01-31T10:30:00.5Z")
NUMBER = WrittenDecimal(Decimal("7.50"), "007.50")
COUNT = WrittenInt(7, "+7")
CONTENT = WrittenBytes(b"a", "Y Q==")
ALL = pytest.mark.parametrize(
    ("value", "plain"),
    [
        (DAY, date(2026, 1, 31)),
        (MOMENT, datetime(2026, 1, 31, 10, 30, 0, 500_000, UTC, fold=1)),
        (NUMBER, Decimal("7.50")),
        (COUNT, 7),
        (CONTENT, b"a"),
    ],
    ids=lambda value: type(value).__name__,
)


@ALL
def test_a_written_value_is_the_plain_value(value, plain):
    assert value == plain and plain == value and hash(value) == hash(plain)
    assert str(value) == str(plain) and {plain: 1}[value] == 1
    assert isinstance(value, type(plain))


@ALL
@pytest.mark.parametrize(
    "again",
    [copy.copy, copy.deepcopy]
    + [lambda value, p=p: pickle.loads(pickle.dumps(value, p)) for p in range(pickle.HIGHEST_PROTOCOL + 1)],
)
def test_a_copy_remembers_too(value, plain, again):
    other = again(value)
    assert type(other) is type(value) and other == plain and other.written == value.written


@pytest.mark.parametrize(
    "reckon",
    [
        lambda: DAY + timedelta(1),
        lambda: timedelta(1) + DAY,
        lambda: DAY - timedelta(1),
        lambda: DAY.replace(day=1),
        lambda: MOMENT.date(),
        lambda: MOMENT + timedelta(1),
        lambda: timedelta(1) + MOMENT,
        lambda: MOMENT - timedelta(1),
        lambda: MOMENT.replace(tzinfo=None),
        lambda: MOMENT.astimezone(ROME),
        lambda: NUMBER + 1,
        lambda: 1 - NUMBER,
        lambda: -NUMBER,
        lambda: +NUMBER,
        lambda: abs(NUMBER),
        lambda: NUMBER * NUMBER,
        lambda: sum([NUMBER, NUMBER]),
        lambda: NUMBER.quantize(Decimal("0.1")),
        lambda: round(NUMBER, 1),
        lambda: COUNT + 0,
        lambda: -COUNT,
        lambda: CONTENT + b"",
        lambda: CONTENT[:],
    ],
)
def test_what_is_reckoned_from_it_is_plain(reckon):
    assert type(reckon()) in {date, datetime, Decimal, int, bytes}


def test_the_difference_of_two_is_what_it_is_of_plain_ones():
    assert date(2026, 2, 1) - DAY == timedelta(1) == DAY - date(2026, 1, 30)
    assert not MOMENT - MOMENT
    assert MOMENT.astimezone(ROME).hour == 12


def test_json_and_formats_see_the_plain_value():
    assert json.dumps({"n": COUNT}) == '{"n": 7}'
    assert f"{NUMBER:,.2f} {COUNT:03d} {DAY:%d/%m/%Y}" == "7.50 007 31/01/2026"
    assert DAY.isoformat() == "2026-01-31"


@given(st.decimals(allow_nan=False, allow_infinity=False), st.text())
def test_any_number_may_be_remembered(number, text):
    written = WrittenDecimal(number, text)
    assert written == number and written.as_tuple() == number.as_tuple() and written.written == text
