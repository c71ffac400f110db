"""Carrying out what was begun. No transaction is open here; what goes wrong becomes an outcome that a person sees."""

from __future__ import annotations

import datetime
import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.db import InterfaceError, OperationalError

from fattorino.core.errors import FattorinoError
from fattorino.core.texts import say
from fattorino.core.workflow.definition import Action
from fattorino.workflow import actions
from fattorino.workflow.actions import ActionResult, ActionRun, ManyFunction
from fattorino.workflow.models import PendingAction

log = logging.getLogger(__name__)

BROKEN = say(
    "L'operazione si è interrotta per un errore interno, annotato nel registro del servizio. "
    "Riprovare; se si ripete, avvisare l'assistenza."
)


@dataclass(frozen=True, slots=True)
class Acted:
    """How the actions ended, by number, and what is to be called with those that ended well (flows.finish_many)."""

    results: dict[int, ActionResult] = field(default_factory=dict)
    then: list[Callable[[list[PendingAction]], None]] = field(default_factory=list)


def act(pending: PendingAction, *, now: datetime.datetime) -> ActionResult:
    """Carry out one action.

    Raises:
        OperationalError, InterfaceError: the database went away, nothing is known.
    """
    run = _run(pending, now)
    try:
        return actions.table()[run.action](run)
    except (OperationalError, InterfaceError):
        raise
    except FattorinoError as exc:
        return ActionResult(False, str(exc))
    except Exception:  # noqa: BLE001 - the border of the job: a person must see that it failed, not wait for ever
        log.error("action %s of document %s\n%s", run.action, run.document_id, traceback.format_exc())
        return ActionResult(False, BROKEN)


def act_many(pendings: Sequence[PendingAction], *, now: datetime.datetime) -> Acted:
    """Carry out many actions of one company, equal ones together where that is known how. Raises as `act`."""
    acted = Acted()
    for name in dict.fromkeys(pending.action for pending in pendings):
        together = [pending for pending in pendings if pending.action == name]
        many = actions.table_for_many().get(Action(name))
        if many is None or not _together(many, together, acted, now):
            acted.results.update({pending.pk: act(pending, now=now) for pending in together})
    return acted


def _together(
    many: ManyFunction, pendings: list[PendingAction], acted: Acted, now: datetime.datetime
) -> bool:
    """Whether it went well; else one of them disturbs the others, and each must be carried out by itself."""
    runs = {pending.pk: _run(pending, now) for pending in pendings}
    try:
        done = many(list(runs.values()))
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - as in `act`
        log.error("%s actions %s together\n%s", len(runs), pendings[0].action, traceback.format_exc())
        return False
    acted.results.update(zip(runs, done.results, strict=True))
    then = done.then
    if then:
        acted.then.append(lambda ended: then([runs[p.pk] for p in ended if p.pk in runs]))
    return True


def _run(pending: PendingAction, now: datetime.datetime) -> ActionRun:
    return ActionRun(pending.company_id, pending.document_id, pending.run, Action(pending.action), now)
