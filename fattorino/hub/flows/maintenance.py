"""Looking after what should not happen: work that waits although no job will come for it."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import Q

from fattorino.hub.models import Message, Submission
from fattorino.organisations.scope import system_scope
from fattorino.workflow.queries import late_actions

Status = Submission.Status
# Longer than any job may be late by itself: the queue's polling, a rescue, a slow answer of SdI.
LATE = datetime.timedelta(minutes=3)


class Waiting(NamedTuple):
    """Submissions (company, id), messages (id) and actions (company, id) that wait without a job."""

    submissions: list[tuple[int, int]]
    messages: list[int]
    actions: list[tuple[int, int]]


def without_job(*, now: datetime.datetime, late: datetime.timedelta = LATE) -> Waiting:
    """What should have happened so long ago and has no job."""
    before = now - late
    with system_scope():
        submissions = (
            Submission.objects.filter(status__in=[Status.QUEUED, Status.SENDING, Status.UNCERTAIN])
            .filter(created_at__lt=before)
            .filter(Q(next_attempt_at=None) | Q(next_attempt_at__lt=before))
            .values_list("company_id", "pk")[:1000]
        )
        messages = Message.objects.filter(applied_at=None, received_at__lt=before).values_list(
            "pk", flat=True
        )
        waiting = _jobs()
        return Waiting(
            [(c, s) for c, s in submissions if ("hub.transmit", s) not in waiting],
            [m for m in messages[:1000] if ("hub.apply_message", m) not in waiting],
            [
                (company, action)
                for company, action in late_actions(before)
                if ("workflow.run_action", action) not in waiting
            ],
        )


def _jobs() -> set[tuple[str, int]]:
    """Task and the row it serves, of every job that waits or runs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select task_name, coalesce(args ->> 'submission_id', args ->> 'message_id', args ->> 'pending_id')"
            " from procrastinate_jobs where status in ('todo', 'doing')"
        )
        return {(task, int(row)) for task, row in cursor.fetchall() if row}
