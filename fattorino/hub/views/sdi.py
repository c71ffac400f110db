"""SdI's own door: TrasmissioneFatture, where receipts and notifications come in (SDICoop Trasmissione 3.1)."""

from __future__ import annotations

import hmac
import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from fattorino import clock
from fattorino.core.sdi import soap
from fattorino.hub.flows.receive import take_message

log = logging.getLogger(__name__)
LIMIT = 20_000_000  # bytes of a SOAP body; a receipt with an attached 5 MB file stays well below


def _from_sdi(request: HttpRequest) -> bool:
    """Only SdI may knock: the proxy in front checked its certificate, or the simulator calls from this machine."""
    secret = request.headers.get("X-Fattorino-Proxy", "")
    if settings.SDI_PROXY_SECRET:
        return hmac.compare_digest(secret.encode(), settings.SDI_PROXY_SECRET.encode()) and bool(
            request.headers.get("X-Ssl-Client-S-Dn")
        )
    return settings.SDI_ALLOW_LOOPBACK and request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1")


# SdI knows no CSRF token; who it is, the certificate tells.
@csrf_exempt
@require_POST
def trasmissione_fatture(request: HttpRequest) -> HttpResponse:
    """One receipt: kept, then acknowledged; read only afterwards, by a job."""
    if not _from_sdi(request):
        return HttpResponse(status=403)
    if int(request.META.get("CONTENT_LENGTH") or 0) > LIMIT:
        return HttpResponse(status=413)
    try:
        _, payload = soap.parse_request(
            request.body, request.headers.get("Content-Type", ""), service="TrasmissioneFatture"
        )
    except soap.SoapFault as fault:
        log.warning("refused a call to TrasmissioneFatture: %s", fault.message)
        answer = soap.build_fault(fault.code, fault.message)
        return HttpResponse(answer.body, status=500, headers=answer.headers)
    assert isinstance(payload, soap.FileSdI)
    take_message(payload.nome_file, payload.file, payload.identificativo_sdi, now=clock.now())
    # One-way operation, no body (WS-I Basic Profile 1.1, R2714). 202 and not 200: there are SOAP stacks (zeep) that
    # look for an envelope in a 200. The row is committed with the request's transaction before the answer leaves.
    return HttpResponse(status=202)
