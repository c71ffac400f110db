"""How a document moves. `advance` is the only writer of a document's state."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connection, transaction

from fattorino.core.errors import ConflictError, RefusedError
from fattorino.core.texts import say
from fattorino.core.workflow.decide import (
    ActionFailed,
    ActionRequested,
    ActionSucceeded,
    Decision,
    Entered,
    Event,
    HubReported,
    Refusal,
    StateChosen,
)
from fattorino.core.workflow.definition import Action, Workflow
from fattorino.organisations import reading
from fattorino.organisations.queries import Actor
from fattorino.organisations.rows import among, insert_rows, update_rows
from fattorino.workflow import queries
from fattorino.workflow.flows import lotti
from fattorino.workflow.flows.moves import Judge, Move, Step, next_changes, start, write
from fattorino.workflow.models import Document, PendingAction, StateChange

# The class of the advisory locks by which a new configuration waits for the moves of a company's documents.
CONFIGURING = 20827


# The Hub and SdI as actors, see system_actor.
_SYSTEM = frozenset({"hub", "sdi"})


@dataclass(frozen=True, slots=True)
class Advanced:
    """What came of a step; `started` is the action that runs now, if one does."""

    answer: Decision | Refusal
    started: PendingAction | None = None


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
    step = Step(document_id, event, actor, message, detail or [], sha256, run)
    answer = advance_many(actor.company_id, [step], now=now)[0].answer
    if isinstance(answer, Refusal):
        raise (ConflictError if answer.conflict else RefusedError)(answer.why, answer.remedy)
    return answer


@reading.one_reading()  # under the lock the configuration cannot change
def advance_many(
    company_id: int, steps: Sequence[Step], *, now: datetime.datetime, jobs: bool = True
) -> list[Advanced]:
    """The same for many documents of a company, each at most once, in few statements and one transaction.

    A refusal of one keeps no other from moving.

    Args:
        jobs: False where the caller itself carries out what starts.

    Returns:
        what came of each step, in their order.
    """
    with transaction.atomic():
        hold_configuration(company_id)
        beside = lotti.beside(company_id, steps)
        ids = {step.document_id for step in steps}.union(*beside.values())
        documents = _locked(company_id, list(ids))
        version, workflow = queries.workflow_of(company_id)
        plan = lotti.spread(workflow, steps, documents, beside)
        judge = Judge(workflow, plan.steps, plan.apart)
        answers = {s.document_id: judge.answer(documents.get(s.document_id), s) for s in plan.steps}
        lotti.bind(answers, plan, documents, company_id)
        moves = [
            Move(documents[step.document_id], step, answer)
            for step in plan.steps
            if isinstance(answer := answers[step.document_id], Decision)
        ]
        write(moves, now, version)
        started = {p.document_id: p for p in start(moves, now, jobs=jobs)}
        for move in moves:
            if move.document.held_statuses and move.document.pk not in started and _frees_held(move):
                _try_held(move.document, workflow, move.step.actor, now, version)
        return [Advanced(answers[s.document_id], started.get(s.document_id)) for s in steps]


def hold_configuration(company_id: int) -> None:
    """Keep the company's configuration as it is to the transaction's end: see flows.configuration.publish_draft."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock_shared(%s, %s)", [CONFIGURING, company_id])
    reading.forget()  # what was read before this lock may have been replaced meanwhile


def lock(document_id: int) -> None:
    """Hold the document until the transaction ends. Every flow locks it before anything that hangs on it."""
    lock_many([document_id])


def lock_many(document_ids: Sequence[int]) -> None:
    """The same for many; always in the same order, so that two who want the same ones do not wait in a ring."""
    rows = Document.objects.select_for_update().filter(among("pk", document_ids)).order_by("pk")
    list(rows.values_list("pk", flat=True))


def try_lock_many(document_ids: Sequence[int]) -> set[int]:
    """Hold those of the documents that nobody holds; those. For who holds others already and must not wait."""
    rows = Document.objects.select_for_update(skip_locked=True)
    return set(rows.filter(among("pk", document_ids)).order_by("pk").values_list("pk", flat=True))


_NEEDED = (
    "company_id",
    "dashboard",
    "state",
    "state_since",
    "confirmed",
    "held_statuses",
    "change_seq",
    "lotto",
)


def _locked(company_id: int, ids: list[int]) -> dict[int, Document]:
    # Always in the same order: two that want the same documents wait for each other, and not in a ring.
    rows = Document.objects.select_for_update().filter(among("pk", ids), company_id=company_id)
    return {document.pk: document for document in rows.order_by("pk").only(*_NEEDED)}


def _frees_held(move: Move) -> bool:
    # Some statuses wait for another state, some only for the end of an action.
    return move.answer.to_state is not None or isinstance(move.step.event, ActionSucceeded | ActionFailed)


