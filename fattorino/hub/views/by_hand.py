"""*Da trasmettere a mano*: the files for SdI's portal, what the person says of them, the receipts that she brings."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fattorino import clock
from fattorino.core.errors import FattorinoError, InputError, RefusedError
from fattorino.documents import queries as documents
from fattorino.documents.panels import Panel
from fattorino.hub import queries_by_hand as queries
from fattorino.hub.flows import brought_receipts
from fattorino.hub.flows import by_hand as flows
from fattorino.hub.queries_by_hand import Carried
from fattorino.organisations.languages import said
from fattorino.organisations.pages import desk, download
from fattorino.organisations.queries import Actor
from fattorino.organisations.spreadsheet import Cell
from fattorino.organisations.tables import table_file
from fattorino.workflow.forms.state import Form

PAGE = 100
COLUMNS = ("File", "Documento", "Data", "Cliente", "Totale", "IdentificativoSdI", "Dal")


@require_safe
@desk
def listing(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What waits to be carried, and what was carried and has no receipt yet."""
    done = request.GET.get("mostra", "") == "trasmessi"
    read = queries.carried if done else queries.to_carry
    kind = request.GET.get("file", "")
    if kind in ("csv", "xlsx"):
        rows = read(actor, limit=10_000)
        return table_file(kind, "a-mano", "Da trasmettere a mano", COLUMNS, map(_cells, rows))
    after = _number(request.GET.get("dopo", "")) or 0
    rows = read(actor, after, limit=PAGE + 1)
    more, rows = len(rows) > PAGE, rows[:PAGE]
    context = {
        "rows": rows,
        "done": done,
        "after": after,
        "next": rows[-1].id if more else 0,
        "count": queries.count_to_carry(actor),
        "goes_by_hand": queries.goes_by_hand(actor.company_id),
    }
    return render(request, "hub/by_hand/list.html", context)


def _cells(row: Carried) -> list[Cell]:
    since = row.since.astimezone(clock.ROME).strftime("%d/%m/%Y %H:%M") if row.since else ""
    total: Cell = row.total_cents if row.currency == "EUR" else f"{row.total_cents / 100:.2f} {row.currency}"
    return [
        row.file_name,
        f"{row.kind_label} {row.number}",
        row.date,
        row.counterpart,
        total,
        row.identificativo_sdi,
        since,
    ]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


@require_safe
@desk
def file(request: HttpRequest, actor: Actor, submission_id: int) -> HttpResponse:
    """One file, under the name that SdI must see."""
    found = queries.file_of(actor, submission_id)
    if found is None:
        raise Http404
    name, content = found
    return download(content, name, "application/octet-stream")


