"""What was given away and of which nothing was heard: letters that a PEC provider took, supports with our answers."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db.models import Exists, Min, OuterRef, Q

from fattorino.core.texts import say
from fattorino.hub.flows import consignments
from fattorino.hub.models import Channel, Collected, Consignment, OutcomeSent
from fattorino.organisations.scope import company_scope, system_scope

# Letters of one round; what is left waits for the next.
AT_ONCE = 500
Kind = Channel.Kind
SILENT = {
    Kind.PEC: say(
        "Il gestore PEC non ha detto se ha consegnato il messaggio: non si sa se sia arrivato a SdI."
    ),
    Kind.SDIFTP: say("SdI non ha risposto sul supporto che conteneva l'esito: non si sa se lo abbia preso."),
}


def doubt(*, now: datetime.datetime) -> int:
    """Nobody knows now whether they arrived: a provider says within a day that it delivered or could not (RFC 6109,
    3.1.6), but its word may have been lost, or read by another program.

    Silence is only what was listened to: a mailbox that cannot be read, or letters that wait to be read, say nothing.

    What is in them waits for SdI's receipt as after any uncertain send, and only then is offered again under its name
    (docs/decisions/0004). On SdIFtp a support that nobody fetched lies where it is, and the receipts of the invoices in
    one whose answer was lost settle them. Of our answers to suppliers SdI tells nothing but that: there they are in
    doubt, because their term runs (docs/decisions/0015).

    Returns: how many there were.
    """
    found = _silent(now)
    for company_id, channel_id, name in found:
        with company_scope(company_id):
            channel = Channel.objects.get(pk=channel_id, company_id=company_id)
            text = SILENT[Kind(channel.kind)]
            consignments.answered(channel, name, False, text, now=now, doubtful=True)
    return len(found)


def _silent(now: datetime.datetime) -> list[tuple[int, int, str]]:
    """(company, channel, name) of what was given away long before all that came since was read."""
    silence = datetime.timedelta(seconds=settings.HUB_LETTER_SILENCE)
    found: list[tuple[int, int, str]] = []
    with system_scope():
        answers = OutcomeSent.objects.filter(
            consignment=OuterRef("pk"), company_id=OuterRef("company_id"), status=OutcomeSent.Status.SENDING
        )
        kinds = Q(channel__kind=Kind.PEC) | Q(channel__kind=Kind.SDIFTP) & Exists(answers)
        given = Consignment.objects.filter(kinds, status=Consignment.Status.HANDED_OVER)
        old = given.filter(handed_over_at__lt=now - silence)
        for channel in Channel.objects.filter(pk__in=old.values("channel_id")).exclude(read_up_to=None):
            rows = given.filter(channel=channel, handed_over_at__lt=min(now, _heard_up_to(channel)) - silence)
            found += rows.order_by("pk").values_list("company_id", "channel_id", "name")[:AT_ONCE]
    return found[:AT_ONCE]


def _heard_up_to(channel: Channel) -> datetime.datetime:
    """Up to when all that came on this way was fetched and read."""
    unread = Collected.objects.filter(channel=channel, read_at=None).aggregate(at=Min("received_at"))["at"]
    assert channel.read_up_to is not None
    return min(channel.read_up_to, unread or channel.read_up_to)
