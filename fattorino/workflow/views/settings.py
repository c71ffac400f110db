"""*Stati adempimento*: the company's states in one table, what is wrong with them, and new ones."""

from __future__ import annotations

from decimal import Decimal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.core.workflow.definition import State, StateType
from fattorino.core.workflow.edit import put
from fattorino.core.workflow.late_answers import RULE, hear_late_answers
from fattorino.organisations.queries import Actor
from fattorino.organisations.tables import table_file
from fattorino.workflow import configuration, flows, overview
from fattorino.workflow.views.common import (
    administration,
    dashboard_of,
    dashboards_of,
    page,
    seen_version,
    told,
)


@require_safe
@administration
def states(request: HttpRequest, actor: Actor) -> HttpResponse:
    proposal = configuration.proposal(actor.company_id)
    flaws = configuration.flaws(actor.company_id, proposal.workflow)
    dashboard = dashboard_of(request)
    published = configuration.versions(actor.company_id)[0]
    context = {
        "proposal": proposal,
        "published": published,
        "tabs": overview.table(actor, proposal.workflow, flaws, dashboard),
        "dashboard": dashboard,
        "dashboards": dashboards_of(proposal.workflow),
        "errors": sum(f.is_error for f in flaws),
        "warnings": sum(not f.is_error for f in flaws),
    }
    return page(request, "states", context)


COLUMNS = (
    "Codice", "Descrizione", "Tab", "Ordine", "Tipo", "Dashboard", "Azioni", "Documenti", "Errori", "Avvertimenti",
)  # fmt: skip


@require_safe
@administration
def states_file(request: HttpRequest, actor: Actor, kind: str) -> HttpResponse:
    """The table as CSV or XLSX."""
    proposal = configuration.proposal(actor.company_id)
    flaws = configuration.flaws(actor.company_id, proposal.workflow)
    rows = [
        (
            row.state.code,
            row.state.label,
            tab.name,
            Decimal(row.state.order),
            str(row.state.type),
            ", ".join(row.dashboards),
            ", ".join(row.actions),
            "riservato" if row.documents is None else Decimal(row.documents),
            Decimal(row.errors),
            Decimal(row.warnings),
        )
        for tab in overview.table(actor, proposal.workflow, flaws, dashboard_of(request))
        for row in tab.rows
    ]
    return table_file(kind, "stati-adempimento", "Stati adempimento", COLUMNS, rows)


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def check(request: HttpRequest, actor: Actor) -> HttpResponse:
    """*Controlla*: every remark with its place and its remedy; what has only one remedy is mended in the draft."""
    proposal = configuration.proposal(actor.company_id)
    if request.method == "POST":
        mended = hear_late_answers(proposal.workflow)
        flows.save_draft(actor, mended, seen_version(request), now=clock.now())
        messages.success(request, _("Passaggi aggiunti alla bozza: controllarla e pubblicarla."))
        return redirect("states:compare")
    flaws = configuration.flaws(actor.company_id, proposal.workflow)
    context = {
        "deaf": any(flaw.rule == RULE for flaw in flaws),
        "proposal": proposal,
        "errors": told([f for f in flaws if f.is_error], proposal.workflow),
        "warnings": told([f for f in flaws if not f.is_error], proposal.workflow),
    }
    return page(request, "check", context)


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def add(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Take a state of the common list into the company's configuration."""
    proposal = configuration.proposal(actor.company_id)
    free = [look for look in overview.looks() if look.code not in proposal.workflow.states]
    if request.method != "POST":
        return page(request, "add", {"proposal": proposal, "looks": free})
    look = next((each for each in free if each.code == request.POST.get("codice")), None)
    if look is None:
        raise RefusedError(_("Questo stato non è tra quelli che si possono aggiungere."))
    workflow = put(proposal.workflow, State(look.code, look.label, StateType.INTERMEDIATE))
    flows.save_draft(actor, workflow, seen_version(request), now=clock.now())
    messages.success(
        request,
        _("«%(state)s» è nella bozza: ora indicarne tipo, abilitazioni e azioni.") % {"state": look.label},
    )
    return redirect("states:state", look.code)
