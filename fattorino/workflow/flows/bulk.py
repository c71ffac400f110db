"""*Invio massivo*: started, paused, resumed, cancelled by people; carried on by the worker, some documents at a time.

A run is rows: the documents, in the order in which their turn comes, and what became of each. Whoever is killed
anywhere leaves documents that wait and documents that are under way, and the next job goes on from there.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import connection, transaction

from fattorino.core.errors import ConflictError, RefusedError
from fattorino.core.texts import say
from fattorino.core.workflow.bulk import action_for_many, targets_for_many
from fattorino.core.workflow.decide import ActionRequested, Facts, Refusal, StateChosen, may_see
from fattorino.core.workflow.definition import Dashboard
from fattorino.organisations import queries as people
from fattorino.organisations.flows import audit
from fattorino.organisations.queries import Actor
from fattorino.workflow import actions, queries, queue
from fattorino.workflow.flows import lotti
from fattorino.workflow.flows.advance import Advanced, advance_many, hold_configuration
from fattorino.workflow.flows.bulk_items import Begun, count, note_begun
from fattorino.workflow.flows.moves import Step
from fattorino.workflow.flows.pending import to_carry_out
from fattorino.workflow.models import BulkItem, BulkRun, PendingAction

Status, Outcome = BulkRun.Status, BulkItem.Outcome
# Behind what a person waits for, before the thousands of files that runs send.
PRIORITY = -5
REASON_MAX = 500
# How often a run takes an action up again; then it is left to a job of its own.
ATTEMPTS = 5

_ADD = """
insert into workflow_bulkitem (company_id, run_id, document_id, place, outcome, message)
select %s, %s, d.id, %s + row_number() over (order by given.n), '', ''
from unnest(%s::bigint[]) with ordinality as given (id, n) join workflow_document d on d.id = given.id
where d.company_id = %s and d.dashboard = %s and d.state = %s
on conflict (run_id, document_id) do nothing
"""
_NEXT = """
select i.id, i.document_id from workflow_bulkitem i
where i.run_id = %s and i.company_id = %s and i.outcome = '' order by i.place limit %s for update skip locked
"""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done, and in which state the documents are: the action, or *Cambia stato* to `target`."""

    dashboard: str
    state: str
    action: str = ""
    target: str = ""
    reason: str = ""


def start_run(
    actor: Actor, order: Order, ids: Iterable[list[int]], *, now: datetime.datetime
) -> tuple[int, int]:
    """Begin a run over these documents; its number, and how many documents are in it.

    Args:
        ids: the documents, some at a time. What is not of the company, or in another state, is left out.

    Raises:
        RefusedError: why it may not be done, or that no document is left.
    """
    refused = _refused(actor, order)
    if refused:
        raise RefusedError(refused.why, refused.remedy)
    with transaction.atomic():
        run = BulkRun.objects.create(
            company_id=actor.company_id,
            dashboard=order.dashboard,
            state=order.state,
            action=order.action,
            target=order.target,
            reason=order.reason.strip()[:REASON_MAX],
            total=0,
            started_at=now,
            started_by_id=actor.user_id,
            actor_label=actor.label[:150],
        )
        total = 0
        for some in ids:
            total += _add(run, some, total)
        if not total:
            raise RefusedError(
                say("Nessuno dei documenti scelti è ancora in questo stato: non è stato fatto nulla."),
                say("Tornare all'elenco e sceglierli di nuovo."),
            )
        BulkRun.objects.filter(pk=run.pk).update(total=total)
        audit(
            "invio massivo avviato", now=now, actor_id=actor.user_id, company_id=actor.company_id, run=run.pk
        )
        continue_run(run.company_id, run.pk)
        return run.pk, total


def _add(run: BulkRun, ids: list[int], place: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [run.company_id, run.pk, place, ids, run.company_id, run.dashboard, run.state])
        return int(cursor.rowcount)


