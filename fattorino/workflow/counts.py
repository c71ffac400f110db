"""How many documents stand where, and what they add up to: exact at every moment, whatever the number of documents.

The truth is the rolled-up rows plus the changes that are still waiting (decision 0008). Both are read in one
statement, for between two the roll-up may have moved a change from here to there.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from fattorino.organisations import reading
from fattorino.organisations.queries import Actor
from fattorino.workflow import queries
from fattorino.workflow.models import CountDelta

_COLUMNS = "dashboard, kind, state, n, others, taxable_cents, tax_cents, total_cents"
# The pieces that cover a period: whole months from the rows by month, what is left at its ends from those by day.
Piece = tuple[str, datetime.date, datetime.date]


@dataclass(frozen=True, slots=True)
class Group:
    """Where documents stand: dashboard, kind and state; the last two may be empty (a *ricevuta* has neither)."""

    dashboard: str
    kind: str
    state: str


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums in cents of euro; documents in another currency are counted (`n` and `others`), never summed."""

    n: int = 0
    others: int = 0
    taxable_cents: int = 0
    tax_cents: int = 0
    total_cents: int = 0


def state_counts(actor: Actor, dashboard: str) -> dict[str, int]:
    """Documents of a dashboard by state, of all its tabs, in one question; states reserved to others do not appear."""
    return dashboard_counts(actor).get(str(dashboard), {})


def dashboard_counts(actor: Actor) -> dict[str, dict[str, int]]:
    """The same for all dashboards at once; within one page the numbers are always the same."""
    hidden = queries.hidden_states(actor.company_id, actor)
    rows = reading.once(
        ("dashboard_counts", actor.company_id),
        lambda: _read(
            actor.company_id,
            [],
            "select dashboard, state, sum(n)::bigint from counted where dashboard <> ''"
            " group by dashboard, state having sum(n) <> 0",
            [],
        ),
    )
    found: dict[str, dict[str, int]] = {}
    for dashboard, state, n in rows:
        if state not in hidden:
            found.setdefault(dashboard, {})[state] = n
    return found


def groups(
    actor: Actor, date_from: datetime.date | None = None, date_to: datetime.date | None = None
) -> dict[Group, Sums]:
    """The groups that hold documents of the period, with their sums; those in reserved states are among them.

    For whoever plans a query; what a person is shown comes from `sums`. Within one page they are always the same.
    """
    key = ("groups", actor.company_id, date_from, date_to)
    return reading.once(key, lambda: _groups(actor.company_id, date_from, date_to))


def _groups(
    company_id: int, date_from: datetime.date | None, date_to: datetime.date | None
) -> dict[Group, Sums]:
    rows = _read(
        company_id,
        _pieces(date_from, date_to),
        "select dashboard, kind, state, sum(n)::bigint, sum(others)::bigint, sum(taxable_cents)::bigint,"
        " sum(tax_cents)::bigint, sum(total_cents)::bigint from counted group by dashboard, kind, state"
        " having sum(n) <> 0",
        [],
    )
    return {Group(*row[:3]): Sums(*row[3:]) for row in rows}


def sums(
    actor: Actor,
    *,
    dashboards: Collection[str] = (),
    kinds: Collection[str] = (),
    states: Collection[str] = (),
    date_from: datetime.date | None = None,
    date_to: datetime.date | None = None,
) -> Sums:
    """Of the documents this actor may see; an empty filter means all."""
    hidden = frozenset(queries.hidden_states(actor.company_id, actor))
    found = groups(actor, date_from, date_to)
    return add(
        counted
        for group, counted in found.items()
        if group.state not in hidden
        and (not dashboards or group.dashboard in dashboards)
        and (not kinds or group.kind in kinds)
        and (not states or group.state in states)
    )


def months(
    company_id: int, date_from: datetime.date | None = None, date_to: datetime.date | None = None
) -> list[datetime.date]:
    """The first days of the months that have documents, within a period."""
    first = (date_from or datetime.date.min).replace(day=1)
    with connection.cursor() as cursor:
        cursor.execute(
            "select start from workflow_documentcount where company_id = %s and span = 'M'"
            " and start between %s and %s union"
            " select date_trunc('month', date)::date from workflow_countdelta where company_id = %s"
            " and date between %s and %s",
            [
                company_id,
                first,
                date_to or datetime.date.max,
                company_id,
                first,
                date_to or datetime.date.max,
            ],
        )
        return sorted(row[0] for row in cursor.fetchall())


def add(parts: Iterable[Sums]) -> Sums:
    """The sum of sums."""
    n = others = taxable = tax = total = 0
    for part in parts:
        n += part.n
        others += part.others
        taxable += part.taxable_cents
        tax += part.tax_cents
        total += part.total_cents
    return Sums(n, others, taxable, tax, total)


def waiting() -> list[int]:
    """Companies with changes to roll up. In the system's scope only."""
    return list(CountDelta.objects.values_list("company_id", flat=True).distinct())


def _read(company_id: int, pieces: list[Piece] | None, sql: str, params: list[Any]) -> list[tuple[Any, ...]]:
    """Run `sql` over `counted`: the company's rows of these pieces (none: of all time) and its waiting changes."""
    parts: list[str] = []
    values: list[Any] = []
    for span, first, last in pieces or [("M", datetime.date.min, datetime.date.max)]:
        parts.append(
            f"select {_COLUMNS} from workflow_documentcount"
            " where company_id = %s and span = %s and start between %s and %s"
        )
        values += [company_id, span, first, last]
    waiting_rows = f"select {_COLUMNS} from workflow_countdelta where company_id = %s"
    values.append(company_id)
    if pieces:
        waiting_rows += " and date between %s and %s"
        values += [min(p[1] for p in pieces), max(p[2] for p in pieces)]
    parts.append(waiting_rows)
    with connection.cursor() as cursor:
        cursor.execute(f"with counted as ({' union all '.join(parts)}) {sql}", values + params)
        return list(cursor.fetchall())


def _pieces(date_from: datetime.date | None, date_to: datetime.date | None) -> list[Piece]:
    """The pieces of a period; none where it has no ends."""
    if date_from is None and date_to is None:
        return []
    first, last = date_from or datetime.date.min, date_to or datetime.date.max
    if first > last:
        return [("D", first, last)]  # an empty period: no row lies in it
    whole_from = first if first.day == 1 else _next_month(first)
    whole_to = last if last == month_end(last) else _before(last.replace(day=1))
    if whole_from > whole_to:
        return [("D", first, last)]
    pieces: list[Piece] = [("M", whole_from, whole_to)]
    if first < whole_from:
        pieces.append(("D", first, _before(whole_from)))
    if whole_to < last:
        pieces.append(("D", whole_to + datetime.timedelta(days=1), last))
    return pieces


def _before(day: datetime.date) -> datetime.date:
    return day - datetime.timedelta(days=1) if day > datetime.date.min else day


def _next_month(day: datetime.date) -> datetime.date:
    """The first of the next month; the last of all days where there is none."""
    if (day.year, day.month) == (datetime.MAXYEAR, 12):
        return datetime.date.max
    return (day.replace(day=1) + datetime.timedelta(days=32)).replace(day=1)


def month_end(day: datetime.date) -> datetime.date:
    """The last day of this day's month."""
    following = _next_month(day)
    return following if following == datetime.date.max else _before(following)
