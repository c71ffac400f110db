"""The rows of a received invoice: documents, supplier, files; and what is no new invoice at all."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from typing import Any

from django.db import connection

from fattorino.core.fatturapa.draft import Draft, Party, draft_to_json
from fattorino.core.fatturapa.summary import Summary
from fattorino.core.sdi.deadlines import outcome_deadline
from fattorino.core.texts import say
from fattorino.core.workflow.definition import Dashboard, DocumentKind
from fattorino.documents import files, flows
from fattorino.documents.models import BroughtFile, DocumentFile, PassiveInvoice, Reception, StoredFile
from fattorino.documents.receiving.contents import Contents, Metadata
from fattorino.documents.receiving.known import known, seller_of
from fattorino.documents.receiving.take import BY_HAND
from fattorino.organisations.queries import Actor
from fattorino.workflow import flows as workflow
from fattorino.workflow.flows import DocumentFacts

State = Reception.State
METADATA = DocumentFile.Kind.METADATA.value


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a file. `document_id`: of OWN and DUPLICATE the document that it is about."""

    state: str
    document_id: int | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Arrived:
    """What arrived, as rows: the file, kept for its documents; `beside`: its MT, where one came with it."""

    row: Reception
    company_id: int
    stored: StoredFile
    beside: tuple[StoredFile, ...]
    metadata: Metadata


def write(row: Reception, contents: Contents, metadata: Metadata, *, now: datetime.datetime) -> Written:
    """Make the documents of a file that are new, inside the company's scope and under its lock."""
    assert row.company_id is not None
    kept = [row.content, row.metadata] if row.metadata else [row.content]
    stored, *beside = files.store_many(row.company_id, [bytes(each) for each in kept], now=now)
    arrived = _Arrived(row, row.company_id, stored, tuple(beside), metadata)
    own: list[int] = []
    earlier: list[int] = []
    notes: list[str] = []
    made, actor = 0, None
    for place, (summary, findings) in enumerate(zip(contents.documents, contents.findings, strict=True), 1):
        like = known(row, stored, place, summary)
        if like.own:
            own.append(like.own)
            notes.append(_own_note(summary))
        elif like.earlier:
            earlier.append(like.earlier)
            notes.append(_complete(like.earlier, arrived, summary, now))
        else:
            actor = actor or _actor(row)
            _create(actor, arrived, place, summary, findings, now)
            made += 1
    state = State.DONE if made else State.OWN if own else State.DUPLICATE
    about = None if made else (own or earlier)[0]
    return Written(state, about, tuple(notes))


def _create(
    actor: Actor,
    arrived: _Arrived,
    place: int,
    summary: Summary,
    findings: list[dict[str, Any]],
    now: datetime.datetime,
) -> None:
    row, company_id, metadata = arrived.row, arrived.company_id, arrived.metadata
    for_pa = summary.formato == "FPA12"
    supplier_id, name = _remember(company_id, summary.cedente, now=now)
    document = workflow.open_document(
        actor,
        _facts(summary, name),
        now=now,
        message=_arrived(row, metadata),
        status="MT_PA" if for_pa else "MT_PRIV",
        sha256=arrived.stored.sha256,
    )
    delivered = row.delivered_at
    PassiveInvoice.objects.create(
        document=document,
        company_id=company_id,
        reception=row,
        position=place,
        stored=arrived.stored,
        supplier_id=supplier_id,
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
    both = [(listed, (document.pk, row.name, arrived.stored))]
    both += [(METADATA, (document.pk, row.metadata_name, mt)) for mt in arrived.beside]
    files.attach_kinds(company_id, both, now=now)


def _list_metadata(row: Reception, document_id: int, mt: StoredFile, now: datetime.datetime) -> None:
    """The MT among the files of a document that was there before, once under whatever name."""
    assert row.company_id is not None
    if not DocumentFile.objects.filter(document_id=document_id, kind=METADATA, stored=mt).exists():
        files.attach(document_id, row.company_id, METADATA, row.metadata_name, mt, now=now)


# What a person confirmed, an invoice does not change; that one came is written all the same.
_REMEMBER = """
  insert into documents_supplier as s (company_id, identity, name, party, first_seen_at, used_at, confirmed_by)
  values (%(company)s, %(identity)s, %(name)s, %(party)s, %(now)s, %(now)s, '')
  on conflict (company_id, identity) do update set used_at = excluded.used_at,
    name = case when s.confirmed_at is null then excluded.name else s.name end,
    party = case when s.confirmed_at is null then excluded.party else s.party end
  returning id, name
"""


def _remember(company_id: int, party: Party, *, now: datetime.datetime) -> tuple[int, str]:
    """The supplier as its last invoice tells it: a proposal, until a person has looked at it. Its number and name."""
    values: dict[str, Any] = {
        "company": company_id,
        "identity": flows.party_identity(party),
        "name": flows.party_name(party)[:200] or say("(senza nome)"),
        "party": json.dumps(draft_to_json(Draft(cessionario=party)).get("cessionario", {})),
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_REMEMBER, values)
        number, name = cursor.fetchone()
    return int(number), str(name)


def _facts(summary: Summary, supplier: str) -> DocumentFacts:
    credit = summary.tipo_documento in flows.CREDIT_NOTES
    sign = -1 if credit else 1
    name = flows.party_name(summary.cedente)[:200] or supplier
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


def _complete(document_id: int, arrived: _Arrived, summary: Summary, now: datetime.datetime) -> str:
    """The invoice is there already; what this copy knows and the first did not is written beside it."""
    row, metadata = arrived.row, arrived.metadata
    number = metadata.identificativo_sdi[:36]
    passive = PassiveInvoice.objects.get(document_id=document_id, company_id=arrived.company_id)
    for mt in arrived.beside:
        _list_metadata(row, document_id, mt, now)
    note = say("La fattura {number} del fornitore è già arrivata.", number=summary.numero)
    if number and number == passive.identificativo_sdi:
        _learn_delivery(passive, row)
        passive.save(update_fields=["delivered_at", "answer_by"])
    if number and not passive.identificativo_sdi:
        passive.identificativo_sdi = number
        _learn_delivery(passive, row)
        passive.codice_destinatario = metadata.codice_destinatario or passive.codice_destinatario
        passive.save(update_fields=["identificativo_sdi", "delivered_at", "answer_by", "codice_destinatario"])
        note = say(
            "La fattura {number} del fornitore era già stata importata: ora ne è noto l'IdentificativoSdI {sdi}.",
            number=summary.numero,
            sdi=number,
        )
    elif number and number != passive.identificativo_sdi:
        note = say(
            "La fattura {number} del fornitore è già arrivata con l'IdentificativoSdI {other}; questa ha {sdi}.",
            number=summary.numero,
            other=passive.identificativo_sdi,
            sdi=number,
        )
    workflow.record(document_id, "Duplicate", _actor(row), now=now, message=note, sha256=row.sha256)
    return note
