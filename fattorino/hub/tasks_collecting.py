"""Background jobs that fetch: every channel that is visited, and what was found there."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import InterfaceError, OperationalError
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from fattorino import clock
from fattorino.core.errors import ChannelError, FattorinoError, InputError
from fattorino.core.texts import say
from fattorino.hub.channels.base import ChannelPort, Item, Raw
from fattorino.hub.flows import channels, collect, collected_letters, tidying
from fattorino.hub.models import Channel
from fattorino.organisations.scope import company_scope, system_scope

T = TypeVar("T")
log = logging.getLogger(__name__)

AGAIN = RetryStrategy(
    max_attempts=10, exponential_wait=2, retry_exceptions={OperationalError, InterfaceError}
)
# One visit takes so many things and so long; then others have their turn and the rest comes with the next.
MOST, SECONDS = 200, 20.0


@app.periodic(cron="* * * * *", periodic_id="collect")
@app.task(name="hub.collect", queueing_lock="hub.collect")
def collect_all(timestamp: int) -> None:
    """Have every channel visited."""
    with system_scope():
        waiting = collect.visited(now=clock.now())
    for company_id, channel_id in waiting:
        with company_scope(company_id):
            collect.now(company_id, channel_id)


@app.task(name="hub.visit", retry=AGAIN)
def visit(company_id: int, channel_id: int) -> None:
    """Fetch what came on one channel; its jobs go one after the other."""
    with company_scope(company_id):
        channel = collect.begin(company_id, channel_id)
    if channel is None:
        return
    error: ChannelError | None = None
    more, begun = False, clock.now()
    try:
        more = _fetch(channel, channels.port(channel))
    except ChannelError as caught:
        error = caught
    except FattorinoError as caught:
        error = ChannelError(caught.message, caught.hint, uncertain=False)
    with company_scope(company_id):
        collect.end(channel, error, now=clock.now(), nothing_left_since=None if more else begun)
        if more:
            collect.now(company_id, channel_id)


def _fetch(channel: Channel, port: ChannelPort) -> bool:
    """Whether there may be more."""
    until, taken = time.monotonic() + SECONDS, 0
    held: list[Raw] = []
    try:
        for raw in port.fetch(channel.cursor):
            held.append(raw)
            taken += bool(raw.name)
            more = taken >= MOST or time.monotonic() > until
            if more or collect.enough(held):
                some, held = held, []
                _keep(channel, port, some)
            if more:
                return True
    finally:
        # Also where the way broke: what came before that is here.
        _keep(channel, port, held)
    return False


def _keep(channel: Channel, port: ChannelPort, raws: Sequence[Raw]) -> None:
    """Together in one transaction; only then the way may forget them."""
    if not raws:
        return
    with company_scope(channel.company_id):
        collect.keep_many(channel, raws, now=clock.now())
    for raw in raws:
        if raw.name:
            port.done(raw)


@app.task(name="hub.read_letters", retry=AGAIN)
def read_letters(company_id: int, collected_ids: list[int]) -> None:
    """Read letters that were fetched together, and hand on what is inside: together, where that fails one by one."""
    with company_scope(company_id):
        letters = collected_letters.to_read(company_id, collected_ids)
    if not letters:
        return
    channel = letters[0].channel
    inside = {
        letter: items
        for letter in letters
        if (items := _inside(channel, letter.number, letter.raw)) is not None
    }
    together = {letter: items for letter, items in inside.items() if collected_letters.may_go_together(items)}
    try:
        with company_scope(company_id):
            collected_letters.take(channel, together, now=clock.now())
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - the border of the job: one letter must not keep the others from being read
        log.error("letters %s\n%s", [letter.number for letter in together], traceback.format_exc())
        together = {}
    for letter, items in inside.items():
        if letter not in together:
            _hand_on(channel, letter.number, items)


@app.task(name="hub.read_collected", retry=AGAIN)
def read_collected(company_id: int, collected_id: int) -> None:
    """Read one thing that was fetched, and hand on what is inside."""
    with company_scope(company_id):
        found = collect.to_read(company_id, collected_id)
    if found is None:
        return
    channel, raw = found
    items = _inside(channel, collected_id, raw)
    if items is not None:
        _hand_on(channel, collected_id, items)


def _inside(channel: Channel, collected_id: int, raw: Raw) -> Sequence[Item] | None:
    """What is in it; None where it cannot be read, which is then written down."""
    return _guarded(channel, collected_id, lambda: channels.port(channel).read(raw))


def _hand_on(channel: Channel, collected_id: int, items: Sequence[Item]) -> None:
    """What was inside goes where it belongs, some at a time."""

    def act() -> None:
        for some in collect.portions(items):
            left = True
            while left:
                with company_scope(channel.company_id):
                    left = collect.take(channel, collected_id, some, now=clock.now())
        with company_scope(channel.company_id):
            collect.have_read(collected_id, items, now=clock.now())

    _guarded(channel, collected_id, act)


def _guarded(channel: Channel, collected_id: int, act: Callable[[], T]) -> T | None:
    try:
        return act()
    except (OperationalError, InterfaceError):
        raise
    except InputError as error:
        why = error.text
    except Exception:  # noqa: BLE001 - the border of the job: what was fetched is never lost nor read for ever
        log.error("collected %s\n%s", collected_id, traceback.format_exc())
        why = say("Non si è potuto leggere per un errore interno, annotato nel registro.")
    with company_scope(channel.company_id):
        collect.set_aside(collected_id, why, now=clock.now())
    return None


@app.periodic(cron="13 4 * * *", periodic_id="tidy_collected")
@app.task(name="hub.tidy_collected", lock="hub.tidy_collected", queueing_lock="hub.tidy_collected")
def tidy_collected(timestamp: int) -> None:
    """Let the bytes go of what was read long ago."""
    while tidying.empty_collected(now=clock.now()):
        pass
