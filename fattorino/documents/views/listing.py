"""Entrate: the list, its live rows, its exports."""

from __future__ import annotations

import csv
import io
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fattorino import clock
from fattorino.documents import queries
from fattorino.documents.forms.filters import FilterForm
from fattorino.documents.spreadsheet import Cell, write_xlsx
from fattorino.documents.views.common import desk, download
from fattorino.organisations.queries import Actor

KINDS = [("", "Tutti"), ("fattura", "Fatture"), ("nota_credito", "Note di credito"), ("ricevuta", "Ricevute")]
COLUMNS = (
    "Tipo",
    "Numero",
    "Data",
    "Cliente",
    "Totale",
    "Valuta",
    "Stato",
    "Nello stato dal",
    "Ultimo evento",
)


@require_safe
@desk
def entrate(request: HttpRequest, actor: Actor) -> HttpResponse:
    form = FilterForm(request.GET)
    page = queries.list_documents(actor, form.filters, queries.Cursor.parse(request.GET.get("pagina", "")))
    states = [("", "Tutti"), *((s.code, s.label) for s in queries.list_states(actor))]
    return render(
        request,
        "documents/list.html",
        {
            "form": form,
            "page": page,
            "totals": queries.totals(actor, form.filters),
            "states": states,
            "kinds": KINDS,
            "query": urlencode(form.query),
            "next_query": urlencode(form.query | {"pagina": str(page.next)}) if page.next else "",
            "previous_query": urlencode(form.query | {"pagina": str(page.previous)}) if page.previous else "",
            "poll": _poll_address([row.id for row in page.rows], page.last_change),
        },
    )


@require_safe
@desk
def news(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What the list asks every two seconds: only the rows that changed, or nothing (204)."""
    ids = [
        int(i)
        for i in request.GET.get("righe", "").split(".")[:200]
        if i.isascii() and i.isdecimal() and len(i) < 19
    ]
    text = request.GET.get("dopo", "")
    since = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
    rows, last = queries.changed_rows(actor, ids, since)
    if not rows:
        return HttpResponse(status=204)
    return render(request, "documents/parts/news.html", {"rows": rows, "poll": _poll_address(ids, last)})


def _poll_address(ids: list[int], since: int) -> str:
    if not ids:
        return ""
    return f"{reverse('documents:news')}?{urlencode({'dopo': since, 'righe': '.'.join(map(str, ids))})}"


@require_safe
@desk
def export_csv(request: HttpRequest, actor: Actor) -> HttpResponse:
    """All rows of the filter; semicolons and commas as an Italian spreadsheet expects them."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for cells in _cells(request, actor):
        writer.writerow([_csv_text(cell) for cell in cells])
    return download(("\ufeff" + text.getvalue()).encode(), _name("csv"), "text/csv; charset=utf-8")


@require_safe
@desk
def export_xlsx(request: HttpRequest, actor: Actor) -> HttpResponse:
    content = write_xlsx("Entrate", COLUMNS, _cells(request, actor))
    return download(
        content, _name("xlsx"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )


def _cells(request: HttpRequest, actor: Actor) -> list[tuple[Cell, ...]]:
    rows = queries.export_rows(actor, FilterForm(request.GET).filters)
    return [
        (
            row.kind_label,
            row.number,
            row.date,
            row.counterpart,
            row.total_cents,
            row.currency,
            row.state.label if row.state else "",
            clock.day(row.state_since) if row.state_since else None,
            row.outcome,
        )
        for row in rows
    ]


def _csv_text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, int):
        return f"{'-' if cell < 0 else ''}{abs(cell) // 100},{abs(cell) % 100:02}"
    if not isinstance(cell, str):
        return cell.strftime("%d/%m/%Y")
    # A text that a spreadsheet would run as a formula is marked as text.
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _name(extension: str) -> str:
    return f"entrate-{clock.day(clock.now()).isoformat()}.{extension}"
