"""Entrate: the list, its live rows, its exports."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TypeVar
from urllib.parse import urlencode

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from fattorino import clock
from fattorino.core.workflow.definition import Dashboard
from fattorino.core.workflow.settings import DASHBOARD_LABELS
from fattorino.documents import queries
from fattorino.documents.forms.filters import FilterForm
from fattorino.documents.queries import DocumentRow
from fattorino.organisations.languages import said
from fattorino.organisations.pages import desk, named
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.organisations.spreadsheet import Cell, write_xlsx
from fattorino.organisations.tables import csv_text
from fattorino.workflow import queries as workflow
from fattorino.workflow.queries import RowActions, StateView

Row = TypeVar("Row")

KINDS = [
    ("", gettext_lazy("Tutti")),
    ("fattura", gettext_lazy("Fatture")),
    ("nota_credito", gettext_lazy("Note di credito")),
    ("ricevuta", gettext_lazy("Ricevute")),
]
ONLY = [
    ("", gettext_lazy("Tutti i documenti")),
    ("emessi", gettext_lazy("Documenti emessi")),
    ("esterometro", gettext_lazy("Per l'esterometro")),
    ("conservazione", gettext_lazy("Per la conservazione")),
]
ROWS_AT_ONCE = 500
# Of the exports, which programs and the accountant read: Italian whoever asks for them.
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
    offered = dashboard_states(actor, form.dashboard) if form.dashboard else queries.list_states(actor)
    states = [("", _("Tutti")), *((s.code, s.label) for s in offered)]
    labels = {s.code: s.label for s in offered}
    offers = row_offers(actor, page.rows)
    return render(
        request,
        "documents/list.html",
        {
            "form": form,
            "page": page,
            "totals": queries.totals(actor, form.filters),
            "states": states,
            "kinds": KINDS,
            "only": ONLY,
            "check_unused": queries.check_unused(actor, form.filters),
            "query": urlencode(form.query),
            "next_query": urlencode(form.query | {"pagina": str(page.next)}) if page.next else "",
            "previous_query": urlencode(form.query | {"pagina": str(page.previous)}) if page.previous else "",
            "poll": poll_address([row.id for row in page.rows], page.last_change),
            "offers": offers,
            "may_send_many": any(offer.in_bulk for offer in offers.values()),
            "dashboard_label": said(DASHBOARD_LABELS[form.dashboard]) if form.dashboard else "",
            "dashboard_slug": form.values["dashboard"] if form.dashboard else "",
            "state_label": labels.get(form.values["stato"], ""),
        },
    )


def dashboard_states(actor: Actor, dashboard: Dashboard) -> list[StateView]:
    return workflow.state_views(actor.company_id, actor, (dashboard,))


def row_offers(actor: Actor, rows: Iterable[DocumentRow]) -> dict[int, RowActions]:
    """What each row offers, by document; nothing while something is under way."""
    rows = list(rows)
    by_place = workflow.row_actions(actor, {_place(row) for row in rows})
    return {row.id: by_place[_place(row)] for row in rows if not row.busy_label}


def _place(row: DocumentRow) -> tuple[str, str]:
    return (row.dashboard, row.state.code) if row.state else ("", "")


@require_safe
@desk
def news(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What the list asks every two seconds: only the rows that changed, or nothing (204)."""
    ids, since = asked_news(request)
    rows, last = queries.changed_rows(actor, ids, since)
    if not rows:
        return HttpResponse(status=204)
    context = {"rows": rows, "poll": poll_address(ids, last), "offers": row_offers(actor, rows)}
    return render(request, "documents/parts/news.html", context)


def asked_news(request: HttpRequest) -> tuple[list[int], int]:
    """The rows on the screen, and the change after which they are asked for."""
    ids = [
        int(i)
        for i in request.GET.get("righe", "").split(".")[:200]
        if i.isascii() and i.isdecimal() and len(i) < 19
    ]
    text = request.GET.get("dopo", "")
    return ids, int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def poll_address(ids: list[int], since: int, name: str = "documents:news") -> str:
    """Where a list asks for its rows that changed."""
    if not ids:
        return ""
    return f"{reverse(name)}?{urlencode({'dopo': since, 'righe': '.'.join(map(str, ids))})}"


@require_safe
@desk
def export_csv(request: HttpRequest, actor: Actor) -> StreamingHttpResponse:
    """All rows of the filter; semicolons and commas as an Italian spreadsheet expects them.

    Sent page by page, so that years of documents take no memory. The request's transaction, and with it the wall, is
    gone by then: each page is read in a short one of its own, so that a slow reader holds nothing open. A document
    saved meanwhile may stand in it or not.
    """
    rows = queries.export_rows(actor, FilterForm(request.GET).filters)
    return as_csv(actor.company_id, COLUMNS, rows, _cells, "entrate")


def as_csv(
    company_id: int,
    columns: Sequence[str],
    rows: Iterator[Row],
    cells: Callable[[Row], Sequence[Cell]],
    name: str,
) -> StreamingHttpResponse:
    """All rows as a CSV that is made while it is sent."""
    pages = _pages(company_id, rows)
    # The first page now: a fault of the filter is still a page of ours, not a broken file.
    first = next(pages, [])
    lines = csv_lines(columns, chain([first], pages), cells)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    return named(response, _name(name, "csv"))


def _pages(company_id: int, rows: Iterator[Row]) -> Iterator[list[Row]]:
    while True:
        with company_scope(company_id):
            page = list(islice(rows, ROWS_AT_ONCE))
        if not page:
            return
        yield page


def csv_lines(
    columns: Sequence[str], pages: Iterable[list[Row]], cells: Callable[[Row], Sequence[Cell]]
) -> Iterator[bytes]:
    text = io.StringIO("\ufeff")
    text.seek(0, io.SEEK_END)
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(columns)
    for page in pages:
        writer.writerows([csv_text(cell) for cell in cells(row)] for row in page)
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()


@require_safe
@desk
def export_xlsx(request: HttpRequest, actor: Actor) -> FileResponse:
    """All rows of the filter as a workbook: made row by row on the disk, because a zip is whole only at its end."""
    rows = queries.export_rows(actor, FilterForm(request.GET).filters)
    return as_xlsx("Entrate", COLUMNS, map(_cells, rows), "entrate")


def as_xlsx(title: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]], name: str) -> FileResponse:
    """All rows as a workbook, made on the disk."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  # the response reads and closes it
    try:
        write_xlsx(file, title, columns, rows)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return named(FileResponse(file, content_type=kind), _name(name, "xlsx"))


def _cells(row: DocumentRow) -> tuple[Cell, ...]:
    return (
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


def _name(name: str, extension: str) -> str:
    return f"{name}-{clock.day(clock.now()).isoformat()}.{extension}"
