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
from fattorino.hub.channels.base import (
    Accepted,
    ChannelPort,
    Fate,
    Outgoing,
    Parcel,
    Refused,
    Result,
    Together,
    Untried,
)
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
# Files that are written down as on their way together: as many as lately went in so many seconds. So a death leaves in
# doubt only what would soon have gone, and of a slow way no more than what is under way. And at most so many.
TOGETHER_SECONDS, TOGETHER_MOST = 1.0, 150
# What became of files that were sent is known only here: so often, with growing pauses, it is tried to write it down.
WRITES = 6


@app.task(name="hub.turn", retry=AGAIN)
def turn(company_id: int, channel_id: int, slot: int) -> None:
    """Send what waits on a channel, for a while."""
    until = time.monotonic() + SECONDS
    with company_scope(company_id):
        wave = waves.begin(company_id, channel_id, slot, now=clock.now())
    while wave:
        begun = time.monotonic()
        results = send_all(wave.port, wave.files, wave.width)
        most = _together(results, time.monotonic() - begun) if time.monotonic() < until else None
        wave = _written(partial(_settle, company_id, channel_id, slot, results, most))


def _together(results: dict[int, Result], seconds: float) -> int:
    """How many files the next wave may have; 0, so no more than are sent at the same moment, after any failure."""
    if not all(isinstance(result, Accepted) for result in results.values()):
        return 0
    return min(TOGETHER_MOST, int(len(results) * TOGETHER_SECONDS / max(seconds, 0.001)))


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
    tell = partial(_tell_parcel, company_id, consignment_id)
    if errand is None:
        tell(consignments.go_on_telling)
        return
    try:
        fate = _carried(errand)
    except ChannelError as error:
        tell(consignments.not_handed_over, error)
    else:
        tell(consignments.handed_over if fate == "sent" else partial(consignments.found_out, fate=fate))


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
        # A parcel that breaks the program: told as such, whatever it was.
        log.error("%s\n%s", errand.parcel.name, traceback.format_exc())
        if errand.asking:
            return "unknown"
        raise sending.BrokenError() from error
    return "sent"


def _tell_parcel(company_id: int, consignment_id: int, tell: Callable[..., int], *what: object) -> None:
    """Until all that is in it has been told: some at a time, each time in a transaction of its own."""

    def some(after: int) -> int:
        with company_scope(company_id):
            return tell(consignment_id, company_id, *what, now=clock.now(), after=after)

    after = _written(partial(some, 0))
    while after:
        after = _written(partial(some, after))


@app.task(name="hub.transmit", retry=AGAIN)
def transmit(company_id: int, submission_id: int) -> None:
    """A job of the time when each submission had its own: it waits on its channel now. To be removed after 0.5."""
    with company_scope(company_id):
        turns.adopt(company_id, [submission_id], now=clock.now())


def _settle(
    company_id: int, channel_id: int, slot: int, results: dict[int, Result], most: int | None
) -> waves.Wave | None:
    try:
        with company_scope(company_id):
            if most is not None:
                return waves.go_on(company_id, channel_id, slot, results, now=clock.now(), most=most)
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
                turn = (channel_id, slot)
                sending.note_only(company_id, submission_id, result, turn, now=clock.now())
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


def send_all(port: ChannelPort, files: Sequence[turns.Claimed], width: int = 1) -> dict[int, Result]:
    """Send these, so many at the same time; whatever goes wrong with one is its answer."""
    full = [each for each in files if each.file.content]
    results: dict[int, Result] = {each.submission_id: _empty() for each in files if not each.file.content}
    if isinstance(port, Together):
        told = _many(port, [each.file for each in full], width)
    elif len(full) < 2:
        told = [_one(port, each.file) for each in full]
    else:
        with ThreadPoolExecutor(len(full)) as threads:
            told = list(threads.map(lambda each: _one(port, each.file), full))
    return results | {
        each.submission_id: _meant(port, each.file, answer) for each, answer in zip(full, told, strict=True)
    }


def _empty() -> ChannelError:
    return ChannelError(say("Il file da inviare è vuoto."), uncertain=False, permanent=True, of_file=True)


def _many(port: Together, files: Sequence[Outgoing], width: int) -> Sequence[Result | Exception]:
    if not files:
        return []
    try:
        return port.send_many(files, width=width)
    except Exception as error:  # noqa: BLE001 - as in _one; of none is known how far it came
        return [error] * len(files)


def _one(port: ChannelPort, file: Outgoing) -> Result | Exception:
    try:
        return port.send(file)
    except Exception as error:  # noqa: BLE001 - the border to the network: a file that breaks it must not stop the others
        return error


def _meant(port: ChannelPort, file: Outgoing, answer: Result | Exception) -> Result:
    """What an answer means for a file that was not sent in vain."""
    if isinstance(answer, ChannelError):
        return _asked(port, file, answer) if answer.uncertain else answer
    if isinstance(answer, Accepted | Untried):
        return answer
    if isinstance(answer, Refused):
        # Only an outcome is refused in the same breath; a way that does so with a file does not take it.
        return ChannelError(
            say("Il canale ha rifiutato il file."), uncertain=False, permanent=True, of_file=True
        )
    log.error("%s\n%s", file.file_name, "".join(traceback.format_exception(answer)))
    return sending.BrokenError()


def _asked(port: ChannelPort, file: Outgoing, error: ChannelError) -> Result:
    """Some ways can say at once what became of a file; then nobody need wait for its receipt."""
    try:
        fate = port.resolve(Parcel(file.file_name, b"", (file.file_name,)))
    except ChannelError:
        return error
    if fate == "sent":
        return Accepted()
    return ChannelError(error.message, error.hint, uncertain=False) if fate == "not_sent" else error
