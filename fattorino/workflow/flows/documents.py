"""What rooms above write of their documents: number, date, counterpart, amounts. The state is advance's alone."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from fattorino.core.errors import ConflictError, RefusedError
from fattorino.core.texts import say
from fattorino.core.workflow.decide import may_edit
from fattorino.core.workflow.definition import Dashboard
from fattorino.organisations.queries import Actor
from fattorino.workflow import queries
from fattorino.workflow.flows.advance import enter, record
from fattorino.workflow.flows.moves import next_change
from fattorino.workflow.models import Document, PendingAction


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What every list shows of a document. Amounts in cents, below zero for credit notes.

    `dashboard` is empty for a *ricevuta*, which has no state.
    """

    kind: str
    dashboard: str
    number: str
    date: datetime.date
    counterpart_id: int | None
    counterpart_name: str
    total_cents: int
    taxable_cents: int
    tax_cents: int
    due_cents: int
    currency: str
    search_text: str


def open_document(
    actor: Actor,
    facts: DocumentFacts,
    *,
    now: datetime.datetime,
    message: str,
    status: str = "",
    sha256: str = "",
) -> Document:
    """A new document takes its place and, unless it is a *ricevuta*, its first state.

    Args:
        status: what the Hub says of a document that comes from SdI (MT_PA, MT_PRIV).
    """
    with transaction.atomic():
        document = Document.objects.create(
            company_id=actor.company_id,
            created_at=now,
            created_by_id=actor.user_id,
            change_seq=next_change(),
            **dataclasses.asdict(facts),
        )
        if document.dashboard:
            enter(document.pk, actor, now=now, message=message, status=status, sha256=sha256)
        else:
            record(document.pk, "Entered", actor, now=now, message=message)
        document.refresh_from_db()
        return document


def hold_for_edit(actor: Actor, document_id: int, *, version: int | None) -> Document:
    """The document under lock until the transaction ends, if it may be corrected now.

    Args:
        version: what the person saw; None where the whole content is replaced (an imported file).

    Raises:
        RefusedError, ConflictError: not there, being sent, saved meanwhile, or in a state that forbids it.
    """
    document = (
        Document.objects.select_for_update().filter(pk=document_id, company_id=actor.company_id).first()
    )
    if document is None or document.state in queries.hidden_states(actor.company_id, actor):
        raise RefusedError(say("Documento non trovato."))
    if PendingAction.objects.filter(document=document, finished_at=None).exists():
        raise ConflictError(
            say("Il documento è in corso di invio: le modifiche non sono state salvate."),
            say("Attendere l'esito; se il documento viene scartato si potrà correggere."),
        )
    if document.dashboard:
        _, flow = queries.workflow_of(document.company_id)
        state = flow.state(document.state)
        if not may_edit(state, Dashboard(document.dashboard)):
            raise RefusedError(
                say("Nello stato «{state}» il documento non si può più modificare.", state=state.label)
            )
    if version is not None and version != document.version:
        raise ConflictError(
            say(
                "Nel frattempo il documento è stato modificato, da un altro utente o da un'altra finestra: "
                "le modifiche non sono state salvate."
            ),
            say("Ricaricare la pagina, guardare che cosa è cambiato e ripetere la modifica."),
        )
    return document


def join_lotto(company_id: int, document_ids: Sequence[int]) -> None:
    """These documents travel in one file from now on, and no others with them (decision 0019).

    The first of them is the one with the lowest number: whoever locks it and then the others meets nobody on the way.
    """
    lotti = Document.objects.filter(pk__in=document_ids, lotto__isnull=False).values_list("lotto", flat=True)
    left = Document.objects.filter(company_id=company_id, lotto__in=set(lotti))
    left.exclude(pk__in=document_ids).update(lotto=None)
    mine = Document.objects.filter(pk__in=document_ids, company_id=company_id)
    mine.update(lotto=min(document_ids))


def change_document(
    actor: Actor,
    document: Document,
    facts: DocumentFacts,
    *,
    now: datetime.datetime,
    message: str,
    sha256: str = "",
) -> Document:
    """Write the corrected facts of a document held by `hold_for_edit`.

    Raises:
        RefusedError: its state does not exist on the dashboard that the new recipient asks for.
    """
    if facts.dashboard != document.dashboard:
        _, flow = queries.workflow_of(document.company_id)
        state = flow.state(document.state)
        if facts.dashboard not in state.dashboards:
            raise RefusedError(
                say(
                    "Nello stato «{state}» il destinatario non può passare da PA a privato o viceversa.",
                    state=state.label,
                ),
                say("Annullare il documento ed emetterne uno nuovo."),
            )
    values = dataclasses.asdict(facts)
    for name, value in values.items():
        setattr(document, name, value)
    document.version += 1
    document.save(update_fields=[*values, "version"])
    record(document.pk, "Saved", actor, now=now, message=message, sha256=sha256)
    document.refresh_from_db()
    return document
