from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Literal

import pytest

from fattorino.core.sdi import deadlines
from fattorino.core.sdi.deadlines import ROME


def test_days_are_counted_on_the_italian_clock() -> None:
    start = datetime(2026, 3, 27, 9, 30, tzinfo=UTC)  # 10:30 in Rome, two days before summer time
    assert deadlines.rejection_deadline(start) == datetime(2026, 4, 1, 10, 30, tzinfo=ROME)
    assert deadlines.resend_deadline(start) == datetime(2026, 4, 1, 10, 30, tzinfo=ROME)
    assert deadlines.attestation_due(start) == datetime(2026, 4, 6, 10, 30, tzinfo=ROME)
    assert deadlines.outcome_deadline(start) == datetime(2026, 4, 11, 10, 30, tzinfo=ROME)


def test_a_time_without_offset_is_meant_in_rome() -> None:
    naive = datetime(2014, 4, 1, 12)
    assert deadlines.instant(naive) == datetime(2014, 4, 1, 12, tzinfo=ROME)
    assert deadlines.outcome_deadline(naive) == datetime(2014, 4, 16, 12, tzinfo=ROME)


def test_days_left_are_those_of_the_calendar() -> None:
    delivered = datetime(2026, 11, 22, 10, 32, tzinfo=ROME)
    due = deadlines.outcome_deadline(delivered)
    assert deadlines.last_day(due) == date(2026, 12, 7)
    told = {
        delivered: 15,
        delivered + timedelta(minutes=5): 15,
        datetime(2026, 11, 23, 0, 1, tzinfo=ROME): 14,
        datetime(2026, 12, 6, 23, 59, tzinfo=ROME): 1,
        datetime(2026, 12, 7, 10, 31, tzinfo=ROME): 0,
        due: 0,
        due + timedelta(seconds=1): -1,
    }
    assert {now: deadlines.days_left(due, now) for now in told} == told


def test_a_term_that_ends_at_midnight_leaves_nothing_of_the_new_day() -> None:
    midnight = datetime(2026, 12, 7, tzinfo=ROME)
    assert deadlines.last_day(midnight) == date(2026, 12, 6)
    assert deadlines.days_left(midnight, datetime(2026, 12, 6, 23, tzinfo=ROME)) == 0


TAKEN = datetime(2026, 11, 2, 9, tzinfo=UTC)
TOLD = datetime(2026, 11, 4, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("flow", "told", "awaited"),
    [
        ("PR", (), {"receipt": 7}),
        ("PR", ("RC",), {}),
        ("PR", ("MC",), {}),
        ("PR", ("NS",), {}),
        ("PA", (), {"receipt": 7}),
        ("PA", ("RC",), {"outcome": 19}),
        ("PA", ("MC",), {"attestation": 14, "outcome": 19}),
        ("PA", ("MC", "RC"), {"outcome": 19}),
        ("PA", ("MC", "AT"), {}),
        ("PA", ("RC", "DT"), {}),
        ("PA", ("NE_EC01",), {}),
        ("PA", ("NS",), {}),
    ],
)
def test_what_is_awaited_follows_from_what_came(
    flow: Literal["PA", "PR"], told: tuple[str, ...], awaited: dict[str, int]
) -> None:
    found = deadlines.terms(flow, TAKEN, dict.fromkeys(told, TOLD))
    assert {term.awaited: term.due.day for term in found} == awaited
