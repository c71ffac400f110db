"""Documents found by words, number or amount: SearchEntry is asked month by month, from where the page begins.

Matches of a few months are fetched and sorted; where one month alone has very many, its documents are read in order
until the page is full. So neither a word that stands everywhere nor one that stands nowhere costs much.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection

from fattorino.documents.finding import (
    Cursor,
    Scope,
    Sql,
    at_a_glance,
    one_after_another,
    order,
    period,
    run,
    scope_of,
    stands,
)
from fattorino.documents.question import Month, Question, place, question_of, tokens_of
from fattorino.workflow import counts

# Matches that are fetched to be sorted; of a month with more, documents are read in order.
FEW = 2000
# More entries are not fetched in one go.
MANY = 50_000
# Entries looked at, by turns, because their number begins with a word or because they have the question's other words.
LOOKS = 1000, 4000
# Documents looked at before any index is asked: enough for what stands everywhere.
GLANCE = 1500
# Where a filter means no more documents than this, all are read.
SMALL = 5000
# Beyond so many, totals say only "more than".
COUNTED = 1000
# The first window is one month, each further one larger, up to so many months. The index gathers all that begins with a
# word before it compares: of many months at once it would gather what the page does not need.
LARGEST_WINDOW = 4
# How many documents, times words, totals look through where they have found ENOUGH to go on with: some 80 ms.
WORK = 6_000_000
ENOUGH = 50

Found = tuple[datetime.date, int]


def page(scope: Scope, cursor: Cursor | None, limit: int) -> list[int]:
    """Ids of the first matches from the cursor on, in the order of reading."""
    if not scope.groups:
        return []
    question = question_of(scope)
    small = _is_small(_beyond(scope, cursor))
    if question.numbers and not question.terms and not small:
        found = _in_turn(scope, question, cursor, _months(scope, cursor), limit)
        return [document_id for _, document_id in found]
    stream = one_after_another(scope, cursor) if small else at_a_glance(scope, cursor, GLANCE)
    found = _read(stream, question, cursor, limit)
    if small or len(found) >= limit:
        return [document_id for _, document_id in found]
    found = []
    for window, entries in _windows(scope, question, cursor):
        need = limit - len(found)
        if entries is None:
            found += _of_a_full_month(scope, question, cursor, window, need)
        else:
            found += _standing(scope, entries, cursor, need)
        if len(found) >= limit:
            break
    return [document_id for _, document_id in found[:limit]]


def _of_a_full_month(
    scope: Scope, question: Question, cursor: Cursor | None, window: list[Month], need: int
) -> list[Found]:
    """The first matches of a month that has very many: most likely they stand close together."""
    month = _within(scope, window[0], counts.month_end(window[0]))
    if not month.groups or _is_small(month):
        return _read(one_after_another(month, cursor), question, cursor, need) if month.groups else []
    found = _read(at_a_glance(month, cursor, 2 * GLANCE), question, cursor, need)
    return found if len(found) == need else _in_turn(scope, question, cursor, window, need)


def _in_turn(
    scope: Scope, question: Question, cursor: Cursor | None, window: list[Month], need: int
) -> list[Found]:
    """The first matches of these months, of which the first entries are fetched, and further ones, always more."""
    # Most of what is found stands in the scope, or only some of it does.
    found, from_here, size = list[Found](), cursor, min((2 if scope.share > 0.5 else 8) * need, MANY)
    while len(found) < need:
        entries = _entries(scope, question, from_here, window, first=size)
        found += _standing(scope, entries or [], cursor, need - len(found))
        if entries is None or len(entries) < size:
            break
        from_here, size = Cursor(*entries[-1], forward=cursor is None or cursor.forward), min(4 * size, MANY)
    return found


def counterparts(company: int, text: str) -> list[int] | None:
    """Ids of counterparts with these words, of very many only some; None where there are no words to ask for."""
    # There are few of them beside the documents: here every word may be a beginning.
    terms = [f"'{company}c{token}':*" for _, tokens in tokens_of(text) for token in tokens]
    if not terms:
        return None
    known = Sql(
        "with known as materialized (select id from documents_counterpart where company_id = %s)"
        " select id from known limit %s",
        (company, FEW),
    )
    return [row[0] for row in _asking(" & ".join(terms), known)]


def _is_small(scope: Scope) -> bool:
    """Whether all documents of the scope are read sooner than an index is asked."""
    return sum(sums.n for sums in scope.groups.values()) <= SMALL


def measure(scope: Scope) -> tuple[counts.Sums, bool]:
    """Count and sums of all matches, and whether they are all: beyond COUNTED, or where looking for all of them would
    take long (WORK), the count is a lower bound and there are no sums."""
    if not scope.groups:
        return counts.Sums(), True
    question = question_of(scope)
    total = counts.Sums()
    if _is_small(scope):
        found = _read(one_after_another(scope, None), question, None, SMALL)
        return _sums(scope, [document_id for _, document_id in found]), True
    all_months = left = max(1, len(_months(scope, None)))
    documents = sum(sums.n for sums in scope.groups.values()) / scope.share
    for window, entries in _windows(scope, question, None):
        some = entries if entries is not None else _matches(scope, question, None, window) or set()
        total = counts.add([total, _sums(scope, [document_id for _, document_id in some])])
        left -= len(window)
        work = documents * question.weight * (all_months - left) / all_months
        if entries is None or total.n > COUNTED or (left and work > WORK and total.n >= ENOUGH):
            return counts.Sums(n=min(total.n, COUNTED)), False
    return total, True


def _windows(
    scope: Scope, question: Question, cursor: Cursor | None
) -> Iterator[tuple[list[Month], list[Found] | None]]:
    """The months from the cursor on, a growing number at a time, each with the entries that match, in order; None for
    a month with too many."""
    months = _months(scope, cursor)
    waiting, size = [], 1
    while months:
        waiting.append(months[:size])
        months, size = months[size:], min(size * 4, LARGEST_WINDOW)
    while waiting:
        window = waiting.pop(0)
        entries = _entries(scope, question, cursor, window)
        if entries is None and len(window) > 1:
            # One by one: of a word that begins to stand everywhere each larger part would gather as much again.
            waiting = [*([month] for month in window), *waiting]
            continue
        yield window, entries


def _months(scope: Scope, cursor: Cursor | None) -> list[Month]:
    """The months of the filter that have documents, in the order of reading."""
    months = counts.months(scope.actor.company_id, scope.filters.date_from, scope.filters.date_to)
    forward = cursor is None or cursor.forward
    if cursor:
        edge = cursor.date.replace(day=1)
        months = [month for month in months if (month <= edge if forward else month >= edge)]
    return sorted(months, reverse=forward)


def _entries(
    scope: Scope, question: Question, cursor: Cursor | None, window: list[Month], first: int | None = None
) -> list[Found] | None:
    """The entries of these months that match, in order; None where there are more than FEW, or of several months where
    too many would have to be looked at.

    Args:
        first: only so many of them, however many there are.
    """
    matches = _matches(scope, question, cursor, window, first)
    if matches is None or (first is None and len(matches) > FEW):
        return None
    return sorted(matches, reverse=cursor is None or cursor.forward)[:first]


def _matches(
    scope: Scope, question: Question, cursor: Cursor | None, window: list[Month], first: int | None = None
) -> set[Found] | None:
    """Entries of these months that match: the first ones, or any up to FEW and one more; None as in `_entries`, never
    of one month."""
    found: set[Found] = set()
    for road in _roads(scope, question, window):
        found.update(_along(road, scope, cursor, window, first))
    for word in sorted(question.as_number):
        numbered = _numbered(scope, question.with_number(word), cursor, window, first)
        if numbered is None:
            return None
        found.update(numbered)
    return found


@dataclass(frozen=True, slots=True)
class Road:
    """An index by which entries are found: that of words, of numbers by day, or of amounts."""

    where: Sql
    words: str = ""
    by_number: bool = False


def _roads(scope: Scope, question: Question, window: list[Month]) -> Iterator[Road]:
    """How to all entries of these months, but for those that have a word only as the beginning of their number."""
    if question.terms and not question.in_vain:
        # The index is spared the small words; the entries' own condition knows them.
        yield Road(question.whole, words=_index_terms(scope, question, window))
    elif question.numbers and not question.terms:
        yield Road(question.numbered & _listed(scope), by_number=True)
    elif not question.terms:
        yield Road(question.condition & Sql("s.month = any(%s)", (window,)))


def _along(
    road: Road, scope: Scope, cursor: Cursor | None, window: list[Month], first: int | None
) -> list[Found]:
    """All entries of the road, any up to FEW and one more of them, or the first ones."""
    if road.by_number and first is not None:
        where = road.where & period(scope.filters, cursor, "document_id")
        return run(_day_by_day(where, cursor, _days(scope, cursor, window), first))
    return _asking(road.words, _any_or_first(_narrowed(road, scope, cursor, window), cursor, first))


def _narrowed(road: Road, scope: Scope, cursor: Cursor | None, window: list[Month]) -> Sql:
    # The months are in the words; by the date the planner would gather all entries before it from another index.
    date = "(s.date + 0)" if road.words else "s.date"
    where = road.where & period(scope.filters, cursor, "document_id", date)
    return where & Sql("s.date = any(%s)", (_days(scope, cursor, window),)) if road.by_number else where


def _numbered(
    scope: Scope, rest: Question, cursor: Cursor | None, window: list[Month], first: int | None
) -> list[Found] | None:
    """Entries whose number begins with a word of the question and that fulfil the rest of it.

    A tenth of all numbers begin with a digit, and the other words may stand in few entries, or the other way round:
    nobody knows before. So of both some are looked at, and then more. The first of very many are met day by day.
    """
    by_number = Road(rest.numbered & _listed(scope), by_number=True)
    if not rest.terms or first is not None:
        return _along(replace(by_number, where=by_number.where & rest.whole), scope, cursor, window, first)
    if rest.in_vain:
        return []
    by_words = Road(rest.condition, words=_index_terms(scope, rest, window))
    whole = rest.whole & _listed(scope)
    for most in LOOKS:
        for road in (by_number, by_words):
            where = _narrowed(road, scope, cursor, window)
            looked_at = _asking(road.words, _look(where, whole, most + 1))
            if len(looked_at) <= most:
                return [(date, document_id) for date, document_id, holds in looked_at if holds]
        if len(window) > 1:
            return None
        if 2 * sum(holds for _, _, holds in looked_at) > most:
            break  # nearly all that have the words: FEW of them are soon found
    return _along(replace(by_words, where=whole), scope, cursor, window, first)


def _listed(scope: Scope) -> Sql:
    """Suppliers' numbers are no way to documents of our own, however many begin so."""
    return Sql("s.dashboard = any(%s)", (sorted({group.dashboard for group in scope.groups}),))


