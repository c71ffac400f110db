"""What a document is called: by its TipoDocumento where that says more than its kind, as in the form that wrote it.

The rooms below know documents by their kind alone; `names_of` is bound for them in config/actions.py.
"""

from __future__ import annotations

from collections.abc import Collection

from fattorino.core.texts import say
from fattorino.documents.models import Invoice, PassiveInvoice

NAMES = {
    "TD02": say("Acconto su fattura"),
    "TD03": say("Acconto su parcella"),
    "TD05": say("Nota di debito"),
    "TD06": say("Parcella"),
}


def names_of(company_id: int, document_ids: Collection[int]) -> dict[int, str]:
    """The names of those of these documents that their kind does not name well enough."""
    if not document_ids:
        return {}
    sent = Invoice.objects.filter(company_id=company_id, pk__in=document_ids, tipo_documento__in=NAMES)
    received = PassiveInvoice.objects.filter(
        company_id=company_id, document__in=document_ids, tipo_documento__in=NAMES
    )
    found = dict(
        sent.values_list("pk", "tipo_documento").union(
            received.values_list("document", "tipo_documento"), all=True
        )
    )
    return {pk: NAMES[tipo] for pk, tipo in found.items()}
