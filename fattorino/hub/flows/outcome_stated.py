"""What a person states of an outcome on which SdI kept silent until the term was over: it has it, or it never came.

Hers is the weaker word: what SdI tells afterwards (DT, SE, the fate of the parcel) takes it back, and as long as SdI
tells nothing she may state the contrary, having looked at the portal again.
"""

from __future__ import annotations

import datetime
from enum import StrEnum

from django.db import transaction

from fattorino.core.errors import RefusedError
from fattorino.core.texts import say, together
from fattorino.documents.passive import answering
from fattorino.hub.flows import outcome_steps as steps
from fattorino.hub.flows.outcome_steps import Status
from fattorino.hub.models import OutcomeSent
from fattorino.organisations.flows import audit
from fattorino.organisations.queries import Actor
from fattorino.workflow import flows as workflow
from fattorino.workflow import queries as workflow_queries

REASON_MAX = 500


class Stated(StrEnum):
    REGISTERED = "registrato"
    LOST = "non-arrivato"


def may_be_stated(row: OutcomeSent, term: datetime.datetime | None, now: datetime.datetime) -> bool:
    """Whether nobody but a person can tell how this outcome ended: its sending is in doubt and the term is over."""
    if row.stated_at is not None:
        return True
    in_doubt = row.status == Status.UNCERTAIN or (
        row.status == Status.SENDING and row.consignment_id is not None
    )
    return in_doubt and term is not None and now > term


def state(outcome_id: int, actor: Actor, what: str, reason: str, *, now: datetime.datetime) -> None:
    """A person states what became of it, and why she knows; stating the same again changes nothing.

    Raises:
        RefusedError: she only reads, or does not see it; SdI may still tell; `what` or the reason is missing.
    """
    reason = " ".join(reason.replace("\x00", "").split())[:REASON_MAX]
    if not actor.may_write:
        raise RefusedError(say("Il ruolo di consultazione non permette di indicare che cosa è successo."))
    if what not in set(Stated):
        raise RefusedError(say("Scegliere che cosa è successo all'esito."))
    if not reason:
        raise RefusedError(
            say("Serve il motivo."),
            say("Scrivere da che cosa si sa, per esempio che cosa mostra il portale."),
        )
    with transaction.atomic():
        row = steps.locked(outcome_id, actor.company_id)
        visible = workflow_queries.visible_documents(actor)
        if row is None or not visible.filter(pk=row.document_id).exists():
            raise RefusedError(say("Esito non trovato."))
        if not may_be_stated(row, answering.term_of(row.document_id, row.company_id), now):
            raise RefusedError(
                say("Su questo esito non c'è nulla da indicare: può ancora parlare SdI, o ha già parlato."),
                say("Ricaricare la pagina per vedere dove si trova."),
            )
        if row.stated_at is not None and (row.status == Status.TAKEN) == (what == Stated.REGISTERED):
            return
        audit(
            say("esito di una risposta indicato a mano"), now=now, actor_id=actor.user_id,
            company_id=actor.company_id, document=row.document_id, file=row.file_name, esito=what, nota=reason,
        )  # fmt: skip
        row.stated_at = now
        row.save(update_fields=["stated_at"])
        if what == Stated.REGISTERED:
            _registered(row, actor, reason, now)
        else:
            text = say("Indicato a mano: l'esito non è arrivato a SdI, si intende decorso il termine.")
            _lost(row, actor, together(text, _because(reason)), now)


def parcel_settled(row: OutcomeSent, taken: bool, text: str, now: datetime.datetime) -> None:
    """What became of the parcel of a stated outcome is known after all; `row` is locked."""
    actor = workflow.system_actor(row.company_id, "sdi")
    if taken and row.status == Status.FAILED:
        # Taken does not mean registered, and in time: the portal tells, and the person states it.
        message = say(
            "L'esito era stato indicato come non arrivato, ma SdI ha preso in carico il file che lo conteneva:"
            " controllare sul portale e, se è registrato, indicarlo."
        )
        workflow.remind(row.document_id, "OutcomeStatedWrong", actor, now=now, message=message)
    if not taken and row.status == Status.TAKEN:
        row.stated_at = None
        row.save(update_fields=["stated_at"])
        message = say(
            "L'esito era stato indicato come registrato, ma il file che lo conteneva non è passato."
        )
        _lost(row, actor, together(message, text), now)


def _registered(row: OutcomeSent, actor: Actor, reason: str, now: datetime.datetime) -> None:
    # `sent_at` stays as it is: when SdI took it nobody knows.
    row.status, row.next_attempt_at, row.last_error = Status.TAKEN, None, ""
    row.save(update_fields=["status", "next_attempt_at", "last_error"])
    answering.answered(row.document_id, row.company_id)
    taken = (
        say("Indicato a mano: SdI ha registrato l'accettazione.")
        if row.esito == answering.ACCEPTED
        else say("Indicato a mano: SdI ha registrato il rifiuto.")
    )
    workflow.report_status(
        row.document_id, f"{row.esito}_OK", actor, now=now, message=together(taken, _because(reason)),
        sha256=row.content.sha256,
    )  # fmt: skip


def _lost(row: OutcomeSent, actor: Actor, text: str, now: datetime.datetime) -> None:
    row.status, row.next_attempt_at, row.last_error = Status.FAILED, None, text
    row.save(update_fields=["status", "next_attempt_at", "last_error"])
    answering.answered(row.document_id, row.company_id)
    workflow.report_status(row.document_id, "DT", actor, now=now, message=text)


def _because(reason: str) -> str:
    return say("Motivo: {reason}", reason=reason)
