"""Figures with very many documents in one company: `make bench`. FATTORINO_BENCH_DOCUMENTS says how many.

Times are what the database's process works, the best of five: what others take of the machine is not the product's.
What it waits for the disk is not in them: everything is in memory here. Where the kernel does not tell, as the client
sees it.
"""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from fattorino.config import demo, many
from fattorino.documents import queries
from fattorino.documents.queries import Cursor, DocumentFilters
from fattorino.organisations.flows import save_company
from fattorino.organisations.queries import Actor, find_company
from fattorino.organisations.scope import company_scope
from fattorino.workflow import counts, flows
from fattorino.workflow.models import Document
from tests.desk import NOW

DOCUMENTS = int(os.environ.get("FATTORINO_BENCH_DOCUMENTS") or 5_000_000)
CODE = "00000000001"
DAY = datetime.date


def fill(documents: int) -> Actor:
    call_command("many", company=CODE, documents=documents)
    company = find_company(CODE)
    assert company is not None
    return Actor("hub", "misure", company.pk)


def best(actor: Actor, work: Callable[[], Any]) -> float:
    """Milliseconds of the database's process."""
    seen = []
    for _ in range(5):
        with company_scope(actor.company_id):
            with connection.cursor() as cursor:
                cursor.execute("select pg_backend_pid()")
                (pid,) = cursor.fetchone()
            begun = _worked(pid)
            work()
            seen.append((_worked(pid) - begun) / 1_000_000)
    return min(seen)


def _worked(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    except OSError:
        return time.perf_counter_ns()


def test_another_company_is_not_filled(db: None) -> None:
    save_company(demo.ORDINE, now=NOW)
    with pytest.raises(CommandError, match="solo in un'azienda fatta da questo comando"):
        call_command("many", company=demo.ORDINE["id_codice"], documents=1)


def test_filling_goes_on_where_it_stopped(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "COUNTERPARTS", 50)
    fill(30)
    actor = fill(70)
    with company_scope(actor.company_id):
        assert counts.sums(actor).n == Document.objects.count() == 70


@pytest.mark.bench
def test_pages_counts_and_moves_keep_their_limits(
    transactional_db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        crowd = fill(DOCUMENTS)
    with connection.cursor() as cursor:
        cursor.execute("vacuum (analyze) workflow_document, documents_searchentry")
    deep = Cursor(NOW.date() - datetime.timedelta(days=800), 1)

    def page(cursor: Cursor | None = None, **filters: Any) -> Callable[[], Any]:
        return lambda: queries.list_documents(crowd, DocumentFilters(**filters), cursor)

    def total(**filters: Any) -> Callable[[], Any]:
        return lambda: queries.totals(crowd, DocumentFilters(**filters))

    with company_scope(crowd.company_id):
        ids = Document.objects.filter(company_id=crowd.company_id, dashboard="PR", state="IN_ATTESA_ESITO")
        waiting = iter(list(ids.values_list("pk", flat=True)[:5]))

    measured: list[tuple[str, float, Callable[[], Any]]] = [
        ("scrivania, tutti gli stati", 50, lambda: counts.state_counts(crowd, "PR")),
        ("somme di tutti", 50, total()),
        ("somme di un periodo", 50, total(date_from=DAY(2025, 3, 7), date_to=DAY(2026, 9, 13))),
        ("pagina", 50, page()),
        ("pagina in fondo", 50, page(deep)),
        ("stato frequente", 50, page(state="CONSEGNATO")),
        ("stato raro", 50, page(state="ERRORE_INVIO")),
        ("importo", 50, page(amount_from=40_000_000)),
        ("numero", 50, page(number="123456")),
        *(
            (f"ricerca «{text}»", 100, page(text=text))
            for text in ("rossi", "srl", "comune milano", "zzzz", "di")
        ),
        *((f"ricerca in fondo «{text}»", 100, page(deep, text=text)) for text in ("rossi", "srl", "zzzz")),
        ("somme di una ricerca", 100, total(text="rossi")),
        ("passaggio di stato", 5, lambda: flows.report_status(next(waiting), "RC", crowd, now=NOW)),
    ]
    slow = []
    with capsys.disabled():
        print(
            f"\n{DOCUMENTS} documenti in un'azienda; millisecondi di lavoro della base dati, il migliore di cinque"
        )
        for name, limit, work in measured:
            seen = best(crowd, work)
            print(f"{seen:8.1f}  (limite {limit:3.0f})  {name}")
            if seen > limit:
                slow.append(name)
    assert not slow
