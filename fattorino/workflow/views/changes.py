"""*Registro delle modifiche*: who changed what and when, of the company in use or of the whole installation."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from fattorino import clock
from fattorino.core.texts import say
from fattorino.organisations import history
from fattorino.organisations.languages import said
from fattorino.organisations.queries import Actor
from fattorino.organisations.spreadsheet import Cell
from fattorino.organisations.tables import table_file
from fattorino.workflow import changes
from fattorino.workflow.changes import Change
from fattorino.workflow.forms.changes import ChangeFilters
from fattorino.workflow.views.common import administration, installation, page

PAGE = 50
COLUMNS = ("Quando", "Chi", "Che cosa", "Dettagli")
NO_PERSON = say("Programma o riga di comando")


@require_safe
@administration
def company(request: HttpRequest, actor: Actor) -> HttpResponse:
    return _listing(request, actor)


@require_safe
@installation
def whole(request: HttpRequest) -> HttpResponse:
    """What all companies share, and whose it is to change it. Nothing of any company."""
    return _listing(request, None)


def _listing(request: HttpRequest, actor: Actor | None) -> HttpResponse:
    kinds = changes.OF_COMPANY if actor else changes.OF_INSTALLATION
    form = ChangeFilters(request.GET, kinds)
    company_id = actor.company_id if actor else None
    wanted = changes.without_reserved(actor, form.wanted) if actor else form.wanted
    kind = request.GET.get("file", "")
    if kind in ("csv", "xlsx") and not form.errors:
        found = changes.in_words(history.every_entry(company_id, wanted), actor)
        return table_file(kind, "registro-modifiche", "Registro delle modifiche", COLUMNS, map(_cells, found))
    text = request.GET.get("prima", "")
    before = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
    rows = [] if form.errors else history.entries(company_id, wanted, before, limit=PAGE + 1)
    more, rows = len(rows) > PAGE, rows[:PAGE]
    context = {
        "form": form,
        "changes": changes.in_words(rows, actor),
        "of_company": actor is not None,
        "kinds": [("", _("Tutti")), *((code, said(changes.KINDS[code][0])) for code in kinds)],
        "people": _people(company_id),
        "first": before is None,
        "older": urlencode(form.query | {"prima": rows[-1].id}) if more else "",
        "query": urlencode(form.query),
    }
    return page(request, "changes", context, status=422 if form.errors else 200)


def _people(company_id: int | None) -> list[tuple[str, str]]:
    found = [(str(number), name) for number, name in history.people(company_id)]
    return [("", _("Chiunque")), *found, (str(history.NOBODY), said(NO_PERSON))]


def _cells(change: Change) -> Sequence[Cell]:
    facts = [f"{label}: {value}" for label, value in change.facts]
    facts += [
        f"{': '.join(filter(None, (s.state, s.name)))}: {s.before or '—'} → {s.after or '—'}"
        for s in change.settings
    ]
    at = change.entry.at.astimezone(clock.ROME).strftime("%d/%m/%Y %H:%M:%S")
    return (at, change.entry.who or NO_PERSON, change.what, "\n".join(facts))
