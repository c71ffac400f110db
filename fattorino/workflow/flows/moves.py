"""How moves of documents are judged and written, one or many alike. Called by `advance` and by nothing else."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from fattorino.core.texts import say
from fattorino.core.workflow import decide as rules
from fattorino.core.workflow.decide import (
    ActionFailed,
    ActionRequested,
    Decision,
    Event,
    Facts,
    HubReported,
    Refusal,
    StateChosen,
    StateRetired,
)
from fattorino.core.workflow.definition import MAKING_XML, Action, Dashboard, Workflow
from fattorino.organisations.queries import Actor
from fattorino.organisations.rows import among, insert_rows, update_rows
from fattorino.workflow import actions, queries, queue
from fattorino.workflow.flows import lotti
from fattorino.workflow.flows.notices import tell
from fattorino.workflow.models import Document, PendingAction, StateChange

# All that moves in one statement; `held_statuses`, which hardly ever changes, in one of its own.
_MOVED = ("state", "state_since", "confirmed", "change_seq")


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to one document.

    Attributes:
        run: what began earlier and runs on by itself keeps one id; None: the action that starts now is the first.
        alone: it concerns this document only, even where it is the first of a lotto.
    """

    document_id: int
    event: Event
    actor: Actor
    message: str = ""
    detail: list[dict[str, Any]] = field(default_factory=list)
    sha256: str = ""
    run: uuid.UUID | None = None
    alone: bool = False


@dataclass(slots=True)
class Move:
    document: Document
    step: Step
    answer: Decision


def next_change() -> int:
    """A number that grows with every change a list shows."""
    return next_changes(1)[0]


