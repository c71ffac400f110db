"""Who a session belongs to, asked by whoever is not the framework's own request: the live channel."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.http import HttpRequest


def person_of(session_key: str) -> int | None:
    """The person who is signed in by this session; None where it has ended or her password was changed since."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)
    return user.pk if user.is_authenticated else None


def alive(session_keys: Collection[str], *, now: datetime.datetime) -> frozenset[str]:
    """Those that have neither expired nor been signed out. Quick, and no proof that the password is still the same."""
    rows = Session.objects.filter(session_key__in=list(session_keys), expire_date__gt=now)
    return frozenset(rows.values_list("session_key", flat=True))
