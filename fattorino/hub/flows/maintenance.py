"""Looking after what should not happen: work that waits although no job will come for it."""

from __future__ import annotations

import datetime

from django.db import connection
from django.db.models import Q

from fattorino.hub.models import Message, Submission
from fattorino.organisations.scope import system_scope
from fattorino.workflow.queries import late_actions

Status = Submission.Status
# Longer than any job may be late by itself: the queue's polling, a rescue, a slow answer of SdI.
LATE = datetime.timedelta(minutes=3)


def without_job(
    *, now: datetime.datetime
) -> tuple[list[tuple[int, int]], list[int], list[tuple[int, int, int]]]:
    """Submissions (company, id), messages (id) and actions (company, document, id) that wait without a job."""
    late = now - LATE
    with system_scope():
        submissions = (
            Submission.objects.filter(status__in=[Status.QUEUED, Status.SENDING, Status.UNCERTAIN])
            .filter(created_at__lt=late)
            .filter(Q(next_attempt_at=None) | Q(next_attempt_at__lt=late))
            .values_list("company_id", "pk")[:1000]
        )
        messages = Message.objects.filter(applied_at=None, received_at__lt=late).values_list("pk", flat=True)
        return (
            [(c, s) for c, s in submissions if not _has_job("hub.transmit", "submission_id", s)],
            [m for m in messages[:1000] if not _has_job("hub.apply_message", "message_id", m)],
            [
                (company, document, action)
                for company, document, action in late_actions(late)
                if not _has_job("workflow.run_action", "pending_id", action)
            ],
        )


def _has_job(task: str, argument: str, value: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select 1 from procrastinate_jobs where task_name = %s"
            " and status in ('todo', 'doing') and args ->> %s = %s)",
            [task, argument, str(value)],
        )
        row = cursor.fetchone()
    return bool(row and row[0])