def _look(where: Sql, whole: Sql, most: int) -> Sql:
    """At so many entries, whether each fulfils the whole question."""
    return Sql(
        f"select s.date, s.document_id, {whole.text} from documents_searchentry s where {where.text} limit {most:d}",
        (*whole.values, *where.values),
    )


def _any_or_first(where: Sql, cursor: Cursor | None, first: int | None) -> Sql:
    """Planned as if all were wanted: for a few rows the planner would rather read the table until they turn up."""
    most = (
        f"limit {FEW + 1:d}" if first is None else f"{order(cursor, id_column='document_id')} limit {first:d}"
    )
    return Sql(
        "with entries as materialized (select s.date, s.document_id from documents_searchentry s"
        f" where {where.text}) select date, document_id from entries {most}",
        where.values,
    )


def _day_by_day(where: Sql, cursor: Cursor | None, days: list[datetime.date], first: int) -> Sql:
    """The entries of the days in the order of the list, only of so many days as are needed."""
    sorting = order(cursor, "days.day", "found.document_id")
    way = "desc" if cursor is None or cursor.forward else "asc"
    return Sql(
        f"select days.day, found.document_id from (select day from unnest(%s::date[]) day order by day {way}) days"
        " cross join lateral (select s.document_id from documents_searchentry s"
        f" where s.date = days.day and {where.text}) found {sorting} limit {first:d}",
        (days, *where.values),
    )


