"""The buttons beside an answer to SdI that did not go out by itself, or of which nobody knows whether it did."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fattorino import clock
from fattorino.hub.flows import outcome_stated, outcomes
from fattorino.organisations.pages import desk
from fattorino.organisations.queries import Actor


@require_POST
@desk
def retry(request: HttpRequest, actor: Actor, outcome_id: int) -> HttpResponse:
    """*Riprova l'invio*: the same file, under its name."""
    document_id = _document_or_404(actor, outcome_id)
    outcomes.retry(outcome_id, actor, now=clock.now())
    messages.success(request, _("L'esito parte di nuovo: quello che succede compare da solo."))
    return redirect("passive:page", document_id)


@require_POST
@desk
def sent(request: HttpRequest, actor: Actor, outcome_id: int) -> HttpResponse:
    """*Segna come inviato*: a person took the file to SdI herself."""
    document_id = _document_or_404(actor, outcome_id)
    outcomes.sent_by_hand(outcome_id, actor, now=clock.now())
    messages.success(request, _("Segnato come inviato: si attende l'eventuale scarto di SdI."))
    return redirect("passive:page", document_id)


@require_POST
@desk
def state(request: HttpRequest, actor: Actor, outcome_id: int) -> HttpResponse:
    """A person says what became of an outcome of which SdI says nothing any more."""
    document_id = _document_or_404(actor, outcome_id)
    what, reason = request.POST.get("fatto", ""), request.POST.get("motivo", "")
    outcome_stated.state(outcome_id, actor, what, reason, now=clock.now())
    messages.success(request, _("Indicato. Se SdI risponde dopo, vale quello che dice SdI."))
    return redirect("passive:page", document_id)


def _document_or_404(actor: Actor, outcome_id: int) -> int:
    document_id = outcomes.document_of(outcome_id, actor)
    if document_id is None:
        raise Http404
    return document_id
