"""Try a configuration on a document that does not exist: what would happen, who could do what, who would be told."""

from __future__ import annotations

from dataclasses import dataclass

from fattorino.core.texts import say, together
from fattorino.core.workflow.decide import (
    ActionFailed,
    ActionRequested,
    ActionSucceeded,
    Decision,
    Entered,
    Event,
    Facts,
    HubReported,
    Refusal,
    StateChosen,
    choices,
    decide,
    may_see,
)
from fattorino.core.workflow.definition import ACTION_LABELS, Action, Dashboard, Notice, State, Workflow
from fattorino.core.workflow.statuses import status_label


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the company, for "a chi": name, the names she is known by in *Permessi*, whether she may work."""

    name: str
    names: frozenset[str]
    may_write: bool


@dataclass(frozen=True, slots=True)
class Try:
    """One event that can be played from where the document stands. `key` is what `play` takes back."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Step:
    """What came of one event.

    Attributes:
        event: label of what was played, in Italian.
        state: code of the state afterwards.
        refusal: why nothing happened, "" when it did.
        note: what the decision remarks.
        told: notices that would go out, with their groups.
        confirmed, preserved: *conferma documento* and *conservazione* on entering.
        started: action that would start, "" for none.
    """

    event: str
    state: str
    refusal: str = ""
    note: str = ""
    told: tuple[Notice, ...] = ()
    confirmed: bool = False
    preserved: bool = False
    started: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the document stands and what is possible there.

    Attributes:
        offered: the action of the state ("" for none) and who would see its button.
        assignable: labels of *Cambia stato*.
        tries: the events that may be played next.
    """

    state: State
    offered: str
    offered_to: tuple[str, ...]
    assignable: tuple[str, ...]
    tries: tuple[Try, ...]


def play(workflow: Workflow, dashboard: Dashboard, keys: tuple[str, ...]) -> tuple[Step, ...]:
    """The document enters and meets the events of `keys`, one after the other.

    Keys that make no sense (a link of an older configuration) become steps with a refusal; never raises.
    """
    entered = decide(workflow, "", Entered(), Facts(dashboard))
    steps = [_step(say("Ingresso del documento"), "", entered)]
    for key in keys:
        state = steps[-1].state
        if not state:
            break
        event, label = _event(workflow, dashboard, state, key)
        if event is None:
            steps.append(Step(label, state, refusal=say("Questo evento non esiste nella configurazione.")))
            continue
        steps.append(_step(label, state, decide(workflow, state, event, Facts(dashboard))))
    return tuple(steps)


def standing(workflow: Workflow, dashboard: Dashboard, code: str, people: tuple[Person, ...]) -> Standing:
    """What the document's page would offer in this state, and to whom."""
    state = workflow.state(code)
    action = state.rule(dashboard).action
    workers = tuple(p.name for p in people if p.may_write and may_see(state, p.names))
    return Standing(
        state,
        "" if action is Action.NONE else ACTION_LABELS[action],
        () if action is Action.NONE else workers,
        tuple(s.label for s in choices(workflow, state, dashboard)),
        _tries(workflow, state, dashboard),
    )


def _tries(workflow: Workflow, state: State, dashboard: Dashboard) -> tuple[Try, ...]:
    tries: list[Try] = []
    action = state.rule(dashboard).action
    if action is not Action.NONE:
        label = ACTION_LABELS[action]
        tries += [
            Try("action", say("Si preme «{label}»", label=label)),
            Try("ok", say("«{label}» riesce", label=label)),
            Try("ko", say("«{label}» non riesce", label=label)),
        ]
    statuses = dict.fromkeys(e.status for e in workflow.events if dashboard in e.dashboards)
    tries += [Try(f"hub:{status}", _arrives(status)) for status in statuses]
    tries += [
        Try(f"state:{s.code}", say("Si cambia lo stato in «{state}»", state=s.label))
        for s in workflow.on(dashboard)
        if s != state
    ]
    return tuple(tries)


def _event(workflow: Workflow, dashboard: Dashboard, code: str, key: str) -> tuple[Event | None, str]:
    action = workflow.state(code).rule(dashboard).action
    label = ACTION_LABELS[action]
    kind, _, value = key.partition(":")
    match kind:
        case "action":
            return ActionRequested(), say("Si preme «{label}»", label=label)
        case "ok":
            return ActionSucceeded(action), say("«{label}» riesce", label=label)
        case "ko":
            return ActionFailed(action), say("«{label}» non riesce", label=label)
        case "hub" if value:
            return HubReported(value), _arrives(value)
        case "state" if value in workflow.states:
            return StateChosen(value, "prova"), say(
                "Si cambia lo stato in «{state}»", state=workflow.states[value].label
            )
    return None, key[:60]


def _arrives(status: str) -> str:
    return say("Arriva l'esito {status} ({label})", status=status, label=status_label(status))


def _step(label: str, state: str, answer: Decision | Refusal) -> Step:
    if isinstance(answer, Refusal):
        return Step(label, state, refusal=together(answer.why, answer.remedy))
    return Step(
        label,
        answer.to_state or state,
        note=answer.note,
        told=answer.notices,
        confirmed=answer.confirm_document,
        preserved=answer.preserve,
        started=ACTION_LABELS[answer.start] if answer.start else "",
    )
