"""/documents, /states, /changes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Annotated, Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Header, Query, Router, Status

from fattorino import clock
from fattorino.api import schemas
from fattorino.api.language import told, told_findings
from fattorino.core.errors import ConflictError, RefusedError
from fattorino.core.fatturapa.draft import draft_from_json, draft_to_json
from fattorino.core.texts import say
from fattorino.documents import flows, preserving, preview, queries
from fattorino.organisations import idempotency
from fattorino.organisations.languages import said
from fattorino.organisations.pages import download
from fattorino.organisations.queries import Actor, get_company
from fattorino.workflow import flows as workflow
from fattorino.workflow.queries import StateView

router = Router(tags=["documenti"])
TYPES = {".xml": "application/xml", ".p7m": "application/pkcs7-mime", ".zip": "application/zip"}


@router.get("/documents", response=schemas.DocumentList, operation_id="listDocuments")
def list_documents(request: HttpRequest, filters: Query[schemas.Filters]) -> Any:
    """I documenti, dal più recente; una pagina alla volta."""
    cursor = queries.Cursor.parse(filters.cursor) if filters.cursor else None
    if filters.cursor and cursor is None:
        raise RefusedError(
            say("Il cursore non è valido."),
            fields={"cursor": say("Usare `next` o `previous` di una risposta.")},
        )
    wanted = queries.DocumentFilters(**filters.model_dump(exclude={"cursor", "limit"}))
    page = queries.list_documents(actor_of(request), wanted, cursor, filters.limit)
    return schemas.DocumentList(
        documents=[schemas.DocumentOut(**row_json(row)) for row in page.rows],
        next=str(page.next) if page.next else None,
        previous=str(page.previous) if page.previous else None,
    )


@router.post("/documents", response={201: schemas.DocumentDetail}, operation_id="createDocument")
def create_document(
    request: HttpRequest,
    response: HttpResponse,
    payload: schemas.NewDocument,
    idempotency_key: Annotated[
        str,
        Header(
            alias="Idempotency-Key",
            max_length=255,
            pattern="^[!-~]*$",
            description="Una chiave per documento: la stessa richiesta ripetuta non ne crea un secondo.",
        ),
    ] = "",
) -> Any:
    """Registra un documento e gli dà il numero. Non lo invia."""
    actor, now = actor_of(request), clock.now()
    draft = draft_from_json(payload.draft)
    if idempotency_key:
        asked = [payload.kind, payload.sezionale, draft_to_json(draft)]
        digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
        made = idempotency.claim(actor.company_id, idempotency_key, digest, now=now)
        if made is not None:
            response["Idempotency-Replayed"] = "true"
            return Status(201, _detail(actor, made))
    document = flows.save_document(
        actor,
        draft,
        kind=payload.kind,
        sezionale=payload.sezionale,
        now=now,
        today=clock.day(now),
        source="api",
    )
    if idempotency_key:
        idempotency.settle(actor.company_id, idempotency_key, document.pk)
    response["Location"] = reverse("api-v1:get_document", args=[document.pk])
    return Status(201, _detail(actor, document.pk))


@router.get("/documents/{int:document_id}", response=schemas.DocumentDetail, operation_id="getDocument")
def get_document(request: HttpRequest, document_id: int) -> Any:
    """Dove si trova il documento, che cosa se ne può fare, la sua storia, i suoi file, che cosa correggere."""
    return _detail(actor_of(request), document_id)


@router.put("/documents/{int:document_id}", response=schemas.DocumentDetail, operation_id="changeDocument")
def change_document(request: HttpRequest, document_id: int, payload: schemas.ChangedDocument) -> Any:
    """Corregge un documento, se il suo stato lo permette e nessuno l'ha modificato dopo la `version` letta."""
    actor, now = actor_of(request), clock.now()
    view = _view(actor, document_id)
    flows.save_document(
        actor,
        draft_from_json(payload.draft),
        kind=view.row.kind,
        sezionale=view.sezionale if payload.sezionale is None else payload.sezionale,
        now=now,
        today=clock.day(now),
        document_id=document_id,
        version=payload.version,
    )
    return _detail(actor, document_id)


@router.post(
    "/documents/{int:document_id}/send", response={202: schemas.DocumentDetail}, operation_id="pressButton"
)
def press_button(request: HttpRequest, document_id: int, payload: schemas.Press | None = None) -> Any:
    """Preme il pulsante dello stato, di solito «Genera XML e invia». Risponde subito; l'esito arriva in /changes."""
    actor = actor_of(request)
    view = _view(actor, document_id)
    if payload and payload.action and payload.action != str(view.possibilities.action):
        raise ConflictError(
            say("Nel frattempo lo stato del documento è cambiato: non è stato fatto nulla."),
            say("L'azione dello stato è ora {action}.", action=str(view.possibilities.action)),
        )
    workflow.request_action(document_id, actor, now=clock.now())
    return Status(202, _detail(actor, document_id))


@router.post(
    "/documents/{int:document_id}/state", response=schemas.DocumentDetail, operation_id="changeState"
)
def change_state(request: HttpRequest, document_id: int, payload: schemas.ChosenState) -> Any:
    """*Cambia stato*: uno di quelli in `possibilities.states`."""
    actor = actor_of(request)
    _view(actor, document_id)
    workflow.choose_state(document_id, payload.state, actor, now=clock.now(), reason=payload.reason.strip())
    return _detail(actor, document_id)


