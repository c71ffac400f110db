"""Turns: the queue is the table of submissions, and a job only says that a channel has something to send.

A channel has a few slots. The job of a slot takes the next files, sends them, and stands again behind the jobs of all
others while something is left: so companies and channels take turns, however much each has waiting.
"""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection, models
from django.db.models import Min
from django.db.models.functions import Coalesce

from fattorino.core.texts import say
from fattorino.documents import files
from fattorino.hub.channels.base import Outgoing
from fattorino.hub.flows import channels, health
from fattorino.hub.models import Channel, Submission, Transmission
from fattorino.organisations.rows import among, insert_rows
from fattorino.workflow import flows as workflow
from fattorino.workflow import queue

if TYPE_CHECKING:
    from collections.abc import Iterable

Status = Submission.Status
# Files that one slot sends at the same time, where a channel allows many.
WIDE = 16
# A single file goes before the thousands of an *invio massivo*.
BEHIND_OTHERS = -10

# Files of one parcel that are offered again: their documents are locked while it is made.
DOUBTFUL = 2_000

# Bytes of files that are in memory at the same time for one slot; a single one may be larger.
ROOM = 16_000_000

_TAKE = """
with next as (
    select s.id, s.priority, coalesce(f.size, 0) as size
    from hub_submission s left join documents_storedfile f on f.id = s.outgoing_id
    where s.company_id = %s and s.channel_id = %s and s.status = 'queued' and s.consignment_id is null
        and (s.next_attempt_at is null or s.next_attempt_at <= %s)
    order by s.priority desc, s.id limit %s for update of s skip locked
), summed as (
    select id, sum(size) over w as together, row_number() over w as place from next
    window w as (order by priority desc, id)
)
update hub_submission s set status = 'sending' from summed
where s.id = summed.id and (summed.together <= %s or summed.place = 1)
returning s.id, s.document_id, s.file_name, s.outgoing_id
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A submission that is on its way from now on: written down before the network is touched."""

    submission_id: int
    document_id: int
    file: Outgoing


def slots(channel: Channel) -> int:
    """How many jobs may send on it at the same time: two at least, so that two machines share the work."""
    if channel.kind in PARCELS:
        return 1
    return min(channel.concurrency, max(2, math.ceil(channel.concurrency / WIDE)))


def width(channel: Channel, slot: int) -> int:
    """How many files the slot sends at the same time; all slots together as many as the channel allows."""
    each, left = divmod(channel.concurrency, slots(channel))
    return each + (slot <= left)


# Ways on which files travel together: their parcels are numbered, so one at a time makes them.
PARCELS = frozenset({Channel.Kind.SDIFTP, Channel.Kind.PEC})


# ----------------------------------------------------------------------------------------------- into the queue


def enqueue(
    company_id: int, submissions: Sequence[Submission], *, now: datetime.datetime, priority: int = 0
) -> None:
    """Give these (signed, or given up before) their way and a place in its queue, in the caller's transaction."""
    by_channel: dict[Channel, list[Submission]] = {}
    ways = {d: channels.channel_for(company_id, d) for d in {s.document.dashboard for s in submissions}}
    for submission in submissions:
        by_channel.setdefault(ways[submission.document.dashboard], []).append(submission)
    for channel, rows in by_channel.items():
        waiting = Submission.objects.filter(among("pk", [s.pk for s in rows]), company_id=company_id)
        waiting.filter(status__in=[Status.SIGNED, Status.FAILED]).update(
            status=Status.QUEUED,
            channel=channel,
            consignment=None,
            priority=priority,
            failures=0,
            next_attempt_at=None,
            last_error="",
        )
        start(channel, [s.pk for s in rows], now=now, priority=priority)


def start(
    channel: Channel, submission_ids: Sequence[int], *, now: datetime.datetime, priority: int = 0
) -> None:
    """What follows when submissions have been put into the queue of this channel."""
    if channel.kind == Channel.Kind.BY_HAND:
        by_hand(channel.company_id, submission_ids, now=now)
    else:
        wake(channel, files=len(submission_ids), priority=priority)


