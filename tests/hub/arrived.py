"""Helpers: an invoice that the company received from SdI, without the way it came by; SdI's signature."""

from __future__ import annotations

import functools
import pathlib
import tempfile

from fattorino.documents.files import store
from fattorino.documents.models import PassiveInvoice, Reception
from fattorino.simulators.sdi.signature import Signer, open_signer
from fattorino.workflow import flows as workflow
from fattorino.workflow.models import Document
from tests.desk import NOW, TODAY, Desk


@functools.cache
def sdi() -> Signer:
    """The simulated SdI's key: making one takes seconds."""
    return open_signer(pathlib.Path(tempfile.mkdtemp(prefix="sdi-")) / "sdi", NOW)


def forger() -> Signer:
    """Somebody who calls himself as SdI does."""
    return open_signer(pathlib.Path(tempfile.mkdtemp(prefix="forger-")), NOW)


def invoice_arrived(
    desk: Desk, identificativo_sdi: str, numbers: tuple[str, ...] = ("7",), status: str = "MT_PA"
) -> list[Document]:
    """One file of a supplier, one document for each of its invoices."""
    content = f"<{identificativo_sdi}/>".encode()
    stored = store(desk.company.pk, content, now=NOW)
    reception = Reception.objects.create(
        company=desk.company, source="sdicoop", identificativo_sdi=identificativo_sdi, name="IT1_1.xml",
        sha256=stored.sha256, content=content, received_at=NOW, state="done",
    )  # fmt: skip
    found = []
    for position, number in enumerate(numbers, 1):
        facts = workflow.DocumentFacts(
            kind="fattura", dashboard="PS", number=number, date=TODAY, counterpart_id=None,
            counterpart_name="Fornitore", total_cents=100, taxable_cents=100, tax_cents=0, due_cents=100,
            currency="EUR", search_text="fornitore",
        )  # fmt: skip
        actor = workflow.system_actor(desk.company.pk, "sdi")
        document = workflow.open_document(actor, facts, now=NOW, message="Arrivata", status=status)
        PassiveInvoice.objects.create(
            document=document, company=desk.company, reception=reception, position=position, stored=stored,
            tipo_documento="TD01", seller="IT02100450127", formato="FPA12", identificativo_sdi=identificativo_sdi,
        )  # fmt: skip
        found.append(document)
    return found
