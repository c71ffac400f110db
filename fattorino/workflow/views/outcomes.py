"""*Esiti non attesi*: the list, and the list as a file."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fattorino import clock
from fattorino.core.texts import say
from fattorino.organisations.pages import desk
from fattorino.organisations.queries import Actor
from fattorino.organisations.spreadsheet import Cell
from fattorino.organisations.tables import table_file
from fattorino.workflow import outcomes
from fattorino.workflow.outcomes import UnexpectedOutcome

PAGE = 50
BECAME = {
    outcomes.WAITING: say("In attesa che il documento sia pronto"),
    outcomes.APPLIED: say("Applicato in seguito"),
    outcomes.KEPT: say("Conservato, senza effetto sullo stato"),
}


@require_safe
@desk
def unexpected(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What the Hub told and no state expected, newest first."""
    became, text = _became(request), request.GET.get("prima", "")
    before = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
    rows = outcomes.unexpected(actor, became, before, limit=PAGE + 1)
    more, rows = len(rows) > PAGE, rows[:PAGE]
    chosen = {"mostra": became} if became else {}
    return render(
        request,
        "workflow/dashboard/unexpected.html",
        {
            "rows": [(row, BECAME[row.became]) for row in rows],
            "became": became,
            "choices": [("", say("Tutti")), *BECAME.items()],
            "next": urlencode(chosen | {"prima": rows[-1].id}) if more else "",
            "first": before is None,
            "query": urlencode(chosen),
            "address": reverse("dashboards:unexpected"),
        },
    )


@require_safe
@desk
def unexpected_file(request: HttpRequest, actor: Actor, kind: str) -> HttpResponse:
    """The same as CSV or workbook, all pages of it."""
    if kind not in ("csv", "xlsx"):
        raise Http404
    columns = [
        "Documento",
        "Data",
        "Controparte",
        "Esito",
        "Arrivato il",
        "Stato del documento",
        "Che cosa ne è stato",
        "Annotazione",
    ]
    rows = map(_cells, outcomes.all_unexpected(actor, _became(request)))
    name = f"esiti-non-attesi-{clock.day(clock.now()).isoformat()}"
    return table_file(kind, name, "Esiti non attesi", columns, rows)


def _became(request: HttpRequest) -> str:
    wanted = request.GET.get("mostra", "")
    return wanted if wanted in BECAME else ""


def _cells(row: UnexpectedOutcome) -> tuple[Cell, ...]:
    return (
        row.document,
        row.date,
        row.counterpart,
        row.status_label,
        clock.day(row.at),
        row.state.label if row.state else "",
        BECAME[row.became],
        row.message,
    )
