"""Attempts to hand files to a channel: which is whose, how they end, and what they leave in doubt."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence

from django.db import connection

from fattorino.core.errors import ChannelError
from fattorino.hub.models import Transmission
from fattorino.organisations.rows import array

Outcome = Transmission.Outcome
# The channel and the slot of a turn: nobody else makes attempts under both. None: whoever made them.
Turn = tuple[int, int] | None
# Submission, outcome, error, identifier.
Ending = tuple[int, str, str, str]

_CLOSE = """
update hub_transmission t set outcome = g.outcome, finished_at = %s, error = g.error, identificativo_sdi = g.sdi
from unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) as g (submission, outcome, error, sdi)
where t.submission_id = g.submission and t.outcome = 'open'
and (%s::bigint is null or (t.channel_id = %s and t.slot = %s))
returning t.submission_id
"""


def close(endings: Sequence[Ending], now: datetime.datetime, *, turn: Turn = None) -> set[int]:
    """End the open attempts of these submissions; those that had one."""
    if not endings:
        return set()
    channel, slot = turn or (None, None)
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE, [now, *map(array, zip(*endings, strict=True)), channel, channel, slot])
        return {pk for (pk,) in cursor.fetchall()}


def still_open(submission_ids: Collection[int], turn: Turn) -> set[int]:
    """Those whose attempt in this turn nobody else has ended."""
    rows = Transmission.objects.filter(submission_id__in=submission_ids, outcome=Outcome.OPEN)
    if turn:
        rows = rows.filter(channel_id=turn[0], slot=turn[1])
    return set(rows.values_list("submission_id", flat=True))


def given_up_for_dead(submission_ids: Collection[int], turn: tuple[int, int]) -> set[int]:
    """Those whose last attempt was made in this turn and left in doubt, because its process was thought dead."""
    rows = Transmission.objects.filter(submission_id__in=submission_ids).order_by("submission_id", "-pk")
    last = rows.distinct("submission_id").values_list("submission_id", "channel_id", "slot", "outcome")
    return {pk for pk, *whose, outcome in last if outcome == Outcome.UNKNOWN and tuple(whose) == turn}


def in_doubt(submission_ids: Collection[int]) -> set[int]:
    """Those of which an earlier attempt may have arrived."""
    tried = Transmission.objects.filter(submission_id__in=submission_ids)
    doubtful = tried.filter(outcome__in=[Outcome.ACCEPTED, Outcome.UNKNOWN])
    return set(doubtful.values_list("submission_id", flat=True))


def outcome_of(error: ChannelError) -> str:
    return Outcome.UNKNOWN if error.uncertain else Outcome.NOT_TAKEN
