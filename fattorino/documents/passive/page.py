"""What the page of one received invoice reads. Every query names its company."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.documents import queries
from fattorino.documents.models import Decision as DecisionRow
from fattorino.documents.models import DocumentFile, PassiveInvoice, Posting, Reception, Supplier
from fattorino.documents.passive.queries import DASHBOARD, PA, PassiveRow, passive_row
from fattorino.documents.queries import DocumentRow, FileView
from fattorino.organisations.queries import Actor
from fattorino.workflow import queries as workflow
from fattorino.workflow.queries import Possibilities

if TYPE_CHECKING:
    from fattorino.workflow.models import StateChange

# A document of ours in this state was never issued, so it integrates nothing.
CANCELLED = "ANNULLATO"


@dataclass(frozen=True, slots=True)
class SupplierView:
    id: int
    name: str
    identity: str
    party: dict[str, Any]
    first_seen_at: datetime.datetime
    confirmed_at: datetime.datetime | None
    confirmed_by: str
    invoices: int


@dataclass(frozen=True, slots=True)
class DecisionView:
    esito: str
    label: str
    cause: str
    descrizione: str
    at: datetime.datetime
    who: str


@dataclass(frozen=True, slots=True)
class PostingView:
    date: datetime.date
    protocol: str
    source_label: str
    at: datetime.datetime
    who: str


@dataclass(frozen=True, slots=True)
class PassiveView:
    """A received invoice's page."""

    row: DocumentRow
    passive: PassiveRow
    formato: str
    codice_destinatario: str
    identificativo_sdi: str
    file_name: str
    reception_id: int
    position: int
    bodies: int
    arrivals: int
    delivered_at: datetime.datetime | None
    metadata: bytes
    opened_at: datetime.datetime | None
    opened_by: str
    due_cents: int
    findings: list[dict[str, Any]]
    supplier: SupplierView | None
    decisions: list[DecisionView]
    posting: PostingView | None
    integration: tuple[int, str] | None
    possibilities: Possibilities
    history: list[StateChange]
    files: list[FileView]

    @property
    def is_pa(self) -> bool:
        """Whether SdI takes an answer for it."""
        return self.formato == PA


def get_passive(actor: Actor, document_id: int) -> PassiveView:
    """Raises: RefusedError: no such invoice in the actor's company, or in a state reserved to others."""
    document = workflow.visible_documents(actor).filter(pk=document_id).first()
    passive = (
        PassiveInvoice.objects.select_related("reception", "document", "supplier", "integration")
        .defer("reception__content")
        .filter(document_id=document_id, company_id=actor.company_id)
        .first()
    )
    if document is None or passive is None:
        raise RefusedError(say("Documento non trovato."))
    row = queries.row_of(actor, document)
    reception = passive.reception
    own = passive.integration
    return PassiveView(
        row=row,
        passive=passive_row(row, passive),
        formato=passive.formato,
        codice_destinatario=passive.codice_destinatario,
        identificativo_sdi=passive.identificativo_sdi,
        file_name=reception.name,
        reception_id=reception.pk,
        position=passive.position,
        bodies=PassiveInvoice.objects.filter(company_id=actor.company_id, reception=reception).count(),
        arrivals=reception.arrivals,
        delivered_at=passive.delivered_at,
        metadata=_metadata(document_id, actor.company_id, reception),
        opened_at=passive.opened_at,
        opened_by=passive.opened_by,
        due_cents=document.due_cents,
        findings=passive.findings,
        supplier=_supplier(actor, passive.supplier),
        decisions=_decisions(actor, document_id),
        posting=_posting(actor, document_id),
        integration=(own.pk, own.number) if own and own.state != CANCELLED else None,
        possibilities=workflow.possibilities(document, actor),
        history=workflow.history(document),
        files=queries.files_of(document),
    )


def is_passive(actor: Actor, document_id: int) -> bool:
    """Whether it is a received invoice that this actor may see."""
    rows = workflow.visible_documents(actor).filter(pk=document_id, dashboard=DASHBOARD)
    return rows.filter(passive__isnull=False).exists()


def named_file(actor: Actor, document_id: int) -> tuple[str, bytes]:
    """Name and bytes of the file as it came.

    Raises:
        RefusedError: not there for this actor.
    """
    rows = PassiveInvoice.objects.select_related("stored").filter(
        document_id=document_id, company_id=actor.company_id
    )
    found = rows.filter(document__in=workflow.visible_documents(actor)).first()
    if found is None:
        raise RefusedError(say("Documento non trovato."))
    name = Reception.objects.values_list("name", flat=True).get(pk=found.reception_id)
    return name, bytes(found.stored.content)


def _metadata(document_id: int, company_id: int, reception: Reception) -> bytes:
    """The MT: it may have come with another delivery than the invoice itself."""
    if reception.metadata:
        return bytes(reception.metadata)
    rows = DocumentFile.objects.filter(
        company_id=company_id, document_id=document_id, kind=DocumentFile.Kind.METADATA
    )
    found = rows.order_by("-pk").select_related("stored").first()
    return bytes(found.stored.content) if found else b""


def _supplier(actor: Actor, supplier: Supplier | None) -> SupplierView | None:
    if supplier is None:
        return None
    invoices = PassiveInvoice.objects.filter(company_id=actor.company_id, supplier=supplier)
    return SupplierView(
        supplier.pk,
        supplier.name,
        supplier.identity,
        supplier.party,
        supplier.first_seen_at,
        supplier.confirmed_at,
        supplier.confirmed_by,
        invoices.filter(document__in=workflow.visible_documents(actor)).count(),
    )


def _decisions(actor: Actor, document_id: int) -> list[DecisionView]:
    rows = DecisionRow.objects.filter(company_id=actor.company_id, document_id=document_id).order_by("-pk")
    return [
        DecisionView(d.esito, d.get_esito_display(), d.cause, d.descrizione, d.at, d.actor_label)
        for d in rows
    ]


def _posting(actor: Actor, document_id: int) -> PostingView | None:
    rows = Posting.objects.filter(company_id=actor.company_id, document_id=document_id).order_by("-pk")
    last = rows.first()
    if last is None:
        return None
    return PostingView(last.date, last.protocol, last.get_source_display(), last.at, last.actor_label)
