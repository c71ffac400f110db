"""A document's page: where it stands, what may be done, its history, its files, what it looks like."""

from __future__ import annotations

from typing import Any, Protocol

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.core.workflow.definition import ACTION_LABELS, Action
from fattorino.documents import preview as looks
from fattorino.documents import queries
from fattorino.documents.forms import DocumentForm
from fattorino.documents.panels import panels_of
from fattorino.documents.passive.page import is_passive
from fattorino.documents.scarto import tell
from fattorino.documents.views.common import document_or_404, standing_or_404
from fattorino.documents.views.preservation import asked_of
from fattorino.organisations.languages import said
from fattorino.organisations.pages import desk, download
from fattorino.organisations.queries import Actor
from fattorino.workflow import flows as workflow
from fattorino.workflow.queries import state_views

TYPES = {".xml": "application/xml", ".p7m": "application/pkcs7-mime", ".zip": "application/zip"}


@require_safe
@desk
def page(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    if is_passive(actor, document_id):
        return redirect("passive:page", document_id)
    view = document_or_404(actor, document_id)
    workflow.mark_document_read(actor, document_id, now=clock.now())
    return render(request, "documents/page.html", _context(request, view, actor))


@require_safe
@desk
def live(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    """What the page asks every two seconds: itself when something happened, else nothing (204)."""
    text = request.GET.get("dopo", "")
    since = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
    rows, __ = queries.changed_rows(actor, [document_id], since)
    if not rows:
        return HttpResponse(status=204)
    context = _context(request, document_or_404(actor, document_id), actor)
    return render(request, "documents/parts/page_news.html", context)


def _context(request: HttpRequest, view: queries.DocumentView, actor: Actor) -> dict[str, Any]:
    company = request.membership.company  # type: ignore[attr-defined]  # set by CompanyMiddleware
    told = _told(view)
    return {
        "view": view,
        "row": view.row,
        "errors": [each for each in told if each["told"].is_error],
        "remarks": [each for each in told if not each["told"].is_error],
        "history": timeline(view, actor),
        "preview": looks.preview(view, company, actor),
        "preservation": asked_of(actor, view),
        "panels": panels_of(actor, view),
    }


def timeline(view: HasHistory, actor: Actor) -> list[dict[str, Any]]:
    """The history, the newest first; a state reserved to others has no name in it."""
    labels = {s.code: s for s in state_views(actor.company_id, actor)}
    return [_event(change, labels) for change in reversed(view.history)]


def _event(change: Any, labels: dict[str, Any]) -> dict[str, Any]:
    """One line of the history: the new state if there is one, else what was begun."""
    begun = change.outcome == "started" and not change.message
    return {
        "change": change,
        "to": labels.get(change.to_state) if change.from_state != change.to_state else None,
        "text": say("Avviato «{action}».", action=ACTION_LABELS[Action(change.action)])
        if begun and change.action
        else "",
        "recorded": change.message,
    }


class HasHistory(Protocol):
    """A view of a document of any kind."""

    @property
    def history(self) -> list[Any]: ...


def _told(view: queries.DocumentView) -> list[dict[str, Any]]:
    """The explanations, each with the form's name of the field it leads to."""
    told = tell(view.findings, view.draft)
    if not told or view.draft is None:
        return [{"told": each, "place": ""} for each in told]
    form = DocumentForm.from_draft(view.draft, view.row.date)
    return [
        {
            "told": each,
            "place": form.place(each.field) if each.field and not each.field.startswith("cedente") else "",
        }
        for each in told
    ]


@require_POST
@desk
def run(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    """The one button of the state. Answers at once; the worker does the work."""
    view = standing_or_404(actor, document_id)
    if request.POST.get("azione", "") != str(view.possibilities.action):
        raise RefusedError(
            _("Nel frattempo lo stato del documento è cambiato: non è stato fatto nulla."),
            _("Guardare il nuovo stato qui sotto e decidere di nuovo."),
        )
    # Of two who press at once the second must not start what the next state does under the same name.
    seen, action = request.POST.get("visto", ""), view.possibilities.action
    workflow.request_action(document_id, actor, now=clock.now(), seen=seen, action=action)
    messages.success(
        request,
        _("«%(action)s» avviato: l'esito compare da solo, si può continuare a lavorare.")
        % {"action": said(view.possibilities.action_label)},
    )
    return redirect("documents:page", document_id)


@require_POST
@desk
def change_state(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    """*Cambia stato*."""
    standing_or_404(actor, document_id)
    target = request.POST.get("stato", "")
    if not target:
        raise RefusedError(_("Scegliere lo stato da assegnare."))
    reason = request.POST.get("motivo", "").replace("\x00", "").strip()[:500]
    workflow.choose_state(
        document_id, target, actor, now=clock.now(), reason=reason, seen=request.POST.get("visto", "")
    )
    messages.success(request, _("Stato cambiato."))
    return redirect("documents:page", document_id)


@require_safe
@desk
def file(request: HttpRequest, actor: Actor, document_id: int, file_id: int) -> HttpResponse:
    try:
        name, content = queries.file_bytes(actor, document_id, file_id)
    except RefusedError as error:
        raise Http404 from error
    kind = next((t for end, t in TYPES.items() if name.lower().endswith(end)), "application/octet-stream")
    return download(content, name, kind)


@require_safe
@desk
def pdf(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    """The readable copy on paper; shown in the browser's own reader."""
    view = document_or_404(actor, document_id)
    company = request.membership.company  # type: ignore[attr-defined]  # set by CompanyMiddleware
    content = looks.pdf(view, company, actor, now=clock.now())
    number = "".join(c if c.isalnum() else "-" for c in view.row.number)
    response = download(
        content, f"{view.row.kind}-{number}-{view.row.date.year}.pdf", "application/pdf", inline=True
    )
    # The reader of the browser needs its own scripts and styles; a PDF of ours holds none.
    response["Content-Security-Policy"] = (
        "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:"
    )
    return response
