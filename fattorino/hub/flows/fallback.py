"""The second way: only for a file that certainly was not sent on the first, and only once."""

from __future__ import annotations

import datetime

from django.db import models

from fattorino.core.texts import say, together
from fattorino.hub.flows import channels, health, turns
from fattorino.hub.models import Channel, ChannelUse, Submission, Transmission
from fattorino.workflow import flows as workflow

Status = Submission.Status
# So many at a time when a whole queue goes the other way.
AT_ONCE = 500


def take(row: Submission, why: str, *, now: datetime.datetime) -> bool:
    """Put one that was given up into the queue of its second way; False where there is none for it."""
    other = _second_ways(row.company_id, row.channel_id).get(row.document.dashboard)
    if other is None or health.resting(other, now) or not _unsent([row.pk]):
        return False
    _move([row], other, why, now)
    return True


def take_all(channel: Channel, *, now: datetime.datetime) -> int:
    """The channel rests: what waits on it goes the second way, where that works by itself; how many went."""
    moved = 0
    for dashboard, other in _second_ways(channel.company_id, channel.pk).items():
        # A person is not asked to carry what will go by itself when the rest is over.
        if other.kind == Channel.Kind.BY_HAND or health.resting(other, now):
            continue
        moved += _move_waiting(channel, dashboard, other, channel.last_error, now)
    return moved


def leave(channel: Channel, *, now: datetime.datetime) -> None:
    """The channel was switched off: what waits on it and certainly was not sent goes the way that is chosen now."""
    for dashboard in DASHBOARDS:
        if not waiting_for(channel, dashboard).exists():
            continue
        other = channels.channel_for(channel.company_id, dashboard)
        if other.pk != channel.pk and other.active:
            _move_waiting(channel, dashboard, other, say("Il canale di prima è stato disattivato."), now)


def waiting_for(channel: Channel, dashboard: str) -> models.QuerySet[Submission]:
    """What waits on the channel, of a dashboard, and may still go another way."""
    return Submission.objects.filter(
        company_id=channel.company_id, channel=channel, status=Status.QUEUED, consignment=None
    ).filter(document__dashboard=dashboard, offered_again=False)


def _move_waiting(channel: Channel, dashboard: str, other: Channel, why: str, now: datetime.datetime) -> int:
    waiting = waiting_for(channel, dashboard)
    found = dict(waiting.order_by("-priority", "pk").values_list("pk", "document_id")[:AT_ONCE])
    # Whose document somebody holds goes the next time: who holds others must not wait.
    held = workflow.try_lock_many(list(found.values()))
    rows = waiting.select_for_update(of=("self",)).filter(pk__in=_unsent(list(found)), document_id__in=held)
    ready = list(rows.order_by("document_id"))
    if ready:
        _move(ready, other, why, now)
    return len(ready)


def _second_ways(company_id: int, channel_id: int | None) -> dict[str, Channel]:
    """By dashboard: the way behind this one, for documents whose first way it is."""
    uses = ChannelUse.objects.select_related("fallback").filter(company_id=company_id)
    by_dashboard = {use.dashboard: use for use in uses}
    found = {}
    for dashboard in DASHBOARDS:
        use = by_dashboard.get(dashboard) or by_dashboard.get("")
        if use and use.channel_id == channel_id and use.fallback and use.fallback.active:
            found[dashboard] = use.fallback
    return found


DASHBOARDS = [value for value, _ in ChannelUse._meta.get_field("dashboard").choices or ()]


def _unsent(submission_ids: list[int]) -> set[int]:
    """Those that no attempt can have brought to SdI."""
    Outcome = Transmission.Outcome
    tried = Transmission.objects.filter(submission_id__in=submission_ids).exclude(outcome=Outcome.NOT_TAKEN)
    return set(submission_ids) - set(tried.values_list("submission_id", flat=True))


def _move(rows: list[Submission], other: Channel, why: str, now: datetime.datetime) -> None:
    ids = [row.pk for row in rows]
    Submission.objects.filter(pk__in=ids).update(
        status=Status.QUEUED, channel=other, consignment=None, failures=0, next_attempt_at=None, last_error=""
    )
    label = other.label or Channel.Kind(other.kind).label
    text = say("Certamente non inviato: passa al canale «{channel}».", channel=label)
    lines = [workflow.Line(row.document_id, "HubOtherWay", together(text, why)) for row in rows]
    workflow.record_many(lines, workflow.system_actor(other.company_id), now=now)
    turns.start(other, ids, now=now, priority=min(row.priority for row in rows))
