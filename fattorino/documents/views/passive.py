"""The panel of received invoices: the list, its live rows, its exports."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable
from typing import IO
from urllib.parse import urlencode

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.core.sdi.deadlines import last_day
from fattorino.core.texts import say
from fattorino.core.workflow.definition import Dashboard
from fattorino.documents import queries
from fattorino.documents.passive import queries as passive
from fattorino.documents.passive.forms import PassiveFilterForm
from fattorino.documents.passive.page import named_file
from fattorino.documents.passive.queries import PassiveFilters, PassiveRow
from fattorino.documents.views.listing import (
    as_csv,
    as_xlsx,
    asked_news,
    csv_lines,
    dashboard_states,
    poll_address,
    row_offers,
)
from fattorino.organisations.languages import said
from fattorino.organisations.pages import desk, named
from fattorino.organisations.queries import Actor
from fattorino.organisations.spreadsheet import Cell

KINDS = [("", gettext_lazy("Tutti")), ("fattura", gettext_lazy("Fatture")),
         ("nota_credito", gettext_lazy("Note di credito"))]  # fmt: skip
MARKS = [("", gettext_lazy("Tutte")), ("non_lette", gettext_lazy("Non lette")),
         ("da_rispondere", gettext_lazy("Da accettare o rifiutare"))]  # fmt: skip
# Of the exports: Italian whoever asks for them.
COLUMNS = (
    "Tipo documento",
    "Numero",
    "Data",
    "Fornitore",
    "Identificativo IVA",
    "Ricevuta il",
    "Imponibile",
    "IVA",
    "Totale",
    "Valuta",
    "Stato",
    "Rispondere entro",
    "IdentificativoSdI",
    "Origine",
    "Letta",
)
TERM_UNKNOWN = say("Termine non noto")
# Files in one archive: more would be a backup, not an export.
MOST_FILES = 2000


@require_safe
@desk
def panel(request: HttpRequest, actor: Actor) -> HttpResponse:
    form = PassiveFilterForm(request.GET)
    cursor = queries.Cursor.parse(request.GET.get("pagina", ""))
    page = passive.list_passive(actor, form.passive, cursor)
    offered = dashboard_states(actor, Dashboard.PASSIVE)
    labels = {s.code: s.label for s in offered}
    offers = row_offers(actor, [each.row for each in page.rows])
    return render(
        request,
        "documents/passive/list.html",
        {
            "form": form,
            "page": page,
            "totals": passive.totals(actor, form.passive),
            "states": [("", _("Tutti")), *labels.items()],
            "kinds": KINDS,
            "marks": MARKS,
            "sources": [("", _("Tutte")), *((code, said(label)) for code, label in passive.sources())],
            "query": urlencode(form.query),
            "next_query": urlencode(form.query | {"pagina": str(page.next)}) if page.next else "",
            "previous_query": urlencode(form.query | {"pagina": str(page.previous)}) if page.previous else "",
            "poll": poll_address([each.id for each in page.rows], page.last_change, "passive:news"),
            "offers": offers,
            "may_send_many": any(offer.in_bulk for offer in offers.values()),
            "unread": passive.unread(actor),
            "state_label": labels.get(form.values["stato"], ""),
            "now": clock.now(),
        },
    )


@require_safe
@desk
def news(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What the panel asks every two seconds: only the rows that changed, or nothing (204)."""
    ids, since = asked_news(request)
    changed, last = queries.changed_rows(actor, ids, since)
    rows = passive.rows_of(actor, changed)
    if not rows:
        return HttpResponse(status=204)
    context = {
        "rows": rows,
        "poll": poll_address(ids, last, "passive:news"),
        "offers": row_offers(actor, [each.row for each in rows]),
        "now": clock.now(),
    }
    return render(request, "documents/passive/parts/news.html", context)


@require_safe
@desk
def export_csv(request: HttpRequest, actor: Actor) -> StreamingHttpResponse:
    """All rows of the filter."""
    rows = passive.export_rows(actor, PassiveFilterForm(request.GET).passive)
    return as_csv(actor.company_id, COLUMNS, rows, _cells_for(actor), "fatture-ricevute")


@require_safe
@desk
def export_xlsx(request: HttpRequest, actor: Actor) -> FileResponse:
    """All rows of the filter as a workbook."""
    rows = passive.export_rows(actor, PassiveFilterForm(request.GET).passive)
    return as_xlsx("Fatture ricevute", COLUMNS, map(_cells_for(actor), rows), "fatture-ricevute")


@require_safe
@desk
def export_zip(request: HttpRequest, actor: Actor) -> FileResponse:
    """The files as they came and a list of them, for a gestionale that reads folders. Made on the disk."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  # the response reads and closes it
    try:
        _pack(file, actor, PassiveFilterForm(request.GET).passive)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    name = f"fatture-ricevute-{clock.day(clock.now()).isoformat()}.zip"
    return named(FileResponse(file, content_type="application/zip"), name)


def _pack(file: IO[bytes], actor: Actor, filters: PassiveFilters) -> None:
    rows: list[PassiveRow] = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for row in passive.export_rows(actor, filters):
            if len(rows) == MOST_FILES:
                raise RefusedError(
                    _("Un archivio contiene al massimo %(most)s fatture.") % {"most": MOST_FILES},
                    _("Restringere i filtri, per esempio il periodo o lo stato."),
                )
            name, content = named_file(actor, row.id)
            archive.writestr(f"{row.id}_{name}", content)
            rows.append(row)
        archive.writestr("elenco.csv", b"".join(csv_lines(COLUMNS, [rows], _cells_for(actor))))


def _cells_for(actor: Actor) -> Callable[[PassiveRow], tuple[Cell, ...]]:
    """What makes the cells of a row."""
    answering = frozenset(passive.answering_states(actor.company_id))
    return lambda each: _cells(each, answering)


def _answer_by(each: PassiveRow, answering: frozenset[str]) -> Cell:
    """The last day, as the panel tells it: nothing where nobody has to answer in this state, or an answer is under
    way."""
    row = each.row
    if row.state is None or row.state.code not in answering or row.busy_label:
        return None
    if each.answer_by is not None:
        return last_day(each.answer_by)
    return TERM_UNKNOWN if each.term_unknown else None


def _cells(each: PassiveRow, answering: frozenset[str]) -> tuple[Cell, ...]:
    row = each.row
    return (
        each.tipo_documento,
        row.number,
        row.date,
        row.counterpart,
        each.seller,
        clock.day(each.received_at),
        each.taxable_cents,
        each.tax_cents,
        row.total_cents,
        row.currency,
        row.state.label if row.state else "",
        _answer_by(each, answering),
        each.identificativo_sdi,
        str(each.source_label),
        "no" if each.unread else "sì",
    )
