"""A configuration is changed without loose ends."""

from __future__ import annotations

import dataclasses
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fattorino.core.errors import RefusedError
from fattorino.core.workflow.definition import Dashboard, HubEvent, State, StateType
from fattorino.core.workflow.edit import put, references, remove, restore, retire
from fattorino.core.workflow.flaws import Surroundings
from fattorino.core.workflow.lint import lint
from fattorino.core.workflow.standard import standard_workflow
from tests.core.workflow.configurations import configuration

FLOW = standard_workflow()
NEW = State("NUOVO", "Nuovo", StateType.INTERMEDIATE, dashboards=frozenset({Dashboard.ACTIVE_PA}))


def errors(flow: object) -> set[str]:
    return {f.rule for f in lint(flow, Surroundings()) if f.is_error}  # type: ignore[arg-type]


def test_a_state_that_something_leads_to_is_not_deleted_and_what_leads_there_is_listed() -> None:
    found = references(FLOW, "DA_VALIDARE")
    assert [r.blocking for r in found] == sorted((r.blocking for r in found), reverse=True)
    assert ("DA_PROCESSARE", "active.confirmed") in {(r.state, r.setting) for r in found if r.blocking}
    with pytest.raises(RefusedError, match="non si può eliminare"):
        remove(FLOW, "DA_VALIDARE")


def test_an_entry_of_a_dashboard_is_not_deleted() -> None:
    assert {r.setting for r in references(FLOW, "RICEVUTO") if r.blocking} >= {"initial"}
    with pytest.raises(RefusedError):
        remove(FLOW, "RICEVUTO")


def test_lists_and_outcomes_forget_a_deleted_state() -> None:
    flow = remove(FLOW, "TRASMESSO_MANUALE")
    assert "TRASMESSO_MANUALE" not in flow.states
    assert not any("TRASMESSO_MANUALE" in s.assignable for s in flow.states.values())
    assert not any("TRASMESSO_MANUALE" in e.from_states | {e.to_state} for e in flow.events)
    assert errors(flow) <= errors(FLOW)


def test_the_last_state_to_assign_is_not_taken_away_silently_because_none_means_all() -> None:
    assert FLOW.states["ACCOLTO_SEGNALAZIONI"].assignable == ("SOSTITUITO",)
    only = [r for r in references(FLOW, "SOSTITUITO") if r.setting == "assignable"]
    assert [(r.state, r.blocking) for r in only] == [("ACCOLTO_SEGNALAZIONI", True)]
    with pytest.raises(RefusedError, match="non può prenderne il posto"):
        retire(FLOW, "SOSTITUITO", "ACCOLTO_SEGNALAZIONI")
    assert retire(FLOW, "SOSTITUITO", "ACCOLTO_ADE").states["ACCOLTO_SEGNALAZIONI"].assignable == (
        "ACCOLTO_ADE",
    )


def test_an_outcome_that_loses_its_only_state_does_not_begin_to_open_documents() -> None:
    event = HubEvent("RC", frozenset({Dashboard.ACTIVE_PA}), "ACCETTATO", frozenset({"NUOVO"}))
    flow = dataclasses.replace(put(FLOW, NEW), events=(event,))
    assert remove(flow, "NUOVO").events == ()


def test_a_retired_state_hands_over_its_entry_and_its_place_in_the_lists() -> None:
    flow = retire(FLOW, "DA_PROCESSARE", "DA_INTEGRARE")
    assert flow.states["DA_PROCESSARE"].retired_to == "DA_INTEGRARE"
    assert flow.initial[Dashboard.ACTIVE_PA] == "DA_INTEGRARE"
    assert not any("DA_PROCESSARE" in s.assignable for s in flow.states.values())
    assert errors(flow) <= errors(FLOW)
    assert restore(flow, "DA_PROCESSARE").states["DA_PROCESSARE"].retired_to == ""


@pytest.mark.parametrize(
    ("code", "target"),
    [("DA_PROCESSARE", "DA_PROCESSARE"), ("DA_PROCESSARE", "CONSEGNATO"), ("RICEVUTO", "CONTABILIZZATO")],
)
def test_a_target_that_cannot_take_the_place_is_refused(code: str, target: str) -> None:
    with pytest.raises(RefusedError):
        retire(FLOW, code, target)


def test_what_was_retired_towards_a_retired_state_goes_on_to_its_heir() -> None:
    flow = retire(retire(FLOW, "DA_FIRMARE", "DA_CONFERMARE"), "DA_CONFERMARE", "DA_VALIDARE")
    assert flow.states["DA_FIRMARE"].retired_to == "DA_VALIDARE"


def test_the_outcomes_of_a_state_stay_where_they_stood() -> None:
    state = FLOW.states["SCARTATO_SDI"]
    mine = [e for e in FLOW.events if e.to_state == "SCARTATO_SDI"]
    assert put(FLOW, state, events=mine) == FLOW
    assert put(FLOW, state).events == FLOW.events
    assert not [e for e in put(FLOW, state, events=()).events if e.to_state == "SCARTATO_SDI"]
    assert put(FLOW, NEW, entries=[Dashboard.ACTIVE_PA]).initial[Dashboard.ACTIVE_PA] == "NUOVO"


@given(seed=st.integers(0, 10**9))
def test_whatever_is_deleted_or_retired_nothing_names_what_is_gone(seed: int) -> None:
    rng = random.Random(seed)
    flow = configuration(rng)
    code, target = rng.choice(list(flow.states)), rng.choice(list(flow.states))
    try:
        flow = remove(flow, code) if rng.random() < 0.5 else retire(flow, code, target)
    except RefusedError:
        return
    gone = set() if code in flow.states else {code}
    for state in flow.states.values():
        assert not {*state.assignable, state.retired_to} & gone
        assert code not in state.assignable
        for rule in (state.active, state.passive):
            assert not {rule.confirmed, rule.failed} & gone
    assert not set(flow.initial.values()) & gone
    assert not any({e.to_state, *e.from_states} & gone for e in flow.events)
