"""What a received invoice asks of the database: it comes by the thousand, and each question is a way there and back."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from fattorino.config import demo
from fattorino.documents import receiving
from fattorino.documents.models import DocumentFile, PassiveInvoice
from fattorino.organisations.scope import company_scope
from tests.desk import NOW, Desk, make_desk
from tests.documents.received import bring, invoice, mt

# A reading of a supplier's second invoice with its MT, without BEGIN and COMMIT. Half of it is the opening of the
# document, the same for every room (workflow.flows.open_document).
MOST = 29


def statements(reception_id: int) -> list[str]:
    """Read what arrived as a job does, in no transaction; what was asked of the database."""
    asked: list[str] = []

    def note(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        asked.append(" ".join(str(sql).split()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        receiving.read(reception_id, now=NOW)
    return asked


def arrive(desk: Desk, number: str) -> int:
    name = f"IT01234567897_B000{number}.xml"
    return bring(invoice(desk, number), sdi=number, name=name, metadata=mt(name, sdi=number))


@pytest.mark.django_db(transaction=True)
def test_an_invoice_that_arrives_costs_few_statements() -> None:
    desk = make_desk(demo.ORDINE, "laura@ordine.example")
    receiving.read(arrive(desk, "1"), now=NOW)
    asked = statements(arrive(desk, "2"))
    assert len(asked) <= MOST, "\n".join(asked)
    with company_scope(desk.company.pk):
        assert PassiveInvoice.objects.count() == 2
        assert sorted(DocumentFile.objects.values_list("kind", flat=True)) == ["metadati"] * 2 + ["xml"] * 2


@pytest.mark.django_db(transaction=True)
def test_an_invoice_that_came_before_costs_no_more_than_a_new_one() -> None:
    desk = make_desk(demo.ORDINE, "laura@ordine.example")
    receiving.read(arrive(desk, "1"), now=NOW)
    again = bring(invoice(desk, "1"), sdi="9", metadata=mt("IT01234567897_B0001.xml", sdi="9"))
    asked = statements(again)
    assert len(asked) <= MOST, "\n".join(asked)
    with company_scope(desk.company.pk):
        assert PassiveInvoice.objects.count() == 1
