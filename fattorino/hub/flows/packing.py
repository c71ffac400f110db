"""What files travel in, before anything of it is stored; a file that cannot travel keeps no other here."""

from __future__ import annotations

import datetime
import logging
import traceback

from fattorino.core.errors import ChannelError
from fattorino.core.texts import say
from fattorino.hub.channels.base import ChannelPort, Parcel
from fattorino.hub.flows import turns

log = logging.getLogger(__name__)


def packed(
    port: ChannelPort, files: list[turns.Claimed], number: int, now: datetime.datetime
) -> tuple[Parcel | None, dict[int, ChannelError]]:
    """What those that can travel do travel in, and what is wrong with each of the others.

    Raises ChannelError where it is not for a file's own fault."""
    tried = _tried(port, files, number, now)
    if isinstance(tried, Parcel):
        return tried, {}
    bad = _bad(port, files, tried, number, now)
    good = [each.file for each in files if each.submission_id not in bad]
    return (port.prepare(good, number=number, now=now) if good else None), bad


def _tried(
    port: ChannelPort, files: list[turns.Claimed], number: int, now: datetime.datetime
) -> Parcel | ChannelError:
    try:
        return port.prepare([each.file for each in files], number=number, now=now)
    except ChannelError as error:
        if not error.of_file:
            raise
        return error
    except Exception:  # noqa: BLE001 - a file that breaks the program must not keep the others here
        log.error("parcel of channel\n%s", traceback.format_exc())
        text = say("Errore interno nella preparazione dell'invio, annotato nel registro: non inviato.")
        return ChannelError(text, uncertain=False, permanent=True, of_file=True)


def _bad(
    port: ChannelPort, files: list[turns.Claimed], fault: ChannelError, number: int, now: datetime.datetime
) -> dict[int, ChannelError]:
    """Which of these, that cannot travel together, cannot travel at all: found by halving."""
    if len(files) == 1:
        return {files[0].submission_id: fault}
    found: dict[int, ChannelError] = {}
    half = len(files) // 2
    for part in (files[:half], files[half:]):
        tried = _tried(port, part, number, now)
        if isinstance(tried, ChannelError):
            found |= _bad(port, part, tried, number, now)
    return found
