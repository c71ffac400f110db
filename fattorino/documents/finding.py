"""Which documents a filter means, newest first: with millions of them no question may read them all (decision 0008).

State, kind, dashboard and dates lead to groups of documents that lie in the order of the list. Words, numbers and
amounts lead to SearchEntry. There the months are asked one after the other, from where the page begins: few matches
are fetched and sorted; where a month has very many, its documents are read in order until the page is full.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db import connection

from fattorino.core.workflow.definition import Dashboard, DocumentKind
from fattorino.organisations.queries import Actor
from fattorino.workflow import counts
from fattorino.workflow import queries as workflow
from fattorino.workflow.counts import Group, Sums

# The dashboards of Entrate; a *ricevuta* stands on none.
DESK = (str(Dashboard.ACTIVE_PA), str(Dashboard.ACTIVE_PRIVATE), "")


@dataclass(frozen=True, slots=True)
class DocumentFilters:
    """What a list may be narrowed by; empty means all. `dashboard` empty means Entrate."""

    state: str = ""
    kind: str = ""
    date_from: datetime.date | None = None
    date_to: datetime.date | None = None
    counterpart: str = ""
    number: str = ""
    text: str = ""
    dashboard: str = ""
    # A check of the state: "issued" (documento emesso), "in_esterometro" or "preserved".
    check: str = ""
    amount_from: int | None = None  # cents, with the sign the list shows
    amount_to: int | None = None
    # Of one file: the number of the document that stands for its lotto.
    lotto: int | None = None

    @property
    def searches(self) -> bool:
        """Whether more is asked than state, its checks, kind, dashboard and dates."""
        return bool(
            self.counterpart
            or self.number
            or self.text
            or self.amount_from is not None
            or self.amount_to is not None
        )


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: the last row of the page before (`forward`), or the first of the page after."""

    date: datetime.date
    id: int
    forward: bool = True

    def __str__(self) -> str:
        return f"{'n' if self.forward else 'p'}{self.date.isoformat()}.{self.id}"

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """None for anything that is not a cursor: a page opened from an old link starts at the top."""
        try:
            date, _, number = text[1:].partition(".")
            return cls(datetime.date.fromisoformat(date), int(number), text[:1] != "p")
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of a statement with its parameters."""

    text: str
    values: tuple[Any, ...] = ()

    def __and__(self, other: Sql) -> Sql:
        return Sql(f"{self.text} and {other.text}", self.values + other.values)


@dataclass(frozen=True, slots=True)
class Scope:
    """A filter as seen by one actor: what must be read for it."""

    actor: Actor
    filters: DocumentFilters
    groups: dict[Group, Sums]
    # Every group of the company and the period is among `groups`: there is nothing to leave out.
    everything: bool
    # What part of the documents that is.
    share: float


def scope_of(actor: Actor, filters: DocumentFilters) -> Scope:
    """Find the groups that hold what the filter means and the actor may see."""
    hidden = frozenset(workflow.hidden_states(actor.company_id, actor))
    dashboards = (filters.dashboard,) if filters.dashboard else DESK
    checked = workflow.states_with(actor.company_id, filters.check) if filters.check else None
    kinds = (filters.kind,) if filters.kind else tuple(map(str, DocumentKind))
    # A lotto is few documents, which are counted themselves: so what searches takes it for the small thing that it is.
    there = (
        counts.groups(actor, filters.date_from, filters.date_to)
        if filters.lotto is None
        else _of_lotto(actor.company_id, filters)
    )
    wanted = {
        group: sums
        for group, sums in there.items()
        if group.dashboard in dashboards
        and group.kind in kinds
        and group.state not in hidden
        and filters.state in ("", group.state)
        and (checked is None or group.state in checked)
    }
    all_of_them = sum(sums.n for sums in there.values())
    share = sum(sums.n for sums in wanted.values()) / all_of_them if all_of_them else 1.0
    everything = len(wanted) == len(there) and filters.lotto is None
    return Scope(actor, filters, wanted, everything=everything, share=share)


def _of_lotto(company_id: int, filters: DocumentFilters) -> dict[Group, Sums]:
    dates, euro = period(filters, None), "filter (where currency = 'EUR')"
    sums = ", ".join(f"coalesce(sum({c}_cents) {euro}, 0)::bigint" for c in ("taxable", "tax", "total"))
    found = run(
        Sql(
            f"select dashboard, kind, state, count(*), count(*) - count(*) {euro}, {sums} from workflow_document"
            f" where company_id = %s and lotto_id = %s and {dates.text} group by dashboard, kind, state",
            (company_id, filters.lotto, *dates.values),
        )
    )
    return {Group(*row[:3]): Sums(*row[3:]) for row in found}


def page(scope: Scope, cursor: Cursor | None, limit: int) -> list[int]:
    """Ids of the first documents from the cursor on, in the order of reading."""
    return [row[0] for row in run(in_order(scope, cursor, limit))] if scope.groups else []


def run(sql: Sql) -> list[tuple[Any, ...]]:
    """The rows of a question."""
    with connection.cursor() as cursor:
        cursor.execute(sql.text, sql.values)
        return list(cursor.fetchall())


def order(cursor: Cursor | None, date: str = "date", id_column: str = "id") -> str:
    """The order of reading: away from the newest, or back towards it."""
    way = "desc" if cursor is None or cursor.forward else "asc"
    return f"order by {date} {way}, {id_column} {way}"


def period(filters: DocumentFilters, cursor: Cursor | None, id_column: str = "id", date: str = "date") -> Sql:
    """The dates, and what lies beyond the cursor. The form `<= and not` keeps the index scan; `< or (= and <)` reads
    everything before it."""
    found = Sql("true")
    if filters.date_from:
        found &= Sql(f"{date} >= %s", (filters.date_from,))
    if filters.date_to:
        found &= Sql(f"{date} <= %s", (filters.date_to,))
    if cursor:
        until, beyond = ("<=", ">=") if cursor.forward else (">=", "<=")
        found &= Sql(
            f"{date} {until} %s and not ({date} = %s and {id_column} {beyond} %s)",
            (cursor.date, cursor.date, cursor.id),
        )
    return found


def in_order(scope: Scope, cursor: Cursor | None, limit: int) -> Sql:
    """The first (id, date) of the scope, away from the newest or back towards it, as the cursor says.

    Of every group its first documents are read, in the order in which an index holds them.
    """
    if scope.everything:
        return _company_in_order(scope, cursor, limit)
    if scope.filters.lotto is not None:
        stream = one_after_another(scope, cursor)
        return Sql(f"{stream.text} limit %s", (*stream.values, limit))
    dates, sorting = period(scope.filters, cursor), order(cursor)
    return Sql(
        f"select id, date from unnest({_GROUP}) g (dashboard, kind, state) cross join lateral ("
        "select id, date from workflow_document d where company_id = %s and d.dashboard = g.dashboard"
        f" and d.kind = g.kind and d.state = g.state and {dates.text} {sorting} limit %s"
        f") first_ones {sorting} limit %s",
        (*_columns(scope), scope.actor.company_id, *dates.values, limit, limit),
    )


def at_a_glance(scope: Scope, cursor: Cursor | None, documents: int) -> Sql:
    """(id, date) of the documents of the scope among so many that come first; perhaps of many more."""
    if scope.everything:
        return _company_in_order(scope, cursor, documents)
    if scope.share < RARE:
        return in_order(scope, cursor, max(100, 2 * documents // len(scope.groups)))
    first, where = _company_in_order(scope, cursor, documents), stands(scope)
    return Sql(
        f"select id, date from ({first.text}) first_ones where {where.text}", first.values + where.values
    )


def one_after_another(scope: Scope, cursor: Cursor | None) -> Sql:
    """(id, date) of all documents of the scope in order, to be read until enough is found."""
    if scope.everything:
        return _company_in_order(scope, cursor, None)
    if len(scope.groups) > FEW_GROUPS or scope.filters.lotto is not None:
        where, dates = stands(scope), period(scope.filters, cursor)
        values = (scope.actor.company_id, *where.values, *dates.values)
        return Sql(f"{_DOCUMENTS} and {where.text} and {dates.text} {order(cursor)}", values)
    dates, streams, found = period(scope.filters, cursor), list[str](), list[Any]()
    for group in scope.groups:
        streams.append(f"({_DOCUMENTS} and dashboard = %s and kind = %s and state = %s and {dates.text})")
        found += [scope.actor.company_id, group.dashboard, group.kind, group.state, *dates.values]
    return Sql(f"select id, date from ({' union all '.join(streams)}) streams {order(cursor)}", tuple(found))


def stands(scope: Scope) -> Sql:
    """The condition that a document stands in one of the scope's groups."""
    if scope.everything:
        return Sql("true")
    # The groups are all that exist of these dashboards, kinds and states, so three lists say the same.
    lists = tuple(sorted(set(values)) for values in _columns(scope))
    where = Sql("dashboard = any(%s) and kind = any(%s) and state = any(%s)", lists)
    return where if scope.filters.lotto is None else Sql("lotto_id = %s", (scope.filters.lotto,)) & where


_DOCUMENTS = "select id, date, dashboard, kind, state from workflow_document where company_id = %s"
_GROUP = "%s::text[], %s::text[], %s::text[]"
# Up to so many, each group is read for itself; of more, the company's documents are read and some passed over.
FEW_GROUPS = 16
# Where fewer of the company's documents are meant, looking at the first of all shows too few.
RARE = 0.1


def _company_in_order(scope: Scope, cursor: Cursor | None, limit: int | None) -> Sql:
    dates = period(scope.filters, cursor)
    at_most = "" if limit is None else f" limit {limit:d}"
    return Sql(
        f"{_DOCUMENTS} and {dates.text} {order(cursor)}{at_most}", (scope.actor.company_id, *dates.values)
    )


def _columns(scope: Scope) -> tuple[list[str], list[str], list[str]]:
    groups = list(scope.groups)
    return [g.dashboard for g in groups], [g.kind for g in groups], [g.state for g in groups]
