"""Parcels: files that travel together or inside something. Numbered, made and stored before the network is touched.

A parcel that is sealed was certainly not given away; one that was given away is settled by its answer, or by the
receipts of what is in it. Of one whose handing over ended in doubt the channel is asked; where it cannot say, what is
in it waits for receipts as any other file does (decision 0004). What is in it is settled some documents at a time, each
portion in a transaction of its own (inside.py, decision 0023).
"""

from __future__ import annotations

import datetime
import enum
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from fattorino.core.errors import ChannelError, FattorinoError
from fattorino.core.texts import say
from fattorino.hub.channels.base import ChannelPort, Fate, Outgoing, Parcel
from fattorino.hub.flows import channels, health, inside, outcome_travels, packing, transmit, turns
from fattorino.hub.flows.inside import Portion, Status
from fattorino.hub.models import Channel, Consignment, Submission
from fattorino.organisations.rows import update_rows
from fattorino.workflow import queue

# Files in one parcel and their bytes, whatever the way would bear: what is sealed stands in memory ten times over while
# it is signed, encrypted and stored. 6,000 signed invoices make the 15 MB from which several supports may lie together.
MOST, ROOM = 10_000, 50_000_000
# Letters that are made in one transaction, and the bytes of their files: what is not given away leaves no doubt, but
# whoever dies while he makes them makes them again. A file that is larger goes by itself.
LETTERS, LETTERS_ROOM = 50, 4_000_000
# How long before a channel is asked again what became of a parcel.
ASK_AGAIN = datetime.timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Errand:
    """A parcel to be handed over, or (`asking`) one of which it must be found out what became."""

    port: ChannelPort
    parcel: Parcel
    asking: bool


class Told(enum.Enum):
    """How far an answer has been passed on to what was in its parcel."""

    NOBODY = "no such parcel"
    SOME = "some of it, call again"
    ALL = "all of it"


# ------------------------------------------------------------------------------------------------------ sealing


def seal(
    channel_id: int, company_id: int, files: Sequence[Outgoing], *, now: datetime.datetime
) -> Consignment:
    """Make and keep what these files travel in, and queue its handing over, in the caller's transaction.

    Raises:
        ChannelError: they cannot travel (together), or not now.
    """
    with transaction.atomic():
        rows = Channel.objects.select_for_update(no_key=True)
        channel = rows.get(pk=channel_id, company_id=company_id)
        parcel = channels.port(channel).prepare(files, number=_number(channel, now), now=now)
        return _keep(channel, [parcel], now)[0]


def _keep(channel: Channel, parcels: Sequence[Parcel], now: datetime.datetime) -> list[Consignment]:
    rows = [
        Consignment(
            company_id=channel.company_id,
            channel=channel,
            name=parcel.name,
            content=parcel.content,
            created_at=now,
            status=Status.SEALED,
        )
        for parcel in parcels
    ]
    # A letter with one file has that file's name: offered again it takes the place of the first.
    Consignment.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["channel", "name"], update_fields=_SEALED_ANEW
    )
    _defer_many(rows)
    return rows


_SEALED_ANEW = (
    *("content", "created_at", "status", "failures", "answer", "next_attempt_at", "handed_over_at"),
    "answered_at",
)


def _number(channel: Channel, now: datetime.datetime) -> int:
    """The next number of this minute; the channel's row is locked."""
    minute = now.replace(second=0, microsecond=0)
    until = minute + datetime.timedelta(minutes=1)
    made = Consignment.objects.filter(channel=channel, created_at__gte=minute, created_at__lt=until)
    return made.count() + 1


def gathering(channel: Channel) -> bool:
    """A parcel of files has not been given away yet: those that come meanwhile go together in the next one. The
    channel is woken when that parcel is given away, refused, or in doubt."""
    if not channel.gathers:
        return False
    waiting = Consignment.objects.filter(channel=channel, status__in=Consignment.NOT_AWAY)
    return waiting.filter(submissions__isnull=False).exists()


def fill(channel: Channel, port: ChannelPort, *, now: datetime.datetime) -> bool:
    """Put the next waiting files into a parcel; whether there was anything to put.

    A file that cannot travel is given up by itself; where none can, the channel rests and no file has failed.
    """
    try:
        with transaction.atomic():
            Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
            if gathering(channel):
                return False
            taken = turns.claim(channel, 0, now=now, **_measure(channel, port))
            if not taken:
                return False
            bad = _seal_all(channel, port, taken, now)
    except ChannelError as error:
        if not error.no_room:
            health.note(channel, [error] * health.BREAKS_AT, now=now)
        return False
    if bad:
        transmit.settle(channel, bad, now=now)
    return True