def by_hand(company_id: int, submission_ids: Sequence[int], *, now: datetime.datetime) -> None:
    """These go by hand: a person takes them to SdI, and says so (hub.flows.by_hand)."""
    rows = Submission.objects.select_for_update().filter(
        pk__in=submission_ids, company_id=company_id, status=Status.QUEUED
    )
    documents = dict(rows.values_list("pk", "document_id"))
    Submission.objects.filter(pk__in=documents).update(status=Status.BY_HAND)
    text = say("Da trasmettere a mano: il canale dell'azienda è il portale dell'Agenzia delle Entrate.")
    lines = [workflow.Line(document, "HubByHand", text) for document in documents.values()]
    workflow.record_many(lines, workflow.system_actor(company_id), now=now)


def wake(channel: Channel, *, files: int = 1, priority: int = 0, slot: int = 0) -> None:
    """See that jobs come for these files, or one for this slot; in the transaction that queues them."""
    wanted = [slot] if slot else list(range(1, slots(channel) + 1))
    locks = {_lock(channel.pk, each): each for each in wanted}
    waiting, running = queue.hold_waiting(list(locks), priority=priority)
    needed = min(len(wanted), math.ceil(files / width(channel, 1)))
    free = [each for lock, each in locks.items() if lock not in waiting | running]
    busy = [each for lock, each in locks.items() if lock in running - waiting]
    # Behind one that runs, which may have looked already: at least one job must come that certainly has not.
    chosen = free[: max(0, needed - len(waiting))] or ([] if waiting else busy[:1])
    for each in chosen:
        _defer(channel, each, priority=priority)


def come_again(channel: Channel, slot: int, priority: int) -> None:
    """The slot's next turn, behind the jobs that wait now."""
    waiting, _ = queue.hold_waiting([_lock(channel.pk, slot)], priority=priority)
    if not waiting:
        _defer(channel, slot, priority=priority)


def adopt(company_id: int, submission_ids: Sequence[int], *, now: datetime.datetime) -> None:
    """Bring submissions that have no channel yet, from before there were several, into the queue of theirs."""
    rows = Submission.objects.filter(pk__in=submission_ids, company_id=company_id).select_related("document")
    for row in rows.filter(status__in=[Status.QUEUED, Status.SENDING, Status.UNCERTAIN]):
        channel = row.channel or channels.channel_for(company_id, row.document.dashboard)
        Submission.objects.filter(pk=row.pk, channel=None).update(channel=channel)
        row.transmissions.filter(channel=None).update(channel=channel)
        if row.status == Status.QUEUED and channel.kind == Channel.Kind.BY_HAND:
            by_hand(company_id, [row.pk], now=now)
        else:
            # Slot 0: an attempt of that time, whose process is dead.
            wake(channel, files=1)


def look_ahead(channel: Channel, *, now: datetime.datetime) -> None:
    """See that a job comes when the next file of this channel may be tried, in the transaction that says when."""
    from fattorino.hub.tasks_sending import wake_later  # as below

    rows = waiting_on(channel)
    at = rows.aggregate(at=Min(Coalesce("next_attempt_at", now)))["at"]
    if at is None:
        return
    if channel.closed_until is not None:
        at = max(at, channel.closed_until)
    seconds = max(0.0, (at - now).total_seconds(), health.next_room(channel, now=now))
    # A little later than the moment itself, so that the job does not come a blink too early and go home.
    seconds = math.ceil(seconds + 0.5)
    if not queue.planned(f"wake:{channel.pk}:%", within=seconds):
        lock = f"wake:{channel.pk}:{now.timestamp() + seconds:.0f}"
        queue.defer(
            wake_later, lock=lock, seconds=seconds, company_id=channel.company_id, channel_id=channel.pk
        )


def waiting_on(channel: Channel) -> models.QuerySet[Submission]:
    """What this channel has to send, now or later."""
    rows = Submission.objects.filter(company_id=channel.company_id, channel=channel)
    queued = rows.filter(status=Status.QUEUED, consignment=None)
    return queued | rows.filter(status=Status.UNCERTAIN, next_attempt_at__isnull=False)


def _defer(channel: Channel, slot: int, *, priority: int) -> None:
    from fattorino.hub.tasks_sending import turn  # the task calls these flows: imported where it is needed

    queue.defer(
        turn,
        lock=_lock(channel.pk, slot),
        priority=priority,
        company_id=channel.company_id,
        channel_id=channel.pk,
        slot=slot,
    )


