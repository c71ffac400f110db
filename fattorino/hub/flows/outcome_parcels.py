"""Outcomes that travel inside something: those of a way that wait go together, as one small support goes at a visit."""

from __future__ import annotations

import contextlib
import datetime

from django.db import transaction

from fattorino.core.errors import ChannelError
from fattorino.hub.channels.base import Outgoing
from fattorino.hub.flows import consignments, inside, outcome_travels, outcomes
from fattorino.hub.flows import outcome_steps as steps
from fattorino.hub.models import Channel, OutcomeSent
from fattorino.workflow import flows as workflow


def seal(outcome_id: int, channel: Channel, file: Outgoing, *, now: datetime.datetime) -> None:
    """Put one whose attempt has begun into a parcel, where the way gathers with all others that wait on it.

    Raises:
        ChannelError: it cannot travel, or not now.
    """
    others = steps.waiting(channel, now=now, limit=inside.AT_ONCE) if channel.gathers else {}
    if others:
        # Where they cannot travel together each goes by itself, and whose fault it is fails alone.
        with contextlib.suppress(ChannelError):
            _seal(outcome_id, channel, file, others, now)
            return
    _seal(outcome_id, channel, file, {}, now)


def _seal(
    outcome_id: int, channel: Channel, file: Outgoing, others: dict[int, int], now: datetime.datetime
) -> None:
    company_id = channel.company_id
    with transaction.atomic():
        mine = OutcomeSent.objects.filter(pk=outcome_id, company_id=company_id)
        workflow.lock_many([*mine.values_list("document_id", flat=True), *others.values()])
        files = {outcome_id: file}
        for other in others:
            begun = outcomes.along(other, channel, now=now)
            if begun is not None:
                files[other] = begun
        parcel = consignments.seal(channel.pk, company_id, list(files.values()), now=now)
        for each in files:
            outcome_travels.travels(each, company_id, parcel.pk)
