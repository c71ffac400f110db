"""/api/hub/v1: the Hub for programs elsewhere, another Fattorino among them (channel "Intermediario")."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import asdict
from typing import Annotated, Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Header, Query, Router, Status

from fattorino import clock
from fattorino.api import border, hub_schemas, problems, schemas
from fattorino.api.app import FattorinoApi, StrictParser
from fattorino.api.language import told
from fattorino.core.texts import say
from fattorino.hub.flows import remote_feed, remote_files
from fattorino.organisations import idempotency
from fattorino.organisations.queries import Actor, get_company

router = Router(tags=["Digital Hub"])
# Bytes of the files in one answer of the feed; one event is always told whole.
PAGE_BYTES = 8_000_000


class HubAuth(border.TokenAuth):
    """Each invoice is a call of its own: a program that hands in many makes many."""

    calls_per_minute = 6000


Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        max_length=255,
        pattern="^[!-~]*$",
        description="facoltativa: il nome del file basta a riconoscere una richiesta ripetuta",
    ),
]


@router.get("/service", response=hub_schemas.ServiceOut, operation_id="getService")
def get_service(request: HttpRequest) -> Any:
    """Chi risponde, per quale azienda, e se il token può consegnare file."""
    actor = _actor(request)
    company = get_company(actor.company_id)
    return hub_schemas.ServiceOut(
        company=company.name,
        partita_iva=f"{company.id_paese}{company.id_codice}",
        role=actor.role or "",
        may_write=actor.may_write,
        last=remote_feed.last_number(actor.company_id),
    )


@router.put(
    "/files/{str:name}",
    response={200: hub_schemas.HubFileOut, 201: hub_schemas.HubFileOut},
    operation_id="pushFile",
    openapi_extra=schemas.FILE_AS_BODY,
)
def push_file(request: HttpRequest, response: HttpResponse, name: str, idempotency_key: Key = "") -> Any:
    """Consegna un file FatturaPA con il suo nome: il Digital Hub lo acquisisce e lo invia a SdI con quello stesso nome.

    Lo stesso file ripetuto ha la stessa risposta (200); un altro contenuto con lo stesso nome è un conflitto (409).
    """
    return _push(request, response, name, "FA", "", idempotency_key)


@router.put(
    "/outcomes/{str:name}",
    response={200: hub_schemas.HubFileOut, 201: hub_schemas.HubFileOut},
    operation_id="pushOutcome",
    openapi_extra=schemas.FILE_AS_BODY,
)
def push_outcome(
    request: HttpRequest,
    response: HttpResponse,
    name: str,
    identificativo_sdi: Annotated[
        str, Query(description="della fattura ricevuta", pattern="^[0-9A-Za-z]{1,36}$")
    ],
    idempotency_key: Key = "",
) -> Any:
    """Consegna un esito committente (EC) per una fattura ricevuta."""
    return _push(request, response, name, "EC", identificativo_sdi, idempotency_key)


@router.get("/files/{str:name}", response=hub_schemas.HubFileOut, operation_id="getHubFile")
def get_file(request: HttpRequest, name: str) -> Any:
    """Dove si trova un file consegnato. 404: con questo nome non è arrivato nulla."""
    return _found(request, name)


@router.get("/outcomes/{str:name}", response=hub_schemas.HubFileOut, operation_id="getHubOutcome")
def get_outcome(request: HttpRequest, name: str) -> Any:
    """Dove si trova un esito consegnato. 404: con questo nome non è arrivato nulla."""
    return _found(request, name)


@router.post("/files/{str:name}/acquire", response={202: hub_schemas.HubFileOut}, operation_id="acquireFile")
def acquire_file(request: HttpRequest, name: str) -> Any:
    """Fa acquisire di nuovo un file restituito (`returned`), senza consegnarlo un'altra volta."""
    _found(request, name)
    return Status(202, _out(remote_files.acquire_again(_actor(request), name, now=clock.now())))


@router.get("/feed", response=hub_schemas.FeedOut, operation_id="readFeed")
def read_feed(request: HttpRequest, place: Query[hub_schemas.FeedPlace]) -> Any:
    """Che cosa è accaduto dopo `since`, in ordine: stati dei file, messaggi di SdI, fatture ricevute. Nulla va perduto.

    Gli eventi sono raccolti dalla prima chiamata a questa interfaccia.
    """
    actor, now = _actor(request), clock.now()
    remote_files.serve(actor.company_id, now=now)
    remote_feed.publish(actor.company_id, now=now)
    events, more, following = remote_feed.read(actor, place.since, limit=place.limit, most_bytes=PAGE_BYTES)
    return hub_schemas.FeedOut(events=[_event(event) for event in events], next=following, more=more)


def _push(
    request: HttpRequest, response: HttpResponse, name: str, kind: str, identificativo_sdi: str, key: str
) -> Any:
    content = border.raw_body(request)
    if len(content) > remote_files.LIMIT:
        raise RequestDataTooBig
    actor, now = _actor(request), clock.now()
    if key:
        asked = f"hub:{kind}:{name}:{identificativo_sdi}:{hashlib.sha256(content).hexdigest()}"
        idempotency.claim(actor.company_id, key, hashlib.sha256(asked.encode()).hexdigest(), now=now)
    view, again = remote_files.push(
        actor, name, content, kind=kind, identificativo_sdi=identificativo_sdi, now=now
    )
    if key:
        idempotency.settle(actor.company_id, key, view.id)
    if again:
        response["Idempotency-Replayed"] = "true"
    return Status(200 if again else 201, _out(view))


def _found(request: HttpRequest, name: str) -> hub_schemas.HubFileOut:
    view = remote_files.find(_actor(request).company_id, name)
    if view is None:
        raise Http404(say("Con questo nome non è stato consegnato nessun file."))
    return _out(view)


def _out(view: remote_files.RemoteView) -> hub_schemas.HubFileOut:
    values: dict[str, Any] = asdict(view)
    del values["id"]
    values["document"] = values.pop("document_id")
    return hub_schemas.HubFileOut(**values | {"text": told(view.text)})


def _event(event: remote_feed.Told) -> Any:
    same: dict[str, Any] = {"number": event.number, "at": event.at, "name": event.name}
    if event.kind == "file":
        return hub_schemas.FileEvent(
            **same, state=event.state, text=told(event.text), identificativo_sdi=event.identificativo_sdi
        )
    given: dict[str, Any] = {
        "identificativo_sdi": event.identificativo_sdi,
        "content": _base64(event.content),
    }
    if event.kind == "message":
        return hub_schemas.MessageEvent(**same, **given, file=event.about)
    return hub_schemas.InvoiceEvent(
        **same,
        **given,
        metadata_name=event.metadata_name,
        metadata=_base64(event.metadata),
        delivered_at=event.delivered_at,
    )


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]  # set by border.TokenAuth
    return actor


api = FattorinoApi(
    title="Fattorino, Digital Hub",
    version="1",
    description="""Il Digital Hub di Fattorino per un altro Fattorino o per un altro programma: consegna dei file,
stato, ricevute di SdI, fatture ricevute, esiti. Un token vale per una sola azienda e ha un ruolo.

Ogni rifiuto è `application/problem+json`: `detail` dice perché, `hint` che cosa fare.""",
    urls_namespace="api-hub-v1",
    auth=HubAuth(),
    parser=StrictParser(),
    # Its page would load scripts from elsewhere, which the pages' policy forbids.
    docs_url=None,
)
problems.install(api)
api.add_decorator(border.known_parameters_only)
api.add_router("", router)
