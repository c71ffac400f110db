"""The port by which rooms above put something to see to above the dashboards (bound in config/actions.py)."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from django.conf import settings
from django.utils.module_loading import import_string

from fattorino.organisations.queries import Actor


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that will go wrong unless somebody sees to it: in a sentence, and where that is done."""

    text: str
    address: str
    level: Literal["info", "warning", "danger"]


AlertFunction = Callable[[Actor, datetime.datetime], Sequence[Alert]]


def alerts_of(actor: Actor, *, now: datetime.datetime) -> list[Alert]:
    """What this person should see to, in the order of the table."""
    functions: Sequence[AlertFunction] = import_string(settings.DASHBOARD_ALERTS)
    return [alert for function in functions for alert in function(actor, now)]
