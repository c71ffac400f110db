"""*Arrivi* and *Rapporti giornalieri* of a channel, for the company's administrators."""

from __future__ import annotations

import datetime

from django.contrib import messages as notes
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.hub import queries_arrivals as queries
from fattorino.hub.flows import daily_reports as flows
from fattorino.hub.flows.collect import VISITED
from fattorino.hub.queries_arrivals import Arrival, Gap, Report
from fattorino.hub.queries_channels import ChannelView, find_channel
from fattorino.hub.views.messages import number
from fattorino.organisations.languages import said
from fattorino.organisations.queries import Actor
from fattorino.organisations.spreadsheet import Cell
from fattorino.organisations.tables import table_file
from fattorino.workflow.forms.state import Form
from fattorino.workflow.views.common import administration

ARRIVAL_COLUMNS = ("Arrivato il", "Nome", "Arrivi", "Che cosa ne è stato", "Contenuto", "Nota")
REPORT_COLUMNS = (
    "Arrivato il",
    "Rapporto",
    "Che cosa elenca",
    "Supporti nominati",
    "Tornano",
    "Non tornano",
    "Chiariti",
)
GAP_COLUMNS = (
    "Supporto",
    "Che cosa non torna",
    "Riga del rapporto",
    "Trovato il",
    "Chiuso il",
    "Chiuso da",
    "Motivo",
)
# The value of "mostra" that leaves out the reports of which everything agrees.
OPEN = "aperti"
FORMATS = ("csv", "xlsx")


@require_safe
@administration
def arrivals(request: HttpRequest, actor: Actor, channel_id: int) -> HttpResponse:
    """What came on the channel, and what became of it."""
    channel = _channel(actor, channel_id)
    fate = request.GET.get("esito", "")
    if fate not in queries.FATES:
        fate = ""
    kind = request.GET.get("file", "")
    if kind in FORMATS:
        rows = queries.every_arrival(actor.company_id, channel_id, fate=fate)
        return table_file(kind, "arrivi", "Arrivi", ARRIVAL_COLUMNS, map(_arrival_cells, rows))
    before = number(request.GET.get("prima", ""))
    context = {
        "channel": channel,
        "visited": channel.kind in VISITED,
        "page": queries.arrivals(actor.company_id, channel_id, fate=fate, before=before),
        "first": before is None,
        "form": Form({"esito": fate}),
        "fates": [("", _("Tutti")), *((code, said(label)) for code, label in queries.FATES.items())],
        "query": f"esito={fate}" if fate else "",
    }
    return render(request, "hub/channels/arrivals.html", context)


@require_safe
@administration
def reports(request: HttpRequest, actor: Actor, channel_id: int) -> HttpResponse:
    """SdI's daily reports, each with what agrees."""
    channel = _channel(actor, channel_id)
    only_open = request.GET.get("mostra", "") == OPEN
    kind = request.GET.get("file", "")
    if kind in FORMATS:
        rows = queries.every_report(actor.company_id, channel_id, only_open=only_open)
        return table_file(kind, "rapporti", "Rapporti giornalieri", REPORT_COLUMNS, map(_report_cells, rows))
    before = number(request.GET.get("prima", ""))
    context = {
        "channel": channel,
        "page": queries.reports(actor.company_id, channel_id, only_open=only_open, before=before),
        "first": before is None,
        "only_open": only_open,
        "query": f"mostra={OPEN}" if only_open else "",
    }
    return render(request, "hub/channels/reports.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def report(request: HttpRequest, actor: Actor, channel_id: int, report_id: int) -> HttpResponse:
    """One report: what does not agree, and what a person found out about it."""
    channel = _channel(actor, channel_id)
    found = queries.find_report(actor.company_id, channel_id, report_id)
    if found is None:
        raise Http404
    rows = queries.gaps(actor.company_id, report_id)
    kind = request.GET.get("file", "")
    if kind in FORMATS:
        return table_file(kind, "rapporto", "Rapporto giornaliero", GAP_COLUMNS, map(_gap_cells, rows))
    form = Form({"motivo": ""})
    if request.method == "POST":
        try:
            flows.settle(
                number(request.POST.get("supporto", "")) or 0,
                request.POST.get("motivo", ""),
                actor,
                now=clock.now(),
            )
        except RefusedError as error:
            if not error.fields:
                raise
            form.errors |= {name: said(text) for name, text in error.fields.items()}
        else:
            notes.success(request, _("Segnato come chiarito, con il motivo."))
            return redirect("channels:report", channel_id, report_id)
    context = {
        "channel": channel,
        "report": found,
        "rows": rows,
        "form": form,
        "choices": [("", _("Scegliere")), *((str(row.id), row.support) for row in rows if not row.closed_at)],
    }
    return render(request, "hub/channels/report.html", context, status=422 if form.errors else 200)


def _channel(actor: Actor, channel_id: int) -> ChannelView:
    found = find_channel(actor.company_id, channel_id, now=clock.now())
    if found is None:
        raise Http404
    return found


def _arrival_cells(row: Arrival) -> tuple[Cell, ...]:
    fate = said(row.fate_label)
    return (_at(row.received_at), row.name, str(row.arrivals), fate, said(row.inside), row.note)


def _report_cells(row: Report) -> tuple[Cell, ...]:
    counts = (str(row.named), str(row.agree), str(row.open), str(row.closed))
    return (_at(row.received_at), row.name, said(row.kind_label), *counts)


def _gap_cells(row: Gap) -> tuple[Cell, ...]:
    closed = _at(row.closed_at) if row.closed_at else ""
    return (
        row.support,
        said(row.kind_label),
        row.row,
        _at(row.found_at),
        closed,
        row.closed_by,
        row.closed_why,
    )


def _at(moment: datetime.datetime) -> str:
    return f"{moment.astimezone(clock.ROME):%d/%m/%Y %H:%M}"
