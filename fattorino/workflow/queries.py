"""What pages and rooms above read of the workflow."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from fattorino.core.texts import say
from fattorino.core.workflow.bulk import may_send_many
from fattorino.core.workflow.decide import Facts, choices, lotto_apart, may_edit, may_see
from fattorino.core.workflow.definition import (
    ACTION_LABELS,
    OF_THE_FILE,
    Action,
    Dashboard,
    DocumentKind,
    State,
    Workflow,
    workflow_from_json,
)
from fattorino.organisations import groups, reading
from fattorino.organisations.queries import Actor
from fattorino.workflow import actions
from fattorino.workflow.models import Document, PendingAction, StateChange, StateLook, WorkflowVersion

# The class of the advisory locks of transactions that have taken a number of change (any constant of our own).
CHANGING = 20826


@lru_cache(maxsize=256)
def _parsed(version_id: int) -> Workflow:
    # A version never changes, so a process may keep it for ever.
    return workflow_from_json(WorkflowVersion.objects.get(pk=version_id).definition)


def workflow_of(company_id: int) -> tuple[int, Workflow]:
    """Number and content of the company's published configuration; within one page always the same."""
    return reading.once(("workflow", company_id), lambda: _published(company_id))


def _published(company_id: int) -> tuple[int, Workflow]:
    row = (
        WorkflowVersion.objects.filter(company_id=company_id)
        .order_by("-number")
        .values("pk", "number")
        .first()
    )
    if row is None:
        raise LookupError(f"company {company_id} has no workflow: load_standard was not called")
    return row["number"], _parsed(row["pk"])


def actor_names(actor: Actor, workflow: Workflow) -> frozenset[str] | None:
    """Names to compare with *Permessi*; None for the installation's own programs, who see everything.

    Asked of the database only where some state is reserved: most companies have none.
    """
    if not any(state.reserved for state in workflow.states.values()):
        return None
    return reading.once(("names", actor), lambda: groups.names_of(actor))


def looks() -> dict[str, StateLook]:
    """*Impostazioni comuni* by state."""
    return reading.once("looks", lambda: {look.code: look for look in StateLook.objects.all()})


def pending_actor(pending: PendingAction) -> Actor:
    return Actor(
        pending.actor_kind, pending.actor_label, pending.company_id, pending.actor_user_id, role="operator"
    )


def asked_by(run: uuid.UUID, company_id: int) -> Actor:
    """Who pressed the button of this run; the Hub where nobody did."""
    pending = PendingAction.objects.filter(run=run, company_id=company_id).order_by("-pk").first()
    return pending_actor(pending) if pending else Actor("hub", "Digital Hub", company_id)


def asked_at(run: uuid.UUID, company_id: int) -> datetime.datetime | None:
    """When the action of this run that was begun last was asked for."""
    rows = PendingAction.objects.filter(run=run, company_id=company_id)
    return rows.order_by("-pk").values_list("requested_at", flat=True).first()


@dataclass(frozen=True, slots=True)
class StateView:
    """A state as pages draw it."""

    code: str
    label: str
    type: str
    tab: str
    colour: str
    icon: str
    tooltip: str
    issued: bool = False  # documento emesso
    in_esterometro: bool = False  # comunica in esterometro
    preserved: bool = False  # conservazione sostitutiva


def state_views(company_id: int, actor: Actor, dashboards: tuple[Dashboard, ...] = ()) -> list[StateView]:
    """The states this actor may see (of these dashboards, or of all), in dashboard order."""
    _, workflow = workflow_of(company_id)
    names = actor_names(actor, workflow)
    dressed = looks()
    states = [
        s
        for s in workflow.states.values()
        if may_see(s, names) and (not dashboards or s.dashboards & set(dashboards))
    ]
    return [_view(s, dressed.get(s.code)) for s in sorted(states, key=lambda s: (s.order, s.code))]


def hidden_states(company_id: int, actor: Actor) -> list[str]:
    """Codes of the reserved states whose documents do not exist for this actor."""
    _, workflow = workflow_of(company_id)
    names = actor_names(actor, workflow)
    return [s.code for s in workflow.states.values() if not may_see(s, names)]


def states_with(company_id: int, check: str) -> frozenset[str]:
    """Codes of the states with a check ("issued", "in_esterometro", "preserved"), whoever may see them."""
    return workflow_of(company_id)[1].with_check(check)


