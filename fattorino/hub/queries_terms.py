"""What pages read of what SdI still owes."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q, QuerySet

from fattorino.core.texts import together
from fattorino.hub import seen
from fattorino.hub.flows import bodies
from fattorino.hub.models import Term
from fattorino.organisations.queries import Actor
from fattorino.workflow import kinds
from fattorino.workflow import queries as workflow

if TYPE_CHECKING:
    from fattorino.workflow.models import Document

PAGE = 50
EXPORTED = 10_000
# The hint on the dashboards counts no further.
COUNTED = 100
AWAITED = Term.Awaited.choices


@dataclass(frozen=True, slots=True)
class TermRow:
    id: int
    document_id: int
    title: str
    date: datetime.date
    counterpart: str
    awaited: str
    awaited_label: str
    since: datetime.datetime
    due_at: datetime.datetime
    late: bool


@dataclass(frozen=True, slots=True)
class TermPage:
    """Some terms, the most urgent first; `later` is where the next page begins."""

    rows: list[TermRow] = field(default_factory=list)
    later: int | None = None


def page(actor: Actor, *, awaited: str, late: bool, now: datetime.datetime, after: int | None) -> TermPage:
    found = _running(actor, awaited, late, now)
    if after is not None:
        last = Term.objects.filter(pk=after, company_id=actor.company_id).values("due_at", "pk").first()
        if last is not None:
            found = found.filter(Q(due_at__gt=last["due_at"]) | Q(due_at=last["due_at"], pk__gt=last["pk"]))
    rows = _rows(actor, list(found[: PAGE + 1]), now)
    return TermPage(rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None)


def every(actor: Actor, *, awaited: str, late: bool, now: datetime.datetime) -> list[TermRow]:
    return _rows(actor, list(_running(actor, awaited, late, now)[:EXPORTED]), now)


def overdue(actor: Actor, *, now: datetime.datetime) -> int:
    """How many have passed, at most COUNTED."""
    return len(_running(actor, "", True, now).values_list("pk", flat=True)[:COUNTED])


def _running(actor: Actor, awaited: str, late: bool, now: datetime.datetime) -> QuerySet[Term]:
    rows = Term.objects.filter(company_id=actor.company_id, met_at=None)
    if awaited in Term.Awaited.values:
        rows = rows.filter(awaited=awaited)
    if late:
        rows = rows.filter(due_at__lte=now)
    if workflow.hidden_states(actor.company_id, actor):
        # Nested: the outer reference of the documents is the term.
        told = bodies.last_words().filter(submission=OuterRef(OuterRef("submission_id")))
        ended = Exists(told.filter(document=OuterRef("pk")))
        rows = rows.filter(seen.any_of_file(actor, "document_id", left_out=ended))
    return rows.select_related("document").order_by("due_at", "pk")


def _rows(actor: Actor, terms: list[Term], now: datetime.datetime) -> list[TermRow]:
    """Of a lotto the first document that still waits is shown, of those that the actor may see."""
    lotti = {term.document_id: term.submission_id for term in terms if term.document.lotto_id}
    told = bodies.last_words().filter(submission__in=lotti.values())
    ended = set(told.values_list("submission_id", "document_id"))
    shown = {
        head: next((each for each in members if (lotti[head], each.pk) not in ended), members[0])
        for head, members in seen.of_files(actor, lotti.keys()).items()
    }
    about = [shown.get(term.document_id, term.document) for term in terms]
    called = kinds.labels_of(actor.company_id, {document.pk: document.kind for document in about})
    return [_row(term, one, called[one.pk], now) for term, one in zip(terms, about, strict=True)]


def _row(term: Term, document: Document, called: str, now: datetime.datetime) -> TermRow:
    return TermRow(
        id=term.pk,
        document_id=document.pk,
        title=together(called, document.number),
        date=document.date,
        counterpart=document.counterpart_name,
        awaited=term.awaited,
        awaited_label=label_of(term),
        since=term.since,
        due_at=term.due_at,
        late=term.due_at <= now,
    )


def label_of(term: Term) -> str:
    """What is awaited, in words that keep their origin (the choices' labels are sentences of the core)."""
    return next(label for value, label in Term.Awaited.choices if value == term.awaited)
