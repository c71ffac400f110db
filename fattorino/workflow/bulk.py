"""What pages read of *invio massivo*: what could be sent, the runs, the outcome of each document."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.core.workflow.bulk import action_for_many, targets_for_many
from fattorino.core.workflow.decide import Facts, Refusal, may_see
from fattorino.core.workflow.definition import ACTION_LABELS, Action
from fattorino.organisations.queries import Actor
from fattorino.workflow import actions, kinds, queries
from fattorino.workflow.models import BulkItem, BulkRun, PendingAction
from fattorino.workflow.queries import StateView

Status, Outcome = BulkRun.Status, BulkItem.Outcome
# In the address of a list of outcomes "waiting" and "left" are the same rows: those without an outcome.
WAITING = "attesa"
OUTCOMES = {
    WAITING: say("in attesa"),
    str(Outcome.STARTED): say("in corso"),
    str(Outcome.DONE): say("riusciti"),
    str(Outcome.FAILED): say("non riusciti"),
    str(Outcome.REFUSED): say("non ammessi"),
}


# --------------------------------------------------------------------------------------- what could be sent


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be done at once with the documents of one state on one dashboard, and why not.

    Attributes:
        action: what its button would do, "" where it may not; then `why_not` and `remedy` say why.
        targets: the states that *Cambia stato* offers.
    """

    dashboard: str
    state: StateView
    action: str
    why_not: str
    remedy: str
    targets: tuple[StateView, ...]
    reason_required: bool

    @property
    def action_label(self) -> str:
        return ACTION_LABELS[Action(self.action)] if self.action else ""

    @property
    def possible(self) -> bool:
        return bool(self.action or self.targets)


def offers(actor: Actor) -> dict[tuple[str, str], Offer]:
    """By dashboard and state, all that this actor sees."""
    __, workflow = queries.workflow_of(actor.company_id)
    names = queries.actor_names(actor, workflow)
    views = {view.code: view for view in queries.state_views(actor.company_id, actor)}
    found = {}
    for state in workflow.states.values():
        for dashboard in state.dashboards if may_see(state, names) else ():
            facts = Facts(dashboard, False, actor.may_write, names, actions.runnable())
            action = action_for_many(workflow, state, facts)
            targets = targets_for_many(workflow, state, facts)
            refused = action if isinstance(action, Refusal) else None
            found[str(dashboard), state.code] = Offer(
                dashboard=str(dashboard),
                state=views[state.code],
                action="" if isinstance(action, Refusal) else str(action),
                why_not=refused.why if refused else "",
                remedy=refused.remedy if refused else "",
                targets=() if isinstance(targets, Refusal) else tuple(views[t.code] for t in targets),
                reason_required=state.rule(dashboard).reason_required,
            )
    return found


def busy(company_id: int) -> list[int]:
    """The documents that are being worked upon now: a run would leave them out."""
    rows = PendingAction.objects.filter(company_id=company_id, finished_at=None)
    return list(rows.values_list("document_id", flat=True))


# ---------------------------------------------------------------------------------------------------- runs


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as pages draw it."""

    id: int
    dashboard: str
    state: StateView
    action: str
    target: StateView | None
    reason: str
    status: str
    message: str
    total: int
    started: int
    done: int
    failed: int
    refused: int
    started_at: datetime.datetime
    finished_at: datetime.datetime | None
    by: str

    @property
    def label(self) -> str:
        """What was asked for."""
        if self.action:
            return ACTION_LABELS[Action(self.action)]
        return say("Cambia stato in «{state}»", state=self.target.label if self.target else "")

    @property
    def status_label(self) -> str:
        return Status(self.status).label

    @property
    def ended(self) -> int:
        return self.done + self.failed + self.refused

    @property
    def waiting(self) -> int:
        return self.total - self.ended - self.started

    @property
    def percent(self) -> int:
        return 100 * self.ended // self.total if self.total else 100

    @property
    def open(self) -> bool:
        """Whether something may still happen by itself or by a button."""
        return self.finished_at is None

    @property
    def cancelled(self) -> bool:
        return self.status == Status.CANCELLED


def runs(actor: Actor, before: int | None = None, limit: int = 30) -> list[RunView]:
    """The company's runs, newest first; not those over states reserved to others."""
    hidden = queries.hidden_states(actor.company_id, actor)
    rows = BulkRun.objects.filter(company_id=actor.company_id).exclude(state__in=hidden)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return _views(actor, list(rows.order_by("-pk")[:limit]), hidden)


def get_run(actor: Actor, run_id: int) -> RunView:
    """Raises: RefusedError: no such run for this actor."""
    hidden = queries.hidden_states(actor.company_id, actor)
    rows = BulkRun.objects.filter(pk=run_id, company_id=actor.company_id).exclude(state__in=hidden)
    found = _views(actor, list(rows), hidden)
    if not found:
        raise RefusedError(say("Invio massivo non trovato."))
    return found[0]


