"""From draft to version: compare, publish, throw away; look at earlier versions, compare two, begin from one again."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.core.workflow.definition import Workflow
from fattorino.core.workflow.diff import differences
from fattorino.organisations.queries import Actor
from fattorino.workflow import configuration, flows, overview, queries
from fattorino.workflow.views.common import administration, page, seen_version, told


@require_safe
@administration
def compare(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What publishing the draft would change, and what still keeps it from being published."""
    proposal = configuration.proposal(actor.company_id)
    number, published = queries.workflow_of(actor.company_id)
    flaws = configuration.flaws(actor.company_id, proposal.workflow)
    in_use = configuration.in_use(actor)
    names = configuration.names(actor.company_id)
    moving = [s for s in proposal.workflow.states.values() if s.retired_to and in_use.get(s.code)]
    context = {
        "proposal": proposal,
        "number": number,
        "differences": differences(configuration.with_looks(published), proposal.workflow, names),
        "errors": told([f for f in flaws if f.is_error], proposal.workflow),
        "warnings": sum(not f.is_error for f in flaws),
        "moving": [(s.label, proposal.workflow.states[s.retired_to].label) for s in moving],
    }
    return page(request, "compare", context)


@require_POST
@administration
def publish(request: HttpRequest, actor: Actor) -> HttpResponse:
    note = request.POST.get("nota", "").replace("\x00", "")
    version = flows.publish_draft(actor, seen_version(request), now=clock.now(), note=note)
    messages.success(
        request, _("Pubblicata la versione %(number)s: vale da subito.") % {"number": version.number}
    )
    return redirect("states:states")


@require_POST
@administration
def rebase(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The draft replaces a version that was published after it was begun: somebody has looked at both."""
    flows.rebase(actor, seen_version(request), now=clock.now())
    messages.success(request, _("Confermato: la bozza prenderà il posto dell'ultima versione pubblicata."))
    return redirect("states:compare")


@require_POST
@administration
def discard(request: HttpRequest, actor: Actor) -> HttpResponse:
    flows.discard_draft(actor, seen_version(request), now=clock.now())
    messages.success(request, _("Bozza eliminata: resta la versione pubblicata."))
    return redirect("states:states")


@require_safe
@administration
def versions(request: HttpRequest, actor: Actor) -> HttpResponse:
    """All versions; `?da=1&a=3` compares two of them."""
    found = configuration.versions(actor.company_id)
    first, second = request.GET.get("da", ""), request.GET.get("a", "")
    context = {
        "versions": found,
        "choices": [(str(v.number), _("Versione %(number)s") % {"number": v.number}) for v in found],
        # Offered first: what the last version changed.
        "first": first or str(found[min(1, len(found) - 1)].number),
        "second": second or str(found[0].number),
    }
    if first and second:
        one, other = _version(actor, first), _version(actor, second)
        context["differences"] = differences(one, other, configuration.names(actor.company_id))
    return page(request, "versions", context)


def _version(actor: Actor, number: str) -> Workflow:
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise RefusedError(_("Scegliere due versioni da confrontare."))
    return _version_or_404(actor, int(number))


def _version_or_404(actor: Actor, number: int) -> Workflow:
    # What the address can hold is more than what the database can.
    workflow = configuration.version(actor.company_id, number) if number < 2**31 else None
    if workflow is None:
        raise Http404
    return workflow


@require_safe
@administration
def version(request: HttpRequest, actor: Actor, number: int) -> HttpResponse:
    """One version as it was, and what it changed."""
    workflow = _version_or_404(actor, number)
    before = configuration.version(actor.company_id, number - 1)
    found = configuration.versions(actor.company_id)
    context = {
        "version": next(v for v in found if v.number == number),
        "is_last": found[0].number == number,
        "proposal": configuration.proposal(actor.company_id),
        "tabs": overview.table(actor, workflow, [], None),
        "differences": differences(before, workflow, configuration.names(actor.company_id))
        if before
        else None,
    }
    return page(request, "version", context)


@require_POST
@administration
def restore(request: HttpRequest, actor: Actor, number: int) -> HttpResponse:
    """Begin a draft from an earlier version; documents know nothing of it until it is published."""
    workflow = _version_or_404(actor, number)
    flows.save_draft(actor, workflow, seen_version(request), now=clock.now())
    messages.success(request, _("La versione %(number)s è ora la bozza.") % {"number": number})
    return redirect("states:compare")
