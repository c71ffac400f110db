"""Parcels: files that travel together or inside something. Numbered, made and stored before the network is touched.

A parcel that is sealed was certainly not given away; one that was given away is settled by its answer, or by the
receipts of what is in it. Of one whose handing over ended in doubt the channel is asked; where it cannot say, what is
in it waits for receipts as any other file does (decision 0004).
"""

from __future__ import annotations

import datetime
import logging
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from fattorino.core.errors import ChannelError
from fattorino.core.texts import say
from fattorino.hub.channels.base import Accepted, ChannelPort, Fate, Outgoing, Parcel
from fattorino.hub.flows import channels, health, transmit, turns
from fattorino.hub.models import Channel, Consignment, Submission, Transmission
from fattorino.workflow import flows as workflow
from fattorino.workflow import queue

log = logging.getLogger(__name__)
Status = Consignment.Status
Outcome = Transmission.Outcome
# Files in one parcel, whatever the way would bear: they are settled in one transaction.
MOST = 500
# How long before a channel is asked again what became of a parcel.
ASK_AGAIN = datetime.timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Errand:
    """A parcel to be handed over, or (`asking`) one of which it must be found out what became."""

    port: ChannelPort
    parcel: Parcel
    asking: bool


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
        return _seal(channel, channels.port(channel), files, now)


def _seal(
    channel: Channel, port: ChannelPort, files: Sequence[Outgoing], now: datetime.datetime
) -> Consignment:
    parcel = port.prepare(files, number=_number(channel, now), now=now)
    # A letter with one file has that file's name: offered again it takes the place of the first.
    row, _ = Consignment.objects.update_or_create(
        channel=channel,
        name=parcel.name,
        defaults={
            **{"company_id": channel.company_id, "content": parcel.content, "created_at": now},
            **{"status": Status.SEALED, "failures": 0, "answer": "", "next_attempt_at": None},
            **{"handed_over_at": None, "answered_at": None},
        },
    )
    defer_hand_over(row)
    return row


def _number(channel: Channel, now: datetime.datetime) -> int:
    """The next number of this minute; the channel's row is locked."""
    minute = now.replace(second=0, microsecond=0)
    until = minute + datetime.timedelta(minutes=1)
    made = Consignment.objects.filter(channel=channel, created_at__gte=minute, created_at__lt=until)
    return made.count() + 1


def fill(channel: Channel, port: ChannelPort, *, now: datetime.datetime) -> bool:
    """Put the next waiting files into a parcel; whether there was anything to put.

    A file that cannot travel is given up by itself; where none can, the channel rests and no file has failed.
    """
    try:
        with transaction.atomic():
            Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
            taken = turns.claim(
                channel,
                0,
                now=now,
                most=1 if health.probing(channel) else min(port.most, MOST),
                room=port.room,
            )
            if not taken:
                return False
            bad = _bad(port, taken, _number(channel, now), now)
            good = [each for each in taken if each.submission_id not in bad]
            if good:
                row = _seal(channel, port, [each.file for each in good], now)
                ids = [each.submission_id for each in good]
                Submission.objects.filter(pk__in=ids).update(consignment=row)
    except ChannelError as error:
        if not error.no_room:
            health.note(channel, [error] * health.BREAKS_AT, now=now)
        return False
    if bad:
        transmit.settle(channel, bad, now=now)
    return True


def _bad(
    port: ChannelPort, files: list[turns.Claimed], number: int, now: datetime.datetime
) -> dict[int, ChannelError]:
    """Those that cannot travel, found by halving; raises ChannelError where it is not for a file's own fault."""
    try:
        port.prepare([each.file for each in files], number=number, now=now)
    except ChannelError as error:
        if not error.of_file:
            raise
        if len(files) == 1:
            return {files[0].submission_id: error}
    except Exception:  # noqa: BLE001 - a file that breaks the program must not keep the others here
        log.error("parcel of channel\n%s", traceback.format_exc())
        if len(files) == 1:
            text = say("Errore interno nella preparazione dell'invio, annotato nel registro: non inviato.")
            broken = ChannelError(text, uncertain=False, permanent=True, of_file=True)
            return {files[0].submission_id: broken}
    else:
        return {}
    half = len(files) // 2
    return _bad(port, files[:half], number, now) | _bad(port, files[half:], number, now)


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