def _days(scope: Scope, cursor: Cursor | None, window: list[Month]) -> list[datetime.date]:
    """The days of these months that the filter means, from the cursor on."""
    first, last = scope.filters.date_from, scope.filters.date_to
    if cursor and cursor.forward:
        last = min(cursor.date, last or cursor.date)
    elif cursor:
        first = max(cursor.date, first or cursor.date)
    return [
        day
        for month in window
        for day in (month.replace(day=n) for n in range(1, counts.month_end(month).day + 1))
        if (first is None or first <= day) and (last is None or day <= last)
    ]


def _index_terms(scope: Scope, question: Question, window: list[Month]) -> str:
    groups = {f"{group.dashboard}/{group.kind}" for group in scope.groups} if scope.share < 0.5 else ()
    return question.in_place([place(scope.actor.company_id, month) for month in window], sorted(groups))


def _asking(words: str, sql: Sql) -> list[Any]:
    """Run with what the wall of the searched table lets through meanwhile: so the index may be used, see decision
    0008. All in one message, so that the question cannot outlive its answer."""
    if not words:
        return run(sql)
    with connection.cursor() as cursor:
        cursor.execute(
            f"select set_config('app.words', %s, true); {sql.text}; select set_config('app.words', '', true)",
            (words, *sql.values),
        )
        cursor.nextset()
        return list(cursor.fetchall())


