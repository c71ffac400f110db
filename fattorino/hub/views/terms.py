"""*Attese*: what SdI still owes about what the company sent, the most urgent first."""

from __future__ import annotations

import datetime
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from fattorino import clock
from fattorino.core.texts import say_many
from fattorino.documents.panels import Panel
from fattorino.documents.queries import DocumentView
from fattorino.hub import inbox, queries_terms
from fattorino.hub.flows import terms as flows
from fattorino.hub.queries_terms import TermRow
from fattorino.hub.views.messages import number
from fattorino.organisations.languages import said
from fattorino.organisations.pages import desk
from fattorino.organisations.queries import Actor
from fattorino.organisations.spreadsheet import Cell
from fattorino.organisations.tables import table_file
from fattorino.workflow.alerts import Alert
from fattorino.workflow.forms.state import Form

LATE = "scadute"
COLUMNS = ("Documento", "Data", "Controparte", "Che cosa si attende", "Dal", "Entro il", "Scaduta")


@require_safe
@desk
def listing(request: HttpRequest, actor: Actor) -> HttpResponse:
    form = Form({name: request.GET.get(name, "")[:20] for name in ("attesa", "mostra")})
    awaited, late, now = form.values["attesa"], form.values["mostra"] == LATE, clock.now()
    kind = request.GET.get("file", "")
    if kind in ("csv", "xlsx"):
        rows = queries_terms.every(actor, awaited=awaited, late=late, now=now)
        return table_file(kind, "attese", "Attese", COLUMNS, map(_cells, rows))
    after = number(request.GET.get("dopo", ""))
    query = {name: value for name, value in form.values.items() if value}
    context = {
        "form": form,
        "page": queries_terms.page(actor, awaited=awaited, late=late, now=now, after=after),
        "first": after is None,
        "query": urlencode(query),
        "active": bool(query),
        "kinds": [("", _("Tutte")), *((value, said(label)) for value, label in queries_terms.AWAITED)],
        "shown": [("", _("Tutte")), (LATE, _("Solo le scadute"))],
        "waiting": inbox.waiting(actor),
    }
    return render(request, "hub/messages/terms.html", context)


def _cells(row: TermRow) -> tuple[Cell, ...]:
    since, due = clock.day(row.since), clock.day(row.due_at)
    return (row.title, row.date, row.counterpart, row.awaited_label, since, due, "sì" if row.late else "no")


def overdue(actor: Actor, now: datetime.datetime) -> list[Alert]:
    """Above the dashboards: SdI did not say what it had to in time."""
    count = queries_terms.overdue(actor, now=now)
    if not count:
        return []
    text = say_many(
        "Su {number} documento SdI non ha detto in tempo quello che doveva.",
        "Su {number} documenti SdI non ha detto in tempo quello che doveva.",
        count,
    )
    return [Alert(text, f"{reverse('sdi_messages:terms')}?mostra={LATE}", "warning")]


def panel(actor: Actor, view: DocumentView) -> Panel | None:
    """On a document's page: what SdI owes about it, and what it has told."""
    if not view.row.dashboard:
        return None
    now = clock.now()
    awaited = [
        {"label": queries_terms.label_of(term), "due_at": term.due_at, "late": term.due_at <= now}
        for term in flows.awaited(view.row.id, actor.company_id)
    ]
    messages = inbox.of_document(actor, view.row.id)
    if not awaited and not messages:
        return None
    return Panel("hub/messages/panel.html", {"awaited": awaited, "messages": messages})
