"""Received invoices: kept first, read by a job, each document once, nobody's shown to nobody."""

from __future__ import annotations

from fattorino.documents.models import PassiveInvoice, Reception
from fattorino.organisations.scope import system_scope
from fattorino.workflow.models import Document
from tests.desk import Desk, run_jobs
from tests.documents.received import bring, invoice


def settled(reception_id: int) -> Reception:
    run_jobs()
    with system_scope():
        return Reception.objects.get(pk=reception_id)


def test_an_invoice_is_kept_at_once_and_becomes_a_passive_document_by_a_job(desk: Desk) -> None:
    content = invoice(desk)
    reception_id = bring(content)
    with system_scope():
        kept = Reception.objects.get(pk=reception_id)
    assert (bytes(kept.content), kept.state, kept.company_id) == (content, "waiting", None)
    row = settled(reception_id)
    assert (row.state, row.company_id, row.note) == ("done", desk.company.pk, "")
    passive = PassiveInvoice.objects.select_related("document", "supplier").get(reception=row)
    document = passive.document
    assert (document.dashboard, document.state, document.kind) == ("PS", "RICEVUTO", "fattura")
    assert (document.number, document.total_cents, document.counterpart_name) == (
        "77",
        42700,
        "Cartoleria Bianchi S.r.l.",
    )
    assert (passive.seller, passive.identificativo_sdi, passive.answer_by) == (
        "IT01234567897",
        "1234567",
        None,
    )


def test_a_redelivery_only_counts(desk: Desk) -> None:
    content = invoice(desk)
    first = bring(content)
    run_jobs()
    assert bring(content) == first
    assert settled(first).arrivals == 2
    assert Document.objects.filter(dashboard="PS").count() == 1
