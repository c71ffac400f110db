"""Messages that belong to no company, for who administers the installation: whose are they?"""

from __future__ import annotations

from django.contrib import messages as notes
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from fattorino import clock
from fattorino.core.errors import FattorinoError, RefusedError
from fattorino.hub import inbox
from fattorino.hub.flows import to_match as flows
from fattorino.hub.inbox import MessageRow
from fattorino.hub.views.messages import given, number
from fattorino.organisations import queries as organisations
from fattorino.workflow.forms.state import Form
from fattorino.workflow.views.common import installation


@require_safe
@installation
def listing(request: HttpRequest) -> HttpResponse:
    before = number(request.GET.get("prima", ""))
    context = {"page": inbox.nobodys(before), "first": before is None}
    return render(request, "hub/messages/nobodys.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@installation
def message(request: HttpRequest, message_id: int) -> HttpResponse:
    row = inbox.find_nobodys(message_id)
    if row is None:
        raise Http404
    form = Form({"motivo": "", "destinataria": ""})
    if request.method == "POST":
        form = Form.from_post(request.POST)
        try:
            return _act(request, row)
        except FattorinoError as error:
            field = "motivo" if request.POST.get("azione") == "archivia" else "destinataria"
            form.errors[field] = error.text
    companies = [(str(c.pk), c.name) for c in organisations.all_companies()]
    context = {"row": row, "form": form, "companies": [("", _("Scegliere…")), *companies]}
    return render(request, "hub/messages/nobodys_message.html", context, status=422 if form.errors else 200)


def _act(request: HttpRequest, row: MessageRow) -> HttpResponse:
    now, user_id = clock.now(), request.user.pk or 0
    action = request.POST.get("azione", "")
    if action == "assegna":
        company = number(request.POST.get("destinataria", ""))
        if company is None or company not in {c.pk for c in organisations.all_companies()}:
            raise RefusedError(_("Scegliere l'azienda a cui il messaggio si riferisce."))
        flows.give_to(row.id, company, user_id, now=now)
        notes.success(request, _("Messaggio assegnato: ora lo vede chi amministra quell'azienda."))
    elif action == "riprova":
        flows.nobodys_again(row.id, user_id, now=now)
        notes.success(request, _("Il messaggio viene letto e abbinato di nuovo: l'esito compare tra poco."))
    elif action == "archivia":
        flows.nobodys_file_away(row.id, request.POST.get("motivo", ""), str(request.user), user_id, now=now)
        notes.success(request, _("Messaggio archiviato con il motivo."))
    else:
        raise RefusedError(_("Scegliere che cosa fare del messaggio."))
    return redirect("sdi_messages:nobodys")


@require_safe
@installation
def file(request: HttpRequest, message_id: int) -> HttpResponse:
    found = inbox.nobodys_content(message_id)
    if found is None:
        raise Http404
    return given(*found)
