"""How a channel is doing: its breaker, its pace, and the pauses between attempts. Read from the channel's row.

After several failures in a row that are the channel's own fault nothing is tried for a while; then one file goes
ahead, and only when it arrives do the others follow.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Sequence

from django.conf import settings
from django.db.models import Q

from fattorino.core.errors import ChannelError
from fattorino.hub.channels.base import Accepted, Refused
from fattorino.hub.models import Channel

# Failures in a row after which the channel rests.
BREAKS_AT = 5
# How often "it works" is written down of a channel that works.
TOLD_EVERY = datetime.timedelta(seconds=10)
# Drawn apart from anything that is drawn for secrecy; many machines must not come back at the same moment.
_chance = random.SystemRandom()


def jittered(pause: float) -> float:
    """The pause, somewhat shorter or longer."""
    return pause * _chance.uniform(0.75, 1.25)


def resting(channel: Channel, now: datetime.datetime) -> bool:
    """Nothing is tried on it now."""
    return channel.closed_until is not None and now < channel.closed_until


def probing(channel: Channel) -> bool:
    """Its rest is over: one file goes ahead."""
    return channel.closed_until is not None


def note(
    channel: Channel, results: Sequence[Accepted | Refused | ChannelError], *, now: datetime.datetime
) -> None:
    """Write down how these attempts, made at the same time, went; `channel` is as it is now in the database."""
    if any(_went(result) for result in results):
        _works(channel, now)
        return
    faults = [r for r in results if isinstance(r, ChannelError) and not r.no_room]
    if faults:
        _fails(channel, faults[-1], len(faults), now)


def _went(result: Accepted | Refused | ChannelError) -> bool:
    # Who refuses a file for a fault of its own was there to do so.
    return not isinstance(result, ChannelError) or result.of_file


def _works(channel: Channel, now: datetime.datetime) -> None:
    # No write, and so nobody who waits for it, where nothing new is to be said.
    lately = channel.last_worked_at is not None and channel.last_worked_at >= now - TOLD_EVERY
    if lately and not channel.failures and channel.closed_until is None:
        return
    told = Q(last_worked_at=None) | Q(last_worked_at__lt=now - TOLD_EVERY)
    rows = Channel.objects.filter(pk=channel.pk, company_id=channel.company_id)
    rows.filter(told | Q(failures__gt=0) | Q(closed_until__isnull=False)).update(
        failures=0, closed_until=None, last_worked_at=now
    )


def _fails(channel: Channel, error: ChannelError, times: int, now: datetime.datetime) -> None:
    rows = Channel.objects.filter(pk=channel.pk, company_id=channel.company_id)
    before = rows.select_for_update(no_key=True).get()
    failures = before.failures + times
    rows.update(failures=failures, last_error=error.text, last_failed_at=now)
    if failures >= BREAKS_AT and not resting(before, now):
        rows.update(closed_until=now + datetime.timedelta(seconds=_rest(before)))


def _rest(channel: Channel) -> float:
    """The first rest is short; each further one is drawn between that and three times the one before."""
    pauses = settings.HUB_RETRY_PAUSES
    shortest, longest = pauses[min(1, len(pauses) - 1)], max(pauses)
    if channel.closed_until is None or channel.last_failed_at is None:
        return jittered(shortest)
    last = (channel.closed_until - channel.last_failed_at).total_seconds()
    return min(longest, _chance.uniform(shortest, 3 * max(last, shortest)))


# ------------------------------------------------------------------------------------------------------- pace


def room(channel: Channel, wanted: int, *, now: datetime.datetime) -> int:
    """How many of the wanted files the pace lets go now; holds the channel's row where there is a pace.

    Within any minute never more than `pace`: a few may go together, the others follow at even distances that make up
    for it.
    """
    if not channel.pace:
        return wanted
    rows = Channel.objects.select_for_update(no_key=True)
    channel.paced_until = rows.values_list("paced_until", flat=True).get(pk=channel.pk)
    together, distance = _measure(channel)
    paid = max(channel.paced_until or now, now)
    return max(0, min(wanted, int((now + together * distance - paid) / distance)))


def spend(channel: Channel, files: int, *, now: datetime.datetime) -> None:
    """So many files go now; after `room`, in the same transaction."""
    if channel.pace and files:
        _, distance = _measure(channel)
        channel.paced_until = max(channel.paced_until or now, now) + files * distance
        Channel.objects.filter(pk=channel.pk).update(paced_until=channel.paced_until)


def next_room(channel: Channel, *, now: datetime.datetime) -> float:
    """Seconds until the pace lets the next file go; 0 where one may go now."""
    if not channel.pace:
        return 0.0
    together, distance = _measure(channel)
    paid = max(channel.paced_until or now, now)
    return max(0.0, (paid + distance - now - together * distance).total_seconds())


def _measure(channel: Channel) -> tuple[int, datetime.timedelta]:
    """How many may go together, and how far apart the others are."""
    together = max(1, channel.pace // 10)
    return together, datetime.timedelta(minutes=1) / max(1, channel.pace - (together - 1))
