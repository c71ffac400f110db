"""Background jobs of the Hub, and the rescue of jobs whose worker died."""

from __future__ import annotations

import logging
import traceback
from typing import Any

from django.db import InterfaceError, OperationalError
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from fattorino import clock
from fattorino.core.texts import say
from fattorino.hub import (
    tasks_channels,  # noqa: F401 - the queue knows only what is imported from here
    tasks_collecting,  # noqa: F401
    tasks_keys,  # noqa: F401
    tasks_outcomes,  # noqa: F401
    tasks_remote,  # noqa: F401
    tasks_sending,  # noqa: F401
    tasks_terms,  # noqa: F401
)
from fattorino.hub.flows import maintenance, receive, silent_letters, synchronise

log = logging.getLogger(__name__)

# The database went away: nothing was decided, so the same job is simply done again.
AGAIN = RetryStrategy(
    max_attempts=10, exponential_wait=2, retry_exceptions={OperationalError, InterfaceError}
)
RESCUE_AFTER = 6  # seconds without a heartbeat; workers beat every 2
RESCUE_LIMIT = 20  # times a job may die with its worker before a person must look


@app.task(name="hub.apply_message", retry=AGAIN)
def apply_message(message_id: int) -> None:
    """Read and apply one message of SdI."""
    try:
        receive.apply_message(message_id, now=clock.now())
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - the border of the job: what SdI sent is never lost nor retried for ever
        log.error("message %s\n%s", message_id, traceback.format_exc())
        why = say(
            "Il messaggio non si è potuto applicare per un errore interno, annotato nel registro: da abbinare a "
            "mano."
        )
        receive.set_aside(message_id, why, now=clock.now())


@app.periodic(cron="* * * * *", periodic_id="sweep")
@app.task(name="hub.sweep", lock="hub.sweep", queueing_lock="hub.sweep")
def sweep(timestamp: int) -> None:
    """Put back into the queue what waits without a job. Jobs are deferred in the transaction of the row they serve,
    so this finds something only after a fault nobody thought of; then nothing stays stuck. And letters of which nothing
    was heard any more."""
    synchronise.requeue(maintenance.without_job(now=clock.now()))
    silent_letters.doubt(now=clock.now())


@app.periodic(cron="* * * * * */3", periodic_id="rescue")
@app.task(name="hub.rescue", queueing_lock="hub.rescue", pass_context=True)
async def rescue(context: Any, timestamp: int) -> None:
    """Give the jobs of dead workers back to living ones; stop those that kill every worker."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=RESCUE_AFTER):
        try:
            await _rescue(manager, job)
        except ConnectorException as exc:
            # Another worker was quicker, or it was not dead after all; the other jobs must not wait for this one.
            log.warning("job %s (%s) not rescued: %s", job.id, job.task_name, exc.__cause__ or exc)


async def _rescue(manager: JobManager, job: Job) -> None:
    if job.task_name in CLOCKWORK:
        # The clock has made another one since.
        await manager.finish_job(job, status=Status.ABORTED, delete_job=False)
    elif job.attempts >= RESCUE_LIMIT:
        log.error("job %s (%s) died %s times, given up", job.id, job.task_name, job.attempts)
        await manager.finish_job(job, status=Status.FAILED, delete_job=False)
    else:
        try:
            await manager.retry_job(job)
        except UniqueViolation:
            # An equal job waits for the lock that this one holds: it will do the work.
            await manager.finish_job(job, status=Status.ABORTED, delete_job=False)


@app.periodic(cron="7 * * * *", periodic_id="tidy")
@app.task(name="hub.tidy", queueing_lock="hub.tidy", pass_context=True)
async def tidy(context: Any, timestamp: int) -> None:
    """Forget jobs that are done: the clock alone makes thirty thousand a day. What failed stays for a month."""
    manager = context.app.job_manager
    await manager.delete_old_jobs(nb_hours=24, include_cancelled=True, include_aborted=True)
    await manager.delete_old_jobs(nb_hours=30 * 24, include_failed=True)


CLOCKWORK = frozenset({rescue.name, sweep.name, tidy.name})
