"""/attachments."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from ninja import Router, Status

from fattorino import clock
from fattorino.api import schemas
from fattorino.api.border import raw_body
from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.documents import flows
from fattorino.organisations.queries import Actor

router = Router(tags=["allegati"])
# In base64 a third larger: beside it the invoice stays below the 5 MB that SdI takes.
LIMIT = 3_000_000


@router.post(
    "/attachments",
    response={201: schemas.AttachmentOut},
    operation_id="depositAttachment",
    openapi_extra=schemas.FILE_AS_BODY,
)
def deposit(request: HttpRequest) -> Any:
    """Deposita un file (3 MB al massimo) da indicare poi in `draft.allegati` con il suo sha256.

    Lo stesso file depositato due volte è conservato una volta sola.
    """
    content = raw_body(request)
    if not content:
        raise RefusedError(say("Il corpo della richiesta è vuoto."), say("Inviare i byte del file."))
    if len(content) > LIMIT:
        raise RequestDataTooBig
    actor: Actor = request.actor  # type: ignore[attr-defined]  # set by border.TokenAuth
    stored = flows.store(actor.company_id, content, now=clock.now())
    return Status(201, schemas.AttachmentOut(sha256=stored.sha256, size=stored.size))
