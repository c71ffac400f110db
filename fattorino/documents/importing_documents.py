"""Documents of what was read from an imported file: a new one, or one that a corrected file takes the place of."""

from __future__ import annotations

import datetime

from fattorino.core.errors import ConflictError, RefusedError
from fattorino.core.fatturapa.summary import Summary
from fattorino.core.texts import say
from fattorino.core.workflow.definition import DocumentKind
from fattorino.documents import flows, numbering
from fattorino.documents.lotti import CANCELLED
from fattorino.documents.models import Counterpart, Invoice, StoredFile
from fattorino.organisations.queries import Actor
from fattorino.workflow import flows as workflow
from fattorino.workflow.flows import DocumentFacts
from fattorino.workflow.queries import refused_alone

# The buyer writes these; where they say so, the company is the cessionario (sdi.md 1.3).
BY_THE_BUYER = frozenset(["TD16", "TD17", "TD18", "TD19", "TD20", "TD22", "TD23", "TD27", "TD28", "TD29"])


def same_number(company_id: int, summary: Summary) -> Invoice | None:
    """A document that SdI would take for the same: seller, number and year, credit notes apart (00404, sdi.md 2.4).

    One that the PA refused out of a lotto is never sent again with that: its number is free for a file of its own.
    """
    rows = (
        Invoice.objects.select_related("document")
        .filter(
            company_id=company_id,
            seller=_seller(summary),
            document__number=summary.numero.strip(),
            document__date__year=summary.data.year,
            document__kind=_kind(summary),
        )
        .exclude(document__state=CANCELLED)
        .order_by("-pk")
    )
    left = refused_alone(company_id, [invoice.document for invoice in rows])
    return next((invoice for invoice in rows if invoice.pk not in left), None)


def identity(summary: Summary) -> tuple[str, int, str, str]:
    """What makes two documents the same for SdI, see `same_number`."""
    return _seller(summary), summary.data.year, _kind(summary), summary.numero.strip()


def _seller(summary: Summary) -> str:
    return f"{summary.cedente.id_paese or ''}{summary.cedente.id_codice or ''}"


def _kind(summary: Summary) -> str:
    credit = summary.tipo_documento in flows.CREDIT_NOTES
    return str(DocumentKind.NOTA_CREDITO if credit else DocumentKind.FATTURA)


def replace_document(
    actor: Actor,
    invoice: Invoice,
    summary: Summary,
    stored: StoredFile,
    now: datetime.datetime,
    *,
    position: int = 1,
) -> int:
    """A corrected file takes the place of the one that was refused, where the state lets it be corrected."""
    which = {"number": invoice.document.number, "year": invoice.document.date.year}
    duplicate = say("SdI scarterebbe questo come duplicato (00404): controllare il numero.")
    try:
        document = workflow.hold_for_edit(actor, invoice.document_id, version=None)
    except RefusedError as exc:
        raise RefusedError(
            say("Esiste già un documento {number} del {year}, in invio.", **which)
            if isinstance(exc, ConflictError)
            else say("Esiste già un documento {number} del {year}, già inviato.", **which),
            duplicate,
        ) from exc
    counterpart = _counterpart(actor.company_id, summary, now)
    other = invoice.tipo_documento != summary.tipo_documento or invoice.counterpart_id != counterpart.pk
    if invoice.imported_id is None or other:
        raise RefusedError(
            say("Esiste già un documento {number} del {year}, inserito a mano.", **which)
            if invoice.imported_id is None
            else say(
                "Esiste già un documento {number} del {year}, per {name}.",
                name=document.counterpart_name,
                **which,
            ),
            duplicate,
        )
    workflow.change_document(
        actor,
        document,
        _facts(summary, counterpart),
        now=now,
        message=say("Il file corretto è stato importato di nuovo."),
        sha256=stored.sha256,
    )
    _fill(invoice, summary, stored, counterpart, position)
    return document.pk


def create_document(
    actor: Actor,
    summary: Summary,
    stored: StoredFile,
    now: datetime.datetime,
    *,
    ours: bool,
    position: int = 1,
) -> int:
    """A new document; `ours`: the company is the seller, so the number is one of its series."""
    if ours:
        # Before the counterpart, as the form does: two flows that lock in different orders wait for each other.
        numbering.observe(actor.company_id, summary.numero, summary.data.year)
    counterpart = _counterpart(actor.company_id, summary, now)
    document = workflow.open_document(
        actor, _facts(summary, counterpart), now=now, message=say("Documento importato da file.")
    )
    invoice = Invoice(document=document, company_id=actor.company_id, source=Invoice.Source.IMPORT)
    _fill(invoice, summary, stored, counterpart, position)
    return document.pk


def _facts(summary: Summary, counterpart: Counterpart) -> DocumentFacts:
    kind = _kind(summary)
    sign = -1 if kind == DocumentKind.NOTA_CREDITO else 1
    return DocumentFacts(
        kind=kind,
        dashboard=flows.dashboard_of(summary.formato),
        number=summary.numero.strip(),
        date=summary.data,
        counterpart_id=counterpart.pk,
        counterpart_name=counterpart.name,
        total_cents=sign * flows.cents(summary.totale),
        taxable_cents=sign * flows.cents(summary.imponibile),
        tax_cents=sign * flows.cents(summary.imposta),
        due_cents=sign * flows.cents(summary.da_pagare),
        currency=summary.divisa,
        search_text=" ".join([counterpart.name, *summary.words]).lower()[:4000],
    )


def _fill(
    invoice: Invoice, summary: Summary, stored: StoredFile, counterpart: Counterpart, position: int
) -> None:
    invoice.tipo_documento = summary.tipo_documento
    invoice.formato = summary.formato
    invoice.seller = _seller(summary)
    invoice.year = summary.data.year
    invoice.imported, invoice.position = stored, position
    invoice.counterpart = counterpart
    invoice.codice_destinatario = summary.codice_destinatario
    invoice.pec_destinatario = summary.pec_destinatario or ""
    invoice.save()


def _counterpart(company_id: int, summary: Summary, now: datetime.datetime) -> Counterpart:
    by_buyer = summary.tipo_documento in BY_THE_BUYER
    return flows.remember(
        company_id,
        summary.cedente if by_buyer else summary.cessionario,
        "" if by_buyer else summary.codice_destinatario,
        "" if by_buyer else summary.pec_destinatario or "",
        now=now,
    )