def _lock(channel_id: int, slot: int) -> str:
    return f"channel:{channel_id}:{slot}"


# --------------------------------------------------------------------------------------------- out of the queue


def claim(channel: Channel, slot: int, *, now: datetime.datetime, most: int, room: int = 0) -> list[Claimed]:
    """Take the next files and write down that an attempt starts; in a transaction that ends before the network.

    Comes last in its transaction: it locks submissions without their documents, and waits for nobody.

    Args:
        room: bytes that they may have together, where they travel together.
    """
    free = health.room(channel, 1 if health.probing(channel) else most, now=now)
    if not free:
        return []
    taken = _doubtful(channel, min(free, DOUBTFUL) if room else free, room, now)
    if room:
        free = len(taken) or _fitting(channel, free, room, now)
    if len(taken) < free:
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, [channel.company_id, channel.pk, now, free - len(taken), room or ROOM])
            taken += cursor.fetchall()
    health.spend(channel, len(taken), now=now)
    insert_rows(
        [
            Transmission(
                company_id=channel.company_id, submission_id=pk, channel=channel, slot=slot, started_at=now
            )
            for pk, *_ in taken
        ]
    )
    contents = files.contents(channel.company_id, [outgoing for *_, outgoing in taken if outgoing])
    return [
        Claimed(pk, document, Outgoing(name, contents.get(outgoing or 0, b"")))
        for pk, document, name, outgoing in taken
    ]


def _fitting(channel: Channel, most: int, room: int, now: datetime.datetime) -> int:
    """How many of the next files have room together; the first always."""
    queued = waiting_on(channel).filter(status=Status.QUEUED).exclude(next_attempt_at__gt=now)
    sizes = queued.order_by("-priority", "pk").values_list("outgoing__size", flat=True)[:most]
    together = list(itertools.accumulate(size or 0 for size in sizes))
    return max(1, sum(each <= room for each in together))


_Taken = tuple[int, int, str, int | None]


def _doubtful(channel: Channel, most: int, room: int, now: datetime.datetime) -> list[_Taken]:
    """Files whose receipt has not come in time: offered again under the same name (decision 0004)."""
    due = Submission.objects.filter(
        company_id=channel.company_id, channel=channel, status=Status.UNCERTAIN, next_attempt_at__lte=now
    )
    next_ones = due.order_by("next_attempt_at", "pk").values_list("pk", "document_id", "outgoing__size")
    rows_found = list(next_ones[:most])
    together = itertools.accumulate(size or 0 for *_, size in rows_found)
    # Where they travel together what has no room waits for the next; the first always goes.
    found = {
        pk: document
        for number, ((pk, document, _), size) in enumerate(zip(rows_found, together, strict=True))
        if not number or not room or size <= room
    }
    if not found:
        return []
    # Whose document somebody holds, perhaps because its receipt has come, waits for the next turn.
    held = workflow.try_lock_many(list(found.values()))
    rows = list(due.select_for_update().filter(pk__in=found, document_id__in=held).order_by("document_id"))
    Submission.objects.filter(pk__in=[row.pk for row in rows]).update(
        status=Status.SENDING, offered_again=True, consignment=None
    )
    text = say(
        "Nessuna ricevuta: il file viene offerto di nuovo con lo stesso nome, che SdI accetta una volta sola."
    )
    lines = [workflow.Line(row.document_id, "HubOfferedAgain", text) for row in rows]
    workflow.record_many(lines, workflow.system_actor(channel.company_id), now=now)
    return [(row.pk, row.document_id, row.file_name, row.outgoing_id) for row in rows]


def left_open(company_id: int, channel_id: int, slot: int) -> Iterable[int]:
    """Submissions that an earlier turn of this slot was sending when it died (0: before there were turns)."""
    return (
        Transmission.objects.filter(
            company_id=company_id, channel_id=channel_id, outcome=Transmission.Outcome.OPEN
        )
        .filter(slot__in=[slot] if slot > 1 else [0, 1])
        .filter(submission__consignment=None)
        .values_list("submission_id", flat=True)
    )
