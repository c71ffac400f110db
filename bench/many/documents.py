"""Invoices that can really be sent, beside the invented ones."""

from __future__ import annotations

import datetime
from decimal import Decimal

from fattorino.config import demo
from fattorino.core.fatturapa.draft import Draft, Line, Payment
from fattorino.documents import flows as documents
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope

AT_ONCE = 100


def drafts(actor: Actor, number: int, *, now: datetime.datetime) -> list[int]:
    """Invoices to a private company, saved as a person would."""
    draft = Draft(
        data=now.date(),
        cessionario=demo.ROSSI,
        codice_destinatario="M5UXCR1",
        linee=tuple(
            Line(text, Decimal(1), None, Decimal(350 + place), aliquota_iva=Decimal(22))
            for place, text in enumerate(
                ["Corso di aggiornamento", "Parere di congruità", "Diritti di segreteria"]
            )
        ),
        condizioni_pagamento="TP02",
        pagamenti=(Payment(modalita_pagamento="MP05", iban=demo.IBAN),),
    )
    made = []
    for begun in range(0, number, AT_ONCE):
        with company_scope(actor.company_id):
            for _ in range(min(AT_ONCE, number - begun)):
                options = {"kind": "fattura", "now": now, "today": now.date()}
                made.append(documents.save_document(actor, draft, **options).pk)
    return made
