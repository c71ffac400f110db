"""The answer of a PA to an invoice: what a person decides, what is sent of it, who is warned before the term ends.

Call them inside a company scope.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from fattorino.core.errors import RefusedError
from fattorino.core.sdi import refusal
from fattorino.core.sdi.deadlines import days_left
from fattorino.core.sdi.refusal import Cause
from fattorino.core.texts import say, say_many
from fattorino.core.workflow.decide import ActionRequested
from fattorino.core.workflow.definition import Action, Dashboard
from fattorino.documents.models import Decision, PassiveInvoice
from fattorino.documents.passive.found import invoice_of, visible
from fattorino.organisations.queries import Actor
from fattorino.workflow import flows as workflow
from fattorino.workflow.queries import workflow_of

if TYPE_CHECKING:
    from fattorino.workflow.models import Document

ACCEPTED, REFUSED = Decision.Esito.ACCEPTED.value, Decision.Esito.REFUSED.value
# What each action of a state lets the person answer.
MAY_ANSWER = {
    Action.ACCEPT_OR_REFUSE: frozenset({ACCEPTED, REFUSED}),
    Action.ACCEPT: frozenset({ACCEPTED}),
    Action.REFUSE: frozenset({REFUSED}),
}
# Days before the end of the term on which somebody is warned.
WARNINGS = (5, 1)


@transaction.atomic
def decide(
    actor: Actor,
    document_id: int,
    esito: str,
    *,
    cause: str = "",
    detail: str = "",
    seen: str = "",
    now: datetime.datetime,
) -> Decision:
    """A person of the PA accepts or refuses; the answer goes to SdI in the background.

    Of two who decide at once the second is told what the first did. Nothing is written where something is refused.

    Args:
        cause, detail: of a refusal, see core.sdi.refusal.
        seen: the state in which the person saw the document.

    Raises:
        RefusedError: with `fields` where the refusal is not stated as the law wants it; ConflictError: decided
            meanwhile.
    """
    workflow.lock(document_id)
    document = visible(actor, document_id)
    # First the rules of the states: busy, moved on, not allowed. Its refusal undoes the decision below.
    workflow.advance(document_id, ActionRequested(seen), actor, now=now)
    passive = invoice_of(document_id, actor.company_id)
    _insist_on_term(passive, now)
    if esito not in allowed(document):
        raise RefusedError(
            say("Scegliere che cosa rispondere."),
            fields={"esito": say("Scegliere se accettare o rifiutare.")},
        )
    descrizione = ""
    if esito == REFUSED:
        if cause not in {str(each) for each in Cause}:
            raise RefusedError(
                say("Il rifiuto non è stato registrato."),
                fields={"causa": say("Scegliere la causa del rifiuto: la legge ne ammette solo alcune.")},
            )
        descrizione = refusal.description(Cause(cause), detail)
    return _decided(actor, document_id, esito, cause if esito == REFUSED else "", descrizione, now)


def allowed(document: Document) -> frozenset[str]:
    """What may be answered in the document's state."""
    _, flow = workflow_of(document.company_id)
    return MAY_ANSWER.get(flow.state(document.state).rule(Dashboard.PASSIVE).action, frozenset())


def _decided(
    actor: Actor, document_id: int, esito: str, cause: str, descrizione: str, now: datetime.datetime
) -> Decision:
    return Decision.objects.create(
        company_id=actor.company_id,
        document_id=document_id,
        esito=esito,
        cause=cause,
        descrizione=descrizione,
        at=now,
        user_id=actor.user_id,
        actor_label=actor.label[:150],
    )