def next_changes(count: int) -> list[int]:
    """Numbers for so many changes.

    Numbers are taken before they are committed, so a greater one may be seen first. An advisory lock, held to the
    end of the transaction, says from where on numbers are still on their way: see queries.settled_change. One lock
    per transaction: an import of thousands of documents must not fill the server's table of locks.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock_shared(%s, (last_value & 2147483647)::int),"
            " set_config('app.changing', 'yes', true) from workflow_change_seq"
            " where coalesce(current_setting('app.changing', true), '') = ''",
            [queries.CHANGING],
        )
        cursor.execute("select nextval('workflow_change_seq') from generate_series(1, %s)", [count])
        return [int(row[0]) for row in cursor.fetchall()]


class Judge:
    """Asks the rules; what they need of the database is read once for all documents."""

    def __init__(
        self, workflow: Workflow, steps: Sequence[Step], apart: frozenset[int] = frozenset()
    ) -> None:
        self.workflow, self.apart = workflow, apart
        # The end of an action is not refused because that very action is still open.
        asking = [s.document_id for s in steps if isinstance(s.event, _ASKING)]
        busy = PendingAction.objects.filter(among("document_id", asking), finished_at=None)
        self.busy = frozenset(busy.values_list("document_id", flat=True)) if asking else frozenset()
        self.names: dict[Actor, frozenset[str] | None] = {}

    def answer(self, document: Document | None, step: Step) -> Decision | Refusal:
        if document is None:
            return Refusal(say("Documento non trovato."))
        if not document.dashboard:
            return Refusal(
                say("Le ricevute non diventano fatture elettroniche: non hanno uno stato adempimento."),
                say("Si stampano e si consegnano al cliente."),
            )
        if step.actor not in self.names:
            self.names[step.actor] = queries.actor_names(step.actor, self.workflow)
        facts = Facts(
            dashboard=Dashboard(document.dashboard),
            busy=document.pk in self.busy,
            may_write=step.actor.may_write,
            actor_names=self.names[step.actor],
            runnable=actions.runnable(),
            apart=document.pk in self.apart,
        )
        return rules.decide(self.workflow, document.state, step.event, facts)


_ASKING = (ActionRequested, HubReported, StateChosen, StateRetired)


def write(moves: list[Move], now: datetime.datetime, version: int) -> None:
    """The new states, one line of history each, and the notices of whoever is to be told."""
    if not moves:
        return
    changes = []
    for move, change in zip(moves, next_changes(len(moves)), strict=True):
        document, event, answer = move.document, move.step.event, move.answer
        before, held = document.state, document.held_statuses
        _apply(document, event, answer, now)
        document.change_seq = change
        if document.held_statuses != held:
            document.save(update_fields=["held_statuses"])
        changes.append(_change(move, before, now, version))
    rows = [(m.document.pk, *(getattr(m.document, name) for name in _MOVED)) for m in moves]
    update_rows(Document, moves[0].document.company_id, _MOVED, rows)
    insert_rows(changes)
    tell(zip(changes, (move.answer.notices for move in moves), strict=True), now=now)


def _apply(document: Document, event: Event, answer: Decision, now: datetime.datetime) -> None:
    if answer.to_state is not None and answer.to_state != document.state:
        document.state, document.state_since = answer.to_state, now
    if answer.confirm_document:
        document.confirmed = True
    if isinstance(event, HubReported) and answer.hold and event.status not in document.held_statuses:
        document.held_statuses = [*document.held_statuses, event.status]
    if isinstance(event, ActionRequested) and answer.start in MAKING_XML:
        # What an earlier attempt was told does not concern the new file.
        document.held_statuses = []


def _change(move: Move, before: str, now: datetime.datetime, version: int) -> StateChange:
    document, step, answer = move.document, move.step, move.answer
    event, actor = step.event, step.actor
    action = getattr(event, "action", None) or (answer.start if isinstance(event, ActionRequested) else None)
    return StateChange(
        company_id=document.company_id,
        document_id=document.pk,
        at=now,
        event=event.status if isinstance(event, HubReported) else type(event).__name__,
        from_state=before,
        to_state=document.state,
        action=str(action or ""),
        outcome=_outcome(event, answer),
        actor_kind=actor.kind,
        actor_label=actor.label[:150],
        actor_user_id=actor.user_id,
        message=" ".join(filter(None, [step.message, answer.note])),
        detail=step.detail,
        file_sha256=step.sha256,
        workflow_version=version,
    )


def _outcome(event: Event, answer: Decision) -> str:
    if isinstance(event, ActionRequested):
        return "started"
    if isinstance(event, ActionFailed):
        return "failed"
    if answer.unexpected:
        return "unexpected"
    return "recorded" if answer.to_state is None else "moved"


def start(moves: list[Move], now: datetime.datetime, *, jobs: bool = True) -> list[PendingAction]:
    """The actions that these moves start."""
    from fattorino.workflow.tasks import run_action  # the task calls this module: imported where it is needed

    started = [
        PendingAction(
            company_id=move.document.company_id,
            document_id=move.document.pk,
            action=str(move.answer.start),
            run=move.step.run or uuid.uuid4(),
            requested_at=now,
            actor_kind=move.step.actor.kind,
            actor_label=move.step.actor.label[:150],
            actor_user_id=move.step.actor.user_id,
            attempts=0 if jobs else 1,
        )
        for move in moves
        if move.answer.start
    ]
    leading, following = lotti.leaders_first(started, {move.document.pk: move.document for move in moves})
    insert_rows(leading)
    lead = {pending.document_id: pending for pending in leading}
    of_lotto = {move.document.pk: move.document.lotto_id for move in moves}
    for pending in following:
        pending.leader, pending.attempts = lead[of_lotto[pending.document_id] or 0], 0
    insert_rows(following)
    shared = _shared_locks(leading) if jobs else {}
    for pending in leading if jobs else ():
        # A lock per action, not per document: at most one is open, and the next one need not wait for the queue's poll.
        lock = shared.get(pending.action) or f"action:{pending.pk}"
        queue.defer(run_action, lock=lock, company_id=pending.company_id, pending_id=pending.pk)
    return started


def _shared_locks(started: list[PendingAction]) -> dict[str, str]:
    """By action, of those that need something of which their company has one: else they would fill the worker with
    jobs that only wait for one another."""
    locks = actions.locks()
    return {p.action: locks[Action(p.action)](p.company_id) for p in started if Action(p.action) in locks}
