"""What the frame of every page shows: the company in use, the user's others, the menu."""

from __future__ import annotations

import functools
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from fattorino.hub import inbox
from fattorino.hub.queries_by_hand import goes_by_hand
from fattorino.organisations.languages import said
from fattorino.organisations.queries import Actor
from fattorino.workflow import notices
from fattorino.workflow.live.address import live_address

MENU = (
    ("dashboards:home", gettext_noop("Dashboard")),
    ("documents:list", gettext_noop("Entrate")),
    ("passive:list", gettext_noop("Fatture passive")),
    ("documents:import", gettext_noop("Importa")),
    ("sdi_messages:list", gettext_noop("Messaggi SdI")),
)
SETTINGS = "/impostazioni/"


def page(request: HttpRequest) -> dict[str, Any]:
    """Context processor; also works for error pages, where some middleware has not run."""
    membership = getattr(request, "membership", None)
    actor: Actor | None = getattr(request, "actor", None)
    memberships = getattr(request, "memberships", [])
    return {
        "company": membership.company if membership else None,
        "companies": [each.company for each in memberships],
        "role_label": said(membership.get_role_display()) if membership else "",
        "actor": actor,
        "other_languages": [each for each in settings.LANGUAGES if each[0] != get_language()],
        "bell_most": notices.COUNTED,
        # Counted only by a page that shows the bell.
        "bell_count": functools.partial(_unread, actor),
        "bell_live": functools.partial(_channel, request, actor),
        "navigation": _menu(request.path) + _by_hand(request, actor) + _settings(request),
        "to_match": functools.partial(_to_match, actor),
    }


def _unread(actor: Actor | None) -> int | None:
    """None: there is no bell, or after a fault of the database nothing can be asked any more."""
    if actor is None or transaction.get_connection().needs_rollback:
        return None
    return notices.unread(actor)


def _to_match(actor: Actor | None) -> int:
    """How many messages of SdI wait for this person; asked only by a page that shows the menu."""
    if actor is None or transaction.get_connection().needs_rollback:
        return 0
    return inbox.waiting(actor)


def _channel(request: HttpRequest, actor: Actor | None) -> str:
    """Where the page hears of the bell; empty where it must ask."""
    address = live_address(request)
    return f"{address}/conteggi?azienda={actor.company_id}" if address and actor else ""


def _menu(path: str) -> list[dict[str, object]]:
    items: list[dict[str, object]] = []
    for name, label in MENU:
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        waits = name == "sdi_messages:list"
        items.append({"url": url, "label": _(label), "current": path.startswith(url), "waits": waits})
    # The longest address wins: /entrate/importa/ is not also /entrate/.
    current = [item for item in items if item["current"]]
    for item in current:
        item["current"] = item is max(current, key=lambda each: len(str(each["url"])))
    return items


def _by_hand(request: HttpRequest, actor: Actor | None) -> list[dict[str, object]]:
    """For companies whose way to SdI, or one of whose ways, is a person."""
    if actor is None or transaction.get_connection().needs_rollback or not goes_by_hand(actor.company_id):
        return []
    url = reverse("by_hand:list")
    return [{"url": url, "label": _("A mano"), "current": request.path.startswith(url)}]


def _settings(request: HttpRequest) -> list[dict[str, object]]:
    """The entry of the settings, for who may change some: the company's, or the installation's."""
    actor = getattr(request, "actor", None)
    user = getattr(request, "user", None)
    if actor is not None and actor.may_configure:
        url = reverse("states:states")
    elif getattr(user, "is_staff", False):
        url = reverse("states:looks")
    else:
        return []
    return [{"url": url, "label": _("Impostazioni"), "current": request.path.startswith(SETTINGS)}]