def _refused(actor: Actor, order: Order) -> Refusal | None:
    """Why the order may not be given, or not be carried on, by this actor now."""
    _, workflow = queries.workflow_of(actor.company_id)
    names = queries.actor_names(actor, workflow)
    state = workflow.states.get(order.state)
    if state is None or order.dashboard not in set(Dashboard) or not may_see(state, names):
        return Refusal(say("Documenti non trovati."))
    facts = Facts(Dashboard(order.dashboard), False, actor.may_write, names, actions.runnable())
    if not facts.may_write:
        return Refusal(say("Il ruolo di consultazione non permette di lavorare i documenti."))
    if order.action:
        allowed = action_for_many(workflow, state, facts)
        if isinstance(allowed, Refusal):
            return allowed
        if allowed != order.action:
            return Refusal(
                say("Nella configurazione lo stato «{state}» ha ora un'altra azione.", state=state.label)
            )
        return None
    targets = targets_for_many(workflow, state, facts)
    if isinstance(targets, Refusal):
        return targets
    if order.target not in {target.code for target in targets}:
        return Refusal(say("Dallo stato «{state}» non si può assegnare lo stato scelto.", state=state.label))
    if state.rule(facts.dashboard).reason_required and not order.reason.strip():
        return Refusal(
            say("Per cambiare lo stato «{state}» serve il motivo.", state=state.label),
            say("Scrivere il motivo e riprovare."),
        )
    return None


def continue_run(company_id: int, run_id: int) -> None:
    """Queue the job that carries the run on."""
    from fattorino.workflow.tasks_bulk import (
        carry_on,  # the task calls these flows: imported where it is needed
    )

    queue.defer(carry_on, lock=f"bulk:{run_id}", priority=PRIORITY, company_id=company_id, run_id=run_id)


# ------------------------------------------------------------------------------------------------ by people


def pause_run(actor: Actor, run_id: int, *, now: datetime.datetime) -> None:
    """No further document is begun; those under way come to their end.

    Raises: RefusedError: not there, or no right to; ConflictError: it has ended meanwhile.
    """
    _change(actor, run_id, {Status.RUNNING}, Status.PAUSED, now=now)


def resume_run(actor: Actor, run_id: int, *, now: datetime.datetime) -> None:
    """Go on. Raises as `pause_run`."""
    with transaction.atomic():
        _change(actor, run_id, {Status.PAUSED}, Status.RUNNING, now=now)
        continue_run(actor.company_id, run_id)


def cancel_run(actor: Actor, run_id: int, *, now: datetime.datetime) -> None:
    """Those whose turn has not come are left as they are. Raises as `pause_run`."""
    _change(actor, run_id, {Status.RUNNING, Status.PAUSED}, Status.CANCELLED, now=now)


def _change(actor: Actor, run_id: int, before: set[str], status: str, *, now: datetime.datetime) -> None:
    if not actor.may_write:
        raise RefusedError(say("Il ruolo di consultazione non permette di lavorare i documenti."))
    with transaction.atomic():
        run = (
            BulkRun.objects.select_for_update(no_key=True)
            .filter(pk=run_id, company_id=actor.company_id)
            .first()
        )
        if run is None or run.state in queries.hidden_states(actor.company_id, actor):
            raise RefusedError(say("Invio massivo non trovato."))
        if run.status == status:
            return
        if run.status not in before:
            raise ConflictError(
                say("Nel frattempo l'invio massivo è annullato: non è cambiato nulla.")
                if run.status == Status.CANCELLED
                else say("Nel frattempo l'invio massivo è concluso: non è cambiato nulla.")
            )
        run.status = status
        run.save(update_fields=["status"])
        _close_if_idle(run, now)
        audit(
            f"invio massivo: {Status(status).label}",
            now=now,
            actor_id=actor.user_id,
            company_id=actor.company_id,
            run=run_id,
        )


def _close_if_idle(run: BulkRun, now: datetime.datetime) -> None:
    count(run.company_id, run.pk, Counter(), now=now)


# --------------------------------------------------------------------------------------------- by the worker


@dataclass(frozen=True, slots=True)
class Turn:
    """Documents whose turn has come: the actions to carry out, and whether there may be more to begin."""

    started: list[PendingAction] = field(default_factory=list)
    more: bool = False


