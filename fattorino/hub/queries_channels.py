"""What the channel pages read."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from django.db.models import Count, Q

from fattorino.core.errors import SetupError
from fattorino.core.texts import say
from fattorino.core.workflow.definition import Dashboard
from fattorino.core.workflow.settings import DASHBOARD_LABELS
from fattorino.hub.channel_certificates import (
    FIRST_WARNING,
    ChannelCertificate,
    Level,
    certificates_of,
    level_at,
)
from fattorino.hub.flows import channels
from fattorino.hub.flows.channel_settings import TEST_LASTS, kind_label, name_of
from fattorino.hub.models import Channel, ChannelUse, Submission

Kind = Channel.Kind
Status = Submission.Status
State = Literal["off", "closed", "failing", "works", "never", "by_hand"]
STATES: dict[State, str] = {
    "works": say("Funziona"),
    "never": say("Mai usato"),
    "failing": say("Ultimo tentativo non riuscito"),
    "closed": say("In pausa dopo più errori"),
    "off": say("Disattivato"),
    "by_hand": say("A mano"),
}
# The dashboards whose documents go to SdI, or whose answers do (passive: the outcome of a PA).
DASHBOARDS = (Dashboard.ACTIVE_PA, Dashboard.ACTIVE_PRIVATE, Dashboard.PASSIVE)


@dataclass(frozen=True, slots=True)
class ChannelView:
    """A channel as the pages tell it; never a secret."""

    id: int
    kind: str
    kind_label: str
    name: str
    label: str
    active: bool
    settings: Mapping[str, Any]
    pace: int
    concurrency: int
    state: State
    state_label: str
    closed_until: datetime.datetime | None
    last_error: str
    last_failed_at: datetime.datetime | None
    last_worked_at: datetime.datetime | None
    collected_at: datetime.datetime | None
    # When it is read again, where it was refused and is left alone until then.
    resting_until: datetime.datetime | None
    tested_at: datetime.datetime | None
    test_started_at: datetime.datetime | None
    testing: bool
    steps: list[dict[str, Any]]
    certificates_until: datetime.datetime | None
    certificates_level: Level
    waiting: int = 0
    uncertain: int = 0
    by_hand: int = 0
    used_for: tuple[str, ...] = ()
    # Names of the secrets that are there.
    has: frozenset[str] = frozenset()
    certificates: list[ChannelCertificate] = field(default_factory=list)
    # Why the secrets cannot be opened, if they cannot.
    locked: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """Which way the documents of a dashboard go; the one without a name stands for all others."""

    dashboard: str
    label: str
    first: int | None
    second: int | None


def channels_of(company_id: int, *, now: datetime.datetime) -> list[ChannelView]:
    """The company's channels, those in use first."""
    rows = list(Channel.objects.filter(company_id=company_id).defer("secrets").order_by("-active", "pk"))
    counts = _counts(company_id)
    used = _used(company_id)
    return [_view(row, counts.get(row.pk, {}), used.get(row.pk, ()), now) for row in rows]


def find_channel(company_id: int, channel_id: int, *, now: datetime.datetime) -> ChannelView | None:
    """One channel with its certificates."""
    row = Channel.objects.filter(company_id=company_id, pk=channel_id).first()
    if row is None:
        return None
    try:
        hidden, locked = channels.secrets_of(row), ""
    except SetupError as error:
        hidden, locked = {}, error.text
    extra = {
        "has": frozenset(hidden),
        "certificates": certificates_of(row.kind, row.settings, hidden, now=now),
        "locked": locked,
    }
    counts, used = _counts(company_id), _used(company_id)
    return _view(row, counts.get(row.pk, {}), used.get(row.pk, ()), now, **extra)


