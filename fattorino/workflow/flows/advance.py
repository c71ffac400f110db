"""How a document moves. `advance` is the only writer of a document's state."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from fattorino.core.errors import ConflictError, RefusedError
from fattorino.core.workflow import decide as rules
from fattorino.core.workflow.decide import (
    ActionFailed,
    ActionRequested,
    ActionSucceeded,
    Decision,
    Entered,
    Event,
    Facts,
    HubReported,
    Refusal,
    StateChosen,
    StateRetired,
)
from fattorino.core.workflow.definition import ACTION_LABELS, MAKING_XML, Action, Dashboard, Workflow
from fattorino.organisations.queries import Actor
from fattorino.workflow import actions, queries, queue
from fattorino.workflow.actions import ActionResult
from fattorino.workflow.models import Document, PendingAction, StateChange

# The class of the advisory locks by which a new configuration waits for the moves of a company's documents.
CONFIGURING = 20827


def next_change() -> int:
    """A number that grows with every change a list shows.

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
        cursor.execute("select nextval('workflow_change_seq')")
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def advance(
    document_id: int,
    event: Event,
    actor: Actor,
    *,
    now: datetime.datetime,
    message: str = "",
    detail: list[dict[str, Any]] | None = None,
    sha256: str = "",
    run: uuid.UUID | None = None,
) -> Decision:
    """Tell a document what happened; write the new state, its history and what must run next, in one transaction.

    Must be called inside a company scope. The document's row is locked, so two events follow each other.

    Raises:
        RefusedError: a rule says no; ConflictError: somebody was quicker.
    """
    with transaction.atomic():
        _hold_configuration(actor.company_id)
        document = _locked(document_id, actor)
        version, workflow = queries.workflow_of(document.company_id)
        facts = _facts(document, actor, event, workflow)
        answer = rules.decide(workflow, document.state, event, facts)
        if isinstance(answer, Refusal):
            raise (ConflictError if answer.conflict else RefusedError)(answer.why, answer.remedy)
        note = " ".join(filter(None, [message, answer.note]))
        _write(document, event, answer, actor, now, version, note, detail or [], sha256)
        if answer.start:
            _start(document, answer.start, actor, now, run)
        if answer.to_state:
            _try_held(document, workflow, actor, now, version)
        return answer


def _hold_configuration(company_id: int) -> None:
    """Keep the company's configuration as it is to the transaction's end: see flows.configuration.publish_draft."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock_shared(%s, %s)", [CONFIGURING, company_id])


def lock(document_id: int) -> None:
    """Hold the document until the transaction ends. Every flow locks it before anything that hangs on it."""
    Document.objects.select_for_update().filter(pk=document_id).values_list("pk", flat=True).first()


def _locked(document_id: int, actor: Actor) -> Document:
    document = (
        Document.objects.select_for_update().filter(pk=document_id, company_id=actor.company_id).first()
    )
    if document is None:
        raise RefusedError("Documento non trovato.")
    if not document.dashboard:
        raise RefusedError(
            "Le ricevute non diventano fatture elettroniche: non hanno uno stato adempimento.",
            "Si stampano e si consegnano al cliente.",
        )
    return document


def _facts(document: Document, actor: Actor, event: Event, workflow: Workflow) -> Facts:
    # The end of an action is not refused because that very action is still open.
    asks = isinstance(event, ActionRequested | StateChosen | StateRetired)
    return Facts(
        dashboard=Dashboard(document.dashboard),
        busy=asks and PendingAction.objects.filter(document=document, finished_at=None).exists(),
        may_write=actor.may_write,
        actor_names=queries.actor_names(actor, workflow),
        runnable=actions.runnable(),
    )


def _write(
    document: Document,
    event: Event,
    answer: Decision,
    actor: Actor,
    now: datetime.datetime,
    version: int,
    message: str,
    detail: list[dict[str, Any]],
    sha256: str,
) -> None:
    before = document.state
    if answer.to_state is not None:
        document.state = answer.to_state
        if answer.to_state != before:
            document.state_since = now
    if answer.confirm_document:
        document.confirmed = True
    if isinstance(event, HubReported) and answer.hold and event.status not in document.held_statuses:
        document.held_statuses = [*document.held_statuses, event.status]
    document.change_seq = next_change()
    document.save(update_fields=["state", "state_since", "confirmed", "held_statuses", "change_seq"])
    action = getattr(event, "action", None) or (answer.start if isinstance(event, ActionRequested) else None)
    StateChange.objects.create(
        company_id=document.company_id,
        document=document,
        at=now,
        event=_event_name(event),
        from_state=before,
        to_state=document.state,
        action=str(action or ""),
        outcome=_outcome(event, answer),
        actor_kind=actor.kind,
        actor_label=actor.label[:150],
        actor_user_id=actor.user_id,
        message=message,
        detail=detail,
        file_sha256=sha256,
        workflow_version=version,
    )


def _event_name(event: Event) -> str:
    return event.status if isinstance(event, HubReported) else type(event).__name__


def _outcome(event: Event, answer: Decision) -> str:
    if isinstance(event, ActionRequested):
        return "started"
    if isinstance(event, ActionFailed):
        return "failed"
    if answer.unexpected:
        return "unexpected"
    return "recorded" if answer.to_state is None else "moved"


def _start(
    document: Document, action: Action, actor: Actor, now: datetime.datetime, run: uuid.UUID | None
) -> None:
    from fattorino.workflow.tasks import run_action  # the task calls this module: imported where it is needed

    pending = PendingAction.objects.create(
        company_id=document.company_id,
        document=document,
        action=str(action),
        run=run or uuid.uuid4(),
        requested_at=now,
        actor_kind=actor.kind,
        actor_label=actor.label[:150],
        actor_user_id=actor.user_id,
    )
    # A lock per action, not per document: at most one is open, and the next one need not wait for the queue's poll.
    queue.defer(
        run_action, lock=f"action:{pending.pk}", company_id=document.company_id, pending_id=pending.pk
    )


def _try_held(
    document: Document, workflow: Workflow, actor: Actor, now: datetime.datetime, version: int
) -> None:
    """Apply the Hub statuses that came before the document was ready for them, oldest first."""
    moved = True
    while moved and document.held_statuses:
        moved = False
        for status in document.held_statuses:
            event = HubReported(status)
            answer = rules.decide(workflow, document.state, event, _facts(document, actor, event, workflow))
            if isinstance(answer, Decision) and answer.to_state:
                document.held_statuses = [s for s in document.held_statuses if s != status]
                told = StateChange.objects.filter(document=document, event=status).order_by("-id").first()
                message = f"Esito arrivato in anticipo, ora applicato. {told.message if told else ''}".strip()
                detail, sha256 = (told.detail, told.file_sha256) if told else ([], "")
                _write(document, event, answer, actor, now, version, message, detail, sha256)
                if answer.start:
                    _start(document, answer.start, actor, now, None)
                moved = True
                break


def apply_held(document_id: int, actor: Actor, *, now: datetime.datetime) -> int:
    """Try once more the Hub's statuses that a document holds; how many were applied."""
    with transaction.atomic():
        _hold_configuration(actor.company_id)
        document = _locked(document_id, actor)
        version, workflow = queries.workflow_of(document.company_id)
        before = len(document.held_statuses)
        _try_held(document, workflow, actor, now, version)
        return before - len(document.held_statuses)


