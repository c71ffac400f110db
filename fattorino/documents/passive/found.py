"""One received invoice, for the verbs that are about to change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.documents.models import PassiveInvoice
from fattorino.organisations.queries import Actor
from fattorino.workflow.queries import visible_documents

if TYPE_CHECKING:
    from fattorino.workflow.models import Document


def visible(actor: Actor, document_id: int) -> Document:
    """Raises: RefusedError: not there for this actor."""
    document = visible_documents(actor).filter(pk=document_id).first()
    if document is None:
        raise RefusedError(say("Documento non trovato."))
    return document


def invoice_of(document_id: int, company_id: int) -> PassiveInvoice:
    """With document and reception, without their bytes. Raises: RefusedError: not a received invoice."""
    passive = (
        PassiveInvoice.objects.select_related("document", "reception")
        .defer("reception__content", "reception__metadata")
        .filter(document_id=document_id, company_id=company_id)
        .first()
    )
    if passive is None:
        raise RefusedError(say("Non è una fattura ricevuta."))
    return passive
