"""Fixtures: a company at work in the tests' database, with people, numbers, a key and the standard workflow."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.backends.postgresql.operations import DatabaseOperations
from procrastinate.contrib.django import app

from fattorino.config import demo
from fattorino.core.fatturapa.draft import Draft, Line, Payment
from fattorino.documents import flows as documents
from fattorino.documents import numbering
from fattorino.hub.flows.keys import save_key
from fattorino.hub.signing.test_ca import Holder, issue, make_ca
from fattorino.organisations.flows import save_company, save_user
from fattorino.organisations.models import Company
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow import flows as workflow
from fattorino.workflow.models import Document

NOW = datetime.datetime(2026, 11, 21, 9, 30, tzinfo=datetime.UTC)
TODAY = NOW.date()
_KEYS: dict[str, bytes] = {}


@dataclass
class Desk:
    """A company and its operator, with the verbs that tests use most."""

    company: Company
    actor: Actor
    now: datetime.datetime = NOW

    def draft(self, **changes: Any) -> Draft:
        base = Draft(
            data=TODAY,
            cessionario=demo.ROSSI,
            codice_destinatario="M5UXCR1",
            linee=(
                Line("Corso di aggiornamento", Decimal(1), None, Decimal("350.00"), aliquota_iva=Decimal(22)),
            ),
            condizioni_pagamento="TP02",
            pagamenti=(Payment(modalita_pagamento="MP05", iban=demo.IBAN),),
        )
        return replace(base, **changes)

    def pa_draft(self, **changes: Any) -> Draft:
        return self.draft(**{"cessionario": demo.COMUNE, "codice_destinatario": "ABC123", **changes})

    def save(self, draft: Draft | None = None, **options: Any) -> Document:
        options = {"kind": "fattura", "now": self.now, "today": TODAY, **options}
        return documents.save_document(self.actor, draft or self.draft(), **options)

    def press(self, document: Document) -> None:
        workflow.request_action(document.pk, self.actor, now=self.now)

    def state(self, document: Document) -> str:
        return Document.objects.get(pk=document.pk).state


def make_desk(party: dict[str, Any], email: str, role: str = "operator") -> Desk:
    company = save_company(party, now=NOW)
    with company_scope(company.pk):
        workflow.load_standard(company, now=NOW)
        numbering.load_standard(company.pk)
        save_key(company.pk, _key(), "prova", now=NOW)
    user = save_user(email, demo.PASSWORD, "Laura Conti", {company.pk: role}, now=NOW)
    return Desk(company, Actor("utente", str(user), company.pk, user.pk, role))


def _key() -> bytes:
    # Making RSA keys takes seconds; one serves all tests of a process.
    if "key" not in _KEYS:
        holder = Holder("Laura", "Conti", "VRDLCU82D25L219V")
        _KEYS["key"] = issue(make_ca(at=NOW), holder, "prova", at=NOW)
    return _KEYS["key"]


@pytest.fixture
def desk(db: None) -> Iterator[Desk]:
    """An Ordine, inside its scope."""
    made = make_desk(demo.ORDINE, "laura@ordine.example")
    with company_scope(made.company.pk):
        yield made


@pytest.fixture
def other_desk(db: None) -> Desk:
    """Another company, whose rows nobody of the first may see."""
    return make_desk(demo.STUDIO, "giulia@studio.example")


# What a real worker of another test may have left behind: the clock's own jobs; and what comes at its hour only.
PERIODIC = frozenset({"hub.wake", *(name for name, _ in app.periodic_registry.periodic_tasks)})


def jobs(task: str | None = None) -> list[dict[str, Any]]:
    """The waiting jobs, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, task_name, args, coalesce(scheduled_at > now(), false) from procrastinate_jobs"
            " where status = 'todo'"
            " and (%s::text is null or task_name = %s) order by id",
            [task, task],
        )
        rows = cursor.fetchall()
    return [
        {"id": i, "task": name, "args": json.loads(a) if isinstance(a, str) else a, "later": later}
        for i, name, a, later in rows
    ]


def run_jobs(*, skip: frozenset[str] = frozenset()) -> list[str]:
    """Run the waiting jobs in this process until none is left; the names of what ran.

    One that is planned for later comes too early here, and once: each time it would plan itself again.
    """
    ran: list[str] = []
    early: list[tuple[str, Any]] = []
    while todo := [job for job in jobs() if job["task"] not in skip | PERIODIC]:
        for job in todo:
            with connection.cursor() as cursor:
                cursor.execute("delete from procrastinate_jobs where id = %s", [job["id"]])
            if job["later"] and (job["task"], job["args"]) in early:
                continue
            if job["later"]:
                early.append((job["task"], job["args"]))
            app.tasks[job["task"]].func(**job["args"])
            ran.append(job["task"])
    return ran


def _flush_append_only_tables_too(self: Any, sql_list: list[str]) -> None:
    """Between tests the tables are emptied, which the product's own triggers refuse: they rest for that moment."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "select tgrelid::regclass::text, tgname from pg_trigger where tgname = 'append_only_all'"
        )
        triggers = cursor.fetchall()
        for table, name in triggers:
            cursor.execute(f"alter table {table} disable trigger {name}")
        _plain_flush(self, sql_list)
        for table, name in triggers:
            cursor.execute(f"alter table {table} enable trigger {name}")


_plain_flush = DatabaseOperations.execute_sql_flush
DatabaseOperations.execute_sql_flush = _flush_append_only_tables_too  # type: ignore[method-assign]  # on purpose
