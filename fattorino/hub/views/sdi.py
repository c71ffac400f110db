"""SdI's own doors: TrasmissioneFatture, where receipts and notifications come in (SDICoop Trasmissione 3.1), and
RicezioneFatture, where the suppliers' invoices do (SDICoop Ricezione 3.1)."""

from __future__ import annotations

import hmac
import logging
import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from fattorino import clock
from fattorino.core.sdi import soap
from fattorino.documents.receiving import take_invoice
from fattorino.hub.flows.receive import take_message

log = logging.getLogger(__name__)
SDICOOP = "sdicoop"  # of documents' Reception.Source
LIMIT = 20_000_000  # bytes of a SOAP body; an invoice of 5 MB in base64 with its MT stays well below


def _from_sdi(request: HttpRequest) -> bool:
    """Only SdI may knock: the proxy in front checked its certificate, or the simulator calls from this machine."""
    secret = request.headers.get("X-Fattorino-Proxy", "")
    if settings.SDI_PROXY_SECRET:
        subject = request.headers.get("X-Ssl-Client-S-Dn", "")
        # Its authority signs the certificates of every accredited channel too: none of those may knock.
        return hmac.compare_digest(secret.encode(), settings.SDI_PROXY_SECRET.encode()) and bool(
            re.search(settings.SDI_CLIENT_SUBJECT, subject, re.IGNORECASE)
        )
    return settings.SDI_ALLOW_LOOPBACK and request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1")


# SdI knows no CSRF token; who it is, the certificate tells.
@csrf_exempt
@require_POST
def trasmissione_fatture(request: HttpRequest) -> HttpResponse:
    """One receipt: kept, then acknowledged; read only afterwards, by a job."""
    payload = _call(request, "TrasmissioneFatture")
    if isinstance(payload, HttpResponse):
        return payload
    assert isinstance(payload, soap.FileSdI)
    take_message(payload.nome_file, payload.file, payload.identificativo_sdi, now=clock.now())
    return _taken()


@csrf_exempt
@require_POST
def ricezione_fatture(request: HttpRequest) -> HttpResponse:
    """One invoice, or the end of the term to answer one: kept, then acknowledged; read only afterwards, by a job."""
    payload = _call(request, "RicezioneFatture")
    if isinstance(payload, HttpResponse):
        return payload
    if isinstance(payload, soap.FileSdIConMetadati):
        take_invoice(
            SDICOOP,
            payload.identificativo_sdi,
            payload.nome_file,
            payload.file,
            payload.nome_file_metadati,
            payload.metadati,
            company_id=None,
            now=clock.now(),
        )
        # As above: the row is committed before ER01 leaves.
        answer = soap.build_response(soap.RICEVI_FATTURE, soap.RispostaRiceviFatture())
        return HttpResponse(answer.body, headers=answer.headers)
    assert isinstance(payload, soap.FileSdI)
    take_message(payload.nome_file, payload.file, payload.identificativo_sdi, now=clock.now())
    return _taken()


def _call(request: HttpRequest, service: soap.Service) -> soap.Payload | HttpResponse:
    """What SdI says to a service, or the answer to whoever may not speak or says something else."""
    if not _from_sdi(request):
        return HttpResponse(status=403)
    if int(request.META.get("CONTENT_LENGTH") or 0) > LIMIT:
        return HttpResponse(status=413)
    content_type = request.headers.get("Content-Type", "")
    try:
        return soap.parse_request(request.body, content_type, service=service)[1]
    except soap.SoapFault as fault:
        log.warning("refused a call to %s: %s", service, fault.message)
        answer = soap.build_fault(fault.code, fault.message)
        return HttpResponse(answer.body, status=500, headers=answer.headers)


def _taken() -> HttpResponse:
    # One-way operation, no body (WS-I Basic Profile 1.1, R2714). 202 and not 200: there are SOAP stacks (zeep) that
    # look for an envelope in a 200. The row is committed with the request's transaction before the answer leaves.
    return HttpResponse(status=202)
