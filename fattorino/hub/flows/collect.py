"""Fetching what came on a channel: the bytes and the cursor first, in one transaction; then the way may forget it."""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

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
# Between visits to a way that refuses us as we are.
FIRST_REST, LONGEST_REST = datetime.timedelta(minutes=10), datetime.timedelta(hours=6)
# Things that are read out of one collected thing in one transaction.
AT_ONCE = 100
# What was fetched and is kept in one transaction: so many things, and so many octets of them in memory.
KEPT_AT_ONCE, KEPT_OCTETS = 50, 4_000_000
_ROW = "(%s, %s, %s, %s, %s, %s, %s, %s, '', false, 0)"
_KEEP = """
insert into hub_collected (company_id, channel_id, name, sha256, content, received_at, laid_at, arrivals, note,
    set_aside, invoices)
values {rows}
on conflict (channel_id, sha256) do update set arrivals = hub_collected.arrivals + excluded.arrivals
returning sha256, id, read_at is null
"""


def visited(*, now: datetime.datetime) -> list[tuple[int, int]]:
    """(company, channel) of all that are to be visited by the clock; in the system's scope."""
    rows = Channel.objects.filter(active=True, kind__in=VISITED).exclude(visits_from__gt=now)
    rows = rows.order_by("collected_at", "pk")
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


def enough(raws: Sequence[Raw]) -> bool:
    """Whether these are as many as are kept together."""
    return len(raws) >= KEPT_AT_ONCE or sum(len(raw.content) for raw in raws) >= KEPT_OCTETS


def keep(channel: Channel, raw: Raw, *, now: datetime.datetime) -> int:
    """As `keep_many`, of one thing; its number."""
    return keep_many(channel, [raw], now=now)[0]


def keep_many(channel: Channel, raws: Sequence[Raw], *, now: datetime.datetime) -> list[int]:
    """Keep these as they were fetched, and up to where the channel was read; the numbers of what was kept.

    The same bytes again are the same thing. Of what has no name nothing is worth keeping: it was passed over.
    """
    kept: dict[str, Raw] = {}
    times: Counter[str] = Counter()
    for raw in raws:
        if raw.name:
            sha256 = hashlib.sha256(raw.content).hexdigest()
            kept.setdefault(sha256, raw)
            times[sha256] += 1
    with transaction.atomic():
        found = _insert(channel, kept, times, now) if kept else {}
        if cursor := next((raw.cursor for raw in reversed(raws) if raw.cursor), ""):
            Channel.objects.filter(pk=channel.pk, company_id=channel.company_id).update(cursor=cursor)
        _read_later(channel, [number for number, unread in found.values() if unread])
    return [found[sha256][0] for sha256 in kept]


def _insert(
    channel: Channel, kept: Mapping[str, Raw], times: Mapping[str, int], now: datetime.datetime
) -> dict[str, tuple[int, bool]]:
    """By their hash, the numbers of these and whether they are still to be read."""
    values: list[Any] = []
    for sha256, raw in kept.items():
        # A file server whose clock is ahead must not make terms longer.
        laid_at = min(raw.laid_at, now) if raw.laid_at else None
        values += [
            channel.company_id,
            channel.pk,
            raw.name[:255],
            sha256,
            raw.content,
            now,
            laid_at,
            times[sha256],
        ]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP.format(rows=", ".join([_ROW] * len(kept))), values)
        return {sha256: (int(number), unread) for sha256, number, unread in cursor.fetchall()}


def _read_later(channel: Channel, numbers: Sequence[int]) -> None:
    """Queue the reading of these: of letters together, of what may hold thousands of files each by itself."""
    from fattorino.hub.tasks_collecting import read_collected, read_letters  # the tasks call these flows

    if channel.kind == Channel.Kind.PEC and numbers:
        given = {"company_id": channel.company_id, "collected_ids": list(numbers)}
        queue.defer_many(read_letters, [(f"letters:{numbers[0]}", given)])
        return
    company_id = channel.company_id
    jobs = [(f"collected:{pk}", {"company_id": company_id, "collected_id": pk}) for pk in numbers]
    queue.defer_many(read_collected, jobs)


def end(
    channel: Channel,
    error: ChannelError | None,
    *,
    now: datetime.datetime,
    nothing_left_since: datetime.datetime | None = None,
) -> None:
    """The visit is over; how it went is written on the channel, and when it began, if it left nothing behind."""
    rows = Channel.objects.filter(pk=channel.pk, company_id=channel.company_id)
    if error is None:
        rows.update(collected_at=now, last_worked_at=now, visits_from=None)
        if nothing_left_since is not None:
            rows.update(read_up_to=nothing_left_since)
    else:
        again = now + _rest(channel) if error.permanent else None
        rows.update(collected_at=now, last_error=error.text, last_failed_at=now, visits_from=again)


def _rest(channel: Channel) -> datetime.timedelta:
    """How long a way that refuses us as we are is left alone: a provider locks a mailbox that is tried too often with
    a password that is no longer right. Each time twice as long, until a person changes something."""
    if channel.visits_from is None or channel.collected_at is None:
        return FIRST_REST
    return max(FIRST_REST, min(2 * (channel.visits_from - channel.collected_at), LONGEST_REST))


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
        take_invoice(channel, item, now)
    elif isinstance(item, AnswerItem):
        if item.assigned:
            channels.keep_assigned(channel.pk, channel.company_id, item.assigned)
        told = _answer(channel, item, now) if item.parcel else Told.ALL
        if told is Told.NOBODY:
            _note(collected_id, nobodys(item.parcel))
        return told is Told.SOME
    elif isinstance(item, ReportItem):
        _keep_report(channel, collected_id, item, now)
    return False


def take_invoice(channel: Channel, item: InvoiceItem, now: datetime.datetime) -> None:
    """Keep an invoice of a supplier and queue its reading, in the caller's transaction."""
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


def nobodys(parcel: str) -> str:
    """What is said of an answer about a parcel that is not known."""
    return say("Nessun invio di questo canale si chiama «{name}».", name=parcel)


def _keep_report(channel: Channel, collected_id: int, item: ReportItem, now: datetime.datetime) -> None:
    _note(collected_id, item.text)
    daily_reports.keep(channel, collected_id, item, now=now)


def _answer(channel: Channel, item: AnswerItem, now: datetime.datetime) -> Told:
    if channel.kind not in turns.PARCELS:
        known = handed_over.answered(channel, item.parcel, item.taken, item.text, now=now)
        return Told.ALL if known else Told.NOBODY
    return consignments.answered(channel, item.parcel, item.taken, item.text, now=now, doubtful=item.doubtful)


def left_over(items: Sequence[Item]) -> list[str]:
    """What is said in words of what goes nowhere."""
    others = [item.text for item in items if isinstance(item, OtherItem)]
    if len(others) <= 5:
        return others
    return [*others[:5], say_many("Un'altra annotazione.", "Altre {number} annotazioni.", len(others) - 5)]


def have_read(collected_id: int, items: Sequence[Item], *, now: datetime.datetime) -> None:
    """All that was inside is handed on; what is left over is said in words."""
    for text in left_over(items):
        _note(collected_id, text)
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
