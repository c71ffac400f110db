"""Looking after what should not happen: work that waits although no job will come for it."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import Q

from fattorino.hub.models import Channel, Collected, Consignment, Message, Submission, Transmission
from fattorino.organisations.scope import system_scope
from fattorino.workflow.queries import late_actions

Status = Submission.Status
BY_HAND = Channel.Kind.BY_HAND
UNDER_WAY = (*Consignment.NOT_AWAY, Consignment.Status.UNCERTAIN)
# Longer than any job may be late by itself: the queue's polling, a rescue, a slow answer of SdI.
LATE = datetime.timedelta(minutes=3)


class Waiting(NamedTuple):
    """What waits without a job: channels (company, channel); actions, submissions that have no channel yet, parcels and
    collected things (company, id); messages (id)."""

    channels: list[tuple[int, int]]
    messages: list[int]
    actions: list[tuple[int, int]]
    submissions: list[tuple[int, int]] = []
    parcels: list[tuple[int, int]] = []
    collected: list[tuple[int, int]] = []


def without_job(*, now: datetime.datetime, late: datetime.timedelta = LATE) -> Waiting:
    """What should have happened so long ago and has no job."""
    before = now - late
    # One in doubt that names no moment has nothing left in it that waits for the channel's word.
    unasked = Q(status__in=Consignment.NOT_AWAY, next_attempt_at=None)
    with system_scope():
        messages = Message.objects.filter(applied_at=None, received_at__lt=before).values_list(
            "pk", flat=True
        )
        waiting = _jobs()
        return Waiting(
            [
                (company, channel)
                for company, channel in _channels(before, now)
                if not {("hub.turn", channel), ("hub.wake", channel)} & waiting
            ],
            [m for m in messages[:1000] if ("hub.apply_message", m) not in waiting],
            [
                (company, action)
                for company, action in late_actions(before)
                if ("workflow.run_action", action) not in waiting
            ],
            list(
                Submission.objects.filter(channel=None, status__in=[Status.QUEUED, Status.SENDING])
                .filter(created_at__lt=before)
                .values_list("company_id", "pk")[:1000]
            ),
            [
                (company, pk)
                for company, pk in Consignment.objects.filter(created_at__lt=before)
                .filter(unasked | Q(status__in=UNDER_WAY, next_attempt_at__lt=before))
                .values_list("company_id", "pk")[:1000]
                if ("hub.hand_over", pk) not in waiting
            ],
            [
                (company, pk)
                for company, pk in Collected.objects.filter(read_at=None, received_at__lt=before).values_list(
                    "company_id", "pk"
                )[:1000]
                if ("hub.read_collected", pk) not in waiting
            ],
        )


def _channels(before: datetime.datetime, now: datetime.datetime) -> set[tuple[int, int]]:
    """Channels (company, id) on which something could be sent, or on which an attempt was left open."""
    rests = Q(channel__closed_until__gt=now) | Q(channel__kind=BY_HAND)
    rows = Submission.objects.filter(created_at__lt=before).exclude(rests).exclude(channel=None)
    queued = rows.filter(status=Status.QUEUED).filter(Q(next_attempt_at=None) | Q(next_attempt_at__lt=before))
    doubtful = rows.filter(status=Status.UNCERTAIN, next_attempt_at__lt=before)
    attempts = Transmission.objects.filter(outcome=Transmission.Outcome.OPEN, started_at__lt=before)
    attempts = attempts.filter(submission__consignment=None).exclude(channel=None)
    pairs = (
        query.values_list("company_id", "channel_id").distinct() for query in (queued, doubtful, attempts)
    )
    return {(company, channel) for query in pairs for company, channel in query}


def _jobs() -> set[tuple[str, int]]:
    """Task and the row it serves, of every job that waits or runs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select task_name, coalesce(args ->> 'channel_id', args ->> 'message_id', args ->> 'pending_id',"
            " args ->> 'consignment_id', args ->> 'collected_id')"
            " from procrastinate_jobs where status in ('todo', 'doing')"
            # Letters that wait together: as if each had a job of its own.
            " union all select 'hub.read_collected', jsonb_array_elements_text(args -> 'collected_ids')"
            " from procrastinate_jobs where status in ('todo', 'doing') and task_name = 'hub.read_letters'"
        )
        return {(task, int(row)) for task, row in cursor.fetchall() if row}
