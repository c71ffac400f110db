"""*Esiti non attesi*: the list, the list as a file, and marking one as seen."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.organisations.languages import said
from fattorino.organisations.pages import desk
from fattorino.organisations.queries import Actor
from fattorino.organisations.spreadsheet import Cell
from fattorino.organisations.tables import table_file
from fattorino.workflow import outcomes
from fattorino.workflow.flows import outcomes as flows
from fattorino.workflow.outcomes import UnexpectedOutcome

PAGE = 50
BECAME = {
    outcomes.WAITING: say("In attesa che il documento sia pronto"),
    outcomes.APPLIED: say("Applicato in seguito"),
    outcomes.KEPT: say("Conservato, senza effetto sullo stato"),
}
# As the address names them; without a name the open ones, which somebody has to look at.
WHICH = {"": outcomes.OPEN, "visti": outcomes.SEEN, "tutti": outcomes.ALL}


@require_safe
@desk
def unexpected(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What the Hub told and no state expected, newest first."""
    return _listing(request, actor, _number(request.GET.get("prima", "")))


def _listing(
    request: HttpRequest,
    actor: Actor,
    before: int | None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    became, which = _became(request), _which(request)
    rows = outcomes.unexpected(actor, became, before, limit=PAGE + 1, which=WHICH[which])
    more, rows = len(rows) > PAGE, rows[:PAGE]
    chosen = _chosen(became, which)
    context = {
        "rows": [(row, BECAME[row.became]) for row in rows],
        "became": became,
        "which": which,
        "open": outcomes.count_unexpected(actor, "", which=outcomes.OPEN, most=99),
        "choices": [("", say("Tutti")), *BECAME.items()],
        "next": urlencode(chosen | {"prima": rows[-1].id}) if more else "",
        "first": before is None,
        "query": urlencode(chosen),
        "address": reverse("dashboards:unexpected"),
        "longest": flows.LONGEST_NOTE,
        "errors": errors or {},
        "marking": _number(request.POST.get("esito", "")),
        "note": request.POST.get("nota", ""),
    }
    return render(request, "workflow/dashboard/unexpected.html", context, status=status)


@require_POST
@desk
def seen(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Mark one as seen, with a note for the others."""
    number = _number(request.POST.get("esito", ""))
    if number is None:
        raise Http404
    try:
        flows.mark_seen(actor, number, request.POST.get("nota", ""), now=clock.now())
    except RefusedError as error:
        if "nota" not in error.fields:
            raise
        # The page begins with the row in question, whatever page it stood on.
        told = {name: said(text) for name, text in error.fields.items()}
        return _listing(request, actor, number + 1, told, status=422)
    messages.success(request, _("Esito segnato come visto: resta nell'elenco «Visti»."))
    query = urlencode(_chosen(_became(request), _which(request)))
    return redirect(reverse("dashboards:unexpected") + (f"?{query}" if query else ""))


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
        "Visto da",
        "Visto il",
        "Nota",
    ]
    found = outcomes.all_unexpected(actor, _became(request), which=WHICH[_which(request)])
    name = f"esiti-non-attesi-{clock.day(clock.now()).isoformat()}"
    return table_file(kind, name, "Esiti non attesi", columns, map(_cells, found))


def _asked(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "") if request.method == "POST" else request.GET.get(name, "")


def _became(request: HttpRequest) -> str:
    wanted = _asked(request, "mostra")
    return wanted if wanted in BECAME else ""


def _which(request: HttpRequest) -> str:
    wanted = _asked(request, "quali")
    return wanted if wanted in WHICH else ""


def _chosen(became: str, which: str) -> dict[str, str]:
    return {name: value for name, value in (("mostra", became), ("quali", which)) if value}


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


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
        row.seen_by,
        clock.day(row.seen_at) if row.seen_at else None,
        row.note,
    )
