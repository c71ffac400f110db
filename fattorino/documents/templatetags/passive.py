"""What the pages of the passive desk write: the term of an answer, who a supplier is."""

from __future__ import annotations

import datetime

from django import template
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fattorino.core.sdi import deadlines
from fattorino.core.texts import Text, say
from fattorino.documents.passive.queries import ANSWERING

register = template.Library()


@register.filter
def days_left(due: datetime.datetime, now: datetime.datetime) -> int:
    """Days of the calendar until the last one: 0 on that day itself, -1 when the term is over."""
    return deadlines.days_left(due, now)


@register.filter
def last_day(due: datetime.datetime) -> str:
    """The last day on which there is still time, with its article: "il 7 dicembre", "l'8 dicembre"."""
    day = deadlines.last_day(due)
    month = date_format(day, "F")
    if get_language() == "it":
        month = month.lower()  # Django writes it as a heading
    if day.day == 1:
        return _("il 1º %(month)s") % {"month": month}
    pattern = _("l'%(day)s") if day.day in (8, 11) else _("il %(day)s")
    return pattern % {"day": f"{day.day} {month}"}


@register.filter
def last_hour(due: datetime.datetime) -> str:
    """14:05 in Italian time; "" where the last day counts until its end."""
    local = due.astimezone(deadlines.ROME)
    return f"{local:%H:%M}" if local.date() == deadlines.last_day(due) else ""


@register.filter
def answers(offer: object) -> bool:
    """Whether what a state offers is an answer to SdI."""
    return getattr(offer, "action", None) in ANSWERING


@register.filter
def tax_number(identity: str) -> Text | str:
    """By what a supplier is known, as people write it: "P.IVA IT01234567897"; "" where that is the name alone."""
    kind, _, number = identity.partition(":")
    if kind == "N" or not number:
        return ""
    if kind == "CF":
        return say("C.F. {number}", number=number)
    return say("P.IVA {number}", number=f"{kind}{number}")
