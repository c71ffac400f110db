"""*Esiti non attesi*: somebody has looked at one."""

from __future__ import annotations

import datetime

from django.db import transaction

from fattorino.core.errors import ConflictError, RefusedError
from fattorino.core.texts import say
from fattorino.organisations.flows import audit
from fattorino.organisations.queries import Actor
from fattorino.workflow import queries
from fattorino.workflow.models import OutcomeSeen, StateChange

LONGEST_NOTE = 500


@transaction.atomic
def mark_seen(actor: Actor, outcome_id: int, note: str, *, now: datetime.datetime) -> None:
    """Write down that the actor has looked at an outcome that no state expected. It cannot be taken back.

    Raises:
        RefusedError: the actor only reads, there is no such outcome that she may see, or the note is too long (then
            with `fields`). ConflictError: somebody else marked it before.
    """
    if not actor.may_write:
        raise RefusedError(
            say("Il ruolo di consultazione non permette di segnare gli esiti come visti."),
            say("Chiedere a un operatore o a un amministratore dell'azienda."),
        )
    note = " ".join(note.replace("\x00", "").split())
    if len(note) > LONGEST_NOTE:
        raise RefusedError(
            say("L'esito non è stato segnato come visto."),
            fields={
                "nota": say(
                    "La nota è lunga {length} caratteri, al massimo {most}: accorciarla.",
                    length=len(note),
                    most=LONGEST_NOTE,
                )
            },
        )
    # The row of the change is held: of two who mark it at once the second finds what the first wrote.
    found = (
        StateChange.objects.select_for_update(no_key=True, of=("self",))
        .filter(company_id=actor.company_id, outcome="unexpected", pk=outcome_id)
        .exclude(document__state__in=queries.hidden_states(actor.company_id, actor))
        .first()
    )
    if found is None:
        raise RefusedError(
            say("L'esito non è tra quelli dell'elenco."), say("Ricaricare la pagina e riprovare.")
        )
    before = OutcomeSeen.objects.filter(company_id=actor.company_id, change=found).first()
    if before is not None:
        raise ConflictError(
            say("L'esito è già stato segnato come visto da {who}.", who=before.actor_label),
            say("Ricaricare la pagina: la nota è accanto all'esito."),
        )
    OutcomeSeen.objects.create(
        company_id=actor.company_id,
        change=found,
        at=now,
        user_id=actor.user_id,
        actor_label=actor.label[:150],
        note=note,
    )
    audit(
        "esito non atteso visto",
        now=now,
        actor_id=actor.user_id,
        company_id=actor.company_id,
        esito=outcome_id,
        nota=note,
    )
