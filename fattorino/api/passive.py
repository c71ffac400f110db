"""/passive: received invoices, for the gestionale that posts them."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.urls import reverse
from ninja import Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from fattorino import clock
from fattorino.api import schemas
from fattorino.api.documents import actor_of, money, row_json
from fattorino.core.errors import RefusedError
from fattorino.documents.passive import answering, flows, queries
from fattorino.documents.passive.page import PassiveView, get_passive, named_file
from fattorino.documents.passive.queries import PassiveRow
from fattorino.organisations.languages import said
from fattorino.organisations.pages import download
from fattorino.organisations.queries import Actor

router = Router(tags=["fatture ricevute"])
_BINARY = {"schema": {"type": "string", "format": "binary"}}


class Feed(schemas.Since):
    """Da dove il gestionale continua a leggere."""

    available: bool = Field(
        True, description="solo quelle che l'azienda ha messo a disposizione del gestionale"
    )
    acknowledged: bool | None = Field(None, description="solo quelle già prese in carico, o non ancora")


class PassiveOut(schemas.DocumentOut):
    tipo_documento: str
    seller: str = Field(description="identificativo IVA del fornitore")
    identificativo_sdi: str
    received_at: datetime.datetime
    answer_by: datetime.datetime | None = Field(description="fino a quando una PA può accettare o rifiutare")
    taxable: str
    tax: str
    available_since: datetime.datetime | None
    acknowledged_at: datetime.datetime | None
    file_url: str = Field(description="il file come è arrivato")


class PassiveFeed(Schema):
    invoices: list[PassiveOut]
    next: int
    more: bool


class PostingOut(Schema):
    date: datetime.date
    protocol: str


class DecisionOut(Schema):
    esito: str
    descrizione: str
    at: datetime.datetime
    who: str


class PassiveDetail(PassiveOut):
    formato: str
    action: str = Field(description="l'azione dello stato")
    findings: list[dict[str, Any]]
    decisions: list[DecisionOut]
    posting: PostingOut | None


class Acknowledgement(schemas.Strict):
    reference: Annotated[schemas.Text, StringConstraints(max_length=100)] = Field(
        "", description="come il gestionale chiama la fattura"
    )


class Registration(schemas.Strict):
    date: datetime.date = Field(description="data di registrazione")
    protocol: Annotated[schemas.Text, StringConstraints(max_length=40)] = ""


class AnswerIn(schemas.Strict):
    esito: Literal["EC01", "EC02"]
    causa: schemas.Text = Field(
        "", description="del rifiuto: operazione, cig_cup, repertorio, aic, determina"
    )
    dettaglio: schemas.Text = Field("", description="che cosa manca o è errato")


@router.get("/passive", response=PassiveFeed, operation_id="listReceivedInvoices")
def received_invoices(request: HttpRequest, place: Query[Feed]) -> Any:
    """Le fatture ricevute cambiate dopo `since`, nell'ordine dei cambiamenti; nessuna va perduta."""
    rows, following, more = queries.feed(
        actor_of(request),
        place.since,
        place.limit,
        only_available=place.available,
        acknowledged=place.acknowledged,
    )
    return PassiveFeed(invoices=[PassiveOut(**_row(row)) for row in rows], next=following, more=more)


@router.get("/passive/{int:document_id}", response=PassiveDetail, operation_id="getReceivedInvoice")
def received_invoice(request: HttpRequest, document_id: int) -> Any:
    """Una fattura ricevuta, con ciò che i controlli hanno da dire e ciò che è stato deciso."""
    return _detail(actor_of(request), document_id)


@router.get(
    "/passive/{int:document_id}/file",
    operation_id="getReceivedFile",
    openapi_extra={
        "responses": {200: dict(description="I byte del file", content={"application/octet-stream": _BINARY})}
    },
)
def received_file(request: HttpRequest, document_id: int) -> Any:
    """Il file come è arrivato, byte per byte."""
    try:
        name, content = named_file(actor_of(request), document_id)
    except RefusedError as error:
        raise Http404(error.message) from error
    return download(content, name, "application/octet-stream")


@router.post(
    "/passive/{int:document_id}/acknowledge",
    response=PassiveDetail,
    operation_id="acknowledgeReceivedInvoice",
)
def acknowledge_received(request: HttpRequest, document_id: int, payload: Acknowledgement) -> Any:
    """Il gestionale ha preso in carico la fattura. Dirlo due volte non cambia nulla."""
    actor = actor_of(request)
    _view(actor, document_id)
    flows.acknowledge(actor, document_id, payload.reference, now=clock.now())
    return _detail(actor, document_id)


@router.post("/passive/{int:document_id}/posting", response=PassiveDetail, operation_id="postReceivedInvoice")
def post_received(request: HttpRequest, document_id: int, payload: Registration) -> Any:
    """La fattura è stata contabilizzata (GEST_CONTABILIZZATO)."""
    actor, now = actor_of(request), clock.now()
    _view(actor, document_id)
    flows.post(
        actor,
        document_id,
        payload.date,
        payload.protocol,
        by_gestionale=True,
        now=now,
        today=clock.day(now),
    )
    return _detail(actor, document_id)


@router.post(
    "/passive/{int:document_id}/answer", response={202: PassiveDetail}, operation_id="answerReceivedInvoice"
)
def answer_received(request: HttpRequest, document_id: int, payload: AnswerIn) -> Any:
    """Accetta o rifiuta, per una pubblica amministrazione. Risponde subito; l'esito di SdI arriva nel feed."""
    actor = actor_of(request)
    _view(actor, document_id)
    answering.decide(
        actor,
        document_id,
        payload.esito,
        cause=payload.causa,
        detail=payload.dettaglio,
        now=clock.now(),
    )
    return Status(202, _detail(actor, document_id))


def _view(actor: Actor, document_id: int) -> PassiveView:
    """An invoice of another company, or reserved to others, is simply not there."""
    try:
        return get_passive(actor, document_id)
    except RefusedError as error:
        raise Http404(error.message) from error


def _row(each: PassiveRow) -> dict[str, Any]:
    return row_json(each.row) | {
        "tipo_documento": each.tipo_documento,
        "seller": each.seller,
        "identificativo_sdi": each.identificativo_sdi,
        "received_at": each.received_at,
        "answer_by": each.answer_by,
        "taxable": money(each.taxable_cents),
        "tax": money(each.tax_cents),
        "available_since": each.exported_at,
        "acknowledged_at": each.acknowledged_at,
        "file_url": reverse("api-v1:received_file", args=[each.id]),
    }


def _detail(actor: Actor, document_id: int) -> PassiveDetail:
    view = _view(actor, document_id)
    return PassiveDetail(
        **_row(view.passive),
        formato=view.formato,
        action=str(view.possibilities.action),
        findings=[{**finding, "message": said(str(finding.get("message", "")))} for finding in view.findings],
        decisions=[
            DecisionOut(esito=d.esito, descrizione=d.descrizione, at=d.at, who=d.who) for d in view.decisions
        ],
        posting=PostingOut(date=view.posting.date, protocol=view.posting.protocol) if view.posting else None,
    )