def _view(
    row: Channel, counts: Mapping[str, int], used: tuple[str, ...], now: datetime.datetime, **extra: Any
) -> ChannelView:
    state = _state(row, now)
    started = row.test_started_at
    return ChannelView(
        id=row.pk,
        kind=row.kind,
        kind_label=kind_label(row.kind),
        name=name_of(row),
        label=row.label,
        active=row.active,
        settings=row.settings,
        pace=row.pace,
        concurrency=row.concurrency,
        state=state,
        state_label=STATES[state],
        closed_until=row.closed_until,
        last_error=row.last_error,
        last_failed_at=row.last_failed_at,
        last_worked_at=row.last_worked_at,
        collected_at=row.collected_at,
        resting_until=row.visits_from if row.visits_from and row.visits_from > now else None,
        tested_at=row.tested_at,
        test_started_at=started,
        testing=started is not None and now - started < TEST_LASTS,
        steps=row.test_result,
        certificates_until=row.certificates_until,
        certificates_level=level_at(row.certificates_until, now=now),
        waiting=counts.get("waiting", 0),
        uncertain=counts.get("uncertain", 0),
        by_hand=counts.get("by_hand", 0),
        used_for=used,
        **extra,
    )


def _state(row: Channel, now: datetime.datetime) -> State:
    if not row.active:
        return "off"
    if row.kind == Kind.BY_HAND:
        return "by_hand"
    if row.closed_until and row.closed_until > now:
        return "closed"
    failed_last = row.last_failed_at and (
        row.last_worked_at is None or row.last_failed_at > row.last_worked_at
    )
    if row.failures or failed_last:
        return "failing"
    return "works" if row.last_worked_at else "never"


def _counts(company_id: int) -> dict[int, dict[str, int]]:
    """What waits on each channel."""
    rows = (
        Submission.objects.filter(
            company_id=company_id,
            channel__isnull=False,
            status__in=[Status.QUEUED, Status.SENDING, Status.UNCERTAIN, Status.BY_HAND],
        )
        .values_list("channel_id")
        .annotate(
            waiting=Count("pk", filter=Q(status__in=[Status.QUEUED, Status.SENDING])),
            uncertain=Count("pk", filter=Q(status=Status.UNCERTAIN)),
            by_hand=Count("pk", filter=Q(status=Status.BY_HAND)),
        )
    )
    return {
        channel: {"waiting": waiting, "uncertain": uncertain, "by_hand": by_hand}
        for channel, waiting, uncertain, by_hand in rows
        if channel is not None
    }


def _used(company_id: int) -> dict[int, tuple[str, ...]]:
    """What each channel is chosen for, in words."""
    found: dict[int, tuple[str, ...]] = {}
    for way in ways_of(company_id):
        if way.first is not None:
            found[way.first] = (*found.get(way.first, ()), way.label)
        if way.second is not None:
            text = say("{dashboard} (seconda via)", dashboard=way.label)
            found[way.second] = (*found.get(way.second, ()), text)
    return found


def ways_of(company_id: int) -> list[Way]:
    """The choice for all documents, then that of each dashboard."""
    rows = {use.dashboard: use for use in ChannelUse.objects.filter(company_id=company_id)}
    labels = {"": say("Tutti i documenti"), **{str(d): DASHBOARD_LABELS[d] for d in DASHBOARDS}}
    return [
        Way(
            code, label, use.channel_id if (use := rows.get(code)) else None, use.fallback_id if use else None
        )
        for code, label in labels.items()
    ]


def ending_soon(company_id: int, *, now: datetime.datetime) -> list[ChannelView]:
    """The active channels of which a certificate ends within two months, or has ended."""
    rows = Channel.objects.filter(
        company_id=company_id, active=True, certificates_until__lt=now + FIRST_WARNING
    )
    return [_view(row, {}, (), now) for row in rows.defer("secrets").order_by("certificates_until")]


def is_ready(kind: str) -> bool:
    """Whether this installation knows how to go this way."""
    return kind == Kind.BY_HAND or Kind(kind) in channels.PORTS


def companies_with_channels() -> list[int]:
    """Companies that have an active channel; in the system's scope."""
    return list(
        Channel.objects.filter(active=True).order_by().values_list("company_id", flat=True).distinct()
    )