def _view(state: State, look: StateLook | None) -> StateView:
    return StateView(
        state.code,
        look.label if look else state.label,
        str(state.type),
        look.tab if look else state.tab,
        look.colour if look else state.colour,
        look.icon if look else state.icon,
        look.tooltip if look else state.tooltip,
        state.issued,
        state.in_esterometro,
        state.preserved,
    )


@dataclass(frozen=True, slots=True)
class Possibilities:
    """What this actor may do with a document now, and why not."""

    action: Action
    action_label: str
    action_offered: bool
    busy: bool
    busy_label: str
    busy_since: datetime.datetime | None
    may_edit: bool
    why_not_edit: str
    targets: tuple[StateView, ...]
    reason_required: bool = False
    # Name of the address where the action is begun, where it asks something first.
    action_page: str = ""


def possibilities(document: Document, actor: Actor) -> Possibilities:
    """See Possibilities. The same rules decide again, under lock, when the button is pressed."""
    pending = PendingAction.objects.filter(document=document, finished_at=None).first()
    if not document.dashboard:
        return Possibilities(Action.NONE, "", False, False, "", None, actor.may_write, "", ())
    _, workflow = workflow_of(document.company_id)
    state, dashboard = workflow.state(document.state), Dashboard(document.dashboard)
    action = state.rule(dashboard).action
    refused = lotto_apart() if document.pk in apart([document], workflow) else None
    editable = may_edit(state, dashboard) and refused is None
    dressed = looks()
    return Possibilities(
        action=action,
        action_label=ACTION_LABELS[action],
        action_offered=action in actions.runnable() and actor.may_write and refused is None,
        busy=pending is not None,
        busy_label=ACTION_LABELS[Action(pending.action)] if pending else "",
        busy_since=pending.requested_at if pending else None,
        may_edit=editable and actor.may_write and pending is None,
        why_not_edit=f"{refused.why} {refused.remedy}"
        if refused
        else _why_not_edit(state, editable, pending),
        targets=tuple(
            _view(s, dressed.get(s.code))
            for s in choices(workflow, state, dashboard, actor_names(actor, workflow))
        )
        if actor.may_write
        else (),
        reason_required=state.rule(dashboard).reason_required,
        action_page=actions.asking().get(action, ""),
    )


def apart(documents: Collection[Document], workflow: Workflow) -> frozenset[int]:
    """Those of the documents whose action would be one upon their whole file, while others of it stand elsewhere."""
    asked = [
        document
        for document in documents
        if document.lotto_id
        and workflow.state(document.state).rule(Dashboard(document.dashboard)).action in OF_THE_FILE
    ]
    if not asked:
        return frozenset()
    states: dict[int | None, set[str]] = {}
    rows = Document.objects.filter(lotto__in={document.lotto_id for document in asked})
    for lotto, state in rows.values_list("lotto_id", "state"):
        states.setdefault(lotto, set()).add(state)
    return frozenset(document.pk for document in asked if len(states[document.lotto_id]) > 1)


def refused_alone(company_id: int, documents: Collection[Document]) -> frozenset[int]:
    """Those of the documents that their lotto has left behind: to be sent again, while others of the file stand
    elsewhere. The file is not sent again for them."""
    of_lotti = [document for document in documents if document.lotto_id]
    return apart(of_lotti, workflow_of(company_id)[1]) if of_lotti else frozenset()


@dataclass(frozen=True, slots=True)
class RowActions:
    """What a list offers beside a document of a state. Whether it is busy, the row itself says."""

    action: Action = Action.NONE
    action_label: str = ""
    action_offered: bool = False
    changes_state: bool = False
    in_bulk: bool = False  # the action or the change of state may be done for many documents at once
    action_page: str = ""


def row_actions(actor: Actor, places: Collection[tuple[str, str]]) -> dict[tuple[str, str], RowActions]:
    """By (dashboard, state) of the rows; a *ricevuta* has neither and nothing is offered."""
    _, workflow = workflow_of(actor.company_id)
    names, runnable = actor_names(actor, workflow), actions.runnable()
    found = {}
    for place in set(places):
        if not place[0] or place[1] not in workflow.states:
            found[place] = RowActions()
            continue
        dashboard, state = Dashboard(place[0]), workflow.state(place[1])
        action = state.rule(dashboard).action
        found[place] = RowActions(
            action,
            ACTION_LABELS[action],
            actor.may_write and action in runnable,
            actor.may_write and bool(choices(workflow, state, dashboard, names)),
            may_send_many(workflow, state, Facts(dashboard, False, actor.may_write, names, runnable)),
            actions.asking().get(action, ""),
        )
    return found


