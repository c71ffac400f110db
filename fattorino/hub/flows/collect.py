"""Fetching what came on a channel: the bytes and the cursor first, in one transaction; then the way may forget it."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator, Sequence

from django.db import connection, transaction

from fattorino.core.errors import ChannelError
from fattorino.core.texts import say, say_many, together
from fattorino.documents import receiving
from fattorino.hub.channels.base import (
    AnswerItem,
    InvoiceItem,
    Item,
    MessageItem,
    OtherItem,
    Raw,
    ReportItem,
)
from fattorino.hub.flows import channels, consignments, daily_reports, handed_over, receive, turns
from fattorino.hub.flows.consignments import Told
from fattorino.hub.models import Channel, Collected
from fattorino.workflow import queue

# Ways that are visited; on the others everything comes to our own door.
VISITED = (Channel.Kind.SDIFTP, Channel.Kind.PEC, Channel.Kind.INTERMEDIARY)
# Things that are read out of one collected thing in one transaction.
AT_ONCE = 100
_KEEP = """
insert into hub_collected (company_id, channel_id, name, sha256, content, received_at, laid_at, arrivals, note,
    set_aside, invoices)
values (%s, %s, %s, %s, %s, %s, %s, 1, '', false, 0)
on conflict (channel_id, sha256) do update set arrivals = hub_collected.arrivals + 1
returning id, read_at is null
"""


def visited() -> list[tuple[int, int]]:
    """(company, channel) of all that are to be visited; in the system's scope."""
    rows = Channel.objects.filter(active=True, kind__in=VISITED).order_by("collected_at", "pk")
    return list(rows.values_list("company_id", "pk"))


def now(company_id: int, channel_id: int) -> None:
    """Have a channel visited at once, in the caller's transaction; where a visit waits already that one will do."""
    from fattorino.hub.tasks_collecting import visit  # the task calls these flows

    lock = f"visit:{channel_id}"
    waiting, _ = queue.hold_waiting([lock], priority=0)
    if not waiting:
        queue.defer(visit, lock=lock, company_id=company_id, channel_id=channel_id)


def begin(company_id: int, channel_id: int) -> Channel | None:
    """The channel to visit, if it is to be visited."""
    rows = Channel.objects.filter(pk=channel_id, company_id=company_id, active=True, kind__in=VISITED)
    return rows.first()


def keep(channel: Channel, raw: Raw, *, now: datetime.datetime) -> int:
    """Keep something as it was fetched, and up to where the channel was read; its number.

    The same bytes again are the same thing.
    """
    from fattorino.hub.tasks_collecting import read_collected  # the task calls these flows

    # A file server whose clock is ahead must not make terms longer.
    laid_at = min(raw.laid_at, now) if raw.laid_at else None
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                _KEEP,
                [
                    *(channel.company_id, channel.pk, raw.name[:255]),
                    *(hashlib.sha256(raw.content).hexdigest(), raw.content, now, laid_at),
                ],
            )
            collected_id, unread = cursor.fetchone()
        if raw.cursor:
            Channel.objects.filter(pk=channel.pk).update(cursor=raw.cursor)
        if unread:
            queue.defer(
                read_collected,
                lock=f"collected:{collected_id}",
                company_id=channel.company_id,
                collected_id=collected_id,
            )
    return int(collected_id)


def move_on(channel: Channel, raw: Raw) -> None:
    """Nothing was worth keeping up to there."""
    Channel.objects.filter(pk=channel.pk, company_id=channel.company_id).update(cursor=raw.cursor)


def end(channel: Channel, error: ChannelError | None, *, now: datetime.datetime) -> None:
    """The visit is over; how it went is written on the channel."""
    rows = Channel.objects.filter(pk=channel.pk, company_id=channel.company_id)
    if error is None:
        rows.update(collected_at=now, last_worked_at=now)
    else:
        rows.update(collected_at=now, last_error=error.text, last_failed_at=now)


