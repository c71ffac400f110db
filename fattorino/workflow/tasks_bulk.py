"""*Invio massivo* in the background: some documents at a time, each step committed before the next."""

from __future__ import annotations

import logging
import time
import traceback

from django.db import InterfaceError, OperationalError
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from fattorino import clock
from fattorino.organisations.scope import company_scope, system_scope
from fattorino.workflow import acting, bulk
from fattorino.workflow.flows import bulk as runs
from fattorino.workflow.flows.pending import finish_many, take_many
from fattorino.workflow.models import PendingAction

log = logging.getLogger(__name__)

# Documents in one transaction: enough for few statements each, and nobody waits long for their locks.
AT_ONCE = 500
# Then the next job takes over, so that others get their turn and a worker that is stopped need not be killed.
SECONDS = 3.0
# The database went away: nothing was decided, so the same job is simply done again.
AGAIN = RetryStrategy(
    max_attempts=10, exponential_wait=2, retry_exceptions={OperationalError, InterfaceError}
)


@app.task(name="workflow.bulk", retry=AGAIN)
def carry_on(company_id: int, run_id: int) -> None:
    """Work on a run for a while; what a dead worker left under way comes first."""
    until = time.monotonic() + SECONDS
    while _resume(company_id, run_id) or _turn(company_id, run_id):
        if time.monotonic() > until:
            break
    else:
        return
    with company_scope(company_id):
        runs.continue_run(company_id, run_id)


def _resume(company_id: int, run_id: int) -> bool:
    with company_scope(company_id):
        ids = runs.left_open(company_id, run_id, AT_ONCE)
        pendings = take_many(ids, company_id) if ids else []
    carry_out(company_id, pendings)
    return bool(pendings)


def _turn(company_id: int, run_id: int) -> bool:
    try:
        with company_scope(company_id):
            turn = runs.begin_turn(company_id, run_id, AT_ONCE, now=clock.now())
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - the border of the job: one document must not hold up the others for ever
        log.error("run %s\n%s", run_id, traceback.format_exc())
        return _one(company_id, run_id)
    carry_out(company_id, turn.started)
    return turn.more


def _one(company_id: int, run_id: int) -> bool:
    """The next document by itself; the one whose turn cannot even begin is set aside."""
    try:
        with company_scope(company_id):
            turn = runs.begin_turn(company_id, run_id, 1, now=clock.now())
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - as above
        log.error("run %s\n%s", run_id, traceback.format_exc())
        with company_scope(company_id):
            return runs.give_up(company_id, run_id, acting.BROKEN, now=clock.now())
    carry_out(company_id, turn.started)
    return turn.more


def carry_out(company_id: int, pendings: list[PendingAction]) -> None:
    """Carry out these actions and all that runs on from them by itself."""
    while pendings:
        acted = acting.act_many(pendings, now=clock.now())
        try:
            with company_scope(company_id):
                pendings = finish_many(
                    acted.results, company_id, now=clock.now(), jobs=False, then_for_many=acted.then
                )
        except (OperationalError, InterfaceError):
            raise
        except Exception:  # noqa: BLE001 - the border of the job: one document must not hold up the others
            log.error("actions %s to %s\n%s", pendings[0].pk, pendings[-1].pk, traceback.format_exc())
            with company_scope(company_id):
                runs.hand_over(pendings)
            return


@app.periodic(cron="* * * * * */20", periodic_id="bulk_runs")
@app.task(name="workflow.bulk_runs", queueing_lock="workflow.bulk_runs")
def pick_up(timestamp: int) -> None:
    """A job for every run that has work and no job: its worker died too often, or somebody emptied the queue."""
    with system_scope():
        waiting = bulk.without_job()
    for company_id, run_id in waiting:
        with company_scope(company_id):
            runs.continue_run(company_id, run_id)
