"""*Conservazione sostitutiva*: the page that asks for what the archive must know of a document."""

from __future__ import annotations

from typing import Protocol

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from fattorino import clock
from fattorino.core.errors import ConflictError, RefusedError
from fattorino.documents import preserving, queries
from fattorino.documents.forms.preservation import PreservationForm
from fattorino.documents.views.common import standing_or_404
from fattorino.organisations.pages import desk
from fattorino.organisations.queries import Actor


class HasRow(Protocol):
    """A view of a document of any kind."""

    @property
    def row(self) -> queries.DocumentRow: ...


def asked_of(actor: Actor, view: HasRow) -> preserving.Asked | None:
    """What is asked for of the document of this page."""
    return preserving.asked(actor, view.row.id, view.row.state.code if view.row.state else "")


@require_http_methods(["GET", "HEAD", "POST"])
@desk
def edit(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    """Shows the form and takes it."""
    view = standing_or_404(actor, document_id)
    if request.method == "POST":
        form = PreservationForm(request.POST.dict())
        try:
            preserving.save(actor, document_id, form.read(), seen=form.seen, now=clock.now())
        except RefusedError as error:
            form.errors = error.fields
            status = 409 if isinstance(error, ConflictError) else 422
            return _show(request, view, form, status=status, error=error)
        messages.success(request, _("Dati di conservazione salvati."))
        return redirect("documents:page", document_id)
    asked = asked_of(actor, view)
    if asked is None or not asked.open or not actor.may_write:
        raise Http404
    return _show(request, view, PreservationForm.of(asked))


def _show(
    request: HttpRequest,
    view: queries.Standing,
    form: PreservationForm,
    *,
    status: int = 200,
    error: RefusedError | None = None,
) -> HttpResponse:
    context = {"view": view, "row": view.row, "form": form, "error": error}
    return render(request, "documents/preservation.html", context, status=status)