# ------------------------------------------------------------------------------------------------- handing over


def begin(consignment_id: int, company_id: int, *, now: datetime.datetime) -> Errand | None:
    """Write down that a parcel is handed over now; None where there is nothing to do."""
    with transaction.atomic():
        row = _locked(consignment_id, company_id)
        if row is None or (row.next_attempt_at and now < row.next_attempt_at):
            return None
        if row.status == Status.SENDING:
            # The process that was giving it away died.
            _doubt(row, transmit.INTERRUPTED, now)
            return None
        if row.status not in (Status.SEALED, Status.UNCERTAIN):
            return None
        if health.resting(row.channel, now):
            _wait(row, row.channel.closed_until or now, now)
            return None
        asking = row.status == Status.UNCERTAIN
        if not asking:
            row.status, row.next_attempt_at = Status.SENDING, None
            row.save(update_fields=["status", "next_attempt_at"])
        parcel = Parcel(row.name, bytes(row.content), _names(row))
        return Errand(channels.port(row.channel), parcel, asking)


def handed_over(consignment_id: int, company_id: int, *, now: datetime.datetime) -> None:
    """It was given away; what is in it waits for the answer, or for its receipts."""
    with _settling(consignment_id, company_id) as row:
        if row is None or row.status not in (Status.SENDING, Status.UNCERTAIN):
            return
        _reopen(row)
        _set(row, Status.HANDED_OVER, handed_over_at=now)
        health.note(row.channel, [Accepted()], now=now)
        text = say("Consegnato al canale dentro «{name}»: si attende la risposta.", name=row.name)
        lines = [workflow.Line(each.document_id, "HubHandedOver", text) for each in _inside(row)]
        workflow.record_many(lines, workflow.system_actor(company_id), now=now)


def not_handed_over(
    consignment_id: int, company_id: int, error: ChannelError, *, now: datetime.datetime
) -> None:
    """Giving it away did not end well: later again, in doubt, or what is in it is free again."""
    with _settling(consignment_id, company_id) as row:
        if row is None or row.status != Status.SENDING:
            return
        health.note(row.channel, [error], now=now)
        pauses = settings.HUB_RETRY_PAUSES
        if error.uncertain:
            _doubt(row, error.text, now)
        elif error.no_room or (not error.permanent and row.failures < len(pauses)):
            pause = health.jittered(pauses[min(row.failures, len(pauses) - 1)])
            row.failures += not error.no_room
            row.answer = error.text
            row.status = Status.SEALED
            row.save(update_fields=["failures", "answer", "status"])
            _wait(row, now + datetime.timedelta(seconds=pause), now)
        else:
            _free(row, error, now)


def found_out(consignment_id: int, company_id: int, fate: Fate, *, now: datetime.datetime) -> None:
    """What the channel says of a parcel that was in doubt."""
    if fate == "sent":
        handed_over(consignment_id, company_id, now=now)
        return
    with _settling(consignment_id, company_id) as row:
        if row is None or row.status != Status.UNCERTAIN:
            return
        if fate == "not_sent":
            _reopen(row)
            _free(row, ChannelError(say("Certamente non consegnato al canale."), uncertain=False), now)
        elif _inside(row):
            # What is in it goes on by itself when its own wait is over; then nobody asks any more.
            _wait(row, now + ASK_AGAIN, now)


