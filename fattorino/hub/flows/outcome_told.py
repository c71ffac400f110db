"""What SdI tells of an outcome, at once or days later: that it refused it (SE), that the term has passed (DT)."""

from __future__ import annotations

import datetime

from django.db import transaction

from fattorino.core.texts import say, together
from fattorino.documents.passive import answering, terms
from fattorino.hub.flows import outcome_steps as steps
from fattorino.hub.flows.outcome_steps import OPEN, Status
from fattorino.hub.models import Channel, OutcomeSent
from fattorino.workflow import flows as workflow

TURNED_DOWN = say("L'esito contava come registrato perché SdI taceva, ma SdI lo ha scartato dopo.")
TOO_LATE = say("Il termine è passato: non si può rispondere di nuovo, SdI manderà la decorrenza dei termini.")

EARLIER = say("Riguarda un esito inviato prima dell'ultimo: quello in vigore non cambia.")
NO_PROOF = say("SdI rifiuta l'esito (EN01), ma il termine è passato: non prova che l'avesse.")


def told(
    company_id: int, document_id: int, event: str, codes: tuple[str, ...], text: str, sha256: str,
    *, now: datetime.datetime, named: str = "",
) -> str:  # fmt: skip
    """A message of SdI about a received invoice (DT, SE): the outcome on its way is settled, the document told.

    `named`: the MessageIdCommittente that an SE repeats from the outcome that it refuses.

    Returns: what the workflow has to remark on it.
    """
    with transaction.atomic():
        workflow.lock(document_id)
        rows = OutcomeSent.objects.select_for_update().filter(document_id=document_id, company_id=company_id)
        row = rows.order_by("-pk").first()
        actor = workflow.system_actor(company_id, "sdi")
        if event == "SE":
            if row is not None and _speaks_of_earlier(row, list(rows), named):
                workflow.record(
                    document_id, event, actor, now=now, message=together(text, EARLIER), sha256=sha256
                )
                return EARLIER
            if row is None or row.status in (Status.FAILED, Status.REFUSED):
                workflow.record(document_id, event, actor, now=now, message=text, sha256=sha256)
                return say("Nessun esito in viaggio per questa fattura: il messaggio è conservato.")
            return refused(row, codes[0] if codes else "", now, sha256)
        if event == "DT" and row is not None and row.status == Status.TAKEN and _answered_at_once(row):
            # A DT that names no document of its lotto comes to all: it is about those that nobody answered.
            workflow.record(document_id, event, actor, now=now, message=text, sha256=sha256)
            return say("SdI aveva già registrato l'esito di questa fattura: il messaggio è conservato.")
        # Also one that counted as registered by SdI's silence or a person's word: a DT says that it had none.
        if event == "DT" and row is not None and (row.status in (*OPEN, Status.TAKEN) or row.stated_at):
            row.status, row.stated_at = Status.FAILED, None
            row.last_error = say("Il termine è passato senza che SdI avesse registrato un esito.")
            row.save(update_fields=["status", "last_error", "stated_at"])
        if event == "DT":
            answering.answered(document_id, company_id)
        decision = workflow.report_status(document_id, event, actor, now=now, message=text, sha256=sha256)
        return decision.note


def _speaks_of_earlier(newest: OutcomeSent, rows: list[OutcomeSent], named: str) -> bool:
    """Whether a refusal names an outcome after which the person has answered anew. One that names nothing of ours is
    heard as one of the newest: what is really refused must not count as registered by silence."""
    marks = {row.mark: row for row in rows if row.mark}
    return named in marks and marks[named] != newest


def _answered_at_once(row: OutcomeSent) -> bool:
    """Whether SdI itself has said that it registered the outcome; elsewhere its silence, or a person, has."""
    return row.stated_at is None and row.channel is not None and row.channel.kind == Channel.Kind.SDICOOP


def refused(row: OutcomeSent, code: str, now: datetime.datetime, sha256: str = "") -> str:
    """SdI does not take the outcome; `row` is locked. Returns: what the workflow has to remark on it."""
    if row.status in (Status.REFUSED, Status.TAKEN) and row.offered_again and code == "EN01":
        if row.stated_at is not None:
            return NO_PROOF
        return say("Riguarda la seconda copia dell'esito: la prima era arrivata.")
    term = answering.term_of(row.document_id, row.company_id)
    if code == "EN01" and row.offered_again:
        if term is not None and now <= term:
            steps.registered(
                row,
                now,
                say(
                    "SdI rifiuta la seconda copia perché un esito c'è già (EN01): la prima era arrivata. Se qualcuno"
                    " ha risposto anche dal portale, controllare lì quale esito vale."
                ),
            )
            return ""
        steps.uncertain(row, NO_PROOF, now)
        return ""
    believed = row.status == Status.TAKEN
    row.status, row.next_attempt_at, row.stated_at = Status.REFUSED, None, None
    row.last_error = _reason(code)
    row.save(update_fields=["status", "last_error", "next_attempt_at", "stated_at"])
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
