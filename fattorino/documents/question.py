"""What a person typed, as the index of the search understands it (decision 0008)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from fattorino.documents.finding import Scope, Sql, run

# A shorter word must be there as it is; a longer one may be the beginning of a word.
PREFIX_FROM = 3
# A beginning that goes on to no more words than these is asked for as these words: of words the index passes over what
# the other words rule out, of a beginning it first gathers all that begins so.
KNOWN = 12

Month = datetime.date

# Stands in an index term for company and month, which begin every lexeme.
_PLACE = "~"
# Articles and the like: they stand in every second document.
_SMALL_WORD = re.compile(r"[^\W\d]{1,2}")
# The same of a SearchEntry `s`.
_OF_ENTRY = (
    "s.company_id || '.' || to_hex((extract(year from s.month) * 12 + extract(month from s.month))::int)"
)


@dataclass(frozen=True, slots=True)
class Term:
    """One word of the question.

    Attributes:
        kind: where it must stand: "n" in the counterpart's name or codes, "w" anywhere.
        known: the words of the company that it may mean, None where there are too many to name.
    """

    kind: str
    token: str
    known: tuple[str, ...] | None

    @property
    def exact(self) -> str:
        """For a single entry."""
        return self._lexeme(self.token) + (":*" if len(self.token) >= PREFIX_FROM else "")

    @property
    def for_index(self) -> str:
        if self.known is None:
            return self.exact
        return "(" + " | ".join(self._lexeme(word) for word in self.known) + ")"

    @property
    def weight(self) -> float:
        """What looking for it costs, beside a beginning that is not known."""
        return 1.0 if self.known is None else 0.4

    def _lexeme(self, word: str) -> str:
        return f"'{_PLACE}{self.kind}{word}'"


@dataclass(frozen=True, slots=True)
class Question:
    """What an entry must fulfil.

    Attributes:
        condition: on SearchEntry `s`, but for its words.
        words: terms that all must be there.
        typed: a word typed into the search, and its terms.
        as_number: those of them that a number on the scope's dashboards begins with, as numbers are compared: they may
            be meant so, too.
        numbers: beginnings that the number must have.
    """

    condition: Sql
    words: tuple[Term, ...]
    typed: tuple[tuple[str, tuple[Term, ...]], ...]
    as_number: Mapping[str, str]
    numbers: tuple[str, ...] = ()

    @property
    def terms(self) -> tuple[Term, ...]:
        return (*self.words, *chain.from_iterable(terms for _, terms in self.typed))

    @property
    def in_vain(self) -> bool:
        """Whether no entry has all the words as words."""
        return any(term.known == () for term in self.terms)

    @property
    def weight(self) -> float:
        """How many words the index is asked for, dear and cheap ones."""
        return sum(term.weight for term in self.terms)

    def with_number(self, word: str) -> Question:
        """What is left to ask for where a number begins with this word: of the others none that the same number begins
        with anyhow."""
        key = self.as_number[word]
        others = (each for each in self.typed if not key.startswith(self.as_number.get(each[0], "\0")))
        return replace(self, typed=tuple(others), as_number={}, numbers=(*self.numbers, word))

    def in_place(self, places: list[str], standing: list[str]) -> str:
        """The terms for the index: they all stand in one of these places, and with them one of `standing`."""
        telling = [term for term in self.terms if not _SMALL_WORD.fullmatch(term.token)]
        terms = [term.for_index for term in telling or self.terms]
        if terms and standing:
            terms.append("(" + " | ".join(f"'{_PLACE}k{group}'" for group in standing) + ")")
        together = f"({' & '.join(terms)})"
        return " | ".join(together.replace(_PLACE, place) for place in places) if terms else ""

    @property
    def numbered(self) -> Sql:
        """The condition with its numbers, as their index knows them."""
        where = self.condition
        for number in self.numbers:
            where &= Sql("s.number_key ^@ upper(%s)", (number,))
        return where

    @property
    def whole(self) -> Sql:
        """The condition with its numbers and words, in a form that leads to no index but that of the words: for a digit
        the planner would gather a tenth of all entries beside it."""
        where = self.condition
        for number in self.numbers:
            where &= Sql("strpos(s.number_key, upper(%s)) = 1", (number,))
        held = f"s.words @@ replace(%s, '{_PLACE}', {_OF_ENTRY})::tsquery"
        if self.words:
            where &= Sql(held, (_all(self.words),))
        for word, terms in self.typed:
            where &= Sql(f"({held} or s.number_key ^@ upper(%s))", (_all(terms), word))
        return where


def _all(terms: Iterable[Term]) -> str:
    return " & ".join(term.exact for term in terms)


def question_of(scope: Scope) -> Question:
    """Put the filter's words into the index's terms."""
    filters, company = scope.filters, scope.actor.company_id
    condition = Sql("s.company_id = %s", (company,))
    if filters.amount_from is not None:
        condition &= Sql("s.total_cents >= %s", (filters.amount_from,))
    if filters.amount_to is not None:
        condition &= Sql("s.total_cents <= %s", (filters.amount_to,))
    names = [token for _, tokens in tokens_of(filters.counterpart) for token in tokens]
    typed = [(word, tokens) for word, tokens in tokens_of(filters.text) if tokens]
    known = _known(company, {*names, *chain.from_iterable(tokens for _, tokens in typed)})
    return Question(
        condition,
        tuple(Term("n", token, known[token]) for token in names),
        tuple((word, tuple(Term("w", token, known[token]) for token in tokens)) for word, tokens in typed),
        _numbers(scope, [word for word, _ in typed]),
        (filters.number,) if filters.number else (),
    )


def tokens_of(text: str) -> list[tuple[str, list[str]]]:
    """The words as typed, each with what the index makes of it; how, the database alone knows."""
    words = text.split()[:20]
    if not words:
        return []
    typed = (
        "select word, search_tokens(word) from unnest(%s::text[]) with ordinality as w (word, n) order by n"
    )
    return [(word, list(tokens or ())) for word, tokens in run(Sql(typed, (words,)))]


def _known(company: int, tokens: set[str]) -> dict[str, tuple[str, ...] | None]:
    """The words that each token may mean: itself where it is short, else what begins with it, unless that is much."""
    found: dict[str, tuple[str, ...] | None] = {t: (t,) for t in tokens if len(t) < PREFIX_FROM}
    # The token is written into the statement each time: the index is used only for a beginning that it knows.
    words = "(select array_agg(word) from (select word from documents_searchword"
    most = 2 * KNOWN + 2  # a word may stand there more than once
    longer = sorted(tokens - found.keys())
    if not longer:
        return found
    columns = ", ".join(f"{words} where company_id = %s and word ^@ %s limit {most:d}) w)" for _ in longer)
    row = run(Sql(f"select {columns}", tuple(chain.from_iterable((company, token) for token in longer))))[0]
    for token, there in zip(longer, row, strict=True):
        different = tuple(sorted(set(there or ())))
        found[token] = different if len(different) <= KNOWN and len(there or ()) < most else None
    return found


def _numbers(scope: Scope, words: list[str]) -> dict[str, str]:
    """Those with which some number of the scope's dashboards begins, each as numbers are compared."""
    dashboards = sorted({group.dashboard for group in scope.groups})
    if not words or not dashboards:
        return {}
    # In order, so that an index is read whatever the planner thinks of this beginning.
    begins = (
        "case when exists (select 1 from unnest(%s::text[]) g (dashboard) cross join lateral (select number_key"
        " from documents_searchentry s where s.company_id = %s and s.dashboard = g.dashboard"
        " and s.number_key ^@ upper(%s) order by number_key limit 1) first_one) then upper(%s) end"
    )
    asked = Sql(
        f"select {', '.join(begins for _ in words)}",
        tuple(chain.from_iterable((dashboards, scope.actor.company_id, word, word) for word in words)),
    )
    return {word: key for word, key in zip(words, run(asked)[0], strict=True) if key is not None}


def place(company: int, month: Month) -> str:
    """What a lexeme of this company and month begins with."""
    return f"{company}.{month.year * 12 + month.month:x}"