def enter(document_id: int, actor: Actor, *, now: datetime.datetime, message: str = "") -> Decision:
    """A new document takes its first state."""
    return advance(document_id, Entered(), actor, now=now, message=message)


def request_action(document_id: int, actor: Actor, *, now: datetime.datetime) -> Decision:
    """The button of the state: answers at once, the work runs in the worker.

    Raises:
        RefusedError, ConflictError: why it may not be pressed now.
    """
    with transaction.atomic():
        decision = advance(document_id, ActionRequested(), actor, now=now)
        if decision.start in MAKING_XML:
            # What an earlier attempt was told does not concern the new file.
            Document.objects.filter(pk=document_id, company_id=actor.company_id).update(held_statuses=[])
        return decision


def choose_state(
    document_id: int, target: str, actor: Actor, *, now: datetime.datetime, reason: str = ""
) -> Decision:
    """*Cambia stato* by hand.

    Raises:
        RefusedError, ConflictError: why it may not be changed.
    """
    return advance(document_id, StateChosen(target, reason), actor, now=now, message=reason)


def report_status(
    document_id: int,
    status: str,
    actor: Actor,
    *,
    now: datetime.datetime,
    message: str = "",
    detail: list[dict[str, Any]] | None = None,
    sha256: str = "",
) -> Decision:
    """The Hub tells a status; where the state does not expect it, it is written down and kept."""
    return advance(
        document_id, HubReported(status), actor, now=now, message=message, detail=detail, sha256=sha256
    )


def record(
    document_id: int,
    event: str,
    actor: Actor,
    *,
    now: datetime.datetime,
    message: str,
    detail: list[dict[str, Any]] | None = None,
    sha256: str = "",
) -> None:
    """Write into the history something that by its nature moves no state (a save, an old receipt, a retry)."""
    with transaction.atomic():
        document = Document.objects.select_for_update().get(pk=document_id, company_id=actor.company_id)
        document.change_seq = next_change()
        document.save(update_fields=["change_seq"])
        StateChange.objects.create(
            company_id=document.company_id,
            document=document,
            at=now,
            event=event,
            from_state=document.state,
            to_state=document.state,
            outcome="recorded",
            actor_kind=actor.kind,
            actor_label=actor.label[:150],
            actor_user_id=actor.user_id,
            message=message,
            detail=detail or [],
            file_sha256=sha256,
        )


def take_pending(pending_id: int, company_id: int) -> PendingAction | None:
    """Count an attempt; None where the action is finished already."""
    with transaction.atomic():
        pending = (
            PendingAction.objects.select_for_update().filter(pk=pending_id, company_id=company_id).first()
        )
        if pending is None or pending.finished_at is not None:
            return None
        pending.attempts = F("attempts") + 1
        pending.save(update_fields=["attempts"])
        pending.refresh_from_db()
        return pending


def finish_action(pending_id: int, company_id: int, result: ActionResult, *, now: datetime.datetime) -> None:
    """Close an action and move the document on; doing it twice changes nothing."""
    with transaction.atomic():
        pending = (
            PendingAction.objects.select_for_update().filter(pk=pending_id, company_id=company_id).first()
        )
        if pending is None or pending.finished_at is not None:
            return
        pending.finished_at = now
        pending.succeeded = result.ok
        pending.message = result.message
        pending.save(update_fields=["finished_at", "succeeded", "message"])
        action = Action(pending.action)
        advance(
            pending.document_id,
            ActionSucceeded(action) if result.ok else ActionFailed(action),
            queries.pending_actor(pending),
            now=now,
            message=result.message or ACTION_LABELS[action],
            detail=result.detail,
            sha256=result.sha256,
            run=pending.run,
        )
        if result.ok and result.then:
            result.then()


def system_actor(company_id: int, kind: str = "hub") -> Actor:
    """The Hub or SdI as actor."""
    return Actor(kind, {"hub": "Digital Hub", "sdi": "Sistema di Interscambio"}.get(kind, kind), company_id)