@require_POST
@desk(writes=False)
def archive(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The chosen files as a zip, with their list."""
    ids = [number for text in request.POST.getlist("invio") if (number := _number(text))]
    if not ids:
        raise RefusedError(_("Nessun file scelto."), _("Segnare i file da scaricare e riprovare."))
    chosen = set(ids[: queries.MOST_FILES])
    rows = [row for row in queries.to_carry(actor, limit=100_000) if row.id in chosen]
    listed = table_file("csv", "elenco", "Elenco", COLUMNS, map(_cells, rows)).content
    return download(queries.zip_of(actor, [row.id for row in rows], listed), "a-mano.zip", "application/zip")


@require_http_methods(["GET", "HEAD", "POST"])
@desk
def sent(request: HttpRequest, actor: Actor, submission_id: int) -> HttpResponse:
    """The person says that the file is on the portal."""
    row = _found(actor, submission_id)
    form = Form({"identificativo": "", "data": clock.day(clock.now()).isoformat()})
    if request.method == "POST":
        form = Form.from_post(request.POST)
        if _tell_sent(request, actor, row, form):
            return redirect("by_hand:list")
    context = {"row": row, "form": form, "ways": queries.other_ways(actor.company_id)}
    return render(request, "hub/by_hand/sent.html", context, status=422 if form.errors else 200)


def _tell_sent(request: HttpRequest, actor: Actor, row: Carried, form: Form) -> bool:
    """Whether it is settled; else the form says what is wrong."""
    day = None
    if text := form.values.get("data", ""):
        try:
            day = datetime.date.fromisoformat(text)
        except ValueError:
            form.errors["data"] = _("Non è una data: per esempio 31/12/2026.")
            return False
    try:
        flows.tell_sent(
            actor,
            row.id,
            now=clock.now(),
            identificativo_sdi=form.values.get("identificativo", ""),
            sent_on=day,
        )
    except RefusedError as error:
        if not error.fields:
            raise
        form.errors = {name: said(text) for name, text in error.fields.items()}
        return False
    messages.success(
        request,
        _("%(file)s è segnato come trasmesso: quando c'è la ricevuta, caricarla da «Trasmessi».")
        % {"file": row.file_name},
    )
    return True


@require_POST
@desk
def back(request: HttpRequest, actor: Actor, submission_id: int) -> HttpResponse:
    """It goes on another way instead."""
    row = _found(actor, submission_id)
    channel = _number(request.POST.get("canale", ""))
    flows.take_back(actor, row.id, channel or 0, now=clock.now())
    messages.success(request, _("%(file)s va in coda sul canale scelto.") % {"file": row.file_name})
    return redirect("by_hand:list")


def _found(actor: Actor, submission_id: int) -> Carried:
    row = queries.find(actor, submission_id)
    if row is None:
        raise Http404
    return row


# ------------------------------------------------------------------------------------------------- receipts


@require_POST
@desk
def receipts(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Many receipts at once: each finds its document by the file that it names."""
    files = _uploaded(request)
    if not files:
        raise RefusedError(_("Nessun file scelto."), _("Scegliere le ricevute scaricate dal portale."))
    taken, refused = brought_receipts.load_receipts(actor, files, now=clock.now())
    if taken:
        done = ngettext(
            "Presa 1 ricevuta: lo stato del documento si aggiorna da solo.",
            "Prese %(count)s ricevute: gli stati dei documenti si aggiornano da soli.",
            taken,
        )
        messages.success(request, done % {"count": taken})
    for name, reason in refused[:10]:
        messages.error(request, f"{name}: {said(reason)}")
    return redirect("by_hand:list")


def _uploaded(request: HttpRequest) -> list[tuple[str, bytes]]:
    files = request.FILES.getlist("ricevute")[:200]
    return [(file.name or "ricevuta", file.read(brought_receipts.LIMIT + 1)) for file in files]


@require_http_methods(["GET", "HEAD", "POST"])
@desk
def receipt(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    """*Carica ricevuta*: of this very document, also where it was sent outside the procedure."""
    try:
        view = documents.get_document(actor, document_id)
    except RefusedError as error:
        raise Http404 from error
    problem = ""
    if request.method == "POST":
        files = _uploaded(request)[:1]
        try:
            if not files:
                raise InputError(_("Scegliere il file della ricevuta."))
            doubt = brought_receipts.load_receipt(actor, document_id, *files[0], now=clock.now())
        except FattorinoError as error:
            problem = said(error.text)
        else:
            if doubt:
                messages.warning(request, said(doubt))
            else:
                messages.success(request, _("Ricevuta presa: lo stato del documento si aggiorna da solo."))
            return redirect("documents:page", document_id)
    context = {"row": view.row, "problem": problem}
    return render(request, "hub/by_hand/receipt.html", context, status=422 if problem else 200)


def panel(actor: Actor, view: documents.DocumentView) -> Panel | None:
    """On the document's page: that a person must carry it, or may bring its receipt."""
    found = queries.of_document(actor, view.row.id)
    if found is None:
        return None
    context: dict[str, Any] = {"carried": found, "may_write": actor.may_write}
    return Panel("hub/by_hand/panel.html", context)
