"""When SdI delivered an invoice that a person imported: she says it, the term to answer follows."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.documents.forms.values import Unreadable, read_date
from fattorino.documents.passive import terms
from fattorino.documents.views.passive_page import passive_or_404
from fattorino.organisations.pages import desk
from fattorino.organisations.queries import Actor
from fattorino.workflow.forms.state import Form


@require_http_methods(["GET", "HEAD", "POST"])
@desk
def delivery(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    view = passive_or_404(actor, document_id)
    if not actor.may_write:
        raise PermissionDenied
    form = Form({"consegna": request.POST.get("consegna", "").replace("\x00", "").strip()[:20]})
    error = None
    if request.method == "POST":
        try:
            day = read_date(form.values["consegna"])
            terms.state_delivery(actor, document_id, day, now=clock.now())
        except Unreadable:
            form.errors = {"consegna": _("Non è una data: per esempio 21/11/2026.")}
        except RefusedError as refused:
            error, form.errors = refused, dict(refused.fields)
        else:
            messages.success(request, _("Data di consegna salvata."))
            return redirect("passive:page", document_id)
    context = {
        "view": view,
        "row": view.row,
        "form": form,
        "error": error,
        "open": view.is_pa and view.delivered_at is None,
    }
    return render(
        request, "documents/passive/delivery.html", context, status=422 if form.errors or error else 200
    )