def left_open(company_id: int, run_id: int, limit: int) -> list[int]:
    """Actions of the run that began and did not end: whoever carried them out has died."""
    under_way = BulkItem.objects.filter(company_id=company_id, run_id=run_id, outcome=Outcome.STARTED)
    rows = PendingAction.objects.filter(
        company_id=company_id,
        finished_at=None,
        attempts__lt=ATTEMPTS,
        leader=None,
        document_id__in=under_way.values("document_id"),
    )
    return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])


def begin_turn(company_id: int, run_id: int, limit: int, *, now: datetime.datetime) -> Turn:
    """Decide on the next documents and write all that follows, in one transaction."""
    with transaction.atomic():
        hold_configuration(company_id)
        run = BulkRun.objects.filter(pk=run_id, company_id=company_id).first()
        if run is None or run.status != Status.RUNNING:
            return Turn()
        actor = _starter(run)
        refused = (
            _refused(actor, _order(run))
            if actor
            else Refusal(say("{who} non lavora più per l'azienda.", who=run.actor_label))
        )
        if actor is None or refused:
            _stop(run, refused, now)
            return Turn()
        with connection.cursor() as cursor:
            cursor.execute(_NEXT, [run_id, company_id, limit])
            items = cursor.fetchall()
        if not items:
            return Turn()
        items += _of_their_files(run, [document_id for _, document_id in items])
        steps = [Step(document_id, _event(run), actor, run.reason) for _, document_id in items]
        told = advance_many(company_id, steps, now=now, jobs=False)
        begun = [_begun(item_id, each) for (item_id, _), each in zip(items, told, strict=True)]
        note_begun(company_id, run_id, begun, now=now)
        return Turn(to_carry_out(told), more=True)


def _of_their_files(run: BulkRun, ids: list[int]) -> list[tuple[int, int]]:
    """The run's further documents of the lotti of these: they go with them, so their turn has come as well."""
    others = lotti.others_of_files(run.company_id, ids)
    if not others:
        return []
    rows = BulkItem.objects.select_for_update(skip_locked=True).filter(
        company_id=run.company_id, run=run, document_id__in=others, outcome=""
    )
    return list(rows.order_by("place").values_list("pk", "document_id"))


def _starter(run: BulkRun) -> Actor | None:
    """Who began the run, with the rights of this moment."""
    if run.started_by_id is None:
        return None
    return people.actors_of(run.company_id, [run.started_by_id]).get(run.started_by_id)


def _order(run: BulkRun) -> Order:
    return Order(run.dashboard, run.state, run.action, run.target, run.reason)


def _event(run: BulkRun) -> ActionRequested | StateChosen:
    if run.action:
        return ActionRequested(seen=run.state)
    return StateChosen(run.target, run.reason, seen=run.state)


def _begun(item_id: int, told: Advanced) -> Begun:
    if isinstance(told.answer, Refusal):
        return Begun(item_id, Outcome.REFUSED, f"{told.answer.why} {told.answer.remedy}".strip())
    return Begun(item_id, Outcome.STARTED if told.started else Outcome.DONE)


def _stop(run: BulkRun, refused: Refusal | None, now: datetime.datetime) -> None:
    why = f"{refused.why} {refused.remedy}".strip() if refused else ""
    stopped = BulkRun.objects.filter(pk=run.pk, status=Status.RUNNING)
    stopped.update(status=Status.CANCELLED, message=f"Interrotto: {why}"[:500])
    _close_if_idle(run, now)


def hand_over(pendings: list[PendingAction]) -> None:
    """Let each of these be carried out by a job of its own: together they cannot be."""
    from fattorino.workflow.tasks import run_action  # as in continue_run

    PendingAction.objects.filter(pk__in=[p.pk for p in pendings]).update(attempts=ATTEMPTS)
    jobs = [(f"action:{p.pk}", {"company_id": p.company_id, "pending_id": p.pk}) for p in pendings]
    queue.defer_many(run_action, jobs, priority=PRIORITY)


def give_up(company_id: int, run_id: int, message: str, *, now: datetime.datetime) -> bool:
    """Set the next document aside, whose turn cannot even begin for a fault of ours; False where there is none."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_NEXT, [run_id, company_id, 1])
        items = cursor.fetchall()
        if items:
            note_begun(company_id, run_id, [Begun(items[0][0], Outcome.FAILED, message)], now=now)
        return bool(items)
