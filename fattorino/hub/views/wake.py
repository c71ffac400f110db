"""Where another Hub's webhook knocks: it says only that there is something to read, and the channel is read at once."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from fattorino import clock
from fattorino.core.errors import SetupError
from fattorino.hub import calling
from fattorino.hub.flows import channels, collect
from fattorino.organisations.scope import company_scope, system_scope

LIMIT = 10_000  # bytes; a call carries no content


# Who calls is told by the signature; a browser cannot make one.
@csrf_exempt
@require_POST
def intermediary(request: HttpRequest, channel_id: int) -> HttpResponse:
    """A channel that is not there answers as one whose secret is another; and whoever brings much is no Hub."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LIMIT:
        return HttpResponse(status=403)
    with system_scope():
        company_id = channels.company_of_intermediary(channel_id)
    if company_id is None:
        return HttpResponse(status=403)
    with company_scope(company_id):
        try:
            secret = channels.webhook_secret(channel_id, company_id)
        except SetupError:
            secret = ""
        signature = request.headers.get(calling.SIGNATURE_HEADER, "")
        timestamp = request.headers.get(calling.TIME_HEADER, "")
        known = [secret] if secret else []
        if not calling.is_signed(known, timestamp, signature, request.body, now=clock.now().timestamp()):
            return HttpResponse(status=403)
        # Heard twice, it is read once more and nothing new is found: a repeat within the window is harmless.
        collect.now(company_id, channel_id)
    return HttpResponse(status=204)
