"""What a PA buyer answers: one decision, one EC, one file name, kept before the network and never sent blindly twice.

As with invoices (decision 0004): what SdI certainly did not take is tried again; what it may have taken is waited for
and then offered again under the same name. SdI keeps one outcome for each invoice and refuses a second one with EN01:
after an offer in doubt that refusal is the proof that the first had arrived, as long as the term is still open. Once
the term is over EN01 proves nothing: then only SdI's own word counts (DT: it had no outcome), and nothing is offered.

On a way that answers nothing to an EC (PEC, SdIFtp) SdI speaks only to refuse (SE): after OUTCOME_SILENCE without one
the outcome counts as registered.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from fattorino.core.errors import ChannelError, FattorinoError, InputError, RefusedError
from fattorino.core.sdi.message_io import read_message, write_message
from fattorino.core.sdi.messages import NotificaEsitoCommittente, RiferimentoFattura, ScartoEsitoCommittente
from fattorino.core.sdi.names import message_name
from fattorino.core.texts import say, together
from fattorino.documents import flows as documents
from fattorino.documents.passive import flows as passive
from fattorino.documents.passive import terms
from fattorino.documents.passive.flows import Answer
from fattorino.hub.channels.base import Accepted, Outgoing, Refused
from fattorino.hub.flows import channels
from fattorino.hub.models import Channel, OutcomeSent
from fattorino.organisations.scope import company_scope
from fattorino.workflow import flows as workflow
from fattorino.workflow import queries as workflow_queries
from fattorino.workflow import queue
from fattorino.workflow.actions import ActionResult, ActionRun

if TYPE_CHECKING:
    from fattorino.documents.models import StoredFile
    from fattorino.organisations.queries import Actor

Status = OutcomeSent.Status
DASHBOARD = "PS"
OPEN = (Status.QUEUED, Status.SENDING, Status.UNCERTAIN, Status.SENT)
INTERRUPTED = say("Il processo si è interrotto durante l'invio dell'esito.")
TURNED_DOWN = say("L'esito contava come registrato perché SdI taceva, ma SdI lo ha scartato dopo.")
TOO_LATE = say("Il termine è passato: non si può rispondere di nuovo, SdI manderà la decorrenza dei termini.")
# SdI takes up to two days for what it has to say (sdi.md 4.3).
SILENCE = datetime.timedelta(days=2)


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
                told = passive.answer_of(run.document_id, run.action, asked_by, asked_at, used, now=run.now)
                row = _keep(run, told)
            except FattorinoError as exc:
                return ActionResult(False, exc.text)
        esito, sha256 = row.esito, row.content.sha256
        outcome_id = row.pk

    def send() -> None:
        defer_sending(company_id, outcome_id)

    text = (
        say("Accettazione pronta: parte verso il Sistema di Interscambio.")
        if esito == passive.ACCEPTED
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
        message_id_committente=str(told.decision_id)[-14:],
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
        row = _locked(outcome_id, company_id)
        if row is None or row.status not in OPEN:
            return None
        if row.status == Status.SENT:
            _by_silence(row, now)
            return None
        if row.status == Status.SENDING:
            if row.consignment_id is None:
                # The process that was sending died: nobody knows how far it came.
                _uncertain(row, INTERRUPTED, now)
            return None
        if row.next_attempt_at and now < row.next_attempt_at:
            return None
        channel = row.channel or channels.channel_for(company_id, DASHBOARD)
        if not _may_go(row, channel, now):
            return None
        if row.status == Status.UNCERTAIN:
            row.offered_again = True
            text = say(
                "Nessuna risposta: l'esito viene offerto di nuovo con lo stesso nome, perché SdI ne tiene uno solo."
            )
            _record(row, "OutcomeOfferedAgain", text, now)
        row.status, row.channel, row.next_attempt_at = Status.SENDING, channel, None
        row.save(update_fields=["status", "channel", "offered_again", "next_attempt_at"])
        return channel, Outgoing(row.file_name, bytes(row.content.content), "EC", row.identificativo_sdi)


def _may_go(row: OutcomeSent, channel: Channel, now: datetime.datetime) -> bool:
    """Whether it may be offered now; else it is written down why not."""
    if channel.kind == Channel.Kind.BY_HAND:
        _fail(
            row,
            say(
                "Il canale di questa azienda è a mano: scaricare il file dell'esito, inviarlo a SdI e segnarlo come"
                " inviato."
            ),
            now,
        )
        return False
    term = passive.term_of(row.document_id, row.company_id)
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
                _record(row, "OutcomeUncertain", text, now)
            return False
        _fail(row, say("Il termine per rispondere è passato prima che l'esito partisse."), now)
        return False
    if not channel.active or (channel.closed_until and now < channel.closed_until):
        _wait(row, Status(row.status), now, max(60.0, _seconds(channel.closed_until, now)))
        return False
    return True


def accepted(outcome_id: int, company_id: int, given: Accepted, *, now: datetime.datetime) -> None:
    """The way took it; where SdI itself has answered, the outcome is registered."""
    with transaction.atomic():
        row = _locked(outcome_id, company_id)
        if row is None or row.status not in OPEN:
            return
        if given.identificativo_sdi or (row.channel and row.channel.kind == Channel.Kind.SDICOOP):
            _registered(row, now)
        else:
            _sent(row, now)


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
        row = _locked(outcome_id, company_id)
        if row is None:
            return
        if given.content:
            _attach(row, given.name or f"{row.file_name.removesuffix('.xml')}_SE.xml", given.content, now)
        _refused(row, code, now)


def failed(outcome_id: int, company_id: int, error: ChannelError, *, now: datetime.datetime) -> None:
    """The attempt did not end well: wait for what SdI says, try later, or have a person look."""
    with transaction.atomic():
        row = _locked(outcome_id, company_id)
        if row is None or row.status != Status.SENDING:
            return
        row.last_error = error.text
        if error.uncertain:
            _uncertain(row, error.text, now)
        elif row.offered_again:
            # Certain of this attempt only: an earlier one may have arrived.
            _wait(row, Status.UNCERTAIN, now, _pause(row))
        elif error.permanent:
            _fail(row, error.text, now)
        else:
            # Until the term: a PA that cannot answer in time can never answer again.
            _wait(row, Status.QUEUED, now, _pause(row))
            if row.failures == 1:
                text = together(
                    error.text, say("L'invio dell'esito viene ritentato da solo fino al termine.")
                )
                _record(row, "OutcomeRetry", text, now)


def travels(outcome_id: int, company_id: int, consignment_id: int) -> None:
    """It lies in something that goes to SdI; what becomes of that is told by `consignment_settled`."""
    row = _locked(outcome_id, company_id)
    if row is not None and row.status == Status.SENDING:
        row.consignment_id = consignment_id
        row.save(update_fields=["consignment"])


def consignment_settled(
    consignment_id: int,
    company_id: int,
    taken: bool,
    text: str,
    *,
    now: datetime.datetime,
    doubtful: bool = False,
) -> None:
    """What became of the support or the letter in which outcomes travelled is known."""
    rows = OutcomeSent.objects.filter(consignment_id=consignment_id, company_id=company_id)
    for outcome_id in rows.values_list("pk", flat=True):
        with transaction.atomic():
            row = _locked(outcome_id, company_id)
            if row is None or row.status not in (Status.SENDING, Status.UNCERTAIN):
                continue
            if taken:
                _sent(row, now)
                continue
            if doubtful:
                # Suspended: SdI may take it in after all, so what follows must be known as the second copy.
                _lost(row, text, now)
                continue
            row.consignment = None
            row.last_error = text
            row.save(update_fields=["consignment", "last_error"])
            _wait(row, Status.QUEUED, now, _pause(row))


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
            row = _locked(outcome_id, channel.company_id)
            if row is not None and row.status == Status.SENDING:
                text = say(
                    "SdI ha lasciato l'esito del supporto {name}, che qui non è arrivato.", name=parcel
                )
                _lost(row, text, now)


def _lost(row: OutcomeSent, text: str, now: datetime.datetime) -> None:
    row.consignment = None
    row.save(update_fields=["consignment"])
    _uncertain(row, text, now)


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
    defer_sending(actor.company_id, row.pk)


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
    _sent(row, now)


def document_of(outcome_id: int, actor: Actor) -> int | None:
    """The invoice that the outcome answers, where this actor may see it."""
    visible = workflow_queries.visible_documents(actor)
    rows = OutcomeSent.objects.filter(pk=outcome_id, company_id=actor.company_id, document__in=visible)
    return rows.values_list("document_id", flat=True).first()


def _of_person(outcome_id: int, actor: Actor) -> OutcomeSent:
    if not actor.may_write:
        raise RefusedError(say("Il ruolo di consultazione non permette di inviare gli esiti."))
    row = _locked(outcome_id, actor.company_id)
    if row is None or document_of(outcome_id, actor) is None:
        raise RefusedError(say("Esito non trovato."))
    if row.status != Status.FAILED:
        raise RefusedError(
            say("L'esito è già in viaggio o registrato: non è stato fatto nulla."),
            say("Ricaricare la pagina per vedere dove si trova."),
        )
    return row


# ------------------------------------------------------------------------------------- what SdI tells


def told(
    company_id: int, document_id: int, event: str, codes: tuple[str, ...], text: str, sha256: str,
    *, now: datetime.datetime,
) -> str:  # fmt: skip
    """A message of SdI about a received invoice (DT, SE): the outcome on its way is settled, the document told.

    Returns: what the workflow has to remark on it.
    """
    with transaction.atomic():
        workflow.lock(document_id)
        rows = OutcomeSent.objects.select_for_update().filter(document_id=document_id, company_id=company_id)
        row = rows.order_by("-pk").first()
        actor = workflow.system_actor(company_id, "sdi")
        if event == "SE":
            if row is None or row.status in (Status.FAILED, Status.REFUSED):
                workflow.record(document_id, event, actor, now=now, message=text, sha256=sha256)
                return say("Nessun esito in viaggio per questa fattura: il messaggio è conservato.")
            return _refused(row, codes[0] if codes else "", now, sha256)
        if event == "DT" and row is not None and row.status == Status.TAKEN and _answered_at_once(row):
            # A DT that names no document of its lotto comes to all: it is about those that nobody answered.
            workflow.record(document_id, event, actor, now=now, message=text, sha256=sha256)
            return say("SdI aveva già registrato l'esito di questa fattura: il messaggio è conservato.")
        # Also one that counted as registered because SdI kept silent: a DT says that it had none.
        if event == "DT" and row is not None and row.status in (*OPEN, Status.TAKEN):
            row.status = Status.FAILED
            row.last_error = say("Il termine è passato senza che SdI avesse registrato un esito.")
            row.save(update_fields=["status", "last_error"])
        if event == "DT":
            passive.answered(document_id, company_id)
        decision = workflow.report_status(document_id, event, actor, now=now, message=text, sha256=sha256)
        return decision.note


def _answered_at_once(row: OutcomeSent) -> bool:
    """Whether SdI itself has said that it registered the outcome; elsewhere its silence is taken for that."""
    return row.channel is not None and row.channel.kind == Channel.Kind.SDICOOP


def _refused(row: OutcomeSent, code: str, now: datetime.datetime, sha256: str = "") -> str:
    if row.status in (Status.REFUSED, Status.TAKEN) and row.offered_again and code == "EN01":
        return say("Riguarda la seconda copia dell'esito: la prima era arrivata.")
    term = passive.term_of(row.document_id, row.company_id)
    if code == "EN01" and row.offered_again:
        if term is not None and now <= term:
            _registered(
                row,
                now,
                say(
                    "SdI rifiuta la seconda copia perché un esito c'è già (EN01): la prima era arrivata. Se qualcuno"
                    " ha risposto anche dal portale, controllare lì quale esito vale."
                ),
            )
            return ""
        _uncertain(
            row, say("SdI rifiuta l'esito (EN01), ma il termine è passato: non prova che l'avesse."), now
        )
        return ""
    believed = row.status == Status.TAKEN
    row.status, row.next_attempt_at = Status.REFUSED, None
    row.last_error = _reason(code)
    row.save(update_fields=["status", "last_error", "next_attempt_at"])
    actor = workflow.system_actor(row.company_id, "sdi")
    if believed and not terms.reopen(row.document_id, row.company_id, now=now):
        # Where nothing can be answered any more the state stays: SdI's DT will say how it ended.
        row.last_error = together(row.last_error, TOO_LATE)
        row.save(update_fields=["last_error"])
        workflow.remind(row.document_id, "SE", actor, now=now, message=row.last_error)
        return ""
    if believed:
        # Silence was taken for yes: whoever works on the invoice must hear that it was not.
        workflow.remind(row.document_id, "OutcomeTurnedDown", actor, now=now, message=TURNED_DOWN)
    decision = workflow.report_status(
        row.document_id, "SE", actor, now=now, message=row.last_error, sha256=sha256
    )
    return decision.note


def _reason(code: str) -> str:
    if code == "EN00":
        return say("SdI ha scartato l'esito: il file non è conforme al formato (EN00). Rispondere di nuovo.")
    if code == "EN01":
        return say(
            "SdI ha scartato l'esito: non è ammissibile (EN01). Forse un altro esito è già registrato, per esempio"
            " dal portale, o il termine è passato."
        )
    return say("SdI ha scartato l'esito. Rispondere di nuovo entro il termine.")


def _registered(row: OutcomeSent, now: datetime.datetime, text: str = "") -> None:
    row.status, row.next_attempt_at, row.last_error = Status.TAKEN, None, ""
    row.sent_at = row.sent_at or now
    row.save(update_fields=["status", "next_attempt_at", "last_error", "sent_at"])
    passive.answered(row.document_id, row.company_id)
    taken = (
        say("SdI ha registrato l'accettazione.")
        if row.esito == passive.ACCEPTED
        else say("SdI ha registrato il rifiuto e lo comunica al fornitore.")
    )
    actor = workflow.system_actor(row.company_id, "sdi")
    workflow.report_status(
        row.document_id, f"{row.esito}_OK", actor, now=now, message=together(text, taken),
        sha256=row.content.sha256,
    )  # fmt: skip


def _sent(row: OutcomeSent, now: datetime.datetime) -> None:
    row.status, row.sent_at, row.last_error = Status.SENT, row.sent_at or now, ""
    row.next_attempt_at = now + SILENCE
    row.save(update_fields=["status", "sent_at", "next_attempt_at", "last_error"])
    workflow.report_status(
        row.document_id,
        "EC_INVIATO",
        workflow.system_actor(row.company_id),
        now=now,
        message=say("Esito inviato: su questo canale SdI risponde solo se lo scarta."),
    )
    defer_sending(row.company_id, row.pk, SILENCE.total_seconds() + 1)


def _by_silence(row: OutcomeSent, now: datetime.datetime) -> None:
    if row.next_attempt_at and now >= row.next_attempt_at:
        _registered(row, now, say("Nessuno scarto da SdI in {days} giorni.", days=SILENCE.days))


def _uncertain(row: OutcomeSent, text: str, now: datetime.datetime) -> None:
    row.last_error = text
    _wait(row, Status.UNCERTAIN, now, settings.HUB_UNCERTAIN_WAIT)
    _record(
        row,
        "OutcomeUncertain",
        together(text, say("Non si sa se l'esito sia arrivato: si attende prima di offrirlo di nuovo.")),
        now,
    )


def _fail(row: OutcomeSent, text: str, now: datetime.datetime) -> None:
    row.status, row.last_error, row.next_attempt_at = Status.FAILED, text, None
    row.save(update_fields=["status", "last_error", "next_attempt_at"])
    workflow.remind(
        row.document_id, "OutcomeFailed", workflow.system_actor(row.company_id), now=now, message=text
    )


def _wait(row: OutcomeSent, status: OutcomeSent.Status, now: datetime.datetime, seconds: float) -> None:
    row.status = status
    row.failures += 1
    row.next_attempt_at = now + datetime.timedelta(seconds=seconds)
    row.save(update_fields=["status", "failures", "next_attempt_at", "last_error"])
    defer_sending(row.company_id, row.pk, seconds + 1)


def _pause(row: OutcomeSent) -> float:
    pauses: list[float] = settings.HUB_RETRY_PAUSES
    return pauses[min(row.failures, len(pauses) - 1)]


def _seconds(until: datetime.datetime | None, now: datetime.datetime) -> float:
    return (until - now).total_seconds() if until else 0.0


def _record(row: OutcomeSent, event: str, text: str, now: datetime.datetime) -> None:
    actor = workflow.system_actor(row.company_id)
    workflow.record(row.document_id, event, actor, now=now, message=text)


def _attach(row: OutcomeSent, name: str, content: bytes, now: datetime.datetime) -> None:
    stored = documents.store(row.company_id, content, now=now)
    documents.attach(row.document_id, row.company_id, documents.RECEIPT, name[:255], stored, now=now)


def _locked(outcome_id: int, company_id: int) -> OutcomeSent | None:
    # The document first, as every flow does.
    found = OutcomeSent.objects.filter(pk=outcome_id, company_id=company_id).values("document_id").first()
    if found is None:
        return None
    workflow.lock(found["document_id"])
    rows = OutcomeSent.objects.select_for_update(of=("self",)).select_related("content", "channel")
    return rows.get(pk=outcome_id)


def defer_sending(company_id: int, outcome_id: int, seconds: float = 0) -> None:
    """Queue an attempt, in the transaction of the row it serves."""
    from fattorino.hub.tasks_outcomes import send_outcome

    queue.defer(
        send_outcome,
        lock=f"outcome:{outcome_id}",
        seconds=seconds,
        company_id=company_id,
        outcome_id=outcome_id,
    )


def due(*, now: datetime.datetime, limit: int = 500) -> list[tuple[int, int]]:
    """(company, outcome) that wait although their moment has come: for the sweep, in the system's scope."""
    late = now - datetime.timedelta(minutes=3)
    begun = Q(status__in=[Status.QUEUED, Status.SENDING], consignment=None)
    moment = Q(next_attempt_at__lt=late)
    waiting = (
        begun & (Q(next_attempt_at=None) | moment) | Q(status__in=[Status.UNCERTAIN, Status.SENT]) & moment
    )
    rows = OutcomeSent.objects.filter(waiting, created_at__lt=late)
    return list(rows.order_by("pk").values_list("company_id", "pk")[:limit])