def _insist_on_term(passive: PassiveInvoice, now: datetime.datetime) -> None:
    if passive.formato != "FPA12":
        raise RefusedError(
            say(
                "Il destinatario non è una pubblica amministrazione: il Sistema di Interscambio non accetta risposte."
            ),
            say("Se qualcosa non va, scrivere al fornitore e chiedere una nota di credito."),
        )
    if not passive.identificativo_sdi:
        raise RefusedError(
            say("Della fattura manca l'identificativo dato da SdI, senza il quale non si può rispondere."),
            say("Importare anche il file dei metadati (MT) che l'accompagna."),
        )
    if passive.answer_by is None and passive.delivered_at is None:
        raise RefusedError(
            say(
                "Non si sa quando SdI abbia consegnato la fattura, e quindi fino a quando si può rispondere."
            ),
            say("Indicare il giorno in cui SdI ha consegnato la fattura."),
        )
    if passive.answer_by is None:
        raise RefusedError(
            say(
                "Per questa fattura non c'è più nulla da rispondere: l'esito è già registrato o il termine è passato."
            )
        )
    if now > passive.answer_by:
        raise RefusedError(
            say("Il termine di 15 giorni è passato: SdI non accetta più né l'accettazione né il rifiuto."),
            say("Se qualcosa non va, scrivere al fornitore e chiedere una nota di credito."),
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """All that an EC is made of.

    Attributes:
        reference: number, year and position of the one invoice of a lotto; None where the file has one only.
    """

    decision_id: int
    esito: str
    descrizione: str
    identificativo_sdi: str
    file_name: str
    answer_by: datetime.datetime
    reference: tuple[str, int, int] | None


def answer_of(
    document_id: int,
    action: Action,
    asked_by: Actor,
    asked_at: datetime.datetime,
    used: frozenset[int],
    *,
    now: datetime.datetime,
) -> Answer:
    """The decision that is to be sent now. Where the state only lets accept, asking for the action is the decision.

    Args:
        asked_at: when the action was asked for; what was decided before and never went out does not count any more.
        used: decisions that have gone out already.

    Raises:
        RefusedError: nobody has decided, or there is nothing to answer any more.
    """
    company_id = asked_by.company_id
    passive = invoice_of(document_id, company_id)
    _insist_on_term(passive, now)
    made = Decision.objects.filter(document_id=document_id, company_id=company_id, at__gte=asked_at)
    decision = made.order_by("-pk").first()
    if decision is None or decision.pk in used or decision.esito not in MAY_ANSWER.get(action, frozenset()):
        if action is not Action.ACCEPT:
            raise RefusedError(
                say("Nessuno ha ancora deciso se accettare o rifiutare."),
                say("Aprire la fattura e scegliere."),
            )
        decision = _decided(asked_by, document_id, ACCEPTED, "", "", now)
    siblings = PassiveInvoice.objects.filter(company_id=company_id, reception_id=passive.reception_id)
    document = passive.document
    assert passive.answer_by is not None  # insisted upon above
    return Answer(
        decision.pk,
        decision.esito,
        decision.descrizione,
        passive.identificativo_sdi,
        passive.reception.name,
        passive.answer_by,
        (document.number, document.date.year, passive.position) if siblings.count() > 1 else None,
    )


def term_of(document_id: int, company_id: int) -> datetime.datetime | None:
    """Until when SdI takes an answer; None where it does not, or not any more."""
    rows = PassiveInvoice.objects.filter(document_id=document_id, company_id=company_id)
    return rows.values_list("answer_by", flat=True).first()


def answered(document_id: int, company_id: int) -> None:
    """SdI has an answer, or the term is over: nobody has to answer any more."""
    PassiveInvoice.objects.filter(document_id=document_id, company_id=company_id).update(answer_by=None)


# --------------------------------------------------------------------------------------------- warnings


def due_warnings(*, now: datetime.datetime, limit: int = 500) -> list[tuple[int, int]]:
    """(company, document) of invoices whose term is near and of which nobody was warned yet. System's scope only."""
    found = Q()
    for days in WARNINGS:
        near = now + datetime.timedelta(days=days)
        found |= Q(answer_by__lte=near) & (Q(warned_days=None) | Q(warned_days__gt=days))
    rows = PassiveInvoice.objects.filter(found, answer_by__gt=now)
    return list(rows.order_by("answer_by").values_list("company_id", "document_id")[:limit])


def warn(document_id: int, company_id: int, states: list[str], *, now: datetime.datetime) -> bool:
    """Tell the groups of the state that the term is near, once for each of WARNINGS; whether they were told."""
    with transaction.atomic():
        workflow.lock(document_id)
        passive = PassiveInvoice.objects.select_related("document").get(
            document_id=document_id, company_id=company_id
        )
        if passive.answer_by is None or passive.answer_by <= now:
            return False
        reached = [d for d in WARNINGS if passive.answer_by <= now + datetime.timedelta(days=d)]
        if not reached or (passive.warned_days is not None and passive.warned_days <= min(reached)):
            return False
        passive.warned_days = min(reached)
        passive.save(update_fields=["warned_days"])
        if passive.document.state not in states:
            return False  # answered, and SdI has not said yet that it knows
        left = days_left(passive.answer_by, now)
        workflow.remind(
            document_id,
            "AnswerDue",
            workflow.system_actor(company_id),
            now=now,
            message=say_many(
                "Manca {number} giorno alla fine del termine per accettare o rifiutare.",
                "Mancano {number} giorni alla fine del termine per accettare o rifiutare.",
                left,
            )
            if left
            else say("Il termine per accettare o rifiutare finisce entro un giorno."),
        )
        return True
