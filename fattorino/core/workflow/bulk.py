"""*Invio massivo*: whether what a state offers may be done for many documents at once. Pure, like `decide`."""

from __future__ import annotations

from fattorino.core.texts import say
from fattorino.core.workflow.decide import ActionRequested, Facts, Refusal, choices, decide
from fattorino.core.workflow.definition import ACTION_LABELS, Action, State, Workflow

# What asks the person something about each document: an answer, a file.
ONE_BY_ONE = frozenset({Action.ACCEPT_OR_REFUSE, Action.REFUSE, Action.INTEGRATE, Action.LOAD_RECEIPT})


def action_for_many(workflow: Workflow, state: State, facts: Facts) -> Action | Refusal:
    """The action of the state, if it may be run for many documents at once by this actor."""
    answer = decide(workflow, state.code, ActionRequested(), facts)
    if isinstance(answer, Refusal):
        return answer
    action = state.rule(facts.dashboard).action
    if action in ONE_BY_ONE:
        return Refusal(
            say("«{action}» chiede una risposta per ciascun documento.", action=ACTION_LABELS[action]),
            say("Aprire i documenti uno per uno."),
        )
    return _unavailable(state) or action


def targets_for_many(workflow: Workflow, state: State, facts: Facts) -> tuple[State, ...] | Refusal:
    """The states that *Cambia stato* offers this actor for many documents at once; none where it may not be used."""
    if not facts.may_write:
        return ()
    return _unavailable(state) or choices(workflow, state, facts.dashboard, facts.actor_names)


def may_send_many(workflow: Workflow, state: State, facts: Facts) -> bool:
    """Whether a person can do anything at all for many documents of this state at once."""
    targets = targets_for_many(workflow, state, facts)
    return (
        isinstance(action_for_many(workflow, state, facts), Action)
        or isinstance(targets, tuple)
        and bool(targets)
    )


def _unavailable(state: State) -> Refusal | None:
    # "Non è disponibile per l'invio massivo"
    if not state.hidden_from_bulk:
        return None
    return Refusal(
        say("Lo stato «{state}» non è disponibile per l'invio massivo.", state=state.label),
        say("Un amministratore può cambiarlo nelle abilitazioni dello stato."),
    )
