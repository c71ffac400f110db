"""The runs of *invio massivo*: how each goes, what became of each document, pause, resume, cancel."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import chain, islice
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.core.workflow.definition import Dashboard
from fattorino.core.workflow.settings import DASHBOARD_LABELS
from fattorino.organisations.pages import desk, named
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.organisations.spreadsheet import Cell, write_xlsx
from fattorino.organisations.tables import XLSX, csv_text, table_file
from fattorino.workflow import bulk
from fattorino.workflow.bulk import OUTCOMES, WAITING, ItemView, RunView
from fattorino.workflow.flows import bulk as flows

PAGE = 50
RUNS = 30
# Runs in the exported list: who has more looks for them on the pages.
RUNS_IN_FILE = 5000
ROWS_AT_ONCE = 500
ITEM_COLUMNS = (
    "Posto",
    "Tipo",
    "Numero",
    "Data",
    "Controparte",
    "Totale",
    "Valuta",
    "Stato",
    "Esito",
    "Messaggio",
)
RUN_COLUMNS = (
    "Invio",
    "Avviato",
    "Da",
    "Operazione",
    "Stato",
    "Scheda",
    "Avanzamento",
    "Documenti",
    "Riusciti",
    "Non riusciti",
    "Non ammessi",
    "Lasciati o in attesa",
)


@require_safe
@desk
def runs(request: HttpRequest, actor: Actor) -> HttpResponse:
    found = bulk.runs(actor, _number(request.GET.get("prima", "")), RUNS + 1)
    context = {
        "runs": [(each, DASHBOARD_LABELS[Dashboard(each.dashboard)]) for each in found[:RUNS]],
        "older": found[RUNS - 1].id if len(found) > RUNS else None,
        "first": "prima" not in request.GET,
    }
    return render(request, "workflow/bulk/runs.html", context)


@require_safe
@desk
def runs_file(request: HttpRequest, actor: Actor, kind: str) -> HttpResponse:
    rows: list[tuple[Cell, ...]] = [
        (
            Decimal(each.id),
            clock.day(each.started_at),
            each.by,
            each.label,
            each.state.label,
            DASHBOARD_LABELS[Dashboard(each.dashboard)],
            each.status_label,
            *map(Decimal, (each.total, each.done, each.failed, each.refused, each.waiting)),
        )
        for each in bulk.runs(actor, limit=RUNS_IN_FILE)
    ]
    return table_file(kind, "invii-massivi", "Invii massivi", RUN_COLUMNS, rows)


@require_safe
@desk
def run(request: HttpRequest, actor: Actor, run_id: int) -> HttpResponse:
    view = _run_or_404(actor, run_id)
    return render(request, "workflow/bulk/run.html", _progress(view) | _outcomes(request, actor, view))


@require_safe
@desk
def progress(request: HttpRequest, actor: Actor, run_id: int) -> HttpResponse:
    """What the page asks every second while the run is open."""
    view = _run_or_404(actor, run_id)
    said = _number(request.GET.get("detto", ""))
    context = _progress(view)
    response = render(request, "workflow/bulk/parts/progress.html", context | {"told": said != _tenth(view)})
    if not view.open:
        response["HX-Trigger-After-Swap"] = "bulkEnded"
    return response


@require_safe
@desk
def outcomes(request: HttpRequest, actor: Actor, run_id: int) -> HttpResponse:
    view = _run_or_404(actor, run_id)
    return render(request, "workflow/bulk/parts/outcomes.html", _outcomes(request, actor, view))


def _progress(view: RunView) -> dict[str, Any]:
    address = reverse("bulk:progress", args=[view.id])
    return {
        "run": view,
        "dashboard_label": DASHBOARD_LABELS[Dashboard(view.dashboard)],
        "poll": f"{address}?{urlencode({'detto': _tenth(view)})}" if view.open else "",
    }


def _tenth(view: RunView) -> int:
    """A screen reader hears of every tenth of the way, and of the end."""
    return view.percent // 10 if view.open else 11


def _outcomes(request: HttpRequest, actor: Actor, view: RunView) -> dict[str, Any]:
    outcome = request.GET.get("esito", "")
    outcome = outcome if outcome in OUTCOMES else ""
    after = _number(request.GET.get("dopo", "")) or 0
    rows = bulk.items(actor, view.id, outcome, after, PAGE + 1)
    query = {"esito": outcome} if outcome else {}
    here = query | ({"dopo": after} if after else {})
    return {
        "run": view,
        "rows": [(row, _outcome_label(row.outcome, view)) for row in rows[:PAGE]],
        "outcome": outcome,
        "tabs": [("", say("tutti"), view.total), *_tabs(view)],
        "query": urlencode(query),
        "here": urlencode(here),
        "next_query": urlencode(query | {"dopo": rows[PAGE - 1].place}) if len(rows) > PAGE else "",
        "first_query": urlencode(query) if after else None,
    }


def _tabs(view: RunView) -> Iterator[tuple[str, str, int]]:
    counted = (view.waiting, view.started, view.done, view.failed, view.refused)
    for (code, label), number in zip(OUTCOMES.items(), counted, strict=True):
        if number:
            yield code, say("lasciati") if code == WAITING and view.cancelled else label, number


def _outcome_label(outcome: str, view: RunView) -> str:
    if outcome == "" and view.cancelled:
        return say("lasciato")
    return bulk.Outcome(outcome).label


@require_safe
@desk
def items_csv(request: HttpRequest, actor: Actor, run_id: int) -> StreamingHttpResponse:
    """All outcomes of the filter; sent page by page, each read in a short transaction of its own."""
    view = _run_or_404(actor, run_id)
    pages = _pages(actor.company_id, bulk.all_items(actor, view.id, _outcome(request)))
    # The first page now: a fault is still a page of ours, not a broken file.
    first = next(pages, [])
    response = StreamingHttpResponse(
        _csv(chain([first], pages), view), content_type="text/csv; charset=utf-8"
    )
    return named(response, f"invio-massivo-{view.id}.csv")


@require_safe
@desk
def items_xlsx(request: HttpRequest, actor: Actor, run_id: int) -> FileResponse:
    """The same as a workbook: made row by row on the disk, because a zip is whole only at its end."""
    view = _run_or_404(actor, run_id)
    rows = (_cells(item, view) for item in bulk.all_items(actor, view.id, _outcome(request)))
    file = tempfile.TemporaryFile()  # noqa: SIM115  # the response reads and closes it
    try:
        write_xlsx(file, "Invio massivo", ITEM_COLUMNS, rows)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return named(FileResponse(file, content_type=XLSX), f"invio-massivo-{view.id}.xlsx")


def _outcome(request: HttpRequest) -> str:
    outcome = request.GET.get("esito", "")
    return outcome if outcome in OUTCOMES else ""


def _pages(company_id: int, rows: Iterator[ItemView]) -> Iterator[list[ItemView]]:
    while True:
        with company_scope(company_id):
            page = list(islice(rows, ROWS_AT_ONCE))
        if not page:
            return
        yield page


def _csv(pages: Iterable[list[ItemView]], view: RunView) -> Iterator[bytes]:
    text = io.StringIO("\ufeff")
    text.seek(0, io.SEEK_END)
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(ITEM_COLUMNS)
    for page in pages:
        writer.writerows([csv_text(cell) for cell in _cells(item, view)] for item in page)
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()


def _cells(item: ItemView, view: RunView) -> tuple[Cell, ...]:
    return (
        Decimal(item.place),
        item.kind_label,
        item.number,
        item.date,
        item.counterpart,
        item.total_cents,
        item.currency,
        item.state.label if item.state else "",
        _outcome_label(item.outcome, view),
        item.message,
    )


# -------------------------------------------------------------------------------------------------- buttons


@require_POST
@desk
def pause(request: HttpRequest, actor: Actor, run_id: int) -> HttpResponse:
    return _press(request, actor, run_id, flows.pause_run)


@require_POST
@desk
def resume(request: HttpRequest, actor: Actor, run_id: int) -> HttpResponse:
    return _press(request, actor, run_id, flows.resume_run)


@require_POST
@desk
def cancel(request: HttpRequest, actor: Actor, run_id: int) -> HttpResponse:
    return _press(request, actor, run_id, flows.cancel_run)


def _press(request: HttpRequest, actor: Actor, run_id: int, button: Callable[..., None]) -> HttpResponse:
    view = _run_or_404(actor, run_id)
    if not actor.may_write:
        raise PermissionDenied
    button(actor, run_id, now=clock.now())
    if request.headers.get("HX-Request") == "true":
        context = _progress(_run_or_404(actor, run_id)) | {"told": True}
        return render(request, "workflow/bulk/parts/progress.html", context)
    messages.success(request, _("Invio massivo %(number)s aggiornato.") % {"number": view.id})
    return redirect("bulk:run", run_id)


def _run_or_404(actor: Actor, run_id: int) -> RunView:
    """A run of another company, or over a state reserved to others, is simply not there."""
    try:
        return bulk.get_run(actor, run_id)
    except RefusedError as error:
        raise Http404 from error


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
