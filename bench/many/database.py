"""What the database works for dashboards, lists, searches and moves."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import Any

from bench.many.clock import MOVES, best, typical
from bench.many.documents import drafts
from bench.many.table import Figure
from fattorino.core.workflow.definition import Dashboard
from fattorino.core.workflow.standard import standard_json
from fattorino.documents import queries
from fattorino.documents.queries import Cursor, DocumentFilters
from fattorino.organisations.models import Company
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow import counts, flows
from fattorino.workflow.dashboards import dashboard_view

ENTERED = "ANNULLATO"
DEEP = datetime.timedelta(days=800)
Work = Callable[[], Any]


def measure(crowd: Actor, person: Actor, *, now: datetime.datetime) -> Iterator[Figure]:
    """All of it. `crowd` reads as the installation itself, `person` as one of the company's people."""
    company = crowd.company_id
    for name, limit, work in reading(crowd, person, today=now.date()):
        yield Figure(name, "ms", best(company, work), limit)
    yield from moving(person, now=now)


def reading(crowd: Actor, person: Actor, *, today: datetime.date) -> Iterator[tuple[str, float, Work]]:
    """(name, limit, what is asked): each is a page's whole question, not only its hardest part."""
    deep = Cursor(today - DEEP, 1)
    back = Cursor(today - DEEP, 1, forward=False)

    def page(cursor: Cursor | None = None, **filters: Any) -> Work:
        return lambda: queries.list_documents(crowd, DocumentFilters(**filters), cursor)

    def total(**filters: Any) -> Work:
        return lambda: queries.totals(crowd, DocumentFilters(**filters))

    year = {
        "date_from": today - datetime.timedelta(days=620),
        "date_to": today - datetime.timedelta(days=255),
    }
    yield (
        "dashboard: tutte le schede, i conteggi, gli ordini della persona",
        50,
        lambda: dashboard_view(person, Dashboard.ACTIVE_PRIVATE),
    )
    yield "dashboard: soli conteggi", 50, lambda: counts.state_counts(crowd, "PR")
    yield "elenco: prima pagina", 50, page()
    yield "elenco: dopo più di un milione di righe", 50, page(deep)
    yield "elenco: a ritroso", 50, page(back)
    yield "elenco: stato frequente", 50, page(state="CONSEGNATO")
    yield "elenco: stato raro", 50, page(state="ERRORE_INVIO")
    yield "elenco: stato, tipo e periodo, in fondo", 50, page(deep, state="CONSEGNATO", kind="nota_credito")
    yield "elenco: un anno", 50, page(**year)
    yield "elenco: importo", 50, page(amount_from=40_000_000)
    yield "elenco: totali di tutti", 50, total()
    yield "elenco: totali di un anno", 50, total(**year)
    yield "ricerca: controparte «rossi»", 100, page(counterpart="rossi")
    yield "ricerca: controparte «rossi impianti varese»", 100, page(counterpart="rossi impianti varese")
    yield "ricerca: numero «123456»", 100, page(number="123456")
    yield "ricerca: numero «4», in fondo", 100, page(deep, number="4")
    yield "ricerca: numero «4», in fondo e a ritroso", 100, page(back, number="4")
    # Hundreds of thousands of suppliers' numbers begin so, and none of our own.
    theirs = f"{today.year - 1}/"
    yield "ricerca: numero dei soli fornitori, in Entrate", 100, page(number=theirs)
    yield "ricerca: lo stesso come parola", 100, page(text=theirs)
    yield "ricerca: lo stesso, totali", 100, total(number=theirs)
    yield "ricevute: numero «4», che nessuna porta", 100, page(dashboard="PS", number="4")
    yield "ricevute: numero dei fornitori, in fondo", 100, page(deep, dashboard="PS", number=theirs)
    yield "ricevute: «rossi»", 100, page(dashboard="PS", text="rossi")
    yield "ricevute: controparte «rossi»", 100, page(dashboard="PS", counterpart="rossi")
    yield "attive PA: numero «4», in fondo", 100, page(deep, dashboard="PA", number="4")
    for text in ("rossi", "srl", "comune milano", "zzzz", "maria rossi corso"):
        yield f"ricerca: «{text}»", 100, page(text=text)
        yield f"ricerca: totali di «{text}»", 100, total(text=text)
    yield "ricerca: «rossi», in fondo", 100, page(deep, text="rossi")
    # A digit begins a tenth of all numbers; of some months all, of others none.
    for text in ("rossi 2", "rossi 20", "spa 7", "rossi 1 2"):
        yield f"ricerca: «{text}»", 100, page(text=text)
        yield f"ricerca: totali di «{text}»", 100, total(text=text)
    yield "ricerca: «rossi 2», in fondo", 100, page(deep, text="rossi 2")
    yield "ricerca: «rossi 2», in fondo e a ritroso", 100, page(back, text="rossi 2")


def moving(person: Actor, *, now: datetime.datetime) -> Iterator[Figure]:
    """One transition with all that it writes; then the same where the state tells people of it."""
    company = Company.objects.get(pk=person.company_id)
    waiting = iter(drafts(person, 2 * (MOVES + 1), now=now))

    def move() -> None:
        flows.choose_state(next(waiting), ENTERED, person, now=now, reason="Doppia.")

    _tell(company, [], now)  # a database that is used again has the notices of the last time
    yield Figure("passaggio di stato, con il commit", "ms", typical(company.pk, move), 5)
    _tell(company, [{"dashboard": "PR", "group": "group:operator", "mail": True}], now)
    told = typical(company.pk, move)
    yield Figure("passaggio di stato con avvisi a cinque persone", "ms", told, 5)


def _tell(company: Company, notices: list[dict[str, Any]], now: datetime.datetime) -> None:
    definition = standard_json()
    for state in definition["states"]:
        if state["code"] == ENTERED:
            state["notices"] = notices
    with company_scope(company.pk):
        flows.publish_workflow(company, definition, now=now)
