"""*Messaggi SdI*: everything that SdI sent to the company, and what of it waits for a person."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages as notes
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from fattorino import clock
from fattorino.core.errors import FattorinoError, RefusedError
from fattorino.documents.forms.values import Unreadable, read_date
from fattorino.hub import inbox
from fattorino.hub.flows import to_match as flows
from fattorino.hub.inbox import Filters, MessageRow
from fattorino.organisations.languages import said
from fattorino.organisations.pages import desk, download
from fattorino.organisations.queries import Actor
from fattorino.organisations.spreadsheet import Cell
from fattorino.organisations.tables import table_file
from fattorino.workflow.forms.state import Form
from fattorino.workflow.views.common import administration

NAMES = ("testo", "tipo", "stato", "firma", "dal", "al")
# The value of "firma" for what is empty in the row.
NOT_PROVEN = "non-verificata"
TYPES = {".xml": "application/xml", ".zip": "application/zip"}
COLUMNS = (
    *(
        "Ricevuto il",
        "Tipo",
        "File",
        "Identificativo SdI",
        "Documento",
        "Controparte",
        "Stato",
        "Firma di SdI",
    ),
    *("Nota", "Arrivi", "Archiviato da", "Motivo"),
)


@require_safe
@desk
def listing(request: HttpRequest, actor: Actor) -> HttpResponse:
    form, filters = read_filters(request)
    kind = request.GET.get("file", "")
    if kind in ("csv", "xlsx"):
        return _table(kind, "messaggi-sdi", "Messaggi SdI", actor, filters)
    query = {name: value for name, value in form.values.items() if value}
    before = number(request.GET.get("prima", ""))
    return _page(request, "list", {
        "form": form,
        "page": inbox.page(actor, filters, before),
        "first": before is None,
        "query": urlencode(query),
        "active": bool(query),
        "waiting": inbox.waiting(actor),
        "kinds": [("", _("Tutti")), *((code, f"{code} · {said(label)}") for code, label in inbox.KINDS.items())],
        "states": [("", _("Tutti")), *((value, str(label)) for value, label in inbox.STATES)],
        "signatures": [
            ("", _("Tutte")),
            *((value or NOT_PROVEN, str(label)) for value, label in inbox.SIGNATURES),
        ],
    })  # fmt: skip


@require_safe
@administration
def to_match(request: HttpRequest, actor: Actor) -> HttpResponse:
    before = number(request.GET.get("prima", ""))
    kind = request.GET.get("file", "")
    if kind in ("csv", "xlsx"):
        return _table(kind, "da-abbinare", _("Da abbinare"), actor, Filters(state=inbox.State.TO_MATCH))
    context = {
        "page": inbox.to_match(actor, before),
        "first": before is None,
        "installation": getattr(request.user, "is_staff", False),
    }
    return _page(request, "to_match", context)


@require_http_methods(["GET", "HEAD", "POST"])
@desk
def message(request: HttpRequest, actor: Actor, message_id: int) -> HttpResponse:
    """One message; what is to be matched is settled here."""
    row = inbox.find(actor, message_id)
    if row is None:
        raise Http404
    form = Form({"cerca": request.GET.get("cerca", "").replace("\x00", "").strip()[:80], "motivo": ""})
    if request.method == "POST":
        try:
            return _act(request, actor, row)
        except FattorinoError as error:
            form.values["motivo"] = request.POST.get("motivo", "")[:300]
            field = "motivo" if request.POST.get("azione") == "archivia" else "documento"
            form.errors[field] = error.text
    open_ = row.state == inbox.State.TO_MATCH and actor.may_configure
    context = {
        "row": row,
        "form": form,
        "open": open_,
        "candidates": inbox.candidates(actor, row, form.values["cerca"]) if open_ and row.kind else [],
    }
    return _page(request, "message", context, status=422 if form.errors else 200)


def _act(request: HttpRequest, actor: Actor, row: MessageRow) -> HttpResponse:
    now = clock.now()
    action = request.POST.get("azione", "")
    if action == "abbina":
        document_id = number(request.POST.get("documento", ""))
        if document_id is None:
            raise RefusedError(_("Scegliere il documento di cui parla il messaggio."))
        flows.match(row.id, document_id, actor, now=now)
        notes.success(request, _("Messaggio abbinato: quello che dice è ora nella storia del documento."))
        return redirect("documents:page", document_id)
    if action == "riprova":
        flows.again(row.id, actor, now=now)
        notes.success(request, _("Il messaggio viene letto e abbinato di nuovo: l'esito compare tra poco."))
    elif action == "archivia":
        flows.file_away(row.id, request.POST.get("motivo", ""), actor, now=now)
        notes.success(request, _("Messaggio archiviato: resta nell'elenco con il motivo."))
    else:
        raise RefusedError(_("Scegliere che cosa fare del messaggio."))
    return redirect("sdi_messages:message", row.id)


@require_safe
@desk
def file(request: HttpRequest, actor: Actor, message_id: int) -> HttpResponse:
    found = inbox.content(actor, message_id)
    if found is None:
        raise Http404
    return given(*found)


def given(name: str, content: bytes) -> HttpResponse:
    """The bytes as they came, under their name."""
    kind = next((t for end, t in TYPES.items() if name.lower().endswith(end)), "application/octet-stream")
    return download(content, name or "messaggio", kind)


def read_filters(request: HttpRequest) -> tuple[Form, Filters]:
    form = Form({name: request.GET.get(name, "").replace("\x00", "").strip()[:200] for name in NAMES})
    signature = form.values["firma"]
    known = signature == NOT_PROVEN or signature in dict(inbox.SIGNATURES)
    first, last = _day(form, "dal"), _day(form, "al")
    if first and last and first > last:
        form.errors["al"] = _("La fine del periodo viene prima dell'inizio.")
    return form, Filters(
        kind=form.values["tipo"],
        state=form.values["stato"],
        signature=("" if signature == NOT_PROVEN else signature) if signature and known else None,
        first=first,
        last=last,
        text=form.values["testo"],
    )


def _day(form: Form, name: str) -> Any:
    try:
        return read_date(form.values[name])
    except Unreadable as error:
        form.errors[name] = error.text
        return None


def number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _table(kind: str, name: str, title: str, actor: Actor, filters: Filters) -> HttpResponse:
    # Which programs and the accountant read: Italian whoever asks for it.
    with translation.override("it"):
        return table_file(kind, name, title, COLUMNS, map(_cells, inbox.every(actor, filters)))


def _cells(row: MessageRow) -> tuple[Cell, ...]:
    return (
        clock.day(row.received_at),
        row.kind,
        row.name,
        row.identificativo_sdi,
        row.document_title,
        row.counterpart,
        row.state_label,
        row.signature_label,
        row.note,
        str(row.arrivals),
        row.settled_by,
        row.settled_why,
    )


def _page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return render(request, f"hub/messages/{template}.html", context, status=status)
