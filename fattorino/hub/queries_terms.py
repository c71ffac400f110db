"""What pages read of what SdI still owes."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from fattorino.core.texts import together
from fattorino.core.workflow.definition import KIND_LABELS
from fattorino.hub.models import Term
from fattorino.organisations.queries import Actor
from fattorino.workflow import queries as workflow

PAGE = 50
EXPORTED = 10_000
# The hint on the dashboards counts no further.
COUNTED = 100
AWAITED = Term.Awaited.choices
_KINDS: dict[str, str] = {str(kind): label for kind, label in KIND_LABELS.items()}


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
    rows = [_row(term, now) for term in found[: PAGE + 1]]
    return TermPage(rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None)


def every(actor: Actor, *, awaited: str, late: bool, now: datetime.datetime) -> list[TermRow]:
    return [_row(term, now) for term in _running(actor, awaited, late, now)[:EXPORTED]]


def overdue(actor: Actor, *, now: datetime.datetime) -> int:
    """How many have passed, at most COUNTED."""
    return len(_running(actor, "", True, now).values_list("pk", flat=True)[:COUNTED])


def _running(actor: Actor, awaited: str, late: bool, now: datetime.datetime) -> QuerySet[Term]:
    rows = Term.objects.filter(company_id=actor.company_id, met_at=None)
    if awaited in Term.Awaited.values:
        rows = rows.filter(awaited=awaited)
    if late:
        rows = rows.filter(due_at__lte=now)
    hidden = workflow.hidden_states(actor.company_id, actor)
    if hidden:
        rows = rows.exclude(document__state__in=hidden)
    return rows.select_related("document").order_by("due_at", "pk")


def _row(term: Term, now: datetime.datetime) -> TermRow:
    document = term.document
    return TermRow(
        id=term.pk,
        document_id=document.pk,
        title=together(_KINDS.get(document.kind, document.kind), document.number),
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
