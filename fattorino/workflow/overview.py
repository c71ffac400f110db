"""What the settings pages show around a configuration: its states in a table, the common settings, the people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.core.workflow.decide import may_see
from fattorino.core.workflow.definition import ACTION_LABELS, Action, Dashboard, State, Workflow
from fattorino.core.workflow.flaws import Flaw
from fattorino.core.workflow.trial import Person
from fattorino.organisations import groups
from fattorino.organisations import queries as people
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow import configuration, counts, queries
from fattorino.workflow.flows.looks import Look
from fattorino.workflow.models import StateImage, StateLook

# What a dashboard is called in a narrow column.
SHORT = {
    Dashboard.ACTIVE_PA: "PA",
    Dashboard.ACTIVE_PRIVATE: say("Privati"),
    Dashboard.PASSIVE: say("Passive"),
    Dashboard.LIPE: "LIPE",
    Dashboard.DATI_FATTURE: say("Dati fatture"),
}


@dataclass(frozen=True, slots=True)
class StateRow:
    """A state in the table. `documents` is None where the state is reserved to others: how many nobody is told."""

    state: State
    dashboards: tuple[str, ...]
    actions: tuple[str, ...]
    documents: int | None
    errors: int
    warnings: int
    image_sha256: str


@dataclass(frozen=True, slots=True)
class Tab:
    name: str
    rows: tuple[StateRow, ...]


def table(actor: Actor, workflow: Workflow, flaws: Iterable[Flaw], dashboard: Dashboard | None) -> list[Tab]:
    """The states by tab and order, of one dashboard or of all; withdrawn ones in a tab of their own at the end."""
    counted: dict[str, int] = {}
    for by_state in counts.dashboard_counts(actor).values():
        for code, n in by_state.items():
            counted[code] = counted.get(code, 0) + n
    found = [*flaws]
    names = groups.names_of(actor)
    pictures = dict(StateLook.objects.exclude(image_sha256="").values_list("code", "image_sha256"))
    tabs: dict[str, list[StateRow]] = {}
    states = sorted(workflow.states.values(), key=lambda s: (bool(s.retired_to), s.order, s.code))
    for state in states:
        if dashboard and dashboard not in state.dashboards:
            continue
        mine = [f for f in found if f.state == state.code]
        row = StateRow(
            state,
            tuple(SHORT[d] for d in Dashboard if d in state.dashboards),
            tuple(dict.fromkeys(_actions(state))),
            counted.get(state.code, 0) if may_see(state, names) else None,
            sum(f.is_error for f in mine),
            sum(not f.is_error for f in mine),
            pictures.get(state.code, ""),
        )
        tabs.setdefault(say("Ritirati") if state.retired_to else state.tab or say("Senza tab"), []).append(
            row
        )
    return [Tab(name, tuple(rows)) for name, rows in tabs.items()]


def _actions(state: State) -> Iterable[str]:
    for dashboard in Dashboard:
        rule = state.rule(dashboard)
        if dashboard in state.dashboards and rule.action is not Action.NONE:
            yield ACTION_LABELS[rule.action]


def is_in_use(actor: Actor, code: str) -> bool:
    """Whether documents stand in the state, also those that this administrator may not see."""
    return bool(configuration.in_use(actor).get(code))


def persons(company_id: int) -> tuple[Person, ...]:
    """Everybody of the company, as the trial asks who would see what."""
    belongs: dict[int, set[str]] = {}
    for group in groups.groups_of(company_id):
        for member in group.people:
            belongs.setdefault(member.id, set()).add(group.label)
    return tuple(
        Person(p.name, frozenset({p.label, *belongs.get(p.id, ())}), p.may_write)
        for p in groups.people_of(company_id)
    )


def published_elsewhere(actor: Actor, company_id: int) -> tuple[int, Workflow]:
    """Number and content of the published configuration of another company that the same person administers.

    Raises:
        RefusedError: she does not.
    """
    if actor.user_id is None or not people.administers(actor.user_id, company_id):
        raise RefusedError(say("Per copiare una configurazione bisogna amministrare entrambe le aziende."))
    with company_scope(company_id):
        number, workflow = queries.workflow_of(company_id)
    return number, configuration.with_looks(workflow)


# ------------------------------------------------------------------------------------------- impostazioni comuni


def looks() -> list[Look]:
    """The common settings of every state of the installation, in dashboard order."""
    return [_look(row) for row in StateLook.objects.order_by("order", "code")]


def look(code: str) -> Look | None:
    row = StateLook.objects.filter(code=code).first()
    return _look(row) if row else None


def _look(row: StateLook) -> Look:
    return Look(**{name: getattr(row, name) for name in Look.__slots__})


def missing_looks(workflow: Workflow) -> list[State]:
    """States that the installation does not know: they came with a file of another one."""
    known = set(StateLook.objects.values_list("code", flat=True))
    return [state for code, state in workflow.states.items() if code not in known]


def image(sha256: str) -> bytes | None:
    """The uploaded picture of this digest, a PNG of our own making."""
    row = StateImage.objects.filter(sha256=sha256).first()
    return bytes(row.content) if row else None
