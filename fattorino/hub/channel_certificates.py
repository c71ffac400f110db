"""The certificates that a channel works with: whose they are, how long they last, when to say so."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from fattorino.core.texts import say
from fattorino.hub.signing.certificates import Facts, facts

Level = Literal["", "info", "warning", "danger"]
# Days before the end from which it is said, and how loudly.
STEPS: tuple[tuple[int, Level], ...] = ((7, "danger"), (30, "warning"), (60, "info"))
FIRST_WARNING = datetime.timedelta(days=61)  # so long before the end it is the sixtieth day

# Where the certificates of a kind of channel lie: setting or secret -> what it is for. Of several that do the same
# the one that lasts longest counts, the others stand beside it while one is renewed.
_PLACES: dict[str, tuple[tuple[str, str], ...]] = {
    "sdicoop": (
        ("client_identity", say("Certificato con cui ci si presenta a SdI")),
        ("trusted_certificates", say("Autorità che firma i certificati di SdI")),
    ),
    "sdiftp": (
        ("signing_certificate", say("Certificato con cui si firmano i supporti")),
        ("reading_certificate", say("Certificato per cui SdI cifra i supporti")),
        ("sdi_signing_certificates", say("Certificato con cui SdI firma i supporti")),
        ("sdi_reading_certificate", say("Certificato per cui si cifrano i supporti per SdI")),
    ),
}
_PATHS: dict[str, tuple[tuple[str, str], ...]] = {
    "sdicoop": (
        ("client_certificate", say("Certificato con cui ci si presenta a SdI")),
        ("trusted_ca", say("Autorità che firma i certificati di SdI")),
    ),
    "pec": (("trusted_ca", say("Autorità del gestore PEC")),),
}


@dataclass(frozen=True, slots=True)
class ChannelCertificate:
    """One certificate as a page tells it; `days` until its end, negative after it."""

    place: str
    label: str
    facts: Facts
    days: int

    @property
    def level(self) -> Level:
        return next((level for most, level in STEPS if self.days <= most), "")


def certificates_of(
    kind: str, settings: Mapping[str, Any], secrets: Mapping[str, str], *, now: datetime.datetime
) -> list[ChannelCertificate]:
    """What the channel works with, in the order of its form."""
    found = []
    for place, label in _PLACES.get(kind, ()):
        text = secrets.get(place) or settings.get(place) or ""
        # Of an identity only the first is its own, the chain follows.
        told = facts(text)[:1] if place == "client_identity" else facts(text)
        found += _longest(place, label, told, now)
    for place, label in _PATHS.get(kind, ()):
        found += _longest(place, label, _of_file(settings.get(place) or "")[:1], now)
    return found


def until(certificates: Sequence[ChannelCertificate]) -> datetime.datetime | None:
    """When the first of them ends."""
    return min((each.facts.not_after for each in certificates), default=None)


def level_at(end: datetime.datetime | None, *, now: datetime.datetime) -> Level:
    """How loudly to speak of this end today."""
    if end is None:
        return ""
    left = (end - now) // datetime.timedelta(days=1)
    return next((level for most, level in STEPS if left <= most), "")


def _longest(
    place: str, label: str, told: Sequence[Facts], now: datetime.datetime
) -> list[ChannelCertificate]:
    if not told:
        return []
    best = max(told, key=lambda each: each.not_after)
    return [ChannelCertificate(place, label, best, (best.not_after - now) // datetime.timedelta(days=1))]


def _of_file(path: str) -> list[Facts]:
    if not path:
        return []
    try:
        return facts(Path(path).read_text("ascii"))
    except (OSError, UnicodeDecodeError):
        return []  # the test of the channel tells of files that cannot be read