@router.put(
    "/documents/{int:document_id}/preservation",
    response=schemas.DocumentDetail,
    operation_id="changePreservation",
)
def change_preservation(request: HttpRequest, document_id: int, payload: schemas.PreservationIn) -> Any:
    """Indica i dati di conservazione, dove lo stato li chiede."""
    actor = actor_of(request)
    _view(actor, document_id)
    given = payload.model_dump(exclude={"version"})
    answers = preserving.Answers(**given | {"parole_chiave": tuple(payload.parole_chiave)})
    preserving.save(actor, document_id, answers, seen=payload.version, now=clock.now())
    return _detail(actor, document_id)


_BINARY = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    "/documents/{int:document_id}/files/{int:file_id}",
    operation_id="getFile",
    openapi_extra={
        "responses": {200: dict(description="I byte del file", content={"application/octet-stream": _BINARY})}
    },
)
def get_file(request: HttpRequest, document_id: int, file_id: int) -> Any:
    """Un file del documento, byte per byte."""
    try:
        name, content = queries.file_bytes(actor_of(request), document_id, file_id)
    except RefusedError as error:
        raise Http404(error.message) from error
    kind = next((t for end, t in TYPES.items() if name.lower().endswith(end)), "application/octet-stream")
    return download(content, name, kind)


@router.get(
    "/documents/{int:document_id}/pdf",
    operation_id="getPdf",
    openapi_extra={"responses": {200: {"description": "PDF/A-3", "content": {"application/pdf": _BINARY}}}},
)
def get_pdf(request: HttpRequest, document_id: int) -> Any:
    """La copia leggibile."""
    actor = actor_of(request)
    view = _view(actor, document_id)
    content = preview.pdf(view, get_company(actor.company_id), actor, now=clock.now())
    number = "".join(c if c.isalnum() else "-" for c in view.row.number)
    return download(content, f"{view.row.kind}-{number}-{view.row.date.year}.pdf", "application/pdf")


@router.get("/changes", response=schemas.ChangesOut, operation_id="listChanges")
def list_changes(request: HttpRequest, place: Query[schemas.Since]) -> Any:
    """I documenti cambiati dopo `since`, nell'ordine dei cambiamenti; nessuno va perduto."""
    rows, following = queries.changes(actor_of(request), place.since, place.limit)
    return schemas.ChangesOut(
        documents=[schemas.DocumentOut(**row_json(row)) for row in rows],
        next=following,
        more=len(rows) == place.limit,
    )


@router.get("/states", response=list[schemas.StateOut], operation_id="listStates")
def list_states(request: HttpRequest) -> Any:
    """Gli stati adempimento in cui un documento di Entrate può trovarsi."""
    return [_state(state) for state in queries.list_states(actor_of(request))]


def actor_of(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]  # set by border.TokenAuth
    return actor


def _view(actor: Actor, document_id: int) -> queries.DocumentView:
    """A document of another company, or reserved to others, is simply not there."""
    try:
        return queries.get_document(actor, document_id)
    except RefusedError as error:
        raise Http404(error.message) from error


def _state(state: StateView) -> schemas.StateOut:
    return schemas.StateOut(**asdict(state))


def money(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


def row_json(row: queries.DocumentRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "number": row.number,
        "date": row.date,
        "counterpart": row.counterpart,
        "total": money(row.total_cents),
        "currency": row.currency,
        "dashboard": row.dashboard,
        "state": _state(row.state) if row.state else None,
        "state_since": row.state_since,
        "busy": said(row.busy_label),
        "outcome": told(row.outcome),
        "outcome_at": row.outcome_at,
        "change": row.change_seq,
    }


def _preservation(asked: preserving.Asked) -> schemas.PreservationOut:
    return schemas.PreservationOut(
        **asdict(asked.answers),
        open=asked.open,
        version=asked.version,
        saved_at=asked.saved_at,
        saved_by=asked.saved_by,
    )


def _detail(actor: Actor, document_id: int) -> schemas.DocumentDetail:
    view = _view(actor, document_id)
    can = view.possibilities
    asked = preserving.asked(actor, document_id, view.row.state.code if view.row.state else "")
    return schemas.DocumentDetail(
        **row_json(view.row),
        version=view.version,
        source=view.source,
        tipo_documento=view.tipo_documento,
        formato=view.formato,
        sezionale=view.sezionale,
        codice_destinatario=view.codice_destinatario,
        pec_destinatario=view.pec_destinatario,
        confirmed=view.confirmed,
        taxable=money(view.taxable_cents),
        tax=money(view.tax_cents),
        due=money(view.due_cents),
        draft=draft_to_json(view.draft) if view.draft is not None else None,
        possibilities=schemas.PossibilitiesOut(
            action=str(can.action),
            action_label=said(can.action_label),
            action_offered=can.action_offered and not can.busy,
            may_edit=can.may_edit,
            why_not_edit=said(can.why_not_edit),
            states=[_state(state) for state in can.targets],
        ),
        history=[
            schemas.ChangeOut(
                at=change.at,
                event=change.event,
                from_state=change.from_state,
                to_state=change.to_state,
                action=change.action,
                outcome=change.outcome,
                actor=change.actor_label,
                message=told(change.message),
                detail=told_findings(change.detail),
                file_sha256=change.file_sha256,
            )
            for change in view.history
        ],
        files=[
            schemas.FileOut(**asdict(file), url=reverse("api-v1:get_file", args=[document_id, file.id]))
            for file in view.files
        ],
        preservation=_preservation(asked) if asked else None,
        findings=told_findings(view.findings),
    )
