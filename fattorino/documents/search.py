"""Documents found by words, number or amount: SearchEntry is asked month by month, from where the page begins.

Matches of a few months are fetched and sorted; where one month alone has very many, its documents are read in order
until the page is full. So neither a word that stands everywhere nor one that stands nowhere costs much.
"""

from __future__ import annotations

import datetime
import re
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
from fattorino.workflow import counts

# Matches that are fetched to be sorted; of a month with more, documents are read in order.
FEW = 2000
# Documents looked at before any index is asked: enough for what stands everywhere.
GLANCE = 1500
# Where a filter means no more documents than this, all are read.
SMALL = 5000
# Beyond so many, totals say only "more than".
COUNTED = 1000
# A shorter word must be there as it is; a longer one may be the beginning of a word.
PREFIX_FROM = 3
# The first window is one month, each further one larger, up to so many months. The index gathers all that begins with a
# word before it compares: of many months at once it would gather what the page does not need.
LARGEST_WINDOW = 4
# How many documents, times words, totals look through where they have found ENOUGH to go on with: some 80 ms.
WORK = 6_000_000
ENOUGH = 50

Month = datetime.date
Found = tuple[datetime.date, int]


# Stands in an index term for company and month, which begin every lexeme.
_PLACE = "~"
# Articles and the like: they stand in every second document.
_SMALL_WORD = re.compile(rf"'{_PLACE}[nw][^\W\d]{{1,2}}'")
# The same of a SearchEntry `s`.
_OF_ENTRY = (
    "s.company_id || '.' || to_hex((extract(year from s.month) * 12 + extract(month from s.month))::int)"
)


@dataclass(frozen=True, slots=True)
class Question:
    """What an entry must fulfil.

    Attributes:
        condition: on SearchEntry `s`, but for its words.
        words: index terms that all must be there, each in place of _PLACE.
        numbers: a word typed into the search, which may be the beginning of the number instead, and its terms.
    """

    condition: Sql
    words: tuple[str, ...]
    numbers: tuple[tuple[str, str], ...]

    def in_place(self, places: list[str], standing: list[str]) -> str:
        """The terms for the index: they all stand in one of these places, and with them one of `standing`."""
        terms = [*self.words, *(term for _, terms in self.numbers for term in terms.split(" & "))]
        telling = [term for term in terms if not _SMALL_WORD.fullmatch(term)]
        terms = telling or terms
        if terms and standing:
            terms.append("(" + " | ".join(f"'{_PLACE}k{group}'" for group in standing) + ")")
        together = f"({' & '.join(terms)})"
        return " | ".join(together.replace(_PLACE, place) for place in places) if terms else ""

    @property
    def terms(self) -> int:
        """How many words the index is asked for."""
        return len(self.words) + sum(len(terms.split(" & ")) for _, terms in self.numbers)

    @property
    def whole(self) -> Sql:
        """The condition with its words."""
        where = self.condition
        held = f"s.words @@ replace(%s, '{_PLACE}', {_OF_ENTRY})::tsquery"
        if self.words:
            where &= Sql(held, (" & ".join(self.words),))
        for word, terms in self.numbers:
            where &= Sql(f"({held} or s.number_key ^@ upper(%s))", (terms, word))
        return where


def question_of(scope: Scope) -> Question:
    """Put the filter's words into the index's terms."""
    filters = scope.filters
    condition = Sql("s.company_id = %s", (scope.actor.company_id,))
    if filters.number:
        condition &= Sql("s.number_key ^@ upper(%s)", (filters.number,))
    if filters.amount_from is not None:
        condition &= Sql("s.total_cents >= %s", (filters.amount_from,))
    if filters.amount_to is not None:
        condition &= Sql("s.total_cents <= %s", (filters.amount_to,))
    words = [_term("n", token) for _, tokens in _tokens(filters.counterpart) for token in tokens]
    numbers = [
        (word, " & ".join(_term("w", token) for token in tokens))
        for word, tokens in _tokens(filters.text)
        if tokens
    ]
    return Question(condition, tuple(words), tuple(numbers))


def _tokens(text: str) -> list[tuple[str, list[str]]]:
    """The words as typed, each with what the index makes of it; how, the database alone knows."""
    words = text.split()[:20]
    if not words:
        return []
    typed = (
        "select word, search_tokens(word) from unnest(%s::text[]) with ordinality as w (word, n) order by n"
    )
    return [(word, list(tokens or ())) for word, tokens in run(Sql(typed, (words,)))]


