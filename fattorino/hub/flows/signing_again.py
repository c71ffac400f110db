"""Signatures that could not be made because the service was away: Fattorino tries them again by itself.

The document stays in the state whose action it is to sign, free for people; its submission keeps when it is tried again
and how often it was in vain. When that moment comes one document goes ahead; if it is signed, the others follow. Where
the service wants a PIN from a person first, nothing is tried until the key was saved again. Nothing is signed twice:
only the first signature of a submission is kept (`seal`).
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max, Min, QuerySet

from fattorino.clock import ROME
from fattorino.core.texts import say
from fattorino.core.workflow.decide import ActionRequested, Refusal
from fattorino.core.workflow.definition import Action
from fattorino.hub.flows import health
from fattorino.hub.models import SigningKey, Submission
from fattorino.organisations.rows import among
from fattorino.workflow import flows as workflow
from fattorino.workflow import queries as states
from fattorino.workflow import queue
from fattorino.workflow.flows.moves import Step
from fattorino.workflow.flows.pending import to_carry_out

if TYPE_CHECKING:
    from fattorino.organisations.queries import Actor
    from fattorino.workflow.models import PendingAction

# Documents that are signed together once the service is back, with one question to the key.
AT_ONCE = 500
# Of the job, which comes by the database's clock: not before the moment that ours wrote down.
AFTER = datetime.timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What of a company's waits for the service: how many files, and when the next of them is tried."""

    files: int
    again_at: datetime.datetime | None


def waiting(company_id: int) -> Waiting:
    return _told(_rows(company_id))


def waiting_for(actor: Actor) -> Waiting:
    """The same, of the documents that exist for this person: those in states reserved for others do not."""
    hidden = states.hidden_states(actor.company_id, actor)
    return _told(_rows(actor.company_id).exclude(document__state__in=hidden))


def _told(rows: QuerySet[Submission]) -> Waiting:
    found = rows.aggregate(files=Count("pk"), first=Min("next_attempt_at"))
    return Waiting(found["files"], found["first"])


def resting_until(company_id: int, *, now: datetime.datetime) -> datetime.datetime | None:
    """Until when the service is left alone; None where it may be asked."""
    found = waiting(company_id).again_at
    return found if found is not None and found > now else None


def put_off(company_id: int, submissions: Sequence[int], error: str, *, now: datetime.datetime) -> str:
    """Try these again by ourselves, and all that wait already at the same moment; in the caller's transaction.

    As long as the moment of the next attempt has not come, more that fail only join it: the pause grows with attempts,
    not with documents.

    Returns: when, in words.
    """
    rows = _rows(company_id)
    until, failures = resting_until(company_id, now=now), 0
    found = rows.aggregate(most=Max("failures"))["most"] or 0
    if until is None:
        pauses: list[float] = settings.HUB_RETRY_PAUSES
        pause = health.jittered(pauses[min(found, len(pauses) - 1)])
        until, failures = now + datetime.timedelta(seconds=pause), 1
    found += failures
    rows.update(next_attempt_at=until, failures=found)
    mine = _unsigned(company_id).filter(among("pk", list(submissions)))
    mine.update(next_attempt_at=until, failures=max(found, 1), last_error=error)
    _come(company_id, (until + AFTER - now).total_seconds())
    return say("Fattorino riprova da sé alle {time}.", time=f"{until.astimezone(ROME):%H:%M}")


def settled(company_id: int, submissions: Sequence[int]) -> None:
    """These wait no longer: they were signed, or refused for a reason that time does not mend."""
    if not submissions:
        return
    rows = Submission.objects.filter(among("pk", list(submissions)), company_id=company_id)
    rows.exclude(next_attempt_at=None).update(next_attempt_at=None, failures=0, last_error="")


def wake(company_id: int, *, now: datetime.datetime) -> None:
    """The company has a key that may be asked: what waits is tried at once."""
    if _rows(company_id).update(next_attempt_at=now):
        _come(company_id, 0)


def begin(company_id: int, *, ahead: bool, now: datetime.datetime) -> list[PendingAction]:
    """Ask for the signatures whose moment has come; the actions to carry out.

    Args:
        ahead: only for the first of them, to see whether the service is back.
    """
    with transaction.atomic():
        if not may_try(company_id):
            return []
        due = _rows(company_id).filter(next_attempt_at__lte=now).order_by("pk")
        rows = dict(due.values_list("document_id", "pk")[: 1 if ahead else AT_ONCE])
        if not rows:
            return []
        actor = workflow.system_actor(company_id)
        steps = [Step(document, ActionRequested(action=Action.SIGN), actor) for document in rows]
        told = workflow.advance_many(company_id, steps, now=now, jobs=False)
        # Who moved on, or is being signed at this moment by somebody's own press, needs nobody.
        settled(company_id, [pk for pk, each in zip(rows.values(), told, strict=True) if _refused(each)])
        return to_carry_out(told)


def is_due(company_id: int, *, now: datetime.datetime) -> bool:
    """Whether anything may be tried now."""
    return may_try(company_id) and _rows(company_id).filter(next_attempt_at__lte=now).exists()


def may_try(company_id: int) -> bool:
    """Whether there is a key and no person has to do anything about it first."""
    return SigningKey.objects.filter(company_id=company_id, active=True, blocked_at=None).exists()


def come_later(company_id: int, *, now: datetime.datetime) -> None:
    """Plan the job anew where it came before its moment (our clock was put back)."""
    until = resting_until(company_id, now=now)
    if until is not None:
        from fattorino.hub.tasks_keys import sign_again

        seconds = (until + AFTER - now).total_seconds()
        queue.defer_once(sign_again, lock=_lock(company_id), seconds=seconds, company_id=company_id)


def go_on(company_id: int) -> None:
    """Queue the job once more: not all that is due was tried yet."""
    _come(company_id, 0)


def forgotten(*, now: datetime.datetime, late: datetime.timedelta) -> list[int]:
    """Companies whose moment has passed so long ago; in the system's scope."""
    remote = SigningKey.objects.filter(active=True, blocked_at=None, kind=SigningKey.Kind.CSC)
    companies = list(remote.order_by("company_id").values_list("company_id", flat=True))
    return [each for each in companies if _rows(each).filter(next_attempt_at__lt=now - late).exists()]


def _come(company_id: int, seconds: float) -> None:
    from fattorino.hub.tasks_keys import sign_again  # the task calls this: imported where it is needed

    queue.defer(sign_again, lock=_lock(company_id), seconds=seconds, company_id=company_id)


def _lock(company_id: int) -> str:
    return f"sign_again:{company_id}"


def _refused(told: object) -> bool:
    return isinstance(getattr(told, "answer", None), Refusal)


def _unsigned(company_id: int) -> QuerySet[Submission]:
    return Submission.objects.filter(
        company_id=company_id, current=True, status=Submission.Status.VALIDATED, outgoing=None
    )


def _rows(company_id: int) -> QuerySet[Submission]:
    return _unsigned(company_id).exclude(next_attempt_at=None)
