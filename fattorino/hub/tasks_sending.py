"""Background jobs that send: the turns of the channels. What goes out was written down first (hub.flows.waves)."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from fattorino import clock
from fattorino.core.errors import ChannelError
from fattorino.core.texts import say
from fattorino.hub.channels.base import Accepted, ChannelPort, Fate, Outgoing, Parcel, Refused, Result
from fattorino.hub.flows import consignments, turns, waves
from fattorino.hub.flows import transmit as sending
from fattorino.hub.models import Channel
from fattorino.organisations.scope import company_scope

T = TypeVar("T")
log = logging.getLogger(__name__)

# The database went away: nothing was decided, so the same job is simply done again.
AGAIN = RetryStrategy(
    max_attempts=10, exponential_wait=2, retry_exceptions={OperationalError, InterfaceError}
)
# A turn lasts so long; then the next in the queue has its turn, and a worker that is stopped need not be killed.
SECONDS = 3.0
# What became of files that were sent is known only here: so often, with growing pauses, it is tried to write it down.
WRITES = 6


@app.task(name="hub.turn", retry=AGAIN)
def turn(company_id: int, channel_id: int, slot: int) -> None:
    """Send what waits on a channel, for a while."""
    until = time.monotonic() + SECONDS
    with company_scope(company_id):
        wave = waves.begin(company_id, channel_id, slot, now=clock.now())
    while wave:
        results = send_all(wave.port, wave.files)
        more = time.monotonic() < until
        wave = _written(partial(_settle, company_id, channel_id, slot, results, more))


@app.task(name="hub.wake", retry=AGAIN)
def wake_later(company_id: int, channel_id: int) -> None:
    """The moment has come for which something on this channel waited."""
    with company_scope(company_id):
        channel = Channel.objects.filter(pk=channel_id, company_id=company_id).first()
        if channel:
            turns.wake(channel, files=channel.concurrency)


@app.task(name="hub.hand_over", retry=AGAIN)
def hand_over(company_id: int, consignment_id: int) -> None:
    """Give a parcel away, or ask what became of it."""
    with company_scope(company_id):
        errand = consignments.begin(consignment_id, company_id, now=clock.now())
    if errand is None:
        return
    try:
        fate = _carried(errand)
    except ChannelError as error:
        _written(partial(_tell_parcel, consignments.not_handed_over, consignment_id, company_id, error))
    else:
        _written(partial(_tell_parcel, consignments.found_out, consignment_id, company_id, fate))


def _carried(errand: consignments.Errand) -> Fate:
    try:
        if errand.asking:
            return errand.port.resolve(errand.parcel)
        errand.port.hand_over(errand.parcel)
    except ChannelError as error:
        if errand.asking:
            log.info("parcel %s: %s", errand.parcel.name, error)
            return "unknown"
        raise
    except Exception as error:
        log.error("%s\n%s", errand.parcel.name, traceback.format_exc())
        if errand.asking:
            return "unknown"
        raise sending.BrokenError() from error
    return "sent"


def _tell_parcel(tell: Callable[..., None], consignment_id: int, company_id: int, what: object) -> None:
    with company_scope(company_id):
        tell(consignment_id, company_id, what, now=clock.now())


@app.task(name="hub.transmit", retry=AGAIN)
def transmit(company_id: int, submission_id: int) -> None:
    """A job of the time when each submission had its own: it waits on its channel now. To be removed after 0.5."""
    with company_scope(company_id):
        turns.adopt(company_id, [submission_id], now=clock.now())


def _settle(
    company_id: int, channel_id: int, slot: int, results: dict[int, Result], more: bool
) -> waves.Wave | None:
    try:
        with company_scope(company_id):
            if more:
                return waves.go_on(company_id, channel_id, slot, results, now=clock.now())
            waves.end(company_id, channel_id, slot, results, now=clock.now())
            return None
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - the border of the job: one document must not keep the others from being told
        log.error("channel %s\n%s", channel_id, traceback.format_exc())
        _one_by_one(company_id, channel_id, slot, results)
        return None


def _one_by_one(company_id: int, channel_id: int, slot: int, results: dict[int, Result]) -> None:
    for submission_id, result in results.items():
        try:
            with company_scope(company_id):
                waves.end(company_id, channel_id, slot, {submission_id: result}, now=clock.now())
        except (OperationalError, InterfaceError):
            raise
        except Exception:  # noqa: BLE001 - as above
            log.error("submission %s\n%s", submission_id, traceback.format_exc())
            with company_scope(company_id):
                sending.note_only(company_id, submission_id, result, now=clock.now())
                waves.end(company_id, channel_id, slot, {}, now=clock.now())


def _written(write: Callable[[], T]) -> T:
    """What `write` gives; where the database is away for a moment the network's answers are not thrown away."""
    for attempt in range(WRITES):
        try:
            return write()
        except (OperationalError, InterfaceError):
            if attempt == WRITES - 1:
                raise
            close_old_connections()
            time.sleep(0.2 * 2**attempt)
    raise AssertionError("the last attempt returns or raises")


# ------------------------------------------------------------------------------------------------- the network


def send_all(port: ChannelPort, files: Sequence[turns.Claimed]) -> dict[int, Result]:
    """Send these at the same time, so that a death leaves only what really was under way."""
    if not files:
        return {}
    if len(files) == 1:
        return {files[0].submission_id: send(port, files[0].file)}
    with ThreadPoolExecutor(len(files)) as threads:
        answers = list(threads.map(lambda claimed: send(port, claimed.file), files))
    return {claimed.submission_id: answer for claimed, answer in zip(files, answers, strict=True)}


def send(port: ChannelPort, file: Outgoing) -> Result:
    """Send one; whatever goes wrong is its answer."""
    if not file.content:
        return ChannelError(say("Il file da inviare è vuoto."), uncertain=False, permanent=True, of_file=True)
    try:
        answer = port.send(file)
    except ChannelError as error:
        return _asked(port, file, error) if error.uncertain else error
    except Exception:  # noqa: BLE001 - the border to the network: a file that breaks it must not stop the others
        log.error("%s\n%s", file.file_name, traceback.format_exc())
        return sending.BrokenError()
    if isinstance(answer, Refused):
        # Only an outcome is refused in the same breath; a way that does so with a file does not take it.
        return ChannelError(
            say("Il canale ha rifiutato il file."), uncertain=False, permanent=True, of_file=True
        )
    return answer


def _asked(port: ChannelPort, file: Outgoing, error: ChannelError) -> Result:
    """Some ways can say at once what became of a file; then nobody need wait for its receipt."""
    try:
        fate = port.resolve(Parcel(file.file_name, b"", (file.file_name,)))
    except ChannelError:
        return error
    if fate == "sent":
        return Accepted()
    return ChannelError(error.message, error.hint, uncertain=False) if fate == "not_sent" else error