# ------------------------------------------------------------------------------------------------------ reading


def to_read(company_id: int, collected_id: int) -> tuple[Channel, Raw] | None:
    """What was kept and not read yet, and the way it came by."""
    rows = Collected.objects.select_related("channel")
    row = rows.filter(pk=collected_id, company_id=company_id, read_at=None).first()
    return (row.channel, Raw(row.name, bytes(row.content), "", row.laid_at)) if row else None


def portions(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Some at a time: a support may hold thousands."""
    for start in range(0, len(items), AT_ONCE):
        yield items[start : start + AT_ONCE]


def take(channel: Channel, collected_id: int, items: Sequence[Item], *, now: datetime.datetime) -> bool:
    """Hand on what was found inside; doing it again is harmless.

    Returns: whether it must be done again, in another transaction: an answer is told to some of its parcel at a time.
    """
    with transaction.atomic():
        return any([_take(channel, collected_id, item, now) for item in items])


def _take(channel: Channel, collected_id: int, item: Item, now: datetime.datetime) -> bool:
    """Whether something of it is left to do."""
    if isinstance(item, MessageItem):
        receive.take_message(
            item.name,
            item.content,
            item.identificativo_sdi,
            now=now,
            company_id=channel.company_id,
            channel_id=channel.pk,
            collected_id=collected_id,
        )
    elif isinstance(item, InvoiceItem):
        receiving.take_invoice(
            channel.kind,
            item.identificativo_sdi,
            item.name,
            item.content,
            item.metadata_name,
            item.metadata,
            company_id=channel.company_id,
            now=now,
            delivered_at=item.delivered_at,
        )
    elif isinstance(item, AnswerItem):
        if item.assigned:
            channels.keep_assigned(channel.pk, channel.company_id, item.assigned)
        told = _answer(channel, item, now) if item.parcel else Told.ALL
        if told is Told.NOBODY:
            _note(collected_id, say("Nessun invio di questo canale si chiama «{name}».", name=item.parcel))
        return told is Told.SOME
    elif isinstance(item, ReportItem):
        _keep_report(channel, collected_id, item, now)
    return False


def _keep_report(channel: Channel, collected_id: int, item: ReportItem, now: datetime.datetime) -> None:
    _note(collected_id, item.text)
    daily_reports.keep(channel, collected_id, item, now=now)


def _answer(channel: Channel, item: AnswerItem, now: datetime.datetime) -> Told:
    if channel.kind not in turns.PARCELS:
        known = handed_over.answered(channel, item.parcel, item.taken, item.text, now=now)
        return Told.ALL if known else Told.NOBODY
    return consignments.answered(channel, item.parcel, item.taken, item.text, now=now, doubtful=item.doubtful)


def have_read(collected_id: int, items: Sequence[Item], *, now: datetime.datetime) -> None:
    """All that was inside is handed on; what is left over is said in words."""
    others = [item for item in items if isinstance(item, OtherItem)]
    for other in others[:5]:
        _note(collected_id, other.text)
    if len(others) > 5:
        _note(collected_id, say_many("Un'altra annotazione.", "Altre {number} annotazioni.", len(others) - 5))
    files = sum(isinstance(item, InvoiceItem) for item in items)
    Collected.objects.filter(pk=collected_id, read_at=None).update(read_at=now, invoices=files)


def set_aside(collected_id: int, why: str, *, now: datetime.datetime) -> None:
    """It cannot be read: kept with the reason, for a person to look at; no job comes back for it."""
    _note(collected_id, why)
    Collected.objects.filter(pk=collected_id, read_at=None).update(read_at=now, set_aside=True)


def _note(collected_id: int, text: str) -> None:
    row = Collected.objects.select_for_update().get(pk=collected_id)
    if text not in row.note:
        row.note = together(row.note, text)
        row.save(update_fields=["note"])
