"""Jobs are queued on the connection, and so in the transaction, of whoever calls: inside the worker too.

Procrastinate's worker puts a connection pool of its own in the place of the app's connector. A plain `task.defer` in a
task is then committed at once, before the row that the job serves: another slot of the worker may run it too early,
find nothing to do, and the row waits for a job that is gone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from django.db import connection
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.manager import JobManager
from procrastinate.tasks import Task

_manager = JobManager(DjangoConnector())
# Of jobs with the same lock the oldest goes first, and Procrastinate lets the others wait for it even where it is
# planned for tomorrow. It is harmless too early: it looks at its row and plans itself again.
_SOONER = """
update procrastinate_jobs set scheduled_at = now() + make_interval(secs => %s)
where status = 'todo' and lock = any(%s) and scheduled_at > now() + make_interval(secs => %s)
"""
# Seconds: whoever waited so long need not care whether it is a little longer.
ABOUT = 2


def defer(
    task: Task[Any, Any, Any],
    *,
    lock: str,
    seconds: float = 0,
    queueing_lock: str | None = None,
    priority: int = 0,
    **arguments: Any,
) -> None:
    """Queue a job.

    Args:
        lock: jobs with the same lock run one after the other; those planned for later come as soon as this one.
        seconds: not before then, in whole seconds rounded up.
        queueing_lock: at most one such job waits.
        priority: those with a greater number go first.

    Raises:
        procrastinate.exceptions.AlreadyEnqueued: one with this queueing lock waits.
    """
    seconds = math.ceil(seconds)
    job = task.configure(
        lock=lock,
        queueing_lock=queueing_lock,
        priority=priority,
        schedule_in={"seconds": seconds} if seconds else None,
    )
    with connection.cursor() as cursor:
        cursor.execute(_SOONER, [seconds, [lock], seconds])
    job.job_manager = _manager
    job.defer(**arguments)


def defer_once(task: Task[Any, Any, Any], *, lock: str, seconds: float, **arguments: Any) -> None:
    """Queue a job for who came too early, unless one with this lock is planned until then.

    Too early is who was called by the database's clock while ours was put back. Each of several that come so would
    otherwise call another one, for ever.
    """
    seconds = math.ceil(max(0.0, seconds) + 0.5)
    if not planned(lock, within=seconds + ABOUT):
        defer(task, lock=lock, seconds=seconds, **arguments)


def defer_many(
    task: Task[Any, Any, Any],
    jobs: Sequence[tuple[str, dict[str, Any]]],
    *,
    priority: int = 0,
    sooner: bool = False,
) -> None:
    """Queue many jobs, each with its lock and its arguments, in one statement.

    Args:
        sooner: jobs with the same locks may be planned for later; they come as soon as these, as with `defer`.
    """
    if jobs and sooner:
        with connection.cursor() as cursor:
            cursor.execute(_SOONER, [0, [lock for lock, _ in jobs], 0])
    if jobs:
        _manager.batch_defer_jobs(
            [task.configure(lock=lock, priority=priority).make_new_job(**given) for lock, given in jobs]
        )


def planned(lock: str, *, within: float) -> bool:
    """Whether a job whose lock is like this (% for anything) waits and will begin within so many seconds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select 1 from procrastinate_jobs where status = 'todo' and lock like %s"
            " and (scheduled_at is null or scheduled_at <= clock_timestamp() + make_interval(secs => %s))"
            " limit 1 for key share",
            [lock, within],
        )
        return cursor.fetchone() is not None


def hold_waiting(locks: Sequence[str], *, priority: int) -> tuple[set[str], set[str]]:
    """Which of these locks have a job that waits, with this priority at least, and which have one that runs.

    A job that waits and is told here will see what the caller's transaction writes: it is not taken before that has
    ended. Of one that runs this is not certain.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select lock from procrastinate_jobs where status = 'todo' and lock = any(%s) and priority >= %s"
            " and (scheduled_at is null or scheduled_at <= now()) for key share",
            [list(locks), priority],
        )
        waiting = {str(lock) for (lock,) in cursor.fetchall()}
        cursor.execute(
            "select lock from procrastinate_jobs where status = 'doing' and lock = any(%s)", [list(locks)]
        )
        return waiting, {str(lock) for (lock,) in cursor.fetchall()}
