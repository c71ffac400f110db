"""Changing a configuration of states without loose ends: every function gives a new configuration."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.core.workflow.decide import may_assign
from fattorino.core.workflow.definition import (
    ACTION_LABELS,
    Action,
    ActionRule,
    Dashboard,
    HubEvent,
    State,
    StateType,
    Workflow,
)
from fattorino.core.workflow.settings import BY_NAME, DASHBOARD_LABELS


@dataclass(frozen=True, slots=True)
class Reference:
    """What names a state, apart from itself.

    Attributes:
        state: code of the state that names it, "" for the configuration as a whole.
        setting: as in `settings.SETTINGS`, or "initial", "events".
        text: in Italian.
        blocking: somebody must decide first; the others can simply be taken away.
    """

    state: str
    setting: str
    text: str
    blocking: bool


def references(workflow: Workflow, code: str) -> tuple[Reference, ...]:
    """Everything that names the state, what must be decided first before the rest."""
    found = [*_entries(workflow, code), *_from_states(workflow, code), *_from_events(workflow, code)]
    return tuple(sorted(found, key=lambda r: not r.blocking))


def _entries(workflow: Workflow, code: str) -> Iterator[Reference]:
    for dashboard in Dashboard:
        if workflow.initial.get(dashboard) == code:
            label = DASHBOARD_LABELS[dashboard]
            yield Reference("", "initial", say("È lo stato di ingresso di «{label}».", label=label), True)


def _from_states(workflow: Workflow, code: str) -> Iterator[Reference]:
    for state in workflow.states.values():
        if state.code == code:
            continue
        for name, rule in (("active", state.active), ("passive", state.passive)):
            for end in ("confirmed", "failed"):
                if getattr(rule, end) == code and rule.action is not Action.NONE:
                    setting = BY_NAME[f"{name}.{end}"]
                    text = say(
                        "{setting} di «{state}», azione «{action}».",
                        setting=setting.label,
                        state=state.label,
                        action=ACTION_LABELS[rule.action],
                    )
                    yield Reference(state.code, setting.name, text, True)
        if state.retired_to == code:
            yield Reference(
                state.code,
                "retired_to",
                say("«{state}» è ritirato verso questo stato.", state=state.label),
                True,
            )
        if code in state.assignable:
            # An empty list means all states: taking the last one away would open what was closed.
            only = state.assignable == (code,)
            text = (
                say("Stati da assegnare di «{state}», che non ne ha altri.", state=state.label)
                if only
                else say("Stati da assegnare di «{state}».", state=state.label)
            )
            yield Reference(state.code, "assignable", text, only)


def _from_events(workflow: Workflow, code: str) -> Iterator[Reference]:
    for event in workflow.events:
        if event.to_state == code:
            yield Reference(
                "", "events", say("L'esito {status} porta a questo stato.", status=event.status), False
            )
        elif code in event.from_states:
            label = _label(workflow, event.to_state)
            yield Reference(
                event.to_state,
                "events",
                say("L'esito {status} porta da questo stato a «{label}».", status=event.status, label=label),
                False,
            )


def _label(workflow: Workflow, code: str) -> str:
    return workflow.states[code].label if code in workflow.states else code


def put(
    workflow: Workflow,
    state: State,
    *,
    events: Collection[HubEvent] | None = None,
    entries: Collection[Dashboard] = (),
) -> Workflow:
    """Add a state, or replace the one of its code.

    Args:
        events: the rows of the event map that lead to it, in the place of those that did; None leaves them.
        entries: dashboards that it becomes the entry of.
    """
    rows = list(workflow.events)
    if events is not None:
        place = next((n for n, e in enumerate(rows) if e.to_state == state.code), len(rows))
        others = [e for e in rows if e.to_state != state.code]
        # The first row that fits decides, so the new ones stand where the old ones stood.
        rows = [*others[:place], *events, *others[place:]]
    return Workflow(
        {**workflow.states, state.code: state},
        tuple(rows),
        {**workflow.initial, **dict.fromkeys(entries, state.code)},
    )


def remove(workflow: Workflow, code: str) -> Workflow:
    """Take a state away, and with it what only names it.

    Raises:
        RefusedError: something leads to it that must be decided first.
    """
    blocking = [r for r in references(workflow, code) if r.blocking]
    if blocking:
        raise RefusedError(
            say(
                "Lo stato «{state}» non si può eliminare: {text}",
                state=_label(workflow, code),
                text=blocking[0].text,
            ),
            say("Correggere prima le impostazioni che lo indicano."),
        )
    states = {c: _without(s, code) for c, s in workflow.states.items() if c != code}
    return replace(workflow, states=states, events=tuple(_events_without(workflow, code)))


def _without(state: State, code: str) -> State:
    return replace(
        state,
        assignable=tuple(c for c in state.assignable if c != code),
        active=_rule_without(state.active, code),
        passive=_rule_without(state.passive, code),
    )


def _rule_without(rule: ActionRule, code: str) -> ActionRule:
    # Only rules without an action are left that name it, and they lead nowhere.
    return replace(
        rule,
        confirmed="" if rule.confirmed == code else rule.confirmed,
        failed="" if rule.failed == code else rule.failed,
    )


def _events_without(workflow: Workflow, code: str) -> Iterator[HubEvent]:
    for event in workflow.events:
        if event.to_state == code:
            continue
        left = event.from_states - {code}
        # From no state at all means "opens a document": a row that loses its last one goes too.
        if left or not event.from_states:
            yield replace(event, from_states=left)


def retire(workflow: Workflow, code: str, target: str) -> Workflow:
    """Withdraw a state from use: nothing enters it any more, and what is in it goes to the target.

    Raises:
        RefusedError: the target cannot take its place.
    """
    state, heir = workflow.state(code), workflow.state(target)
    if code == target or heir.retired_to:
        raise RefusedError(say("Scegliere uno stato in uso, diverso da quello da ritirare."))
    if not state.dashboards <= heir.dashboards:
        raise RefusedError(
            say(
                "«{heir}» non è abilitato per tutte le dashboard di «{state}».",
                heir=heir.label,
                state=state.label,
            ),
            say("Scegliere uno stato con le stesse abilitazioni, oppure abilitarlo prima."),
        )
    states = {
        c: _with_heir(s, code, heir) if c != code else replace(s, retired_to=target, assignable=())
        for c, s in workflow.states.items()
    }
    initial = dict(workflow.initial)
    for dashboard, entry in workflow.initial.items():
        if entry != code:
            continue
        if heir.type is not StateType.INITIAL:
            raise RefusedError(
                say(
                    "«{state}» è lo stato di ingresso di «{dashboard}», e «{heir}» non è uno stato iniziale.",
                    state=state.label,
                    dashboard=DASHBOARD_LABELS[dashboard],
                    heir=heir.label,
                ),
                say("Scegliere uno stato iniziale, oppure indicare prima un altro stato di ingresso."),
            )
        initial[dashboard] = target
    return Workflow(states, workflow.events, initial)


def _with_heir(other: State, code: str, heir: State) -> State:
    changed = other
    if other.retired_to == code and other.code != heir.code:
        changed = replace(changed, retired_to=heir.code)
    if code not in other.assignable:
        return changed
    left = tuple(c for c in other.assignable if c != code)
    if not left and (heir.code == other.code or not may_assign(other, heir)):
        raise RefusedError(
            say(
                "«Stati da assegnare» di «{other}» ha solo questo stato, e «{heir}» non può prenderne il"
                " posto.",
                other=other.label,
                heir=heir.label,
            ),
            say("Correggere prima gli stati da assegnare di «{other}».", other=other.label),
        )
    return replace(changed, assignable=left or (heir.code,))


def restore(workflow: Workflow, code: str) -> Workflow:
    """Bring a withdrawn state back into use."""
    return put(workflow, replace(workflow.state(code), retired_to=""))
