"""One state's page: the tabs of *Impostazioni aziendali*, saved as one form; deleted, withdrawn, taken back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.core.workflow import edit
from fattorino.core.workflow.definition import State, Workflow
from fattorino.core.workflow.diff import Difference, differences
from fattorino.organisations.queries import Actor
from fattorino.workflow import configuration, flows, overview
from fattorino.workflow.configuration import Proposal
from fattorino.workflow.forms.choices import StateChoices
from fattorino.workflow.forms.state import StateForm, digest
from fattorino.workflow.views.common import administration, page, seen_version, state_or_404, tab_of

TABS = (
    "comuni",
    "aziendali",
    "abilitazioni",
    "notifiche",
    "permessi",
    "azioni",
    "passive",
    "assegnare",
    "esiti",
)


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def state(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    proposal = configuration.proposal(actor.company_id)
    found = state_or_404(proposal.workflow, code)
    if request.method == "POST":
        return _save(request, actor, proposal, found)
    form = StateForm.of(proposal.workflow, code)
    form.warn([f for f in configuration.flaws(actor.company_id, proposal.workflow) if f.state == code])
    return _show(request, actor, proposal, found, form)


def _save(request: HttpRequest, actor: Actor, proposal: Proposal, old: State) -> HttpResponse:
    form = StateForm.from_post(request.POST)
    made = form.read(proposal.workflow, old.code, configuration.surroundings(actor.company_id))
    if made is None:
        count = len(form.errors)
        message = _("C'è un'impostazione da correggere.") if count == 1 else (
            _("Ci sono %(count)s impostazioni da correggere.") % {"count": count}
        )  # fmt: skip
        return _show(request, actor, proposal, old, form, message=message, status=422)
    wanted = made.into(proposal.workflow)
    changes = differences(proposal.workflow, wanted, configuration.names(actor.company_id))
    if form.values.get("impronta") != digest(proposal.workflow, old.code) and changes:
        # Somebody else has changed this very state: both are shown, and whoever saves again has seen them.
        form.values["impronta"] = digest(proposal.workflow, old.code)
        return _show(request, actor, proposal, old, form, conflict=changes, status=409)
    if changes:
        flows.save_draft(actor, wanted, proposal.version, now=clock.now())
        messages.success(request, _("«%(state)s» salvato nella bozza.") % {"state": old.label})
    else:
        messages.info(request, _("Nulla da salvare: le impostazioni sono quelle di prima."))
    tab = form.values.get("scheda", "")
    return redirect(reverse("states:state", args=[old.code]) + (f"#{tab}" if tab in TABS else ""))


def _show(
    request: HttpRequest,
    actor: Actor,
    proposal: Proposal,
    state: State,
    form: StateForm,
    *,
    message: str = "",
    conflict: tuple[Difference, ...] = (),
    status: int = 200,
) -> HttpResponse:
    common = overview.look(state.code)
    context = {
        "proposal": proposal,
        "state": state,
        "look": common,
        "form": form,
        "choices": StateChoices(actor.company_id, proposal.workflow, state, form),
        "marked": {tab_of(_setting(name)) for name in (*form.errors, *form.warnings)},
        "message": message,
        "conflict": conflict,
        **_leaving(actor, proposal.workflow, state),
    }
    return page(request, "state", context, status=status)


def _setting(name: str) -> str:
    """The setting that a field of the form belongs to."""
    head, _dash, rest = name.partition("-")
    return (
        f"{head}.{rest}"
        if head in ("active", "passive")
        else {"event": "events", "notice": "notices"}.get(head, head)
    )


def _leaving(actor: Actor, workflow: Workflow, state: State) -> dict[str, Any]:
    """How the state can be taken out of use, and what stands in the way."""
    found = edit.references(workflow, state.code)
    heirs = [
        other
        for other in sorted(workflow.states.values(), key=lambda s: (s.order, s.code))
        if other.code != state.code and not other.retired_to and state.dashboards <= other.dashboards
    ]
    in_use = overview.is_in_use(actor, state.code)
    return {
        "references": [
            {
                "reference": r,
                "place": f"{reverse('states:state', args=[r.state])}#{tab_of(r.setting)}" if r.state else "",
            }
            for r in found
        ],
        "may_delete": not in_use and not any(r.blocking for r in found),
        "in_use": in_use,
        "heirs": [(s.code, s.label) for s in heirs],
        "heir": workflow.states.get(state.retired_to),
    }


@require_POST
@administration
def delete(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """Take an unused state out of the company's configuration."""
    proposal = configuration.proposal(actor.company_id)
    found = state_or_404(proposal.workflow, code)
    if overview.is_in_use(actor, code):
        raise RefusedError(
            _("Ci sono documenti nello stato «%(state)s».") % {"state": found.label},
            _("Ritirarlo, indicando lo stato che ne prende il posto."),
        )
    flows.save_draft(actor, edit.remove(proposal.workflow, code), seen_version(request), now=clock.now())
    messages.success(request, _("«%(state)s» tolto dalla bozza.") % {"state": found.label})
    return redirect("states:states")


@require_POST
@administration
def retire(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """Withdraw a state: from the publication on, its documents move to the target."""
    proposal = configuration.proposal(actor.company_id)
    found = state_or_404(proposal.workflow, code)
    target = request.POST.get("verso", "")
    if target not in proposal.workflow.states:
        raise RefusedError(_("Scegliere lo stato a cui passano i documenti."))
    workflow = edit.retire(proposal.workflow, code, target)
    flows.save_draft(actor, workflow, seen_version(request), now=clock.now())
    messages.success(
        request,
        _("«%(state)s» ritirato nella bozza: i documenti passano a «%(target)s» quando la si pubblica.")
        % {"state": found.label, "target": workflow.states[target].label},
    )
    return redirect("states:state", code)


@require_POST
@administration
def restore(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    proposal = configuration.proposal(actor.company_id)
    found = state_or_404(proposal.workflow, code)
    workflow = edit.restore(proposal.workflow, code)
    flows.save_draft(actor, workflow, seen_version(request), now=clock.now())
    messages.success(request, _("«%(state)s» è di nuovo in uso, nella bozza.") % {"state": found.label})
    return redirect("states:state", code)