def _term(kind: str, token: str) -> str:
    return f"'{_PLACE}{kind}{token}'" + (":*" if len(token) >= PREFIX_FROM else "")


def _place(company: int, month: Month) -> str:
    return f"{company}.{month.year * 12 + month.month:x}"


def page(scope: Scope, cursor: Cursor | None, limit: int) -> list[int]:
    """Ids of the first matches from the cursor on, in the order of reading."""
    if not scope.groups:
        return []
    question = question_of(scope)
    small = _is_small(_beyond(scope, cursor))
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
    if len(found) == need:
        return found
    found, place = [], cursor
    while len(found) < need:
        entries = _entries(scope, question, place, window, first=8 * need)
        if not entries:
            break
        found += _standing(scope, entries, cursor, need - len(found))
        place = Cursor(*entries[-1], forward=cursor is None or cursor.forward)
    return found


def counterparts(company: int, text: str) -> list[int] | None:
    """Ids of counterparts with these words, of very many only some; None where there are no words to ask for."""
    # There are few of them beside the documents: here every word may be a beginning.
    terms = [f"'{company}c{token}':*" for _, tokens in _tokens(text) for token in tokens]
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
    for window, entries in _windows(scope, question, None, split=not scope.everything):
        some = _matches(scope, question, None, window) if entries is None else entries
        total = counts.add([total, _sums(scope, [document_id for _, document_id in some])])
        left -= len(window)
        work = documents * question.terms * (all_months - left) / all_months
        if entries is None or total.n > COUNTED or (left and work > WORK and total.n >= ENOUGH):
            return counts.Sums(n=min(total.n, COUNTED)), False
    return total, True


def _windows(
    scope: Scope, question: Question, cursor: Cursor | None, *, split: bool = True
) -> Iterator[tuple[list[Month], list[Found] | None]]:
    """The months from the cursor on, a growing number at a time, each with the entries that match, in order.

    None for a month with too many; with `split=False` for several months too.
    """
    months = _months(scope, cursor)
    waiting, size = [], 1
    while months:
        waiting.append(months[:size])
        months, size = months[size:], min(size * 4, LARGEST_WINDOW)
    while waiting:
        window = waiting.pop(0)
        entries = _entries(scope, question, cursor, window)
        if entries is None and split and len(window) > 1:
            first = max(1, len(window) // 4)
            waiting = [window[:first], window[first:], *waiting]
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
    """The entries of these months that match, in order; None where there are more than FEW.

    Args:
        first: only so many of them, however many there are.
    """
    found = sorted(_matches(scope, question, cursor, window, first), reverse=cursor is None or cursor.forward)
    return None if first is None and len(found) > FEW else found[:first]


def _matches(
    scope: Scope, question: Question, cursor: Cursor | None, window: list[Month], first: int | None = None
) -> set[Found]:
    """Entries of these months that match: the first ones, or any up to FEW and one more."""
    most = (
        f"limit {FEW + 1:d}" if first is None else f"{order(cursor, id_column='document_id')} limit {first:d}"
    )
    asked = []
    if terms := _index_terms(scope, question, window):
        # The index is spared the small words; the entries' own condition knows them.
        asked.append((terms, question.whole))
    else:
        asked.append(("", question.condition & Sql("s.month = any(%s)", (window,))))
    for word, _ in question.numbers:
        number = Sql("s.number_key ^@ upper(%s) and s.month = any(%s)", (word, window))
        asked.append(("", question.whole & number))
    found: set[Found] = set()
    for words, condition in asked:
        where = condition & period(scope.filters, cursor, "document_id")
        # Planned as if all were wanted: for a few rows the planner would rather read the table until they turn up.
        entries = (
            "with entries as materialized (select s.date, s.document_id from documents_searchentry s"
            f" where {where.text}) select date, document_id from entries {most}"
        )
        found.update(_asking(words, Sql(entries, where.values)))
    return found


def _index_terms(scope: Scope, question: Question, window: list[Month]) -> str:
    groups = {f"{group.dashboard}/{group.kind}" for group in scope.groups} if scope.share < 0.5 else ()
    return question.in_place([_place(scope.actor.company_id, month) for month in window], sorted(groups))


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
