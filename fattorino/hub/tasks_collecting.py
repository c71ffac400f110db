"""Background jobs that fetch: every channel that is visited, and what was found there."""

from __future__ import annotations

import logging
import time
import traceback

from django.db import InterfaceError, OperationalError
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from fattorino import clock
from fattorino.core.errors import ChannelError, FattorinoError, InputError
from fattorino.core.texts import say
from fattorino.hub.channels.base import ChannelPort
from fattorino.hub.flows import channels, collect, tidying
from fattorino.hub.models import Channel
from fattorino.organisations.scope import company_scope, system_scope

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
        waiting = collect.visited()
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
    more = False
    try:
        more = _fetch(channel, channels.port(channel))
    except ChannelError as caught:
        error = caught
    except FattorinoError as caught:
        error = ChannelError(caught.message, caught.hint, uncertain=False)
    with company_scope(company_id):
        collect.end(channel, error, now=clock.now())
        if more:
            collect.now(company_id, channel_id)


def _fetch(channel: Channel, port: ChannelPort) -> bool:
    """Whether there may be more."""
    until, taken = time.monotonic() + SECONDS, 0
    for raw in port.fetch(channel.cursor):
        with company_scope(channel.company_id):
            if not raw.name:
                collect.move_on(channel, raw)
                continue
            collect.keep(channel, raw, now=clock.now())
        port.done(raw)
        taken += 1
        if taken >= MOST or time.monotonic() > until:
            return True
    return False


@app.task(name="hub.read_collected", retry=AGAIN)
def read_collected(company_id: int, collected_id: int) -> None:
    """Read one thing that was fetched, and hand on what is inside."""
    with company_scope(company_id):
        found = collect.to_read(company_id, collected_id)
    if found is None:
        return
    channel, raw = found
    try:
        items = channels.port(channel).read(raw)
        for some in collect.portions(items):
            left = True
            while left:
                with company_scope(company_id):
                    left = collect.take(channel, collected_id, some, now=clock.now())
        with company_scope(company_id):
            collect.have_read(collected_id, items, now=clock.now())
    except (OperationalError, InterfaceError):
        raise
    except InputError as error:
        _set_aside(company_id, collected_id, error.text)
    except Exception:  # noqa: BLE001 - the border of the job: what was fetched is never lost nor read for ever
        log.error("collected %s\n%s", collected_id, traceback.format_exc())
        why = say("Non si è potuto leggere per un errore interno, annotato nel registro.")
        _set_aside(company_id, collected_id, why)


def _set_aside(company_id: int, collected_id: int, why: str) -> None:
    with company_scope(company_id):
        collect.set_aside(collected_id, why, now=clock.now())


@app.periodic(cron="13 4 * * *", periodic_id="tidy_collected")
@app.task(name="hub.tidy_collected", lock="hub.tidy_collected", queueing_lock="hub.tidy_collected")
def tidy_collected(timestamp: int) -> None:
    """Let the bytes go of what was read long ago."""
    while tidying.empty_collected(now=clock.now()):
        pass
