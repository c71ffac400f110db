"""The days that SdI counts, from the instants at which they begin.

A day is an Italian calendar day: the deadline is the same wall-clock time in Rome so many days later, also
across a change of summer time. All instants are aware; results are in Rome's time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ROME = ZoneInfo("Europe/Rome")

REJECTION_DAYS = 5  # NS after reception: Allegato A 1.6.1, point 1.6; Provv. 89757/2018, point 2.4
RESEND_DAYS = 5  # a refused invoice sent again keeps its date: Circolare AdE 13/E/2018, answer 1.6
OUTCOME_DAYS = 15  # EC, else DT: Specifiche SdI 1.8.1, point 4.5 f and g
ATTESTATION_DAYS = 10  # AT after MC, PA only: Specifiche SdI 1.8.1, point 4.5 e


def instant(value: datetime) -> datetime:
    """An instant of a message. SdI's older messages carry no offset: such a time is meant in Rome."""
    return value.replace(tzinfo=ROME) if value.tzinfo is None else value


def rejection_deadline(received: datetime) -> datetime:
    """Until when SdI may refuse a file received at `received` (5 days)."""
    return _days_after(received, REJECTION_DAYS)


def resend_deadline(rejected: datetime) -> datetime:
    """Until when a refused invoice may be sent again with its own number and date (5 days from the NS)."""
    return _days_after(rejected, RESEND_DAYS)


def outcome_deadline(started: datetime) -> datetime:
    """Until when a PA may accept or refuse (15 days from the delivery of the RC or the sending of the MC)."""
    return _days_after(started, OUTCOME_DAYS)


def attestation_due(not_delivered: datetime) -> datetime:
    """When SdI gives up delivering to a PA and sends the AT (10 days after the MC)."""
    return _days_after(not_delivered, ATTESTATION_DAYS)


def _days_after(start: datetime, days: int) -> datetime:
    return instant(start).astimezone(ROME) + timedelta(days=days)
