"""What the settings pages share: who may come in, and where a remark leads."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from fattorino.core.workflow.definition import Dashboard, State, Workflow
from fattorino.core.workflow.flaws import Flaw
from fattorino.core.workflow.settings import BY_NAME, DASHBOARD_LABELS
from fattorino.organisations.pages import desk
from fattorino.organisations.queries import Actor

View = Callable[..., HttpResponseBase]

# Part of the settings table -> tab of a state's page; what is not here has the name of its part.
_TABS = {"tipo": "aziendali", "check": "aziendali", "events": "esiti", "initial": "abilitazioni"}


def administration(view: View) -> View:
    """Calls `view(request, actor, ...)` for who administers the company in use; others are told that they may not."""

    @desk
    @functools.wraps(view)
    def guarded(request: HttpRequest, actor: Actor, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not actor.may_configure:
            return _forbidden(
                request,
                _("Le impostazioni e i registri dell'azienda sono per il ruolo di amministratore."),
                _("Chiedere a un amministratore dell'azienda."),
            )
        return view(request, actor, *args, **kwargs)

    return guarded


def installation(view: View) -> View:
    """Calls `view(request, ...)` for who administers the installation, whatever company she works for."""

    @login_required
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not getattr(request.user, "is_staff", False):
            return _forbidden(
                request,
                _("Le impostazioni comuni le cambia un amministratore dell'installazione."),
                _("Chiedere a chi amministra Fattorino."),
            )
        return view(request, *args, **kwargs)

    return guarded


def _forbidden(request: HttpRequest, message: str, hint: str) -> HttpResponse:
    # Not raised: the framework would write a traceback into the log for everybody who only tried a door.
    return page(request, "forbidden", {"message": message, "hint": hint, "status": 403}, status=403)


def page(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    return render(request, f"workflow/settings/{template}.html", context or {}, status=status)


def state_or_404(workflow: Workflow, code: str) -> State:
    if code not in workflow.states:
        raise Http404
    return workflow.states[code]


def seen_version(request: HttpRequest) -> int:
    """The version of the draft that the page showed; what is no number can be none that exists."""
    text = request.POST.get("versione", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def tab_of(setting: str) -> str:
    """The tab of a state's page on which a setting stands."""
    part = BY_NAME[setting].part if setting in BY_NAME else setting
    return _TABS.get(part, part) or "aziendali"


def place_of(flaw: Flaw) -> str:
    """Where the remark can be mended; "" where that is no single state."""
    if not flaw.state:
        return ""
    return f"{reverse('states:state', args=[flaw.state])}#{tab_of(flaw.setting)}"


def told(flaws: list[Flaw], workflow: Workflow) -> list[dict[str, Any]]:
    """The remarks with their places, as the templates draw them."""
    return [
        {
            "flaw": flaw,
            "place": place_of(flaw),
            "label": workflow.states[flaw.state].label if flaw.state in workflow.states else "",
        }
        for flaw in flaws
    ]


def dashboard_of(request: HttpRequest, name: str = "dashboard") -> Dashboard | None:
    """The dashboard that the address asks for, if it is one."""
    wanted = request.GET.get(name, "")
    return Dashboard(wanted) if wanted in set(Dashboard) else None


def dashboards_of(workflow: Workflow) -> list[tuple[Dashboard, str]]:
    """Those with states, with their names."""
    return [(d, DASHBOARD_LABELS[d]) for d in Dashboard if workflow.on(d)]