def _measure(channel: Channel, port: ChannelPort) -> dict[str, int]:
    """How many of the next files are put into parcels in one transaction, and their bytes together."""
    most, room = (
        (LETTERS, LETTERS_ROOM) if _alone(channel, port) else (min(port.most, MOST), min(port.room, ROOM))
    )
    return {"most": 1 if health.probing(channel) else most, "room": room}


def _alone(channel: Channel, port: ChannelPort) -> bool:
    """Whether each file travels in a parcel of its own, and none waits for another."""
    return port.most == 1 and not channel.gathers


def _seal_all(
    channel: Channel, port: ChannelPort, files: list[turns.Claimed], now: datetime.datetime
) -> dict[int, ChannelError]:
    """Put these into one parcel, or into letters of their own; what is wrong with those that cannot travel."""
    together = [[each] for each in files] if _alone(channel, port) else [files]
    parcels: list[Parcel] = []
    inside_of: list[list[int]] = []
    bad: dict[int, ChannelError] = {}
    # Letters bear the name of their file: of those that went this minute nobody need ask.
    first = 1 if _alone(channel, port) else _number(channel, now)
    for number, some in enumerate(together, first):
        parcel, wrong = packing.packed(port, some, number, now)
        bad |= wrong
        if parcel is not None:
            parcels.append(parcel)
            inside_of.append([each.submission_id for each in some if each.submission_id not in wrong])
    rows = _keep(channel, parcels, now)
    places = [(pk, row.pk) for row, ids in zip(rows, inside_of, strict=True) for pk in ids]
    update_rows(Submission, channel.company_id, ("consignment",), places)
    return bad


def defer_hand_over(row: Consignment, *, seconds: float = 0) -> None:
    """Queue the handing over of a parcel, or the question what became of it."""
    from fattorino.hub.tasks_sending import hand_over  # the task calls these flows

    queue.defer(
        hand_over,
        lock=f"parcel:{row.pk}",
        seconds=seconds,
        company_id=row.company_id,
        consignment_id=row.pk,
    )


def _defer_many(rows: Sequence[Consignment]) -> None:
    from fattorino.hub.tasks_sending import hand_over  # as above

    # One that is made again may have been planned to be asked about.
    jobs = [(f"parcel:{row.pk}", {"company_id": row.company_id, "consignment_id": row.pk}) for row in rows]
    queue.defer_many(hand_over, jobs, sooner=True)


def _come_later(row: Consignment, seconds: float) -> None:
    from fattorino.hub.tasks_sending import hand_over  # as above

    queue.defer_once(
        hand_over,
        lock=f"parcel:{row.pk}",
        seconds=seconds,
        company_id=row.company_id,
        consignment_id=row.pk,
    )


# ------------------------------------------------------------------------------------------------- handing over


def begin(consignment_id: int, company_id: int, *, now: datetime.datetime) -> Errand | None:
    """Write down that a parcel is handed over now; None where there is nothing to do."""
    with transaction.atomic(savepoint=False):
        rows = Consignment.objects.filter(pk=consignment_id, company_id=company_id).exclude(
            status=Status.SENDING
        )
        row = rows.select_for_update(of=("self",)).select_related("channel").defer("content").first()
        if row is None:
            # The process that was giving it away died. Its documents are locked before it is.
            _interrupted(consignment_id, company_id, now)
            return None
        if row.status not in (Status.SEALED, Status.UNCERTAIN):
            return None
        if row.next_attempt_at and now < row.next_attempt_at:
            # Our clock was put back: when a job comes is decided by that of the database.
            _come_later(row, (row.next_attempt_at - now).total_seconds())
            return None
        if health.resting(row.channel, now):
            _wait(row, row.channel.closed_until or now, now)
            return None
        try:
            port = channels.port(row.channel)
        except FattorinoError as error:
            # Nothing could be sent on it: the channel rests, as in its turn, and what is in here has not failed.
            failure = ChannelError(error.message, error.hint, uncertain=False)
            health.note(row.channel, [failure] * health.BREAKS_AT, now=now)
            _wait(row, now + ASK_AGAIN, now)
            return None
        asking = row.status == Status.UNCERTAIN
        if not asking:
            row.status, row.next_attempt_at = Status.SENDING, None
            row.save(update_fields=["status", "next_attempt_at"])
        parcel = Parcel(row.name, bytes(row.content), inside.names(row))
        return Errand(port, parcel, asking)


def _interrupted(consignment_id: int, company_id: int, now: datetime.datetime) -> None:
    with inside.portion(consignment_id, company_id, inside.SENT) as some:
        if some is not None and some.row.status == Status.SENDING and _doubt(some, transmit.INTERRUPTED, now):
            _come_later(some.row, 0)


