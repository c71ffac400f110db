"""Certificates and keys that end: a company's administrators are told at each of some distances, once."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from fattorino.clock import ROME
from fattorino.core.errors import FattorinoError
from fattorino.core.texts import say
from fattorino.hub.channel_certificates import certificates_of
from fattorino.hub.flows import channels
from fattorino.hub.flows.channel_settings import name_of
from fattorino.hub.models import Channel, SigningKey
from fattorino.organisations.scope import company_scope
from fattorino.workflow import flows as workflow

# Days before the end; 0 once it has come.
DISTANCES = (60, 30, 7, 1, 0)
# Who renews nothing for so long knows, or does not need it any more.
LATE = datetime.timedelta(days=30)
TITLE = say("Certificati e chiavi")


@dataclass(frozen=True, slots=True)
class Ending:
    """Something that ends: `key` tells it from what will take its place."""

    key: str
    until: datetime.datetime
    near: str
    past: str
    page: str


def companies() -> list[int]:
    """Companies that have anything that may end; in the system's scope."""
    with_channels = Channel.objects.filter(active=True).values_list("company_id", flat=True)
    with_keys = SigningKey.objects.filter(active=True).values_list("company_id", flat=True)
    return sorted({*with_channels, *with_keys})


def warn(company_id: int, *, now: datetime.datetime) -> int:
    """Tell what is near its end and was not told yet; how much was new. Doing it again changes nothing."""
    with company_scope(company_id):
        return sum(
            _tell(company_id, each, now) for each in [*_of_channels(company_id, now), *_of_key(company_id)]
        )


def _tell(company_id: int, what: Ending, now: datetime.datetime) -> bool:
    distance = _distance(what.until, now)
    if distance is None or what.until < now - LATE:
        return False
    event = f"{what.key}:{what.until.astimezone(datetime.UTC):%Y%m%dT%H%M%S}:{distance}"
    text = what.near if distance else what.past
    return workflow.announce(company_id, event, TITLE, text, what.page, now=now)


def _distance(until: datetime.datetime, now: datetime.datetime) -> int | None:
    """The nearest of the distances that have been reached; None while it is farther than all."""
    if until <= now:
        return 0
    return min(
        (days for days in DISTANCES if days and until - now <= datetime.timedelta(days=days)), default=None
    )


def _of_channels(company_id: int, now: datetime.datetime) -> Iterator[Ending]:
    for row in Channel.objects.filter(company_id=company_id, active=True).order_by("pk"):
        try:
            found = certificates_of(row.kind, row.settings, channels.secrets_of(row), now=now)
        except FattorinoError:
            continue  # secrets of another key: the page of the channel says so
        for each in found:
            day = f"{each.facts.not_after.astimezone(ROME):%d/%m/%Y}"
            names = {"what": each.label, "channel": name_of(row), "day": day}
            yield Ending(
                f"certificate:{row.pk}:{each.place}",
                each.facts.not_after,
                say(
                    "Il {day} scade nel canale «{channel}»: {what}. Caricare quello nuovo prima di allora.",
                    **names,
                ),
                say("Il {day} è scaduto nel canale «{channel}»: {what}. Caricare quello nuovo.", **names),
                reverse("channels:channel", args=[row.pk]),
            )


def _of_key(company_id: int) -> Iterator[Ending]:
    row = SigningKey.objects.filter(company_id=company_id, active=True).first()
    if row is None or row.not_after is None:
        return
    day = f"{row.not_after.astimezone(ROME):%d/%m/%Y}"
    yield Ending(
        f"key:{row.pk}",
        row.not_after,
        say("Il certificato con cui si firmano le fatture scade il {day}.", day=day),
        say("Il certificato con cui si firmano le fatture è scaduto il {day}.", day=day),
        reverse("signing:key"),
    )
