from __future__ import annotations

from dataclasses import replace

import pytest

from fattorino.core.workflow.bulk import ONE_BY_ONE, action_for_many, may_send_many, targets_for_many
from fattorino.core.workflow.decide import ActionRequested, Decision, Facts, Refusal, StateChosen, decide
from fattorino.core.workflow.definition import (
    Action,
    ActionRule,
    Dashboard,
    State,
    StateType,
    Workflow,
    workflow_from_json,
)
from fattorino.core.workflow.standard import standard_json

PRIVATE = Facts(Dashboard.ACTIVE_PRIVATE)
STANDARD = workflow_from_json(standard_json())


def with_state(**changes: object) -> tuple[Workflow, State]:
    state = replace(STANDARD.state("DA_PROCESSARE"), **changes)
    return replace(STANDARD, states={**STANDARD.states, state.code: state}), state


def test_the_action_of_a_state_is_the_action_for_many() -> None:
    state = STANDARD.state("DA_PROCESSARE")
    assert action_for_many(STANDARD, state, PRIVATE) is Action.GENERATE_AND_SEND
    assert may_send_many(STANDARD, state, PRIVATE)


@pytest.mark.parametrize("action", sorted(ONE_BY_ONE))
def test_what_asks_about_each_document_is_done_one_by_one(action: Action) -> None:
    workflow, state = with_state(active=ActionRule(action))
    answer = action_for_many(workflow, state, PRIVATE)
    assert isinstance(answer, Refusal) and "ciascun documento" in answer.why
    assert not may_send_many(workflow, state, PRIVATE)


def test_not_available_for_bulk_means_neither_action_nor_change_of_state() -> None:
    """Non è disponibile per l'invio massivo."""
    workflow, state = with_state(hidden_from_bulk=True)
    for answer in (action_for_many(workflow, state, PRIVATE), targets_for_many(workflow, state, PRIVATE)):
        assert isinstance(answer, Refusal) and "invio massivo" in answer.why
    assert not may_send_many(workflow, state, PRIVATE)
    # One by one it works as ever.
    assert isinstance(decide(workflow, state.code, ActionRequested(), PRIVATE), Decision)


def test_who_only_reads_may_do_nothing_for_many() -> None:
    state = STANDARD.state("DA_PROCESSARE")
    assert not may_send_many(STANDARD, state, replace(PRIVATE, may_write=False))


def test_a_final_state_offers_nothing() -> None:
    final = next(
        s for s in STANDARD.states.values() if s.type is StateType.FINAL and not s.active.change_state
    )
    assert not may_send_many(STANDARD, final, PRIVATE)


def test_an_order_given_for_another_state_is_refused_and_not_carried_out_as_what_this_state_does() -> None:
    for event in (
        ActionRequested(seen="SCARTATO_SDI"),
        StateChosen("ANNULLATO", "perché", seen="SCARTATO_SDI"),
    ):
        answer = decide(STANDARD, "DA_PROCESSARE", event, PRIVATE)
        assert isinstance(answer, Refusal) and answer.conflict and "Da processare" in answer.why
    assert isinstance(decide(STANDARD, "DA_PROCESSARE", ActionRequested("DA_PROCESSARE"), PRIVATE), Decision)


def test_that_a_document_moved_into_a_reserved_state_is_not_told_to_others() -> None:
    workflow, state = with_state(reserved=True, reserved_users=("user:1",))
    facts = replace(PRIVATE, actor_names=frozenset({"user:2"}))
    answer = decide(workflow, state.code, ActionRequested(seen="SCARTATO_SDI"), facts)
    assert answer == Refusal("Documento non trovato.")
