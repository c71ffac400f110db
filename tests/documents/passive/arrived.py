"""Received invoices as a desk finds them: taken in by the real door and read by the real job."""

from __future__ import annotations

from typing import Any

from fattorino.documents.models import PassiveInvoice
from fattorino.workflow.models import Document
from tests.desk import Desk, run_jobs
from tests.documents.received import CODE, OFFICE, bring, invoice, mt


def arrive(desk: Desk, numero: str = "77", *, pa: bool = True, sdi: str = "", **changes: Any) -> Document:
    """An invoice came from SdI, to a PA or to a private recipient."""
    code = OFFICE if pa else CODE
    sdi = sdi or str(7_000_000 + sum(map(ord, numero)) * 100 + len(numero))
    name = f"IT01234567897_{sdi[-5:]}.xml"
    content = invoice(desk, numero, code=code, **changes)
    reception = bring(content, sdi=sdi, name=name, metadata=mt(name, sdi=sdi, code=code, pa=pa))
    run_jobs()
    return PassiveInvoice.objects.select_related("document").get(reception_id=reception).document


def passive(document: Document) -> PassiveInvoice:
    return PassiveInvoice.objects.get(pk=document.pk)
