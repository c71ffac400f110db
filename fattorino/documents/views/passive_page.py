"""One received invoice: where it stands, what may be done, who sent and signed it, what it looks like."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fattorino import clock
from fattorino.core.errors import FattorinoError, RefusedError
from fattorino.documents.panels import passive_panels_of
from fattorino.documents.passive import flows, reading
from fattorino.documents.passive.page import PassiveView, get_passive, named_file
from fattorino.documents.passive.queries import ANSWERING
from fattorino.documents.scarto import tell
from fattorino.documents.views.listing import asked_news
from fattorino.documents.views.page import timeline
from fattorino.documents.views.preservation import asked_of
from fattorino.organisations.pages import desk, download
from fattorino.organisations.queries import Actor
from fattorino.workflow import flows as workflow


def passive_or_404(actor: Actor, document_id: int) -> PassiveView:
    """An invoice of another company, or reserved to others, is simply not there."""
    try:
        return get_passive(actor, document_id)
    except RefusedError as error:
        raise Http404 from error


@require_safe
@desk
def page(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    view = passive_or_404(actor, document_id)
    now = clock.now()
    # Who may only look leaves the mark for those whose work it is.
    if view.passive.unread and request.method == "GET" and actor.may_write:
        flows.mark_opened(actor, document_id, now=now)
        view = passive_or_404(actor, document_id)
    workflow.mark_document_read(actor, document_id, now=now)
    return render(
        request, "documents/passive/page.html", _context(view, actor) | {"contents": _contents(actor, view)}
    )


@require_safe
@desk
def live(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    """What the page asks every two seconds: its moving part when something happened, else nothing (204)."""
    view = passive_or_404(actor, document_id)
    __, since = asked_news(request)
    if view.row.change_seq <= since:
        return HttpResponse(status=204)
    return render(request, "documents/passive/parts/page_news.html", _context(view, actor))


def _context(view: PassiveView, actor: Actor) -> dict[str, Any]:
    told = tell(view.findings)
    return {
        "view": view,
        "row": view.row,
        "each": view.passive,
        "errors": [one for one in told if one.is_error],
        "remarks": [one for one in told if not one.is_error],
        "history": timeline(view, actor),
        "metadata": reading.metadata(view.metadata),
        "panels": passive_panels_of(actor, view),
        "preservation": asked_of(actor, view),
        "may_answer": view.possibilities.action in ANSWERING,
        "now": clock.now(),
        "today": clock.day(clock.now()),
    }


def _contents(actor: Actor, view: PassiveView) -> reading.Contents:
    __, content = named_file(actor, view.row.id)
    return reading.read(content, view.position, at=view.passive.received_at)


@require_safe
@desk
def pdf(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    """The readable copy on paper; shown in the browser's own reader."""
    view = passive_or_404(actor, document_id)
    __, content = named_file(actor, document_id)
    number = "".join(c if c.isalnum() else "-" for c in view.row.number)
    response = download(
        reading.pdf(content, view.position, now=clock.now()),
        f"fornitore-{number}-{view.row.date.year}.pdf",
        "application/pdf",
        inline=True,
    )
    # The reader of the browser needs its own scripts and styles; a PDF of ours holds none.
    response["Content-Security-Policy"] = (
        "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:"
    )
    return response


@require_safe
@desk
def attachment(request: HttpRequest, actor: Actor, document_id: int, number: int) -> HttpResponse:
    """An attachment, always as a file to save: a stranger wrote it."""
    view = passive_or_404(actor, document_id)
    __, content = named_file(actor, document_id)
    try:
        name, inside, kind = reading.attachment(content, view.position, number)
    except FattorinoError as error:
        raise Http404 from error
    return download(inside, name, kind)


@require_POST
@desk
def mark_unread(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    """*Segna come non letta*: back to the panel, where it stands out again."""
    passive_or_404(actor, document_id)
    flows.mark_unread(actor, document_id)
    messages.success(request, _("La fattura è di nuovo tra le non lette."))
    return redirect("passive:list")


@require_POST
@desk
def confirm_supplier(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    """*Conferma* of the proposed supplier."""
    view = passive_or_404(actor, document_id)
    if view.supplier is None:
        raise RefusedError(_("Questa fattura non ha un fornitore da confermare."))
    flows.confirm_supplier(actor, view.supplier.id, now=clock.now())
    messages.success(request, _("Fornitore confermato."))
    return redirect("passive:page", document_id)
