"""*Invio massivo* begins in the list: what was chosen is shown before anything happens."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from fattorino import clock
from fattorino.core.errors import ConflictError, RefusedError
from fattorino.core.workflow.definition import Dashboard
from fattorino.core.workflow.settings import DASHBOARD_LABELS
from fattorino.documents import selection
from fattorino.documents.forms.filters import FilterForm
from fattorino.documents.selection import Chosen, Group
from fattorino.organisations.languages import said
from fattorino.organisations.pages import desk
from fattorino.organisations.queries import Actor
from fattorino.workflow import bulk
from fattorino.workflow.bulk import Offer
from fattorino.workflow.flows import bulk as runs
from fattorino.workflow.flows.bulk import Order

TICKED = 1000


@dataclass(frozen=True, slots=True)
class Choice:
    """One group of the chosen documents as the page shows it."""

    key: str
    group: Group
    offer: Offer | None
    dashboard_label: str

    @property
    def free(self) -> int:
        return self.group.count - self.group.busy


@require_http_methods(["GET", "HEAD", "POST"])
@desk
def start(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Shows how many, which action, what cannot be sent and why; then starts the run."""
    if not actor.may_write:
        raise PermissionDenied
    given = request.POST if request.method == "POST" else request.GET
    chosen, form = _chosen(given)
    error = None
    if request.method == "POST":
        try:
            return _start(request, actor, chosen)
        except RefusedError as refused:
            error = refused
    offers = bulk.offers(actor)
    choices = [_choice(group, offers) for group in selection.groups(actor, chosen)]
    context = {
        "possible": [each for each in choices if each.offer and each.offer.possible],
        "impossible": [each for each in choices if not (each.offer and each.offer.possible)],
        "count": sum(each.group.count for each in choices),
        "ids": chosen.ids or (),
        "everything": chosen.ids is None,
        "filters": form.query,
        "error": error,
        "error_group": given.get("gruppo", ""),
        "reason": given.get("motivo", "")[:500],
        "target": given.get("nuovo_stato", ""),
        "back": _back(form),
    }
    status = 200 if error is None else 409 if isinstance(error, ConflictError) else 422
    return render(request, "documents/bulk.html", context, status=status)


def _chosen(given: QueryDict) -> tuple[Chosen, FilterForm]:
    form = FilterForm(given)
    if given.get("cosa", "") == "tutti":
        return Chosen(form.filters), form
    ticked = (i for i in given.getlist("documento")[:TICKED] if i.isascii() and i.isdecimal() and len(i) < 19)
    return Chosen(form.filters, tuple(map(int, ticked))), form


def _choice(group: Group, offers: dict[tuple[str, str], Offer]) -> Choice:
    offer = offers.get((group.dashboard, group.state))
    label = said(DASHBOARD_LABELS[Dashboard(group.dashboard)]) if group.dashboard else ""
    return Choice(f"{group.dashboard}.{group.state}", group, offer, label)


def _back(form: FilterForm) -> str:
    return reverse("documents:list") + (f"?{urlencode(form.query)}" if form.query else "")


def _start(request: HttpRequest, actor: Actor, chosen: Chosen) -> HttpResponse:
    dashboard, _dot, state = request.POST.get("gruppo", "").partition(".")
    seen = request.POST.get("visti", "")
    here = {(group.dashboard, group.state): group for group in selection.groups(actor, chosen)}
    group = here.get((dashboard, state))
    if group and seen.isascii() and seen.isdecimal() and len(seen) < 10 and group.count > int(seen):
        raise ConflictError(
            _("Nel frattempo i documenti sono diventati %(now)s: prima erano %(before)s.")
            % {"now": group.count, "before": int(seen)},
            _("Se vanno bene tutti, confermare di nuovo."),
        )
    order = Order(
        dashboard,
        state,
        action=request.POST.get("azione", ""),
        target=request.POST.get("nuovo_stato", ""),
        reason=request.POST.get("motivo", "").replace("\x00", ""),
    )
    if not order.action and not order.target:
        raise RefusedError(_("Scegliere lo stato da assegnare."))
    ids = selection.documents(actor, chosen, dashboard, state) if group else iter(())
    run_id, total = runs.start_run(actor, order, ids, now=clock.now())
    lost = (group.count if group else 0) - total
    if lost > 0:
        messages.warning(
            request,
            ngettext(
                "%(count)s documento nel frattempo ha cambiato stato e non c'è.",
                "%(count)s documenti nel frattempo hanno cambiato stato e non ci sono.",
                lost,
            )
            % {"count": lost},
        )
    return redirect("bulk:run", run_id)
