"""xs:date and xs:dateTime as XML Schema 1.0 writes them (part 2, 3.2.7 and 3.2.9), in the years 1-9999.

XML Schema also knows years before 1 and beyond 9999. No calendar of ours reads them, and no date of a record
format has any use for them, so they are no dates here.
"""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime, time, timedelta

from fattorino.core.texts import say

MIDNIGHT = time()
_ZONE = r"(?P<zone>Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?"
_DAY = r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
_TIME = r"T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})(?P<fraction>\.[0-9]+)?"
_DATE = re.compile(_DAY + _ZONE)
_DATETIME = re.compile(_DAY + _TIME + _ZONE)


def date_problem(text: str) -> str:
    """Why `text` is not an xs:date, in Italian; "" when it is one."""
    match = _DATE.fullmatch(text)
    return say("non è una data") if match is None else _day_problem(match)


def datetime_problem(text: str) -> str:
    """Why `text` is not an xs:dateTime, in Italian; "" when it is one."""
    match = _DATETIME.fullmatch(text)
    if match is None:
        return say("non sono una data e un'ora")
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"])
    midnight_at_the_end = (hour, minute, second) == (24, 0, 0) and not (match["fraction"] or "").strip(".0")
    if not midnight_at_the_end and (hour > 23 or minute > 59 or second > 59):
        return say("l'ora non esiste")
    return _day_problem(match)


def _day_problem(match: re.Match[str]) -> str:
    year, month, day = int(match["year"]), int(match["month"]), int(match["day"])
    if not year or not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year, month)[1]:
        return say("il giorno non esiste")
    return ""


def date_reaches(text: str, since: date) -> bool:
    """Whether the xs:date `text` (already known to be one) is `since` or later.

    With a time zone the order against a day without one is only partial (3.2.7.4): a day that may or may not
    precede `since` does not reach it.
    """
    match = _DATE.fullmatch(text)
    assert match is not None, text
    day = date(int(match["year"]), int(match["month"]), int(match["day"]))
    if not match["zone"] or abs((day - since).days) > 2:
        return day >= since
    start = datetime.combine(day, MIDNIGHT) - _offset(match["zone"])
    return start > datetime.combine(since, MIDNIGHT) + timedelta(hours=14)


def _offset(zone: str) -> timedelta:
    if zone == "Z":
        return timedelta()
    size = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
    return -size if zone[0] == "-" else size


def read_date(text: str) -> date:
    """Raises ValueError for what is not an xs:date."""
    if date_problem(text):
        raise ValueError(text)
    return date.fromisoformat(text[:10])


def read_datetime(text: str) -> datetime:
    """Aware where the text has a zone; fractions below the microsecond are cut.

    Raises ValueError for what is not an xs:dateTime."""
    match = _DATETIME.fullmatch(text)
    if match is None or datetime_problem(text):
        raise ValueError(text)
    zone, fraction = match["zone"] or "", (match["fraction"] or "")[:7]
    if match["hour"] != "24":
        return datetime.fromisoformat(f"{text[:19]}{fraction}{zone}")
    try:
        return datetime.fromisoformat(f"{text[:10]}T00:00:00{zone}") + timedelta(days=1)
    except OverflowError as error:
        raise ValueError(text) from error
