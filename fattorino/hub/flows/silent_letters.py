"""Letters that a PEC provider took, and of which it never said whether they reached SdI."""

from __future__ import annotations

import datetime

from django.conf import settings

from fattorino.core.texts import say
from fattorino.hub.flows import consignments
from fattorino.hub.models import Channel, Consignment
from fattorino.organisations.scope import company_scope, system_scope

# Letters of one round; what is left waits for the next.
AT_ONCE = 500
SILENT = say("Il gestore PEC non ha detto se ha consegnato il messaggio: non si sa se sia arrivato a SdI.")


def doubt(*, now: datetime.datetime) -> int:
    """Nobody knows now whether they arrived: a provider says within a day that it delivered or could not (RFC 6109,
    3.1.6), but its word may have been lost, or read by another program.

    What is in them waits for SdI's receipt as after any uncertain send, and only then is offered again under its name
    (docs/decisions/0004). On SdIFtp a support that nobody fetched lies where it is, and is not in doubt.

    Returns: how many there were.
    """
    before = now - datetime.timedelta(seconds=settings.HUB_LETTER_SILENCE)
    with system_scope():
        rows = Consignment.objects.filter(
            status=Consignment.Status.HANDED_OVER, channel__kind=Channel.Kind.PEC, handed_over_at__lt=before
        )
        found = list(rows.order_by("pk").values_list("company_id", "channel_id", "name")[:AT_ONCE])
    for company_id, channel_id, name in found:
        with company_scope(company_id):
            channel = Channel.objects.get(pk=channel_id, company_id=company_id)
            consignments.answered(channel, name, False, SILENT, now=now, doubtful=True)
    return len(found)