def _why_not_edit(state: State, editable: bool, pending: PendingAction | None) -> str:
    if pending is not None:
        return say(
            "{who} ha avviato l'invio: il documento non si può modificare finché è in corso.",
            who=pending.actor_label,
        )
    if not editable:
        return say("Nello stato «{state}» il documento non si può più modificare.", state=state.label)
    return ""


def open_actions(document_ids: list[int]) -> dict[int, str]:
    """Label of the action under way, by document."""
    rows = PendingAction.objects.filter(document_id__in=document_ids, finished_at=None)
    return {row.document_id: ACTION_LABELS[Action(row.action)] for row in rows}


def under_way(actor: Actor, dashboards: Collection[str], state: str) -> int:
    """How many documents of these dashboards in a state have an action under way: read from the open actions, which
    are few, however many documents stand there."""
    rows = PendingAction.objects.filter(company_id=actor.company_id, finished_at=None)
    return rows.filter(document__dashboard__in=list(dashboards), document__state=state).count()


def visible_documents(actor: Actor) -> QuerySet[Document]:
    """The company's documents, without those in states reserved to others."""
    rows = Document.objects.filter(company_id=actor.company_id)
    hidden = hidden_states(actor.company_id, actor)
    return rows.exclude(state__in=hidden) if hidden else rows


def documents_in(company_id: int, states: list[str], limit: int) -> list[int]:
    """Some documents of these states, reserved ones too: for the installation's own jobs."""
    rows = Document.objects.filter(
        company_id=company_id, dashboard__in=list(Dashboard), kind__in=list(DocumentKind), state__in=states
    )
    return list(rows.values_list("pk", flat=True)[:limit]) if states else []


def last_outcomes(ids: list[int]) -> dict[int, tuple[str, datetime.datetime]]:
    """Text and time of the last thing that happened, by document."""
    rows = (
        StateChange.objects.filter(document_id__in=ids).order_by("document_id", "-id").distinct("document_id")
    )
    return {r.document_id: (r.message, r.at) for r in rows}


def late_actions(before: datetime.datetime, limit: int = 1000) -> list[tuple[int, int]]:
    """Open actions asked for before that instant: (company, action). In the system's scope only."""
    rows = PendingAction.objects.filter(finished_at=None, requested_at__lt=before, leader=None)
    return list(rows.values_list("company_id", "pk")[:limit])


def settled_change() -> int:
    """The number up to which every change is committed: none with a smaller number can still appear.

    The order of the two questions matters: who takes a number after the first gets a greater one; who took one
    before holds its lock until it is committed.
    """
    with connection.cursor() as cursor:
        cursor.execute("select last_value from workflow_change_seq")
        last = cursor.fetchone()
        cursor.execute(
            "select min(objid::bigint) from pg_locks where locktype = 'advisory' and classid = %s"
            " and objsubid = 2 and pid <> pg_backend_pid()"
            " and database = (select oid from pg_database where datname = current_database())",
            [CHANGING],
        )
        floor = cursor.fetchone()
    assert last is not None and floor is not None
    return int(last[0]) if floor[0] is None else min(int(last[0]), int(floor[0]))


def history(document: Document) -> list[StateChange]:
    return list(StateChange.objects.filter(document=document, company_id=document.company_id).order_by("id"))


def told(document_ids: list[int], event: str, message: str) -> frozenset[int]:
    """Those of the documents in whose history this line stands already."""
    lines = StateChange.objects.filter(document_id__in=document_ids, event=event, message=message)
    return frozenset(lines.values_list("document_id", flat=True))


def last_findings(document: Document) -> tuple[StateChange | None, list[dict[str, Any]]]:
    """What went wrong last, if the present state still comes from it: the failed action's or the scarto's findings."""
    for change in StateChange.objects.filter(document=document).order_by("-id")[:50]:
        if any(finding.get("severity") == "error" for finding in change.detail):
            return change, change.detail
        # Corrected, or tried again: what was wrong before may not be so any more.
        if change.outcome == "started" or change.event == "Saved":
            return None, []
    return None, []