def handed_over(consignment_id: int, company_id: int, *, now: datetime.datetime, after: int = 0) -> int:
    """It was given away; what is in it waits for the answer, or for its receipts.

    That it is given away is written down first, for the whole: nothing of it is in doubt any more. Then what is in it
    is told, some at a time.

    Args:
        after: the document up to which it has been told.

    Returns: the next `after`; 0 where all is told.
    """
    with inside.portion(consignment_id, company_id, after=after) as some:
        if some is None or some.row.status not in (Status.SENDING, Status.UNCERTAIN, Status.HANDED_OVER):
            return 0
        again = some.row.status == Status.HANDED_OVER
        if not again:
            inside.put(some.row, Status.HANDED_OVER, handed_over_at=now)
            outcome_travels.handed_over(some.row, inside.away(some.row), now=now)
            health.note(some.row.channel, [inside.TAKEN], now=now)
        inside.tell_handed_over(some, again=again, now=now)
        return some.next


def go_on_telling(consignment_id: int, company_id: int, *, now: datetime.datetime, after: int = 0) -> int:
    """The rest of `handed_over`, where somebody died in the middle of telling it."""
    away = Consignment.objects.filter(pk=consignment_id, company_id=company_id, status=Status.HANDED_OVER)
    return handed_over(consignment_id, company_id, now=now, after=after) if away.exists() else 0


def not_handed_over(
    consignment_id: int, company_id: int, error: ChannelError, *, now: datetime.datetime, after: int = 0
) -> int:
    """Giving it away did not end well: later again, in doubt, or what is in it is free again. As `handed_over`."""
    among = inside.SENT if error.uncertain else inside.WAITING
    with inside.portion(consignment_id, company_id, among, after=after) as some:
        if some is None or some.row.status != Status.SENDING:
            return 0
        row = some.row
        if not after:
            health.note(row.channel, [error], now=now)
        pauses = settings.HUB_RETRY_PAUSES
        if error.uncertain:
            return _doubt(some, error.text, now)
        if error.no_room or (not error.permanent and row.failures < len(pauses)):
            # Where there is only no room it is a visit that is waited for, not a fault that passes.
            pause = health.jittered(pauses[min(row.failures + error.no_room, len(pauses) - 1)])
            row.failures += not error.no_room
            row.answer = error.text
            row.status = Status.SEALED
            row.save(update_fields=["failures", "answer", "status"])
            _wait(row, now + datetime.timedelta(seconds=pause), now)
            return 0
        return inside.free(some, error, now)


def found_out(
    consignment_id: int, company_id: int, fate: Fate, *, now: datetime.datetime, after: int = 0
) -> int:
    """What the channel says of a parcel that was in doubt. As `handed_over`."""
    if fate == "sent":
        return handed_over(consignment_id, company_id, now=now, after=after)
    with inside.portion(consignment_id, company_id, after=after) as some:
        if some is None or some.row.status != Status.UNCERTAIN:
            return 0
        if fate == "not_sent":
            error = ChannelError(say("Certamente non consegnato al canale."), uncertain=False)
            return inside.free(some, error, now)
        if some.files or outcome_travels.wait_for_word(some.row):
            _wait(some.row, now + ASK_AGAIN, now)
        else:
            # What was in it has gone on by itself: nobody asks any more.
            inside.put(some.row, Status.UNCERTAIN, next_attempt_at=None)
        return 0


def answered(
    channel: Channel, name: str, taken: bool, text: str, *, now: datetime.datetime, doubtful: bool = False
) -> Told:
    """What became of the parcel of this name: told to some of what is in it, so to be called again, each time in a
    transaction of its own, until it is told to all.

    Args:
        doubtful: not taken now, perhaps later: what is in it waits for its receipts, and only then is offered again.
    """
    rows = Consignment.objects.filter(channel=channel, company_id=channel.company_id, name=name)
    found = rows.values_list("pk", flat=True).first()
    if found is None:
        return Told.NOBODY
    # What waits for its receipt already goes on waiting.
    among = inside.SENT if doubtful and not taken else inside.WAITING
    with inside.portion(found, channel.company_id, among) as some:
        if some is None or some.row.status in (Status.TAKEN, Status.REFUSED):
            return Told.ALL
        if taken:
            left = inside.taken(some, text, now)
        else:
            left = inside.free(some, ChannelError(text, uncertain=doubtful), now)
        return Told.SOME if left else Told.ALL


def _doubt(some: Portion, text: str, now: datetime.datetime) -> int:
    left = inside.doubt(some, text, now)
    if not left:
        _wait(some.row, now, now)
    return left


def _wait(row: Consignment, until: datetime.datetime, now: datetime.datetime) -> None:
    row.next_attempt_at = until
    row.save(update_fields=["next_attempt_at"])
    defer_hand_over(row, seconds=max(1.0, (until - now).total_seconds() + 0.5))
