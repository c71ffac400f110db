"""The days that SdI counts, from the instants at which they begin.

A day is an Italian calendar day: the deadline is the same wall-clock time in Rome so many days later, also
across a change of summer time. All instants are aware; results are in Rome's time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
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


def last_day(due: datetime) -> date:
    """The last Italian day on which there is still time; a term that ends at midnight leaves nothing of the new day."""
    return (due.astimezone(ROME) - timedelta(microseconds=1)).date()


def days_left(due: datetime, now: datetime) -> int:
    """How many days people count from today until the last one: 15 from the hour of the delivery on, 0 on the last day,
    -1 when the term is over.

    "Entro il termine di 15 giorni ... dalla data riportata nella ricevuta di consegna" (Specifiche SdI 1.8.1, point
    4.5 f): days are those of the calendar, and the first is not counted.
    """
    return -1 if now > due else (last_day(due) - now.astimezone(ROME).date()).days


Awaited = Literal["receipt", "outcome", "attestation"]

# After these SdI sends nothing more about the invoice (sdi.md 4.1).
_ENDS_PA = frozenset({"NS", "NE_EC01", "NE_EC02", "DT", "AT"})
_ENDS_PRIVATE = frozenset({"NS", "RC", "MC"})


@dataclass(frozen=True, slots=True)
class Term:
    """What SdI owes: `receipt` its first answer to a file, `outcome` the buyer's answer or the DT, `attestation` after
    an MC the delivery at last or the AT."""

    awaited: Awaited
    since: datetime
    due: datetime


def terms(flow: Literal["PA", "PR"], taken: datetime, told: Mapping[str, datetime]) -> tuple[Term, ...]:
    """What is still awaited about a file that SdI took, whatever order its messages came in.

    Args:
        told: events that came, each with the instant of what it tells (RC: the delivery; MC: its sending).
    """
    if (_ENDS_PA if flow == "PA" else _ENDS_PRIVATE) & told.keys():
        return ()
    delivered, not_delivered = told.get("RC"), told.get("MC")
    if delivered is not None:
        return (Term("outcome", delivered, outcome_deadline(delivered)),)
    if not_delivered is not None:
        return (
            Term("attestation", not_delivered, attestation_due(not_delivered)),
            Term("outcome", not_delivered, outcome_deadline(not_delivered)),
        )
    return (Term("receipt", taken, rejection_deadline(taken)),)


def _days_after(start: datetime, days: int) -> datetime:
    return instant(start).astimezone(ROME) + timedelta(days=days)