def _read(stream: Sql, question: Question, cursor: Cursor | None, limit: int) -> list[Found]:
    """The first matches among documents that come in order."""
    where = question.whole
    return run(
        Sql(
            f"select d.date, d.id from ({stream.text}) d join documents_searchentry s on s.document_id = d.id"
            f" where {where.text} {order(cursor, 'd.date', 'd.id')} limit %s",
            (*stream.values, *where.values, limit),
        )
    )


def _standing(scope: Scope, entries: list[Found], cursor: Cursor | None, limit: int) -> list[Found]:
    """Of these entries the first whose documents stand where the filter says."""
    found: list[Found] = []
    size = 4 * limit
    while entries and len(found) < limit:
        where = _stands([document_id for _, document_id in entries[:size]], scope)
        sql = f"select date, id from workflow_document where {where.text} {order(cursor)} limit %s"
        found += run(Sql(sql, (*where.values, limit - len(found))))
        entries, size = entries[size:], size * 4
    return found


def _sums(scope: Scope, ids: list[int]) -> counts.Sums:
    where = _stands(ids, scope)
    sql = (
        "select count(*), count(*) filter (where currency <> 'EUR'),"
        " coalesce(sum(taxable_cents) filter (where currency = 'EUR'), 0)::bigint,"
        " coalesce(sum(tax_cents) filter (where currency = 'EUR'), 0)::bigint,"
        " coalesce(sum(total_cents) filter (where currency = 'EUR'), 0)::bigint"
        f" from workflow_document where {where.text}"
    )
    return counts.Sums(*run(Sql(sql, where.values))[0])


def _stands(ids: list[int], scope: Scope) -> Sql:
    return Sql("company_id = %s and id = any(%s)", (scope.actor.company_id, ids)) & stands(scope)


def _beyond(scope: Scope, cursor: Cursor | None) -> Scope:
    """The same scope, of what the pages from the cursor on may show."""
    if cursor is None:
        return scope
    none = datetime.date.min, datetime.date.max
    return _within(scope, *((none[0], cursor.date) if cursor.forward else (cursor.date, none[1])))


def _within(scope: Scope, first: datetime.date, last: datetime.date) -> Scope:
    """The same scope, of a part of the time."""
    filters = scope.filters
    start, end = max(first, filters.date_from or first), min(last, filters.date_to or last)
    return scope_of(scope.actor, replace(filters, date_from=start, date_to=end))
