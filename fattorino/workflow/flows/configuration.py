"""How a configuration of states is shaped and published: drafted, linted, published, its withdrawn states emptied."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import connection, transaction

from fattorino.core.errors import ConflictError, RefusedError
from fattorino.core.texts import say
from fattorino.core.workflow.decide import StateRetired
from fattorino.core.workflow.definition import Workflow, workflow_to_json
from fattorino.core.workflow.diff import differences
from fattorino.organisations import queries as people
from fattorino.organisations.flows import audit, lock_company
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow import configuration, queries, queue
from fattorino.workflow.flows.advance import CONFIGURING, advance
from fattorino.workflow.models import StateLook, WorkflowDraft, WorkflowVersion


def require_admin(actor: Actor) -> None:
    """Raises RefusedError unless the actor administers the company."""
    if not actor.may_configure:
        raise RefusedError(
            say("Gli stati adempimento si configurano con il ruolo di amministratore."),
            say("Chiedere a un amministratore dell'azienda."),
        )


@transaction.atomic
def save_draft(actor: Actor, workflow: Workflow, seen: int, *, now: datetime.datetime) -> int:
    """Keep the configuration as the company's draft. Documents know nothing of it until it is published.

    Args:
        seen: version of the draft that the person was looking at; 0 where there was none.

    Returns the version after the save.

    Raises:
        RefusedError: no administrator. ConflictError: somebody else saved in the meantime.
    """
    require_admin(actor)
    before = _locked_draft(actor, seen)
    number, published = queries.workflow_of(actor.company_id)
    old = configuration.proposal(actor.company_id).workflow if before else configuration.with_looks(published)
    changes = differences(old, workflow)
    if before is None:
        before = WorkflowDraft(company_id=actor.company_id, base_number=number, version=0)
    before.definition = workflow_to_json(workflow)
    before.version += 1
    before.changed_at = now
    before.changed_by_id = actor.user_id
    before.save()
    _tell("stati: bozza modificata", actor, now, modifiche=_as_rows(changes), bozza=before.version)
    return before.version


@transaction.atomic
def discard_draft(actor: Actor, seen: int, *, now: datetime.datetime) -> None:
    """Throw the draft away; the published configuration goes on.

    Raises: as save_draft.
    """
    require_admin(actor)
    draft = _locked_draft(actor, seen)
    if draft is not None:
        draft.delete()
        _tell("stati: bozza eliminata", actor, now, bozza=seen)


def copy_from(actor: Actor, source_id: int, seen: int, *, now: datetime.datetime) -> int:
    """Take the published configuration of another company of the same administrator as the draft.

    Raises:
        RefusedError: she does not administer both. ConflictError: as save_draft.
    """
    require_admin(actor)
    if actor.user_id is None or not people.administers(actor.user_id, source_id):
        raise RefusedError(say("Per copiare una configurazione bisogna amministrare entrambe le aziende."))
    with company_scope(source_id):
        _, workflow = queries.workflow_of(source_id)
    with company_scope(actor.company_id):
        return save_draft(actor, workflow, seen, now=now)


def publish_draft(actor: Actor, seen: int, *, now: datetime.datetime, note: str = "") -> WorkflowVersion:
    """Make the draft the company's next version; documents in withdrawn states are moved in the background.

    Raises:
        RefusedError: no administrator, nothing to publish, the lint found errors, a state that documents are in is
            missing. ConflictError: somebody else saved or published in the meantime.
    """
    require_admin(actor)
    with transaction.atomic():
        draft = _locked_draft(actor, seen)
        if draft is None:
            raise RefusedError(
                say("Non c'è una bozza da pubblicare."), say("Modificare prima la configurazione.")
            )
        proposal = configuration.proposal(actor.company_id)
        _refuse_flaws(actor.company_id, proposal.workflow)
        # From here to the commit no document moves: none can enter a state that is about to disappear.
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s, %s)", [CONFIGURING, actor.company_id])
        _refuse_lost_states(actor, proposal.workflow)
        number, published = queries.workflow_of(actor.company_id)
        if number != draft.base_number:
            raise ConflictError(
                say("Nel frattempo è stata pubblicata la versione {number}.", number=number),
                say("Ricaricare la pagina, confrontare le due configurazioni e pubblicare di nuovo."),
            )
        version = WorkflowVersion.objects.create(
            company_id=actor.company_id,
            number=number + 1,
            definition=workflow_to_json(proposal.workflow),
            published_at=now,
            published_by_id=actor.user_id,
            note=note.strip()[:200],
        )
        draft.delete()
        changes = differences(configuration.with_looks(published), proposal.workflow)
        _tell("stati: versione pubblicata", actor, now, versione=version.number, modifiche=_as_rows(changes))
        if any(s.retired_to for s in proposal.workflow.states.values()):
            empty_retired(actor.company_id)
    return version


def rebase(actor: Actor, seen: int, *, now: datetime.datetime) -> None:
    """Say that the draft takes the version published meanwhile into account: it was looked at and may replace it."""
    require_admin(actor)
    with transaction.atomic():
        draft = _locked_draft(actor, seen)
        if draft is not None:
            draft.base_number = queries.workflow_of(actor.company_id)[0]
            draft.save(update_fields=["base_number"])
            _tell("stati: bozza confermata sulla nuova versione", actor, now, versione=draft.base_number)


def empty_retired(company_id: int, seconds: float = 0) -> None:
    """Queue the job that moves the documents of withdrawn states."""
    from fattorino.workflow.tasks import (
        leave_retired,  # the task calls this room's flows: imported where needed
    )

    queue.defer(leave_retired, lock=f"retired:{company_id}", seconds=seconds, company_id=company_id)


def leave_retired(company_id: int, *, now: datetime.datetime, limit: int = 100) -> tuple[int, bool]:
    """Move up to `limit` documents out of withdrawn states: how many moved, and whether any are left."""
    _, workflow = queries.workflow_of(company_id)
    actor = Actor("hub", say("Configurazione degli stati"), company_id)
    ids = queries.documents_in(
        company_id, [s.code for s in workflow.states.values() if s.retired_to], limit + 1
    )
    moved = 0
    for document_id in ids[:limit]:
        try:
            advance(document_id, StateRetired(), actor, now=now)
            moved += 1
        except ConflictError:
            continue  # an action of this document is under way: the next round finds it
    return moved, len(ids) > moved


def _locked_draft(actor: Actor, seen: int) -> WorkflowDraft | None:
    lock_company(actor.company_id)
    draft = WorkflowDraft.objects.filter(company_id=actor.company_id).select_related("changed_by").first()
    if (draft.version if draft else 0) != seen:
        raise ConflictError(
            say("La configurazione è stata modificata nel frattempo da {who}.", who=str(draft.changed_by))
            if draft and draft.changed_by
            else say("La configurazione è stata modificata nel frattempo."),
            say("Ricaricare la pagina e ripetere la modifica."),
        )
    return draft


def _refuse_flaws(company_id: int, workflow: Workflow) -> None:
    errors = [flaw for flaw in configuration.flaws(company_id, workflow) if flaw.is_error]
    if errors:
        first, others = errors[0], len(errors) - 1
        raise RefusedError(
            say(
                "La configurazione ha degli errori e non si può pubblicare: {first} (e altri {others} errori)",
                first=first.message,
                others=others,
            )
            if others
            else say(
                "La configurazione ha degli errori e non si può pubblicare: {first}", first=first.message
            ),
            first.remedy,
        )


def _refuse_lost_states(actor: Actor, workflow: Workflow) -> None:
    hidden = queries.hidden_states(actor.company_id, actor)
    for code, count in configuration.in_use(actor).items():
        if code not in workflow.states:
            label = StateLook.objects.filter(code=code).values_list("label", flat=True).first() or code
            raise RefusedError(
                # How many documents are in a reserved state is for those who may see them.
                say("Lo stato «{state}» non c'è più, ma è ancora lo stato di alcuni documenti.", state=label)
                if code in hidden
                else say(
                    "Lo stato «{state}» non c'è più, ma {count} documenti sono in questo stato.",
                    state=label,
                    count=count,
                ),
                say("Invece di eliminarlo, ritirarlo indicando lo stato che ne prende il posto."),
            )


def _as_rows(changes: tuple[Any, ...]) -> list[list[str]]:
    return [[c.state, c.setting, c.before, c.after] for c in changes]


def _tell(what: str, actor: Actor, now: datetime.datetime, **detail: Any) -> None:
    audit(what, now=now, actor_id=actor.user_id, company_id=actor.company_id, **detail)
