"""Until when a PA may answer: begun by the delivery, ended by an answer, begun anew where SdI turns the answer down."""

from __future__ import annotations

import datetime

from django.db import transaction

from fattorino.clock import ROME
from fattorino.core.errors import RefusedError
from fattorino.core.sdi.deadlines import last_day, outcome_deadline
from fattorino.core.texts import say
from fattorino.documents.models import PassiveInvoice
from fattorino.documents.receiving.take import BY_HAND
from fattorino.organisations.queries import Actor
from fattorino.workflow import flows as workflow
from fattorino.workflow.queries import visible_documents

PA = "FPA12"


def reopen(document_id: int, company_id: int, *, now: datetime.datetime) -> bool:
    """The answer that was believed registered was not: whether there is still time for another."""
    rows = PassiveInvoice.objects.filter(document_id=document_id, company_id=company_id, formato=PA)
    delivered = rows.exclude(delivered_at=None).values_list("delivered_at", flat=True).first()
    if delivered is None or now > outcome_deadline(delivered):
        return False
    return bool(rows.update(answer_by=outcome_deadline(delivered), warned_days=None))


def may_state(passive: PassiveInvoice) -> bool:
    """Whether a person may say when SdI delivered it: nobody else does, and a term hangs on it."""
    return passive.formato == PA and passive.delivered_at is None and passive.reception.source in BY_HAND


def state_delivery(
    actor: Actor, document_id: int, day: datetime.date | None, *, now: datetime.datetime
) -> None:
    """A person says on which day SdI delivered an invoice that was imported; the term runs from that day's beginning,
    which is never later than the true instant.

    Raises:
        RefusedError: with `fields`; she only reads, or the delivery is known.
    """
    if not actor.may_write:
        raise RefusedError(say("Il ruolo di consultazione non permette di indicare la data di consegna."))
    with transaction.atomic():
        workflow.lock(document_id)
        visible = visible_documents(actor).filter(pk=document_id).exists()
        rows = PassiveInvoice.objects.select_related("document", "reception").filter(
            company_id=actor.company_id
        )
        row = rows.filter(pk=document_id).first() if visible else None
        if row is None:
            raise RefusedError(say("Documento non trovato."))
        if not may_state(row):
            raise RefusedError(
                say("La data di consegna di questa fattura è già nota, o non serve."),
                say("Ricaricare la pagina per vedere fino a quando si può rispondere."),
            )
        if why := _wrong(day, row, now):
            raise RefusedError(say("La data di consegna non è stata salvata."), fields={"consegna": why})
        assert day is not None
        begun = datetime.datetime.combine(day, datetime.time(), ROME)
        row.delivered_at, row.answer_by = begun, outcome_deadline(begun)
        row.save(update_fields=["delivered_at", "answer_by"])
        workflow.record(
            document_id,
            "DeliveryStated",
            actor,
            now=now,
            message=say(
                "Consegnata da SdI il {day}, indica chi l'ha importata: si può rispondere fino al {until}.",
                day=f"{day:%d/%m/%Y}",
                until=f"{last_day(row.answer_by):%d/%m/%Y}",
            ),
        )


def _wrong(day: datetime.date | None, row: PassiveInvoice, now: datetime.datetime) -> str:
    if day is None:
        return say("Indicare il giorno in cui SdI ha consegnato la fattura.")
    if day > now.astimezone(ROME).date():
        return say("La consegna non può essere nel futuro.")
    if day < row.document.date:
        return say("La consegna non può precedere la data della fattura.")
    return ""