def answered(
    channel: Channel, name: str, taken: bool, text: str, *, now: datetime.datetime, doubtful: bool = False
) -> bool:
    """What became of the parcel of this name; False where there is none.

    Args:
        doubtful: not taken now, perhaps later: what is in it waits for its receipts, and only then is offered again.
    """
    found = Consignment.objects.filter(channel=channel, company_id=channel.company_id, name=name).first()
    if found is None:
        return False
    with _settling(found.pk, channel.company_id) as row:
        if row is None or row.status in (Status.TAKEN, Status.REFUSED):
            return True
        _reopen(row)
        if not taken:
            _free(row, ChannelError(text, uncertain=doubtful), now)
            return True
        _set(row, Status.TAKEN, answer=text, answered_at=now)
        transmit.settle(channel, {each.pk: Accepted() for each in _inside(row)}, now=now, note=False)
        _tell_outcomes(row, True, text, now)
        return True


# -------------------------------------------------------------------------------------------------- what is in it


def _doubt(row: Consignment, text: str, now: datetime.datetime) -> None:
    error = ChannelError(text, uncertain=True)
    transmit.settle(row.channel, {each.pk: error for each in _inside(row)}, now=now, note=False)
    _set(row, Status.UNCERTAIN, answer=text)
    _wait(row, now, now)


def _free(row: Consignment, error: ChannelError, now: datetime.datetime) -> None:
    """It certainly was not taken: what is in it is tried again in another one, or given up."""
    inside = _inside(row)
    _set(row, Status.REFUSED, answer=error.text, answered_at=now)
    transmit.settle(row.channel, {each.pk: error for each in inside}, now=now, note=False)
    _tell_outcomes(row, False, error.text, now, doubtful=error.uncertain)


def _tell_outcomes(
    row: Consignment, taken: bool, text: str, now: datetime.datetime, *, doubtful: bool = False
) -> None:
    from fattorino.hub.flows import outcomes  # it seals through this module

    outcomes.consignment_settled(row.pk, row.company_id, taken, text, now=now, doubtful=doubtful)


def _inside(row: Consignment) -> list[Submission]:
    """The submissions that still wait in it: a receipt may have settled one before."""
    waiting = [Submission.Status.SENDING, Submission.Status.UNCERTAIN]
    return list(Submission.objects.filter(consignment=row, status__in=waiting).order_by("document_id"))


def _reopen(row: Consignment) -> None:
    """What was in doubt is under way again, as if the answer had come at once."""
    doubtful = Submission.objects.filter(consignment=row, status=Submission.Status.UNCERTAIN)
    ids = list(doubtful.values_list("pk", flat=True))
    tries = Transmission.objects.filter(submission_id__in=ids, slot=0, outcome=Outcome.UNKNOWN)
    last = tries.order_by().values("submission_id").annotate(last=Max("pk")).values_list("last", flat=True)
    Transmission.objects.filter(pk__in=list(last)).update(outcome=Outcome.OPEN, finished_at=None, error="")
    Submission.objects.filter(pk__in=ids).update(status=Submission.Status.SENDING, next_attempt_at=None)


def _names(row: Consignment) -> tuple[str, ...]:
    return tuple(Submission.objects.filter(consignment=row).values_list("file_name", flat=True))


def _set(row: Consignment, status: str, **values: object) -> None:
    row.status = status
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=["status", *values])


def _wait(row: Consignment, until: datetime.datetime, now: datetime.datetime) -> None:
    row.next_attempt_at = until
    row.save(update_fields=["next_attempt_at"])
    defer_hand_over(row, seconds=max(1.0, (until - now).total_seconds() + 0.5))


@contextmanager
def _settling(consignment_id: int, company_id: int) -> Iterator[Consignment | None]:
    with transaction.atomic():
        yield _locked(consignment_id, company_id)


def _locked(consignment_id: int, company_id: int) -> Consignment | None:
    """The parcel, after the documents of what is in it: the order of all flows."""
    inside = Submission.objects.filter(consignment_id=consignment_id, company_id=company_id)
    workflow.hold_configuration(company_id)
    workflow.lock_many(list(inside.values_list("document_id", flat=True)))
    rows = Consignment.objects.select_for_update(of=("self",)).select_related("channel")
    return rows.filter(pk=consignment_id, company_id=company_id).first()
