"""What is in a parcel, settled some documents at a time: a support of SdIFtp holds thousands.

Each portion is a transaction that locks its documents and then the parcel, as all flows do. The parcel's own status
comes with the last portion, so whoever dies in between leaves a parcel that still asks for it, and whoever comes next
(the job again, the same answer again, the sweep) goes on: a portion holds only what still waits.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max

from fattorino.core.errors import ChannelError
from fattorino.core.texts import say
from fattorino.hub.channels.base import Accepted
from fattorino.hub.flows import outcome_travels, transmit, turns
from fattorino.hub.models import Channel, Consignment, OutcomeSent, Submission, Transmission
from fattorino.organisations.rows import among, update_rows
from fattorino.workflow import flows as workflow
from fattorino.workflow import queries as workflow_queries

Status = Consignment.Status
Outcome = Transmission.Outcome
TAKEN = Accepted()
# Documents of one transaction: whoever else wants one of them waits for no longer than that takes.
AT_ONCE = 500
# What still waits in a parcel (a receipt may have settled one before); of that, what is not in doubt.
WAITING = (Submission.Status.SENDING, Submission.Status.UNCERTAIN)
SENT = (Submission.Status.SENDING,)
HANDED_OVER = "HubHandedOver"


@dataclass(frozen=True, slots=True)
class Portion:
    """Some of what waits in a parcel; documents and parcel are locked.

    Attributes:
        next: the document after which the next portion begins; 0 in the last one.
    """

    row: Consignment
    files: list[Submission]
    next: int


@contextmanager
def portion(
    consignment_id: int, company_id: int, among: tuple[Submission.Status, ...] = WAITING, *, after: int = 0
) -> Iterator[Portion | None]:
    """A transaction about the next of what is in it; None where there is no such parcel.

    Inside another one it is no point to come back to: whoever fails in here gives up the whole."""
    with transaction.atomic(savepoint=False):
        rows = Submission.objects.filter(
            consignment_id=consignment_id, company_id=company_id, status__in=among, document_id__gt=after
        ).order_by("document_id")
        documents = list(rows.values_list("document_id", flat=True)[:AT_ONCE])
        workflow.hold_configuration(company_id)
        workflow.lock_many([*documents, *outcome_travels.documents_in([consignment_id], company_id)])
        parcels = Consignment.objects.select_for_update(of=("self",)).select_related("channel")
        row = parcels.defer("content").filter(pk=consignment_id, company_id=company_id).first()
        if row is None:
            yield None
            return
        left = documents[-1] if len(documents) == AT_ONCE else 0
        yield Portion(row, list(rows.filter(document_id__in=documents)), left)


def put(row: Consignment, status: Consignment.Status, **values: object) -> None:
    """Give the locked parcel its status; when it makes room, the channel has its turn."""
    makes_room = row.status in row.NOT_AWAY and status not in row.NOT_AWAY
    row.status = status
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=["status", *values])
    if makes_room and row.channel.gathers:
        turns.wake(row.channel)


def names(row: Consignment) -> tuple[str, ...]:
    """Of all files in it, settled or not."""
    return tuple(Submission.objects.filter(consignment=row).values_list("file_name", flat=True))


def away(row: Consignment) -> str:
    """What the history of a document says of a parcel that was given away."""
    return say("Consegnato al canale dentro «{name}»: si attende la risposta.", name=row.name)


def tell_handed_over(some: Portion, *, again: bool, now: datetime.datetime) -> None:
    """Of a parcel that was given away.

    Args:
        again: some of these may have been told before.
    """
    _reopen(some.files)
    text = away(some.row)
    documents = [each.document_id for each in some.files]
    told = workflow_queries.told(documents, HANDED_OVER, text) if again else frozenset()
    lines = [workflow.Line(each, HANDED_OVER, text) for each in documents if each not in told]
    workflow.record_many(lines, workflow.system_actor(some.row.company_id), now=now)


def doubt(some: Portion, text: str, now: datetime.datetime) -> int:
    """Nobody knows whether it was given away. Returns: where the next portion begins."""
    error = ChannelError(text, uncertain=True)
    transmit.settle(some.row.channel, {each.pk: error for each in some.files}, now=now, note=False)
    if not some.next:
        put(some.row, Status.UNCERTAIN, answer=text)
        outcome_travels.in_doubt(some.row, text, now=now)
    return some.next


def free(some: Portion, error: ChannelError, now: datetime.datetime) -> int:
    """It was not taken: what is in it is tried again in another one, or given up; or waits where that is not certain.

    Returns: where the next portion begins.
    """
    if not error.uncertain:
        _reopen(some.files)
    transmit.settle(some.row.channel, {each.pk: error for each in some.files}, now=now, note=False)
    if not error.uncertain:
        # Whose earlier attempt may have arrived waits for that one's receipt, in no parcel.
        ids = [each.pk for each in some.files]
        Submission.objects.filter(pk__in=ids, status__in=WAITING).update(consignment=None)
    if not some.next:
        put(some.row, Status.REFUSED, answer=error.text, answered_at=now)
        _tell_outcomes(some.row, False, error.text, now, doubtful=error.uncertain)
    return some.next


def taken(some: Portion, text: str, now: datetime.datetime) -> int:
    """It was taken: what is in it waits for SdI. Returns: where the next portion begins."""
    _settle_taken(some.row.channel, some.files, now)
    if not some.next:
        put(some.row, Status.TAKEN, answer=text, answered_at=now)
        _tell_outcomes(some.row, True, text, now)
    return some.next


def taken_many(channel: Channel, answers: Mapping[str, str], *, now: datetime.datetime) -> set[str]:
    """Parcels of one file each (letters) were taken: `taken` for all of them, in the caller's transaction.

    Args:
        answers: what is said of each, by its name.

    Returns: the names of those that are ours.
    """
    parcels = Consignment.objects.filter(channel=channel, company_id=channel.company_id)
    ours = dict(parcels.filter(among("name", answers)).values_list("name", "pk"))
    inside = among("consignment_id", ours.values())
    files = Submission.objects.filter(inside, company_id=channel.company_id, status__in=WAITING)
    documents = list(files.values_list("document_id", flat=True))
    workflow.hold_configuration(channel.company_id)
    workflow.lock_many([*documents, *outcome_travels.documents_in(ours.values(), channel.company_id)])
    rows = parcels.filter(among("pk", ours.values())).exclude(status__in=(Status.TAKEN, Status.REFUSED))
    open_ = list(rows.select_for_update().order_by("pk").values_list("pk", "name"))
    if open_:
        numbers = [pk for pk, _ in open_]
        waiting = files.filter(among("document_id", documents), among("consignment_id", numbers))
        _settle_taken(channel, list(waiting), now)
        values = [(pk, Status.TAKEN.value, answers[name], now) for pk, name in open_]
        update_rows(Consignment, channel.company_id, ("status", "answer", "answered_at"), values)
        _tell_outcomes_of(channel, {pk: answers[name] for pk, name in open_}, now)
    return set(ours)


def _settle_taken(channel: Channel, files: list[Submission], now: datetime.datetime) -> None:
    _reopen(files)
    transmit.settle(channel, {each.pk: TAKEN for each in files}, now=now, note=False)


def _tell_outcomes_of(channel: Channel, texts: Mapping[int, str], now: datetime.datetime) -> None:
    """Our answers to suppliers travel in letters too, and in few of them."""
    rows = OutcomeSent.objects.filter(among("consignment_id", texts), company_id=channel.company_id)
    for pk in sorted(set(rows.values_list("consignment_id", flat=True))):
        if pk is not None:
            outcome_travels.settled(pk, channel.company_id, True, texts[pk], now=now)


def _tell_outcomes(
    row: Consignment, taken: bool, text: str, now: datetime.datetime, *, doubtful: bool = False
) -> None:
    outcome_travels.settled(row.pk, row.company_id, taken, text, now=now, doubtful=doubtful)


def _reopen(files: list[Submission]) -> None:
    """What was in doubt is under way again, as if the answer had come at once."""
    ids = [each.pk for each in files if each.status == Submission.Status.UNCERTAIN]
    if not ids:
        return
    tries = Transmission.objects.filter(submission_id__in=ids, slot=0, outcome=Outcome.UNKNOWN)
    last = tries.order_by().values("submission_id").annotate(last=Max("pk")).values_list("last", flat=True)
    Transmission.objects.filter(pk__in=list(last)).update(outcome=Outcome.OPEN, finished_at=None, error="")
    Submission.objects.filter(pk__in=ids).update(status=Submission.Status.SENDING, next_attempt_at=None)
