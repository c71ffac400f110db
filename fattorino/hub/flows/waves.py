"""A turn of a channel, wave by wave: what became of the last files and which go next, in one transaction."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from fattorino.core.errors import ChannelError, FattorinoError
from fattorino.core.texts import say
from fattorino.hub.channels.base import ChannelPort, Result, Together
from fattorino.hub.flows import channels, consignments, fallback, health, transmit, turns
from fattorino.hub.models import Channel

Results = Mapping[int, Result]


@dataclass(frozen=True, slots=True)
class Wave:
    """Files that are on their way from now on, and the way itself; none where they were put into a parcel.

    Attributes:
        width: how many of them may be under way at the same moment.
    """

    port: ChannelPort
    files: list[turns.Claimed]
    width: int = 1


def begin(company_id: int, channel_id: int, slot: int, *, now: datetime.datetime) -> Wave | None:
    """The first files of a turn; None where there is nothing to send now."""
    with transaction.atomic():
        # Nobody else has this slot: what is open in it was left by one who died.
        transmit.died(company_id, turns.left_open(company_id, channel_id, slot), now=now)
        channel = _channel(company_id, channel_id)
        return _next(channel, slot, 0, now=now) if channel else None


def go_on(
    company_id: int, channel_id: int, slot: int, results: Results, *, now: datetime.datetime, most: int = 0
) -> Wave | None:
    """Write down what became of a wave, and take the next one.

    Args:
        most: files that may be written down as on their way together; never fewer than the slot's width.
    """
    with transaction.atomic():
        channel = _settled(company_id, channel_id, slot, results, now)
        return _next(channel, slot, most, now=now)


def end(company_id: int, channel_id: int, slot: int, results: Results, *, now: datetime.datetime) -> None:
    """Write down what became of a wave; where more is left, another turn comes behind those of the others."""
    with transaction.atomic():
        channel = _settled(company_id, channel_id, slot, results, now)
        due = turns.waiting_on(channel).exclude(next_attempt_at__gt=now).order_by("-priority")
        first = due.values_list("priority", flat=True).first()
        if first is not None and not health.resting(channel, now):
            turns.come_again(channel, slot, first)


def _settled(
    company_id: int, channel_id: int, slot: int, results: Results, now: datetime.datetime
) -> Channel:
    channel = Channel.objects.get(pk=channel_id, company_id=company_id)
    transmit.settle(channel, results, now=now, slot=slot)
    after = Channel.objects.get(pk=channel_id, company_id=company_id)
    if health.probing(channel) and not health.probing(after):
        # It works again: the others need not wait for somebody to wake them.
        turns.wake(after, files=after.concurrency)
    return after


def _channel(company_id: int, channel_id: int) -> Channel | None:
    return Channel.objects.filter(pk=channel_id, company_id=company_id).first()


def _next(channel: Channel, slot: int, most: int, *, now: datetime.datetime) -> Wave | None:
    if not channel.active:
        fallback.leave(channel, now=now)
        return None
    if slot > turns.slots(channel):
        return None
    if health.resting(channel, now):
        fallback.take_all(channel, now=now)
    elif slot == 1 or not health.probing(channel):
        port = _port(channel, now)
        if port and port.most:
            if consignments.fill(channel, port, now=now):
                return Wave(port, [])
            if consignments.gathering(channel):
                return None
        elif port:
            width = turns.width(channel, slot)
            most = max(width, most) if isinstance(port, Together) else width
            files = turns.claim(channel, slot, now=now, most=most)
            if files:
                return Wave(port, files, width)
        channel.refresh_from_db()
    turns.look_ahead(channel, now=now)
    return None


def _port(channel: Channel, now: datetime.datetime) -> ChannelPort | None:
    """The way itself; where it cannot even be set up the channel rests, and no file has failed."""
    try:
        return channels.port(channel)
    except FattorinoError as error:
        failure = ChannelError(error.message, error.hint, uncertain=False)
    except KeyError:
        failure = ChannelError(say("Questo tipo di canale non è disponibile."), uncertain=False)
    health.note(channel, [failure] * health.BREAKS_AT, now=now)
    return None
