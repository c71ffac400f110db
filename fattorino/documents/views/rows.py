"""What a row of the list offers without leaving it: the action of its state, *Cambia stato*, its history."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fattorino import clock
from fattorino.core.errors import FattorinoError, RefusedError
from fattorino.documents import queries
from fattorino.documents.passive import queries as passive
from fattorino.documents.views.common import standing_or_404
from fattorino.documents.views.listing import row_offers
from fattorino.documents.views.page import timeline
from fattorino.organisations.languages import said
from fattorino.organisations.pages import desk
from fattorino.organisations.queries import Actor
from fattorino.workflow import flows as workflow


@require_POST
@desk
def run(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    """The button of the state, in its row."""
    view = standing_or_404(actor, document_id)
    if request.POST.get("azione", "") != str(view.possibilities.action):
        raise RefusedError(
            _("Nel frattempo lo stato del documento è cambiato: non è stato fatto nulla."),
            _("Guardare il nuovo stato nella riga e decidere di nuovo."),
        )
    # Of two who press at once the second must not start what the next state does under the same name.
    seen, action = request.POST.get("visto", ""), view.possibilities.action
    workflow.request_action(document_id, actor, now=clock.now(), seen=seen, action=action)
    done = _("«%(action)s» avviato per %(document)s: l'esito compare da solo.") % {
        "action": said(view.possibilities.action_label),
        "document": _name(view),
    }
    return _row(request, actor, document_id, done)


@require_http_methods(["GET", "HEAD", "POST"])
@desk
def change_state(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    """*Cambia stato*: the dialog, and what it asks for."""
    view = standing_or_404(actor, document_id)
    if request.method != "POST":
        if request.headers.get("HX-Request") != "true":
            return redirect("documents:page", document_id)
        return render(request, "documents/parts/change_state.html", {"view": view, "row": view.row})
    target = request.POST.get("stato", "")
    reason = request.POST.get("motivo", "").replace("\x00", "").strip()[:500]
    try:
        if not target:
            raise RefusedError(_("Scegliere lo stato da assegnare."))
        workflow.choose_state(
            document_id, target, actor, now=clock.now(), reason=reason, seen=request.POST.get("visto", "")
        )
    except FattorinoError as error:
        if request.headers.get("HX-Request") != "true":
            raise
        # A notice would appear behind the open dialog.
        told = {"view": view, "row": view.row, "error": error, "target": target, "reason": reason}
        response = render(request, "documents/parts/change_state.html", told, status=409)
        response["HX-Retarget"], response["HX-Reswap"] = "#dialog-content", "innerHTML"
        return response
    return _row(request, actor, document_id, _("Stato di %(document)s cambiato.") % {"document": _name(view)})


@require_safe
@desk
def history(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    """Everything that happened to the document, in a dialog over the list."""
    view = standing_or_404(actor, document_id)
    if request.headers.get("HX-Request") != "true":
        return redirect("documents:page", document_id)
    context = {"row": view.row, "history": timeline(view, actor)}
    return render(request, "documents/parts/history.html", context)


def _name(view: queries.Standing) -> str:
    return f"{said(view.row.kind_label)} {view.row.number}".strip()


def _drawn(actor: Actor, row: queries.DocumentRow) -> tuple[str, dict[str, object]]:
    """The template of the list that the row stands in, and what it is drawn with."""
    context: dict[str, object] = {"offers": row_offers(actor, [row]), "changed": True}
    if received := passive.rows_of(actor, [row]):
        return "documents/passive/parts/row.html", context | {"each": received[0], "now": clock.now()}
    return "documents/parts/row.html", context | {"row": row}


def _row(request: HttpRequest, actor: Actor, document_id: int, done: str) -> HttpResponse:
    """The row as it is now; without script, back to the list it was pressed in."""
    if request.headers.get("HX-Request") != "true":
        messages.success(request, done)
        back = request.headers.get("Referer", "")
        if url_has_allowed_host_and_scheme(back, {request.get_host()}):
            return redirect(back)
        return redirect("documents:list")
    row = standing_or_404(actor, document_id).row
    response = render(request, *_drawn(actor, row))
    notice = {"level": "success", "message": done}
    response["HX-Trigger"] = json.dumps({"notice": notice, "closeDialog": True})
    return response
