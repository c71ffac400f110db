"""The rows of a received invoice: documents, supplier, files; and what is no new invoice at all."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from fattorino.core.fatturapa.draft import Draft, Party, draft_to_json
from fattorino.core.fatturapa.summary import Summary
from fattorino.core.sdi.deadlines import outcome_deadline
from fattorino.core.texts import say
from fattorino.core.workflow.definition import Dashboard, DocumentKind
from fattorino.documents import files, flows
from fattorino.documents.importing import BY_THE_BUYER
from fattorino.documents.models import (
    BroughtFile,
    Decision,
    DocumentFile,
    Invoice,
    PassiveInvoice,
    Reception,
    StoredFile,
    Supplier,
)
from fattorino.documents.receiving.contents import Contents, Metadata
from fattorino.documents.receiving.take import BY_HAND
from fattorino.organisations.queries import Actor
from fattorino.workflow import flows as workflow
from fattorino.workflow.flows import DocumentFacts

State = Reception.State


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a file. `document_id`: of OWN and DUPLICATE the document that it is about."""

    state: str
    document_id: int | None
    notes: tuple[str, ...]


def write(row: Reception, contents: Contents, metadata: Metadata, *, now: datetime.datetime) -> Written:
    """Make the documents of a file that are new, inside the company's scope and under its lock."""
    assert row.company_id is not None
    company_id, content = row.company_id, bytes(row.content)
    stored = files.store(company_id, content, now=now)
    own: list[int] = []
    earlier: list[int] = []
    notes: list[str] = []
    made = 0
    for place, (summary, findings) in enumerate(zip(contents.documents, contents.findings, strict=True), 1):
        ours = _own(company_id, stored, summary)
        known = None if ours else (_same_bytes(company_id, row, place) or _same_invoice(company_id, summary))
        if ours:
            own.append(ours)
            notes.append(_own_note(summary))
        elif known:
            earlier.append(known.document_id)
            notes.append(_complete(known, row, metadata, summary, now))
        else:
            _create(row, stored, place, summary, findings, metadata, now)
            made += 1
    state = State.DONE if made else State.OWN if own else State.DUPLICATE
    about = None if made else (own or earlier)[0]
    return Written(state, about, tuple(notes))


def _create(
    row: Reception,
    stored: StoredFile,
    place: int,
    summary: Summary,
    findings: list[dict[str, Any]],
    metadata: Metadata,
    now: datetime.datetime,
) -> None:
    assert row.company_id is not None
    actor = _actor(row)
    for_pa = summary.formato == "FPA12"
    supplier = remember(row.company_id, summary.cedente, now=now)
    document = workflow.open_document(
        actor,
        _facts(summary, supplier),
        now=now,
        message=_arrived(row, metadata),
        status="MT_PA" if for_pa else "MT_PRIV",
        sha256=stored.sha256,
    )
    delivered = row.delivered_at
    PassiveInvoice.objects.create(
        document=document,
        company_id=row.company_id,
        reception=row,
        position=place,
        stored=stored,
        supplier=supplier,
        tipo_documento=summary.tipo_documento,
        seller=seller_of(summary),
        formato=summary.formato,
        codice_destinatario=metadata.codice_destinatario or summary.codice_destinatario,
        identificativo_sdi=metadata.identificativo_sdi[:36],
        delivered_at=delivered,
        answer_by=outcome_deadline(delivered) if for_pa and delivered else None,
        findings=findings,
    )
    listed = flows.SIGNED if row.name.lower().endswith(".p7m") else DocumentFile.Kind.XML.value
    files.attach(document.pk, row.company_id, listed, row.name, stored, now=now)
    _keep_metadata(row, document.pk, now)


def _keep_metadata(row: Reception, document_id: int, now: datetime.datetime) -> None:
    """The MT among the files of the document, once."""
    if not row.metadata or row.company_id is None:
        return
    kept = files.store(row.company_id, bytes(row.metadata), now=now)
    kind = DocumentFile.Kind.METADATA
    if not DocumentFile.objects.filter(document_id=document_id, kind=kind, stored=kept).exists():
        files.attach(document_id, row.company_id, kind, row.metadata_name, kept, now=now)


def seller_of(summary: Summary) -> str:
    """By which invoices of one seller are known: IdFiscaleIVA, else the codice fiscale."""
    cedente = summary.cedente
    if cedente.id_codice:
        return f"{cedente.id_paese or ''}{cedente.id_codice}"[:30]
    return (cedente.codice_fiscale or "")[:30]


def remember(company_id: int, party: Party, *, now: datetime.datetime) -> Supplier:
    """The supplier as its last invoice tells it: a proposal, until a person has looked at it."""
    values = {
        "name": flows.party_name(party)[:200] or say("(senza nome)"),
        "party": draft_to_json(Draft(cessionario=party)).get("cessionario", {}),
        "used_at": now,
    }
    supplier, fresh = Supplier.objects.get_or_create(
        company_id=company_id,
        identity=flows.party_identity(party),
        defaults=values | {"first_seen_at": now},
    )
    if not fresh:
        if supplier.confirmed_at is not None:
            values = {"used_at": now}  # what a person confirmed, an invoice does not change
        Supplier.objects.filter(pk=supplier.pk).update(**values)
    return supplier