def _views(actor: Actor, rows: list[BulkRun], hidden: list[str]) -> list[RunView]:
    states = {view.code: view for view in queries.state_views(actor.company_id, actor)}
    counted = _without_hidden([row.pk for row in rows], hidden) if hidden else {}
    found = []
    for row in rows:
        outcomes = counted.get(row.pk, {})
        figures = {
            name: outcomes.get(name, 0) if hidden else getattr(row, name)
            for name in ("started", "done", "failed", "refused")
        }
        found.append(
            RunView(
                id=row.pk,
                dashboard=row.dashboard,
                state=states.get(row.state) or _gone(row.state),
                action=row.action,
                target=(states.get(row.target) or _gone(row.target)) if row.target else None,
                reason=row.reason,
                status=row.status,
                message=row.message,
                total=sum(outcomes.values()) if hidden else row.total,
                started_at=row.started_at,
                finished_at=row.finished_at,
                by=row.actor_label,
                **figures,
            )
        )
    return found


def _gone(code: str) -> StateView:
    """A state that the configuration does not have any more."""
    return StateView(code, code, "", "", "#5b7083", "", "")


def _without_hidden(run_ids: list[int], hidden: list[str]) -> dict[int, dict[str, int]]:
    """Outcomes counted without the documents that are now in states reserved to others."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select i.run_id, i.outcome, count(*) from workflow_bulkitem i"
            " join workflow_document d on d.id = i.document_id"
            " where i.run_id = any(%s) and d.state <> all(%s) group by i.run_id, i.outcome",
            [run_ids, hidden],
        )
        found: dict[int, dict[str, int]] = {}
        for run_id, outcome, n in cursor.fetchall():
            found.setdefault(run_id, {})[outcome] = n
        return found


# ------------------------------------------------------------------------------------------------ outcomes


@dataclass(frozen=True, slots=True)
class ItemView:
    """What became of one document."""

    place: int
    document_id: int
    kind_label: str
    number: str
    date: datetime.date
    counterpart: str
    total_cents: int
    currency: str
    state: StateView | None
    outcome: str
    message: str
    at: datetime.datetime | None


# The page first, and only then its documents: however large the run, whatever is believed of its size.
_ITEMS = """
with page as materialized (
  select place, document_id, outcome, message, at from workflow_bulkitem i
  where run_id = %s and company_id = %s and place > %s {where} order by place limit %s
)
select p.place, p.document_id, d.kind, d.number, d.date, d.counterpart_name, d.total_cents, d.currency, d.state,
  p.outcome, p.message, p.at
from page p join workflow_document d on d.id = p.document_id order by p.place
"""
_SHOWN = "and exists (select 1 from workflow_document s where s.id = i.document_id and s.state <> all(%s))"


def items(actor: Actor, run_id: int, outcome: str = "", after: int = 0, limit: int = 50) -> list[ItemView]:
    """Outcomes in the order of the run; `outcome` is a key of OUTCOMES or "" for all. The run is one of `get_run`."""
    states = {view.code: view for view in queries.state_views(actor.company_id, actor)}
    where, values = "", list[Any]()
    if outcome:
        where, values = "and outcome = %s", ["" if outcome == WAITING else outcome]
    hidden = queries.hidden_states(actor.company_id, actor)
    if hidden:
        where, values = f"{where} {_SHOWN}", [*values, hidden]
    with connection.cursor() as cursor:
        cursor.execute(_ITEMS.format(where=where), [run_id, actor.company_id, after, *values, limit])
        rows = cursor.fetchall()
    called = kinds.labels_of(actor.company_id, {row[1]: row[2] for row in rows})
    return [_item(row, states, called) for row in rows]


def _item(row: tuple[Any, ...], states: dict[str, StateView], called: dict[int, str]) -> ItemView:
    place, document_id, _, number, date, counterpart, cents, currency, state, *told = row
    return ItemView(
        place,
        document_id,
        called[document_id],
        number,
        date,
        counterpart,
        cents,
        currency,
        states.get(state),
        *told,
    )


def all_items(actor: Actor, run_id: int, outcome: str = "") -> Iterator[ItemView]:
    """The same without pages, for the export."""
    after = 0
    while rows := items(actor, run_id, outcome, after, limit=500):
        yield from rows
        after = rows[-1].place


# ------------------------------------------------------------------------------------------- for the worker


def without_job() -> list[tuple[int, int]]:
    """Runs (company, number) with documents to do and no job that would. In the system's scope only."""
    rows = BulkRun.objects.filter(finished_at=None)
    unfinished = rows.exclude(status=Status.PAUSED, started=0).values_list("company_id", "pk")
    with connection.cursor() as cursor:
        cursor.execute(
            "select (args ->> 'run_id')::bigint from procrastinate_jobs"
            " where status in ('todo', 'doing') and task_name = 'workflow.bulk'"
        )
        served = {row[0] for row in cursor.fetchall()}
    return [(company_id, run_id) for company_id, run_id in unfinished if run_id not in served]
