"""What moves no state and yet concerns somebody: a term that is near, a mark on a document that lists show."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.db import transaction

from fattorino.core.workflow.definition import Dashboard, Notice
from fattorino.organisations.queries import Actor
from fattorino.workflow import queries
from fattorino.workflow.flows.moves import next_change
from fattorino.workflow.flows.notices import tell
from fattorino.workflow.models import Document, StateChange

# Who is told where the state names nobody: a term that passes unseen cannot be mended.
WHO_WORKS = ("group:admin", "group:operator")


def touch(document_id: int, company_id: int) -> None:
    """Have open lists show the document anew; nothing happened to it that the history would tell."""
    with transaction.atomic():
        rows = Document.objects.select_for_update().filter(pk=document_id, company_id=company_id)
        for document in rows.only("change_seq"):
            document.change_seq = next_change()
            document.save(update_fields=["change_seq"])


def remind(document_id: int, event: str, actor: Actor, *, now: datetime.datetime, message: str) -> None:
    """Write it into the history and tell the groups of the state the document is in."""
    remind_of_file([document_id], event, actor, now=now, message=message)


def remind_of_file(
    document_ids: Sequence[int], event: str, actor: Actor, *, now: datetime.datetime, message: str
) -> None:
    """The same for documents of one file, in whatever states: each history says it, and each person is told once, of
    the first of them that she may see."""
    with transaction.atomic():
        rows = Document.objects.select_for_update().filter(pk__in=document_ids, company_id=actor.company_id)
        found = []
        for document in rows.order_by("pk"):
            document.change_seq = next_change()
            document.save(update_fields=["change_seq"])
            change = StateChange.objects.create(
                company_id=document.company_id,
                document=document,
                at=now,
                event=event,
                from_state=document.state,
                to_state=document.state,
                outcome="recorded",
                actor_kind=actor.kind,
                actor_label=actor.label[:150],
                message=message,
            )
            found.append((change, _wanted(document)))
        tell(found, now=now, once=True)


def _wanted(document: Document) -> tuple[Notice, ...]:
    _, flow = queries.workflow_of(document.company_id)
    dashboard = Dashboard(document.dashboard)
    told = tuple(n for n in flow.state(document.state).notices if n.dashboard is dashboard)
    return told or tuple(Notice(dashboard, group) for group in WHO_WORKS)
