from __future__ import annotations

from datetime import UTC, datetime

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
