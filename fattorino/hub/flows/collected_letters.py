"""Letters of a mailbox that were fetched together, handed on together: of most of them the provider's word is all there
is, and told one by one each would cost as much as an invoice.

One transaction for all of them; where that fails, each goes by itself as anything else that was fetched (collect.py).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from fattorino.core.texts import together
from fattorino.hub.channels.base import AnswerItem, InvoiceItem, Item, MessageItem, OtherItem, Raw
from fattorino.hub.flows import channels, collect, inside, receive
from fattorino.hub.models import Channel, Collected
from fattorino.organisations.rows import among, update_rows


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that was kept and is not read yet; `note`: what was written down about it so far."""

    number: int
    channel: Channel = field(compare=False)
    raw: Raw = field(compare=False)
    note: str = field(compare=False)


def to_read(company_id: int, collected_ids: Sequence[int]) -> list[Letter]:
    """Those of these letters that nobody has read, of one channel."""
    rows = Collected.objects.filter(among("pk", collected_ids), company_id=company_id, read_at=None)
    return [
        Letter(row.pk, row.channel, Raw(row.name, bytes(row.content), "", row.laid_at), row.note)
        for row in rows.select_related("channel").order_by("pk")
    ]


def may_go_together(items: Sequence[Item]) -> bool:
    """Whether a letter is told with others. Not one by which something goes again: that is rare, and locks for long."""
    plain = (MessageItem, InvoiceItem, OtherItem)
    return all(isinstance(item, plain) or isinstance(item, AnswerItem) and item.taken for item in items)


def take(channel: Channel, letters: Mapping[Letter, Sequence[Item]], *, now: datetime.datetime) -> None:
    """Hand on what was found in these letters and write down that they are read; doing it again is harmless."""
    if not letters:
        return
    with transaction.atomic():
        # Documents are locked first, as everywhere.
        unknown = _tell(channel, letters, now)
        messages = [
            receive.Arrived(item.name, item.content, item.identificativo_sdi, letter.number)
            for letter, items in letters.items()
            for item in items
            if isinstance(item, MessageItem)
        ]
        receive.take_messages(messages, now=now, company_id=channel.company_id, channel_id=channel.pk)
        for item in (item for items in letters.values() for item in items if isinstance(item, InvoiceItem)):
            collect.take_invoice(channel, item, now)
        _have_read(channel, letters, unknown, now)


def _tell(
    channel: Channel, letters: Mapping[Letter, Sequence[Item]], now: datetime.datetime
) -> frozenset[str]:
    """What became of our own letters; the names of those that are not ours."""
    answers = [item for items in letters.values() for item in items if isinstance(item, AnswerItem)]
    texts = {item.parcel: item.text for item in answers if item.parcel}
    known = inside.taken_many(channel, texts, now=now)
    if assigned := [item.assigned for item in answers if item.assigned]:
        channels.keep_assigned(channel.pk, channel.company_id, assigned[-1])
    return frozenset(texts) - known


def _have_read(
    channel: Channel,
    letters: Mapping[Letter, Sequence[Item]],
    unknown: frozenset[str],
    now: datetime.datetime,
) -> None:
    rows = []
    for letter, items in letters.items():
        strange = [i.parcel for i in items if isinstance(i, AnswerItem) and i.parcel in unknown]
        note = letter.note
        for text in [*map(collect.nobodys, strange), *collect.left_over(items)]:
            note = note if text in note else together(note, text)
        rows.append((letter.number, now, note, sum(isinstance(item, InvoiceItem) for item in items)))
    update_rows(Collected, channel.company_id, ("read_at", "note", "invoices"), rows, where_null="read_at")
