"""Outcomes inside a support or a letter: what becomes of that becomes of them.

While nobody knows whether the parcel was given away they are in doubt as after any uncertain send, and stay in it: the
channel is asked, and its word settles them. Whoever waited in vain offers them again under their names, in another one.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection

from django.db import transaction

from fattorino.core.texts import say
from fattorino.hub.flows import outcome_stated
from fattorino.hub.flows import outcome_steps as steps
from fattorino.hub.flows.outcome_steps import Status
from fattorino.hub.models import Channel, Consignment, OutcomeSent
from fattorino.organisations.rows import among


def travels(outcome_id: int, company_id: int, consignment_id: int) -> None:
    """It lies in something that goes to SdI; what becomes of that is told by the others here."""
    row = steps.locked(outcome_id, company_id)
    if row is not None and row.status == Status.SENDING:
        row.consignment_id = consignment_id
        row.save(update_fields=["consignment"])


def documents_in(consignment_ids: Collection[int], company_id: int) -> list[int]:
    """The documents whose answers are in these: to be locked before the parcel is, as whoever seals one anew does."""
    rows = OutcomeSent.objects.filter(among("consignment_id", consignment_ids), company_id=company_id)
    return list(rows.values_list("document_id", flat=True))


def in_doubt(parcel: Consignment, text: str, *, now: datetime.datetime) -> None:
    """Nobody knows whether the parcel was given away; in the caller's transaction, as the two below."""
    for row in _inside(parcel, Status.SENDING):
        steps.uncertain(row, text, now)


def handed_over(parcel: Consignment, text: str, *, now: datetime.datetime) -> None:
    """It was given away: what was in doubt is under way again."""
    for row in _inside(parcel, Status.UNCERTAIN):
        row.status, row.next_attempt_at, row.last_error = Status.SENDING, None, ""
        row.save(update_fields=["status", "next_attempt_at", "last_error"])
        steps.record(row, "HubHandedOver", text, now)


def wait_for_word(parcel: Consignment) -> bool:
    """Whether what the channel says of a parcel in doubt still decides when an outcome in it goes again."""
    rows = OutcomeSent.objects.filter(consignment=parcel, company_id=parcel.company_id)
    return rows.filter(status=Status.UNCERTAIN).exclude(next_attempt_at=None).exists()


def settled(
    consignment_id: int,
    company_id: int,
    taken: bool,
    text: str,
    *,
    now: datetime.datetime,
    doubtful: bool = False,
) -> None:
    """What became of the parcel is known; or, not taken and `doubtful`, that nobody will know it."""
    rows = OutcomeSent.objects.filter(consignment_id=consignment_id, company_id=company_id)
    for outcome_id in list(rows.order_by("document_id").values_list("pk", flat=True)):
        with transaction.atomic():
            row = steps.locked(outcome_id, company_id)
            if row is not None and row.stated_at is not None and not doubtful:
                outcome_stated.parcel_settled(row, taken, text, now)
            elif row is None or row.status not in (Status.SENDING, Status.UNCERTAIN):
                continue
            elif taken:
                steps.on_its_way(row, now)
            elif not doubtful:
                _free(row, text, now)
            elif row.status == Status.SENDING:
                # Suspended: SdI may take it in after all, so what follows must be known as the second copy.
                _lost(row, text, now)


def answer_lost(channel: Channel, parcel: str, *, now: datetime.datetime) -> None:
    """SdI has answered about a parcel and the answer is lost: the outcomes in it are in doubt, and go again under their
    names; a refusal as second copy (EN01) then proves that the first had arrived."""
    rows = OutcomeSent.objects.filter(
        company_id=channel.company_id,
        consignment__channel=channel,
        consignment__name=parcel,
        status=Status.SENDING,
    )
    for outcome_id in list(rows.values_list("pk", flat=True)):
        with transaction.atomic():
            row = steps.locked(outcome_id, channel.company_id)
            if row is not None and row.status == Status.SENDING:
                text = say(
                    "SdI ha lasciato l'esito del supporto {name}, che qui non è arrivato.", name=parcel
                )
                _lost(row, text, now)


def _inside(parcel: Consignment, status: OutcomeSent.Status) -> list[OutcomeSent]:
    """Those of the parcel in this status, locked."""
    rows = OutcomeSent.objects.filter(consignment=parcel, company_id=parcel.company_id, status=status)
    found = [
        steps.locked(pk, parcel.company_id)
        for pk in rows.order_by("document_id").values_list("pk", flat=True)
    ]
    return [row for row in found if row and row.status == status and row.consignment_id == parcel.pk]


def _free(row: OutcomeSent, text: str, now: datetime.datetime) -> None:
    row.consignment = None
    row.last_error = text
    row.save(update_fields=["consignment", "last_error"])
    # Certain of this attempt only: an earlier one may have arrived.
    steps.wait(row, Status.UNCERTAIN if row.offered_again else Status.QUEUED, now, steps.pause(row))


def _lost(row: OutcomeSent, text: str, now: datetime.datetime) -> None:
    row.consignment = None
    row.save(update_fields=["consignment"])
    steps.uncertain(row, text, now)