def _facts(summary: Summary, supplier: Supplier) -> DocumentFacts:
    credit = summary.tipo_documento in flows.CREDIT_NOTES
    sign = -1 if credit else 1
    name = flows.party_name(summary.cedente)[:200] or supplier.name
    return DocumentFacts(
        kind=str(DocumentKind.NOTA_CREDITO if credit else DocumentKind.FATTURA),
        dashboard=str(Dashboard.PASSIVE),
        number=summary.numero.strip(),
        date=summary.data,
        counterpart_id=None,  # a Counterpart is a customer; the supplier stands in PassiveInvoice
        counterpart_name=name,
        total_cents=sign * flows.cents(summary.totale),
        taxable_cents=sign * flows.cents(summary.imponibile),
        tax_cents=sign * flows.cents(summary.imposta),
        due_cents=sign * flows.cents(summary.da_pagare),
        currency=summary.divisa,
        search_text=" ".join([name, *summary.words]).lower()[:4000],
    )


def _actor(row: Reception) -> Actor:
    assert row.company_id is not None
    if row.source not in BY_HAND:
        return workflow.system_actor(row.company_id, "sdi")
    brought = BroughtFile.objects.filter(company_id=row.company_id, reception=row).select_related(
        "imported__created_by"
    )
    person = next((b.imported.created_by for b in brought if b.imported.created_by), None)
    if person is not None:
        return Actor("utente", str(person), row.company_id, person.pk)
    return Actor("hub", row.get_source_display(), row.company_id)


def _arrived(row: Reception, metadata: Metadata) -> str:
    if metadata.identificativo_sdi:
        return say(
            "Fattura ricevuta, IdentificativoSdI {number}. {source}.",
            number=metadata.identificativo_sdi,
            source=Reception.Source(row.source).label,
        )
    return say("Fattura ricevuta. {source}.", source=Reception.Source(row.source).label)


def _same_bytes(company_id: int, row: Reception, place: int) -> PassiveInvoice | None:
    """The same document of the very same file, which arrived before by whatever way."""
    others = Reception.objects.filter(
        company_id=company_id, sha256=row.sha256, state__in=[State.DONE, State.OWN]
    ).exclude(pk=row.pk)
    return PassiveInvoice.objects.filter(company_id=company_id, reception__in=others, position=place).first()


def _same_invoice(company_id: int, summary: Summary) -> PassiveInvoice | None:
    """An invoice of the same seller, number, year and type. One that the PA refused may come again corrected, under
    its own number (sdi.md 2.4); what it refused first and accepted in the end may not."""
    decided = Decision.objects.filter(document=OuterRef("document_id"), company_id=company_id).order_by("-pk")
    return (
        PassiveInvoice.objects.annotate(answered=Coalesce(Subquery(decided.values("esito")[:1]), Value("")))
        .filter(
            company_id=company_id,
            seller=seller_of(summary),
            tipo_documento=summary.tipo_documento,
            document__number=summary.numero.strip(),
            document__date__year=summary.data.year,
        )
        .exclude(answered=Decision.Esito.REFUSED)
        .first()
    )


def _own(company_id: int, stored: StoredFile, summary: Summary) -> int | None:
    """Our own document that comes back: as the buyer we wrote it (TD16-TD29), and to the buyer SdI delivers it.

    Issuer, number, date and type say which it is, in a lotto too; the same bytes only that the file is ours.
    """
    rows = Invoice.objects.filter(
        company_id=company_id,
        seller=seller_of(summary),
        tipo_documento=summary.tipo_documento,
        document__number=summary.numero.strip(),
        document__date=summary.data,
    ).exclude(document__state="ANNULLATO")
    alike = rows.values_list("document_id", flat=True).first()
    if alike and (summary.tipo_documento in BY_THE_BUYER or summary.soggetto_emittente == "CC"):
        return int(alike)
    sent = DocumentFile.objects.filter(
        company_id=company_id, stored=stored, document__invoice__company_id=company_id
    )
    found = sent.values_list("document_id", flat=True).first()
    return int(alike or found) if found else None


def _own_note(summary: Summary) -> str:
    return say(
        "È il documento {number} ({kind}) che l'azienda stessa ha inviato: SdI lo consegna a chi lo ha scritto. Non è"
        " un acquisto.",
        number=summary.numero,
        kind=summary.tipo_documento,
    )


def _learn_delivery(known: PassiveInvoice, row: Reception) -> None:
    """When SdI delivered it, where nobody knew: before that nobody could answer."""
    if known.delivered_at is None and row.delivered_at is not None:
        known.delivered_at = row.delivered_at
        if known.formato == "FPA12":
            known.answer_by = outcome_deadline(row.delivered_at)


def _complete(
    known: PassiveInvoice, row: Reception, metadata: Metadata, summary: Summary, now: datetime.datetime
) -> str:
    """The invoice is there already; what this copy knows and the first did not is written beside it."""
    number, document_id = metadata.identificativo_sdi[:36], known.document_id
    _keep_metadata(row, document_id, now)
    note = say("La fattura {number} del fornitore è già arrivata.", number=summary.numero)
    if number and number == known.identificativo_sdi:
        _learn_delivery(known, row)
        known.save(update_fields=["delivered_at", "answer_by"])
    if number and not known.identificativo_sdi:
        known.identificativo_sdi = number
        _learn_delivery(known, row)
        known.codice_destinatario = metadata.codice_destinatario or known.codice_destinatario
        known.save(update_fields=["identificativo_sdi", "delivered_at", "answer_by", "codice_destinatario"])
        note = say(
            "La fattura {number} del fornitore era già stata importata: ora ne è noto l'IdentificativoSdI {sdi}.",
            number=summary.numero,
            sdi=number,
        )
    elif number and number != known.identificativo_sdi:
        note = say(
            "La fattura {number} del fornitore è già arrivata con l'IdentificativoSdI {other}; questa ha {sdi}.",
            number=summary.numero,
            other=known.identificativo_sdi,
            sdi=number,
        )
    assert row.company_id is not None
    workflow.record(document_id, "Duplicate", _actor(row), now=now, message=note, sha256=row.sha256)
    return note
