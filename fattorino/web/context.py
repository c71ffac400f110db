"""What the frame of every page shows: the company in use, the user's others, the menu."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

MENU = (("dashboards:home", "Dashboard"), ("documents:list", "Entrate"), ("documents:import", "Importa"))
SETTINGS = "/impostazioni/"


def page(request: HttpRequest) -> dict[str, Any]:
    """Context processor; also works for error pages, where some middleware has not run."""
    membership = getattr(request, "membership", None)
    memberships = getattr(request, "memberships", [])
    return {
        "company": membership.company if membership else None,
        "companies": [each.company for each in memberships],
        "role_label": membership.get_role_display() if membership else "",
        "actor": getattr(request, "actor", None),
        "navigation": _menu(request.path) + _settings(request),
    }


def _menu(path: str) -> list[dict[str, object]]:
    items: list[dict[str, object]] = []
    for name, label in MENU:
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        items.append({"url": url, "label": label, "current": path.startswith(url)})
    # The longest address wins: /entrate/importa/ is not also /entrate/.
    current = [item for item in items if item["current"]]
    for item in current:
        item["current"] = item is max(current, key=lambda each: len(str(each["url"])))
    return items


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
    return [{"url": url, "label": "Impostazioni", "current": request.path.startswith(SETTINGS)}]