def _try_held(
    document: Document, workflow: Workflow, actor: Actor, now: datetime.datetime, version: int
) -> None:
    """Apply the Hub statuses that came before the document was ready for them, oldest first."""
    moved = True
    while moved and document.held_statuses:
        moved = False
        for status in document.held_statuses:
            step = Step(document.pk, HubReported(status), actor)
            answer = lotti.single(document, Judge(workflow, [step]).answer(document, step))
            if isinstance(answer, Decision) and answer.to_state:
                started = _take_held(document, step, status, answer, now, version)
                moved = not started
                break


def _take_held(
    document: Document, step: Step, status: str, answer: Decision, now: datetime.datetime, version: int
) -> bool:
    """Whether an action was started by it."""
    document.held_statuses = [s for s in document.held_statuses if s != status]
    document.save(update_fields=["held_statuses"])
    told = StateChange.objects.filter(document=document, event=status).order_by("-id").first()
    message = f"Esito arrivato in anticipo, ora applicato. {told.message if told else ''}".strip()
    detail, sha256 = (told.detail, told.file_sha256) if told else ([], "")
    move = Move(document, replace(step, message=message, detail=detail, sha256=sha256), answer)
    write([move], now, version)
    return bool(start([move], now))


def apply_held(document_id: int, actor: Actor, *, now: datetime.datetime) -> int:
    """Try once more the Hub's statuses that a document holds; how many were applied."""
    with transaction.atomic():
        hold_configuration(actor.company_id)
        document = _locked(actor.company_id, [document_id]).get(document_id)
        if document is None:
            raise RefusedError(say("Documento non trovato."))
        version, workflow = queries.workflow_of(document.company_id)
        before = len(document.held_statuses)
        _try_held(document, workflow, actor, now, version)
        return before - len(document.held_statuses)


def enter(
    document_id: int,
    actor: Actor,
    *,
    now: datetime.datetime,
    message: str = "",
    status: str = "",
    sha256: str = "",
) -> Decision:
    """A new document takes its first state; `status` is what the Hub says of it as it comes."""
    return advance(document_id, Entered(status=status), actor, now=now, message=message, sha256=sha256)


def request_action(
    document_id: int, actor: Actor, *, now: datetime.datetime, seen: str = "", action: Action | None = None
) -> Decision:
    """The button of the state: answers at once, the work runs in the worker.

    Args:
        seen, action: the state and the action that the button was drawn for, where that is known.

    Raises:
        RefusedError, ConflictError: why it may not be pressed now.
    """
    return advance(document_id, ActionRequested(seen, action), actor, now=now)


def choose_state(
    document_id: int, target: str, actor: Actor, *, now: datetime.datetime, reason: str = "", seen: str = ""
) -> Decision:
    """*Cambia stato* by hand. `seen`: the state in which the person saw the document.

    Raises:
        RefusedError, ConflictError: why it may not be changed.
    """
    return advance(document_id, StateChosen(target, reason, seen), actor, now=now, message=reason)


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
    record_many([Line(document_id, event, message, detail or [], sha256)], actor, now=now)


@dataclass(frozen=True, slots=True)
class Line:
    """A line for the history of a document; `alone`: of this one only, even where it is the first of a lotto."""

    document_id: int
    event: str
    message: str
    detail: list[dict[str, Any]] = field(default_factory=list)
    sha256: str = ""
    alone: bool = False


def record_many(lines: Sequence[Line], actor: Actor, *, now: datetime.datetime) -> None:
    """The same for many documents of a company, in few statements."""
    if not lines:
        return
    if actor.kind in _SYSTEM:
        lines = _of_files(lines, actor.company_id)
    with transaction.atomic():
        documents = _locked(actor.company_id, [line.document_id for line in lines])
        numbers = next_changes(len(documents))
        rows = list(zip(documents, numbers, strict=True))
        update_rows(Document, actor.company_id, ("change_seq",), rows)
        insert_rows([_line(line, documents[line.document_id], actor, now) for line in lines])


def _of_files(lines: Sequence[Line], company_id: int) -> list[Line]:
    """What the Hub and SdI tell of the first document of a lotto, they tell of its file."""
    beside = lotti.together_with(company_id, [line.document_id for line in lines if not line.alone])
    others = [
        replace(line, document_id=other)
        for line in lines
        if not line.alone
        for other in beside.get(line.document_id, ())
    ]
    return [*lines, *others]


def _line(line: Line, document: Document, actor: Actor, now: datetime.datetime) -> StateChange:
    return StateChange(
        company_id=actor.company_id,
        document_id=document.pk,
        at=now,
        event=line.event,
        from_state=document.state,
        to_state=document.state,
        outcome="recorded",
        actor_kind=actor.kind,
        actor_label=actor.label[:150],
        actor_user_id=actor.user_id,
        message=line.message,
        detail=line.detail,
        file_sha256=line.sha256,
    )


def system_actor(company_id: int, kind: str = "hub") -> Actor:
    """The Hub or SdI as actor."""
    return Actor(
        kind, {"hub": "Digital Hub", "sdi": say("Sistema di Interscambio")}.get(kind, kind), company_id
    )
