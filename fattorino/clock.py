"""The one clock. Entry points (views, tasks, commands, endpoints) read it once and hand the time down."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

ROME = ZoneInfo("Europe/Rome")


def now() -> datetime.datetime:
    """The instant, aware, in UTC."""
    return datetime.datetime.now(datetime.UTC)


def day(at: datetime.datetime) -> datetime.date:
    """The Italian calendar day of an instant: what the law means by a date."""
    return at.astimezone(ROME).date()
