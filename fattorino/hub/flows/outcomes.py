"""What a PA buyer answers: one decision, one EC, one file name, kept before the network and never sent blindly twice.

As with invoices (decision 0004): what SdI certainly did not take is tried again; what it may have taken is waited for
and then offered again under the same name. SdI keeps one outcome for each invoice and refuses a second one with EN01:
after an offer in doubt that refusal is the proof that the first had arrived, as long as the term is still open. Once
the term is over EN01 proves nothing: then only SdI's own word counts (DT: it had no outcome), and nothing is offered.

On a way that answers nothing to an EC (PEC, SdIFtp) SdI speaks only to refuse (SE): after `SILENCE` without one
the outcome counts as registered.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from fattorino.core.errors import ChannelError, FattorinoError, InputError, RefusedError
from fattorino.core.sdi.message_io import read_message, write_message
from fattorino.core.sdi.messages import NotificaEsitoCommittente, RiferimentoFattura, ScartoEsitoCommittente
from fattorino.core.sdi.names import message_name
from fattorino.core.texts import say, together
from fattorino.documents import flows as documents
from fattorino.documents.passive import answering
from fattorino.documents.passive.answering import Answer
from fattorino.hub.channels.base import Accepted, Outgoing, Refused
from fattorino.hub.flows import channels, outcome_told
from fattorino.hub.flows import outcome_steps as steps
from fattorino.hub.flows.outcome_steps import OPEN, Status
from fattorino.hub.models import Channel, OutcomeSent
from fattorino.hub.models.outcomes import mark_of
from fattorino.organisations.scope import company_scope
from fattorino.workflow import flows as workflow
from fattorino.workflow import queries as workflow_queries
from fattorino.workflow.actions import ActionResult, ActionRun

if TYPE_CHECKING:
    from fattorino.documents.models import StoredFile
    from fattorino.organisations.queries import Actor

DASHBOARD = "PS"
INTERRUPTED = say("Il processo si è interrotto durante l'invio dell'esito.")


# ------------------------------------------------------------------------------------------- the action


def answer(run: ActionRun) -> ActionResult:
    """*Accetta*, *Rifiuta*: make the EC of what a person decided, keep it, and queue its sending."""
    company_id = run.company_id
    with company_scope(company_id):
        workflow.lock(run.document_id)
        row = OutcomeSent.objects.filter(run=run.run, company_id=company_id).first()
        if row is None:
            asked_by = workflow_queries.asked_by(run.run, company_id)
            asked_at = workflow_queries.asked_at(run.run, company_id) or run.now
            used = _used(run.document_id, company_id)
            try:
                told = answering.answer_of(run.document_id, run.action, asked_by, asked_at, used, now=run.now)
                row = _keep(run, told)
            except FattorinoError as exc:
                return ActionResult(False, exc.text)
        esito, sha256 = row.esito, row.content.sha256
        outcome_id = row.pk

    def send() -> None:
        steps.defer_sending(company_id, outcome_id)

    text = (
        say("Accettazione pronta: parte verso il Sistema di Interscambio.")
        if esito == answering.ACCEPTED
        else say("Rifiuto pronto: parte verso il Sistema di Interscambio.")
    )
    return ActionResult(True, text, sha256=sha256, then=send)


def _used(document_id: int, company_id: int) -> frozenset[int]:
    rows = OutcomeSent.objects.filter(document_id=document_id, company_id=company_id)
    return frozenset(rows.exclude(decision=None).values_list("decision_id", flat=True))


def _keep(run: ActionRun, told: Answer) -> OutcomeSent:
    number, year, position = told.reference or ("", None, None)
    message = NotificaEsitoCommittente(
        identificativo_sdi=told.identificativo_sdi,
        riferimento_fattura=RiferimentoFattura(
            numero_fattura=number, anno_fattura=year, posizione_fattura=position
        )
        if told.reference
        else None,
        esito=told.esito,
        descrizione=told.descrizione or None,
        message_id_committente=mark_of(told.decision_id),
    )
    stored = documents.store(run.company_id, write_message(message), now=run.now)
    row = None
    while row is None:
        try:
            with transaction.atomic():
                row = _named(run, told, stored)
        except IntegrityError:
            continue  # another invoice of the same lotto took the name a moment ago
    documents.attach(run.document_id, run.company_id, documents.ANSWER, row.file_name, stored, now=run.now)
    return row


def _named(run: ActionRun, told: Answer, stored: StoredFile) -> OutcomeSent:
    return OutcomeSent.objects.create(
        company_id=run.company_id,
        document_id=run.document_id,
        run=run.run,
        decision_id=told.decision_id,
        channel=channels.channel_for(run.company_id, DASHBOARD),
        identificativo_sdi=told.identificativo_sdi,
        esito=told.esito,
        file_name=_free_name(run.company_id, told.file_name),
        content=stored,
        created_at=run.now,
    )


def _free_name(company_id: int, invoice: str) -> str:
    """<invoice>_EC_nnn.xml, nnn one more than those of this invoice (of a lotto each body answers for itself)."""
    stem = message_name(invoice, "EC", "1").fattura
    taken = OutcomeSent.objects.filter(company_id=company_id, file_name__startswith=f"{stem}_EC_").count()
    return str(message_name(invoice, "EC", f"{taken + 1:03}"))


# ---------------------------------------------------------------------------------------------- sending


def begin(outcome_id: int, company_id: int, *, now: datetime.datetime) -> tuple[Channel, Outgoing] | None:
    """Write down that an attempt starts; the file and its way, or None where there is nothing to do now."""
    with transaction.atomic():
        row = steps.locked(outcome_id, company_id)
        if row is None or row.status not in OPEN:
            return None
        if row.status == Status.SENT:
            steps.by_silence(row, now)
            return None
        if row.status == Status.SENDING:
            if row.consignment_id is None:
                # The process that was sending died: nobody knows how far it came.
                steps.uncertain(row, INTERRUPTED, now)
            return None
        if row.next_attempt_at and now < row.next_attempt_at:
            steps.come_later(row, now)
            return None
        channel = row.channel or channels.channel_for(company_id, DASHBOARD)
        return (channel, _started(row, channel, now)) if _may_go(row, channel, now) else None


def along(outcome_id: int, channel: Channel, *, now: datetime.datetime) -> Outgoing | None:
    """As `begin`, for one that waits and may go together with another of its way; its document is locked."""
    row = steps.locked(outcome_id, channel.company_id)
    if row is None or row.channel_id != channel.pk or not steps.is_due(row, now):
        return None
    return _started(row, channel, now) if _may_go(row, channel, now) else None


def _started(row: OutcomeSent, channel: Channel, now: datetime.datetime) -> Outgoing:
    if row.status == Status.UNCERTAIN:
        row.offered_again = True
        text = say(
            "Nessuna risposta: l'esito viene offerto di nuovo con lo stesso nome, perché SdI ne tiene uno solo."
        )
        steps.record(row, "OutcomeOfferedAgain", text, now)
    # In no parcel yet: what is heard now of one in which it travelled before is not about this attempt.
    row.status, row.channel, row.consignment, row.next_attempt_at = Status.SENDING, channel, None, None
    row.save(update_fields=["status", "channel", "consignment", "offered_again", "next_attempt_at"])
    return Outgoing(row.file_name, bytes(row.content.content), "EC", row.identificativo_sdi)


def _may_go(row: OutcomeSent, channel: Channel, now: datetime.datetime) -> bool:
    """Whether it may be offered now; else it is written down why not."""
    if channel.kind == Channel.Kind.BY_HAND:
        steps.not_sent(
            row,
            say(
                "Il canale di questa azienda è a mano: scaricare il file dell'esito, inviarlo a SdI e segnarlo come"
                " inviato."
            ),
            now,
        )
        return False
    term = answering.term_of(row.document_id, row.company_id)
    if term is None or now > term:
        if row.status == Status.UNCERTAIN:
            # Whether SdI has it, only SdI can say now: a DT, or nothing.
            text = say(
                "Il termine è passato e non si sa se SdI abbia l'esito: non viene più offerto. Se SdI manda la"
                " decorrenza dei termini, non l'aveva; altrimenti controllare sul portale."
            )
            if row.last_error != text:
                row.last_error, row.next_attempt_at = text, None
                row.save(update_fields=["last_error", "next_attempt_at"])
                steps.record(row, "OutcomeUncertain", text, now)
            return False
        steps.not_sent(row, say("Il termine per rispondere è passato prima che l'esito partisse."), now)
        return False
    if not channel.active or (channel.closed_until and now < channel.closed_until):
        steps.wait(row, Status(row.status), now, max(60.0, steps.seconds_until(channel.closed_until, now)))
        return False
    if not steps.has_room(channel):
        steps.come_again(row, steps.ROOM_LATER)
        return False
    return True


def accepted(outcome_id: int, company_id: int, given: Accepted, *, now: datetime.datetime) -> None:
    """The way took it; where SdI itself has answered, the outcome is registered."""
    with transaction.atomic():
        row = steps.locked(outcome_id, company_id)
        if row is None or row.status not in OPEN:
            return
        if given.identificativo_sdi or (row.channel and row.channel.kind == Channel.Kind.SDICOOP):
            steps.registered(row, now)
        else:
            steps.on_its_way(row, now)


def refused(outcome_id: int, company_id: int, given: Refused, *, now: datetime.datetime) -> None:
    """SdI answered at once that it does not take the outcome (ES00), with its SE."""
    code = ""
    try:
        message = read_message(given.content).message if given.content else None
        if isinstance(message, ScartoEsitoCommittente):
            code = message.scarto or ""
    except InputError:
        code = ""  # kept as it came, under the document
    with transaction.atomic():
        row = steps.locked(outcome_id, company_id)
        if row is None:
            return
        if given.content:
            steps.attach(
                row, given.name or f"{row.file_name.removesuffix('.xml')}_SE.xml", given.content, now
            )
        outcome_told.refused(row, code, now)


def failed(outcome_id: int, company_id: int, error: ChannelError, *, now: datetime.datetime) -> None:
    """The attempt did not end well: wait for what SdI says, try later, or have a person look."""
    with transaction.atomic():
        row = steps.locked(outcome_id, company_id)
        if row is None or row.status != Status.SENDING:
            return
        known = row.last_error == error.text
        row.last_error = error.text
        if error.uncertain:
            steps.uncertain(row, error.text, now)
        elif row.offered_again:
            # Certain of this attempt only: an earlier one may have arrived.
            steps.wait(row, Status.UNCERTAIN, now, steps.pause(row))
        elif error.permanent and error.of_file:
            steps.not_sent(row, error.text, now)
        else:
            # Until the term: a PA that cannot answer in time can never answer again.
            steps.wait(row, Status.QUEUED, now, steps.pause(row))
            text = together(error.text, say("L'invio dell'esito viene ritentato da solo fino al termine."))
            if error.permanent and not known:
                # Of the way, not of the file: it goes as soon as somebody has set the way right.
                steps.tell(row, "OutcomeFailed", text, now)
            elif row.failures == 1:
                steps.record(row, "OutcomeRetry", text, now)


# ---------------------------------------------------------------------------------- what a person does


def retry(outcome_id: int, actor: Actor, *, now: datetime.datetime) -> None:
    """Send again what was not sent: the same file, under its name.

    Raises:
        RefusedError: the actor only reads, or it is on its way or registered already.
    """
    row = _of_person(outcome_id, actor)
    row.status, row.failures, row.next_attempt_at, row.last_error = Status.QUEUED, 0, None, ""
    row.channel = channels.channel_for(actor.company_id, DASHBOARD)
    row.save(update_fields=["status", "failures", "next_attempt_at", "last_error", "channel"])
    workflow.record(
        row.document_id,
        "OutcomeRetry",
        actor,
        now=now,
        message=say("Nuovo invio dell'esito, con lo stesso file."),
    )
    steps.defer_sending(actor.company_id, row.pk)


def sent_by_hand(outcome_id: int, actor: Actor, *, now: datetime.datetime) -> None:
    """A person took the file to SdI herself. Raises as `retry`."""
    row = _of_person(outcome_id, actor)
    workflow.record(
        row.document_id,
        "OutcomeByHand",
        actor,
        now=now,
        message=say("L'esito è stato inviato a SdI fuori da questo programma."),
    )
    steps.on_its_way(row, now)


def document_of(outcome_id: int, actor: Actor) -> int | None:
    """The invoice that the outcome answers, where this actor may see it."""
    visible = workflow_queries.visible_documents(actor)
    rows = OutcomeSent.objects.filter(pk=outcome_id, company_id=actor.company_id, document__in=visible)
    return rows.values_list("document_id", flat=True).first()


def _of_person(outcome_id: int, actor: Actor) -> OutcomeSent:
    if not actor.may_write:
        raise RefusedError(say("Il ruolo di consultazione non permette di inviare gli esiti."))
    row = steps.locked(outcome_id, actor.company_id)
    if row is None or document_of(outcome_id, actor) is None:
        raise RefusedError(say("Esito non trovato."))
    if not steps.stands_still(row):
        raise RefusedError(
            say("L'esito è già in viaggio o registrato: non è stato fatto nulla."),
            say("Ricaricare la pagina per vedere dove si trova."),
        )
    return row
