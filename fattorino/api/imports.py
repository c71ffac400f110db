"""/imports."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query, Router, Status

from fattorino import clock
from fattorino.api import schemas
from fattorino.api.border import raw_body
from fattorino.api.language import told, told_findings
from fattorino.core.errors import RefusedError
from fattorino.documents import importing, queries
from fattorino.organisations.queries import Actor

router = Router(tags=["importazioni"])


@router.post(
    "/imports",
    response={202: schemas.ImportOut},
    operation_id="importFile",
    openapi_extra=schemas.FILE_AS_BODY,
)
def import_file(
    request: HttpRequest,
    response: HttpResponse,
    name: Annotated[schemas.Text, Query(description="il nome del file: .xml, .p7m o .zip", min_length=1)],
) -> Any:
    """Consegna un file FatturaPA di qualunque programma: il corpo della richiesta è il file. Lo legge il servizio."""
    content = raw_body(request)
    actor: Actor = request.actor  # type: ignore[attr-defined]  # set by border.TokenAuth
    row = importing.take_file(actor, name, content, now=clock.now())
    response["Location"] = reverse("api-v1:get_import", args=[row.pk])
    return Status(202, _out(row))


@router.get("/imports/{int:import_id}", response=schemas.ImportOut, operation_id="getImport")
def get_import(request: HttpRequest, import_id: int) -> Any:
    """Che cosa ne è stato di ogni file consegnato."""
    try:
        # The actor is set by TokenAuth.
        return _out(queries.get_import(request.actor, import_id))  # type: ignore[attr-defined]
    except RefusedError as error:
        raise Http404(error.message) from error


def _out(row: Any) -> schemas.ImportOut:
    return schemas.ImportOut(
        id=row.pk,
        name=row.name,
        size=row.size,
        sha256=row.sha256,
        status=row.status,
        created_at=row.created_at,
        outcomes=[
            schemas.OutcomeOut(**{**outcome, "tolerated": [told(remark) for remark in outcome["tolerated"]]})
            for outcome in told_findings(row.outcomes)
        ],
    )
