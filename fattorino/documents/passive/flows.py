"""The verbs of the passive desk but for the answers: read, post, hand on. Call them inside a company scope."""

from __future__ import annotations

import datetime

from django.db import transaction

from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.core.workflow.decide import ActionRequested
from fattorino.core.workflow.definition import Action
from fattorino.documents.models import PassiveInvoice, Posting, Supplier
from fattorino.documents.passive.found import invoice_of, visible
from fattorino.organisations.flows import audit
from fattorino.organisations.queries import Actor
from fattorino.workflow import flows as workflow
from fattorino.workflow.queries import possibilities

PROTOCOL_LENGTH = 40


def mark_opened(actor: Actor, document_id: int, *, now: datetime.datetime) -> None:
    """Somebody of the company looks at it: from here on it is read, for everybody."""
    rows = PassiveInvoice.objects.filter(document_id=document_id, company_id=actor.company_id, opened_at=None)
    if rows.update(opened_at=now, opened_by=actor.label[:150]):
        workflow.touch(document_id, actor.company_id)


def mark_unread(actor: Actor, document_id: int) -> None:
    """*Segna come non letta*. Raises RefusedError: the actor only reads, or it is not there."""
    if not actor.may_write:
        raise RefusedError(
            say("Il ruolo di consultazione non permette di segnare le fatture come non lette.")
        )
    visible(actor, document_id)
    rows = PassiveInvoice.objects.filter(document_id=document_id, company_id=actor.company_id)
    if rows.exclude(opened_at=None).update(opened_at=None, opened_by=""):
        workflow.touch(document_id, actor.company_id)


def confirm_supplier(actor: Actor, supplier_id: int, *, now: datetime.datetime) -> None:
    """A person says that the supplier is who the invoices tell; confirming twice changes nothing.

    Raises:
        RefusedError: the actor only reads, or there is no such supplier.
    """
    if not actor.may_write:
        raise RefusedError(say("Il ruolo di consultazione non permette di confermare i fornitori."))
    supplier = Supplier.objects.filter(pk=supplier_id, company_id=actor.company_id).first()
    if supplier is None:
        raise RefusedError(say("Fornitore non trovato."))
    open_one = Supplier.objects.filter(pk=supplier.pk, confirmed_at=None)
    if open_one.update(confirmed_at=now, confirmed_by=actor.label[:150]):
        audit(
            "fornitore confermato",
            now=now,
            actor_id=actor.user_id,
            company_id=actor.company_id,
            fornitore=supplier.name,
        )


# -------------------------------------------------------------------------------------- towards the accounts


def post(
    actor: Actor,
    document_id: int,
    date: datetime.date,
    protocol: str,
    *,
    by_gestionale: bool = False,
    seen: str = "",
    now: datetime.datetime,
    today: datetime.date,
) -> None:
    """The invoice was entered into the accounts.

    By a person it is the action of the state; what the gestionale tells is a status of its own (GEST_CONTABILIZZATO).

    Raises:
        RefusedError: with `fields`; ConflictError: somebody was quicker.
    """
    if not actor.may_write:
        raise RefusedError(say("Il ruolo di consultazione non permette di contabilizzare."))
    protocol = " ".join(protocol.replace("\x00", "").split())
    fields: dict[str, str] = {}
    if date > today:
        fields["data"] = say("La data di registrazione non può essere nel futuro.")
    if len(protocol) > PROTOCOL_LENGTH:
        fields["protocollo"] = say("Il protocollo ha al massimo {most} caratteri.", most=PROTOCOL_LENGTH)
    if fields:
        raise RefusedError(say("La registrazione non è stata salvata."), fields=fields)
    with transaction.atomic():
        workflow.lock(document_id)
        visible(actor, document_id)
        invoice_of(document_id, actor.company_id)
        if by_gestionale:
            row = _told_by_gestionale(actor, document_id, date, protocol, now)
            workflow.report_status(
                document_id, "GEST_CONTABILIZZATO", actor, now=now, message=posted_text(row)
            )
        else:
            _posting(actor, document_id, date, protocol, Posting.Source.PERSON, now)
            workflow.advance(document_id, ActionRequested(seen, Action.POST), actor, now=now)


def posted_text(posting: Posting) -> str:
    """How a registration is told in the history."""
    day = f"{posting.date:%d/%m/%Y}"
    if posting.protocol:
        return say("Contabilizzata il {day}, protocollo {protocol}.", day=day, protocol=posting.protocol)
    return say("Contabilizzata il {day}.", day=day)


def posting_for(document_id: int, actor: Actor, *, now: datetime.datetime, today: datetime.date) -> Posting:
    """What was said of the registration since the invoice came into its state; where nothing was, it is today's."""
    with transaction.atomic():
        workflow.lock(document_id)
        document = invoice_of(document_id, actor.company_id).document
        rows = Posting.objects.filter(document_id=document_id, company_id=actor.company_id)
        if document.state_since is not None:
            rows = rows.filter(at__gte=document.state_since)
        return rows.order_by("-pk").first() or _posting(
            actor, document_id, today, "", Posting.Source.PERSON, now
        )


def _told_by_gestionale(
    actor: Actor, document_id: int, date: datetime.date, protocol: str, now: datetime.datetime
) -> Posting:
    """What the gestionale says of the registration; saying the same again is no other one."""
    rows = Posting.objects.filter(document_id=document_id, company_id=actor.company_id).order_by("-pk")
    source, last = Posting.Source.GESTIONALE, rows.first()
    if last is not None and (last.date, last.protocol, last.source) == (date, protocol, source):
        return last
    return _posting(actor, document_id, date, protocol, source, now)


def _posting(
    actor: Actor, document_id: int, date: datetime.date, protocol: str, source: str, now: datetime.datetime
) -> Posting:
    return Posting.objects.create(
        company_id=actor.company_id,
        document_id=document_id,
        date=date,
        protocol=protocol,
        source=source,
        at=now,
        actor_label=actor.label[:150],
    )


def hand_over(document_id: int, company_id: int, *, now: datetime.datetime) -> bool:
    """Put the invoice at the gestionale's disposal; whether that is new."""
    rows = PassiveInvoice.objects.filter(document_id=document_id, company_id=company_id, exported_at=None)
    return bool(rows.update(exported_at=now))


def acknowledge(actor: Actor, document_id: int, reference: str, *, now: datetime.datetime) -> None:
    """The gestionale says that it has taken the invoice, under its own reference; saying it twice changes nothing.

    Where the state's action is *Invia a gestionale*, that is herewith done.

    Raises:
        RefusedError: the token only reads, or there is no such invoice.
    """
    if not actor.may_write:
        raise RefusedError(say("Il ruolo di consultazione non permette di confermare la presa in carico."))
    with transaction.atomic():
        workflow.lock(document_id)
        document = visible(actor, document_id)
        passive = invoice_of(document_id, actor.company_id)
        if passive.acknowledged_at is None:
            passive.acknowledged_at, passive.acknowledged_ref = now, reference[:100]
            passive.exported_at = passive.exported_at or now
            passive.save(update_fields=["acknowledged_at", "acknowledged_ref", "exported_at"])
            message = (
                say("Presa in carico dal gestionale con riferimento {reference}.", reference=reference[:100])
                if reference
                else say("Presa in carico dal gestionale.")
            )
            workflow.record(document_id, "GestionaleAcknowledged", actor, now=now, message=message)
        can = possibilities(document, actor)
        if can.action is Action.TO_GESTIONALE and can.action_offered and not can.busy:
            workflow.request_action(document_id, actor, now=now)
