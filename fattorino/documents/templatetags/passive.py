"""What the pages of the passive desk write: days that are left."""

from __future__ import annotations

import datetime

from django import template

from fattorino.documents.passive.queries import ANSWERING

register = template.Library()


@register.filter
def days_after(moment: datetime.datetime | None, now: datetime.datetime) -> int | None:
    """Whole days from now until a moment: 0 on the last one, below zero when it has passed."""
    return None if moment is None else (moment - now) // datetime.timedelta(days=1)


@register.filter
def answers(offer: object) -> bool:
    """Whether what a state offers is an answer to SdI."""
    return getattr(offer, "action", None) in ANSWERING
