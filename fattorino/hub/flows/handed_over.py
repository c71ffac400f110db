"""What another Hub says of a file that went to it by itself: SdI has it, or it came back and certainly did not go."""

from __future__ import annotations

import datetime

from django.db import transaction

from fattorino.core.errors import ChannelError
from fattorino.core.texts import say
from fattorino.hub.channels.base import Accepted
from fattorino.hub.flows import outcomes, transmit
from fattorino.hub.models import Channel, OutcomeSent, Submission, Transmission
from fattorino.workflow import flows as workflow

Status = Submission.Status
Outcome = Transmission.Outcome
RETURNED = say("L'Hub ha restituito il file: certamente non è arrivato a SdI.")


def answered(channel: Channel, name: str, taken: bool, text: str, *, now: datetime.datetime) -> bool:
    """Write it down; False where no file of this name went this way. Doing it again changes nothing."""
    with transaction.atomic():
        files = Submission.objects.filter(company_id=channel.company_id, channel=channel, file_name=name)
        found = files.order_by("-pk").values("pk", "document_id").first()
        if found is None:
            return _of_outcome(channel, name, taken, text, now)
        workflow.lock(found["document_id"])
        row = (
            Submission.objects.select_for_update(of=("self",)).select_related("document").get(pk=found["pk"])
        )
        if row.accepted_at is not None or row.status not in (
            Status.SENDING,
            Status.UNCERTAIN,
            Status.ACCEPTED,
        ):
            # SdI itself has spoken meanwhile, or the file goes again already.
            return True
        if taken:
            _taken(channel, row, now)
        else:
            # The Hub's word undoes every doubt about earlier attempts: it keeps what it gives back from going.
            row.transmissions.exclude(outcome=Outcome.NOT_TAKEN).update(
                outcome=Outcome.NOT_TAKEN, finished_at=now, error=text
            )
            transmit.give_up(row, text or RETURNED, now=now)
    return True


def _taken(channel: Channel, row: Submission, now: datetime.datetime) -> None:
    if row.status != Status.ACCEPTED:
        transmit.settle(channel, {row.pk: Accepted()}, now=now, note=False)
    Submission.objects.filter(pk=row.pk).update(accepted_at=now)
    if row.current:
        actor = workflow.system_actor(row.company_id, "sdi")
        told = say("Preso in carico da SdI, dice l'Hub.")
        workflow.report_status(row.document_id, transmit.TAKEN, actor, now=now, message=told)


def _of_outcome(channel: Channel, name: str, taken: bool, text: str, now: datetime.datetime) -> bool:
    files = OutcomeSent.objects.filter(company_id=channel.company_id, channel=channel, file_name=name)
    found = files.values("pk", "document_id").first()
    if found is None:
        return False
    workflow.lock(found["document_id"])
    row = OutcomeSent.objects.select_for_update().get(pk=found["pk"])
    open_ones = {OutcomeSent.Status.SENDING, OutcomeSent.Status.UNCERTAIN}
    # That it lies with the Hub counts as sent already.
    if row.status not in (open_ones if taken else open_ones | {OutcomeSent.Status.SENT}):
        return True
    OutcomeSent.objects.filter(pk=row.pk).update(status=OutcomeSent.Status.SENDING, offered_again=False)
    if taken:
        outcomes.accepted(row.pk, row.company_id, Accepted(), now=now)
    else:
        error = ChannelError(text or RETURNED, uncertain=False, permanent=True)
        outcomes.failed(row.pk, row.company_id, error, now=now)
    return True
