"""*Avvisa il cliente*: the letter, sent from here or copied into one's own mail."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.documents import queries as documents
from fattorino.hub import queries_by_hand as queries
from fattorino.hub.flows import letters as flows
from fattorino.organisations.languages import said
from fattorino.organisations.pages import desk
from fattorino.organisations.queries import Actor
from fattorino.workflow.forms.state import Form


@require_http_methods(["GET", "HEAD", "POST"])
@desk
def letter(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    try:
        view = documents.get_document(actor, document_id)
    except RefusedError as error:
        raise Http404 from error
    draft = flows.propose(actor, document_id)
    form = Form({"indirizzo": draft.address, "oggetto": draft.subject, "testo": draft.body, "come": ""})
    if request.method == "POST":
        form = Form.from_post(request.POST)
        # Line by line as it was written: the form's own reading makes one line of all.
        form.values["testo"] = request.POST.get("testo", "").replace("\x00", "").replace("\r\n", "\n").strip()
        if _done(request, actor, document_id, form):
            return redirect("documents:page", document_id)
        form.values = {
            "indirizzo": draft.address,
            "oggetto": draft.subject,
            "testo": draft.body,
        } | form.values
    context = {
        "row": view.row,
        "form": form,
        "mail": settings.MAIL,
        "before": queries.letters_of(actor.company_id, document_id),
    }
    return render(request, "hub/by_hand/letter.html", context, status=422 if form.errors else 200)


def _done(request: HttpRequest, actor: Actor, document_id: int, form: Form) -> bool:
    """Whether it is on its way or recorded; else the form says what is wrong."""
    values = form.values
    try:
        if "detto" in request.POST:
            flows.mark_told(actor, document_id, values.get("come", ""), now=clock.now())
            messages.success(request, _("Registrato: il cliente è stato avvisato."))
        else:
            address, subject = values.get("indirizzo", ""), values.get("oggetto", "")
            flows.write(actor, document_id, address, subject, values["testo"], now=clock.now())
            messages.success(request, _("L'e-mail parte subito: l'esito compare nella storia del documento."))
    except RefusedError as error:
        if not error.fields:
            raise
        form.errors = {name: said(text) for name, text in error.fields.items()}
        return False
    return True
