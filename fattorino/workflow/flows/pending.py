"""What was begun comes to its end: an action is taken up, and its outcome moves the document on."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence

from django.db import transaction
from django.db.models import F

from fattorino.core.errors import RefusedError
from fattorino.core.workflow.decide import ActionFailed, ActionSucceeded, Refusal
from fattorino.core.workflow.definition import ACTION_LABELS, Action
from fattorino.organisations.rows import among, update_rows
from fattorino.workflow import queries
from fattorino.workflow.actions import ActionResult
from fattorino.workflow.flows.advance import Advanced, advance_many
from fattorino.workflow.flows.bulk_items import Ended, note_ended
from fattorino.workflow.flows.moves import Step
from fattorino.workflow.models import PendingAction


def take_pending(pending_id: int, company_id: int) -> PendingAction | None:
    """Count an attempt; None where the action is finished already."""
    taken = take_many([pending_id], company_id)
    return taken[0] if taken else None


def take_many(pending_ids: list[int], company_id: int) -> list[PendingAction]:
    """Count an attempt of each of these that is not finished; those."""
    with transaction.atomic():
        rows = _open(pending_ids, company_id, leader=None)
        PendingAction.objects.filter(among("pk", [p.pk for p in rows])).update(attempts=F("attempts") + 1)
        for pending in rows:
            pending.attempts += 1
        return rows


def finish_action(pending_id: int, company_id: int, result: ActionResult, *, now: datetime.datetime) -> None:
    """Close an action and move the document on; doing it twice changes nothing."""
    finish_many({pending_id: result}, company_id, now=now)


def finish_many(
    results: Mapping[int, ActionResult],
    company_id: int,
    *,
    now: datetime.datetime,
    jobs: bool = True,
    then_for_many: Sequence[Callable[[list[PendingAction]], None]] = (),
) -> list[PendingAction]:
    """The same for many, in one transaction.

    Args:
        jobs: False where the caller itself carries out what starts.
        then_for_many: called before the commit with those of the actions that ended well.

    Returns:
        the actions that run on from these.
    """
    with transaction.atomic():
        rows = _with_followers(_open(list(results), company_id))
        for pending in rows:
            result = results[pending.leader_id or pending.pk]
            pending.finished_at, pending.succeeded, pending.message = now, result.ok, result.message
        _close(rows, company_id)
        told = advance_many(
            company_id, [_step(p, results[p.leader_id or p.pk]) for p in rows], now=now, jobs=jobs
        )
        ended = []
        for pending, each in zip(rows, told, strict=True):
            if isinstance(each.answer, Refusal):
                raise RefusedError(each.answer.why, each.answer.remedy)
            then = None if pending.leader_id else results[pending.pk].then
            if pending.succeeded and then:
                then()
            if not each.started:
                ended.append(Ended(pending.document_id, bool(pending.succeeded), pending.message))
        for after in then_for_many:
            after([pending for pending in rows if pending.succeeded and not pending.leader_id])
        note_ended(company_id, ended, now=now)
        return to_carry_out(told)


def to_carry_out(told: Sequence[Advanced]) -> list[PendingAction]:
    """The actions that these moves started: of a lotto the one of its file, whichever document was told."""
    started = [each.started.leader or each.started for each in told if each.started]
    return list({pending.pk: pending for pending in started}.values())


def _open(pending_ids: list[int], company_id: int, **chosen: None) -> list[PendingAction]:
    rows = PendingAction.objects.select_for_update().filter(among("pk", pending_ids), company_id=company_id)
    return list(rows.filter(finished_at=None, **chosen).order_by("pk"))


def _with_followers(rows: list[PendingAction]) -> list[PendingAction]:
    """Those of the other documents of their files end with them, in one transaction."""
    follow = PendingAction.objects.select_for_update().filter(among("leader_id", [row.pk for row in rows]))
    return [*rows, *follow.filter(finished_at=None).order_by("pk")] if rows else []


def _close(rows: list[PendingAction], company_id: int) -> None:
    values = [(p.pk, p.finished_at, p.succeeded, p.message) for p in rows]
    update_rows(PendingAction, company_id, ("finished_at", "succeeded", "message"), values)


def _step(pending: PendingAction, result: ActionResult) -> Step:
    action = Action(pending.action)
    return Step(
        pending.document_id,
        ActionSucceeded(action) if result.ok else ActionFailed(action),
        queries.pending_actor(pending),
        result.message or ACTION_LABELS[action],
        result.detail,
        result.sha256,
        pending.run,
    )
