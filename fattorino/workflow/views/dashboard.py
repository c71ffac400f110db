"""The dashboards: gadgets with their counts, how one person arranges them, *Sincronizza*, *Esiti non attesi*."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from fattorino import clock
from fattorino.core.errors import ConflictError, InputError, RefusedError
from fattorino.core.workflow.definition import Dashboard
from fattorino.organisations.flows import audit
from fattorino.organisations.pages import desk
from fattorino.organisations.queries import Actor
from fattorino.workflow import actions, dashboards, flows, outcomes
from fattorino.workflow.alerts import alerts_of
from fattorino.workflow.live.address import live_address
from fattorino.workflow.live.board import as_text

# Statuses applied while the person waits; what is more the schedule brings.
AT_ONCE = 200


def dashboard_or_404(kind: str) -> Dashboard:
    if kind not in dashboards.BY_SLUG:
        raise Http404
    return dashboards.BY_SLUG[kind]


@require_safe
@desk
def home(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Where one begins: the dashboard with most open documents."""
    return redirect("dashboards:page", dashboards.SLUGS[dashboards.first_dashboard(actor)])


@require_safe
@desk
def page(request: HttpRequest, actor: Actor, dashboard: str) -> HttpResponse:
    """One dashboard; `?scheda=` is the tab, `?disponi=1` shows the buttons by which one arranges the gadgets."""
    view = dashboards.dashboard_view(actor, dashboard_or_404(dashboard))
    return render(request, "workflow/dashboard/page.html", _context(request, actor, view))


def _context(request: HttpRequest, actor: Actor, view: dashboards.DashboardView) -> dict[str, object]:
    wanted = request.POST.get("scheda") or request.GET.get("scheda", "")
    names = [tab.name for tab in view.tabs]
    slug = view.kind.slug
    live = live_address(request)
    asked = urlencode({"azienda": actor.company_id, "dashboard": slug})
    return {
        "view": view,
        "slug": slug,
        "current": wanted if wanted in names else next(iter(names), ""),
        "arranging": "disponi" in request.GET or request.method == "POST",
        "azienda": actor.company_id,
        "alerts": alerts_of(actor, now=clock.now()),
        "unexpected": outcomes.count_unexpected(actor, "", which=outcomes.OPEN, most=99),
        "poll": f"{reverse('dashboards:figures', args=[slug])}?{urlencode({'azienda': actor.company_id})}",
        "live": f"{live}/conteggi?{asked}" if live else "",
    }


@require_safe
@desk
def figures(request: HttpRequest, actor: Actor, dashboard: str) -> HttpResponse:
    """What the live channel would send, for pages that must ask."""
    wanted = dashboard_or_404(dashboard)
    asked = request.GET.get("azienda")
    if asked is not None and asked != str(actor.company_id):
        raise ConflictError(
            _("In un'altra finestra è stata scelta un'altra azienda: questi conteggi non si aggiornano più."),
            _("Ricaricare la pagina."),
        )
    told = as_text(dashboards.live_figures(actor, wanted))
    return HttpResponse(told, content_type="application/json")


@require_POST
@desk
def arrange(request: HttpRequest, actor: Actor, dashboard: str) -> HttpResponse:
    """One change to the person's own arrangement, by button or by drag."""
    board = dashboard_or_404(dashboard)
    command, state = request.POST.get("comando", ""), request.POST.get("stato", "")[:40]
    if command in ("su", "giu"):
        flows.move_gadget(actor, board, state, -1 if command == "su" else 1)
    elif command in ("nascondi", "mostra"):
        flows.hide_gadget(actor, board, state, hidden=command == "nascondi")
    elif command in ("fissa", "stacca"):
        flows.pin_gadget(actor, board, state, pinned=command == "fissa")
    elif command == "ordina":
        flows.arrange_gadgets(actor, board, request.POST.get("ordine", "")[:4000].split())
    elif command == "ripristina":
        flows.reset_gadgets(actor, board)
    else:
        raise InputError(_("Il comando non è tra quelli della pagina: ricaricare la pagina e riprovare."))
    if request.headers.get("HX-Request") == "true":
        view = dashboards.dashboard_view(actor, board)
        return render(request, "workflow/dashboard/parts/board.html", _context(request, actor, view))
    query = urlencode({"disponi": 1, "scheda": request.POST.get("scheda", "")})
    return redirect(f"{reverse('dashboards:page', args=[dashboard])}?{query}")


@require_POST
@desk
def synchronise(request: HttpRequest, actor: Actor) -> HttpResponse:
    """*Sincronizza*: what waits is applied where it can be, and the Hub looks for what nobody has answered."""
    if not actor.may_write:
        raise RefusedError(
            _("Il ruolo di consultazione non permette di sincronizzare."),
            _("Gli esiti arrivano comunque da soli."),
        )
    now = clock.now()
    applied, _left = flows.bring_held(actor.company_id, now=now, most=AT_ONCE)
    asked = actions.ask_hub(actor.company_id, now=now)
    audit("sincronizzazione", now=now, actor_id=actor.user_id, company_id=actor.company_id, applicati=applied)
    messages.info(request, _told(actor, applied, asked))
    kind = request.POST.get("dashboard", "")
    return redirect("dashboards:page", kind) if kind in dashboards.BY_SLUG else redirect("dashboards:home")


def _told(actor: Actor, applied: int, asked: int) -> str:
    waiting = outcomes.count_unexpected(actor, outcomes.WAITING, which=outcomes.OPEN)
    kept = outcomes.count_unexpected(actor, outcomes.KEPT, which=outcomes.OPEN)
    words = [
        ngettext("%(n)s esito applicato", "%(n)s esiti applicati", applied) % {"n": applied},
        ngettext("%(n)s in attesa", "%(n)s in attesa", waiting) % {"n": _at_most(waiting)},
        ngettext("%(n)s non atteso", "%(n)s non attesi", kept) % {"n": _at_most(kept)},
    ]
    if asked:
        words.append(
            ngettext("%(n)s invio senza risposta ripreso", "%(n)s invii senza risposta ripresi", asked)
            % {"n": asked}
        )
    text = _("Sincronizzazione con Digital Hub: %(what)s.") % {"what": ", ".join(words)}
    if not waiting and not kept:
        return text
    return format_html(
        '{} <a href="{}">{}</a>', text, reverse("dashboards:unexpected"), _("Vedi gli esiti non attesi")
    )


def _at_most(number: int) -> str:
    return str(number) if number <= outcomes.COUNTED else _("più di %(n)s") % {"n": outcomes.COUNTED}
