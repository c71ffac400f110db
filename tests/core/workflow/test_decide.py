"""Each rule of the states (source-documents/stati-adempimenti.txt), and properties over every configuration."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fattorino.core.workflow.decide import (
    ActionFailed,
    ActionRequested,
    ActionSucceeded,
    Decision,
    Entered,
    Facts,
    HubReported,
    Refusal,
    StateChosen,
    choices,
    decide,
    may_edit,
)
from fattorino.core.workflow.definition import (
    Action,
    Dashboard,
    StateType,
    Workflow,
    workflow_from_json,
    workflow_to_json,
)
from fattorino.core.workflow.standard import standard_workflow

PA, PR = Dashboard.ACTIVE_PA, Dashboard.ACTIVE_PRIVATE
FLOW = standard_workflow()


def ask(
    state: str, event: object, dashboard: Dashboard = PR, flow: Workflow = FLOW, **facts: object
) -> object:
    return decide(flow, state, event, Facts(dashboard, **facts))  # type: ignore[arg-type]


def changed(code: str, **values: object) -> Workflow:
    state = dataclasses.replace(FLOW.states[code], **values)  # type: ignore[arg-type]
    return dataclasses.replace(FLOW, states={**FLOW.states, code: state})


def to(answer: object) -> str | None:
    assert isinstance(answer, Decision), answer
    return answer.to_state


def test_a_new_document_takes_the_initial_state_of_its_dashboard() -> None:
    assert to(ask("", Entered(), PA)) == "DA_PROCESSARE"
    assert to(ask("", Entered(), Dashboard.PASSIVE)) == "RICEVUTO"


def test_a_document_may_not_enter_in_a_state_that_is_not_initial() -> None:
    assert isinstance(ask("", Entered("CONSEGNATO")), Refusal)


def test_the_button_starts_the_action_of_the_state_and_moves_nothing_yet() -> None:
    answer = ask("DA_PROCESSARE", ActionRequested())
    assert isinstance(answer, Decision)
    assert (answer.to_state, answer.start) == (None, Action.GENERATE_AND_SEND)


def test_the_button_is_refused_while_another_action_is_under_way() -> None:
    answer = ask("DA_PROCESSARE", ActionRequested(), busy=True)
    assert isinstance(answer, Refusal) and answer.conflict


def test_a_reader_may_neither_press_nor_change_state() -> None:
    assert isinstance(ask("DA_PROCESSARE", ActionRequested(), may_write=False), Refusal)
    assert isinstance(ask("DA_PROCESSARE", StateChosen("ANNULLATO"), may_write=False), Refusal)


def test_a_final_state_offers_no_action() -> None:
    assert isinstance(ask("CONSEGNATO", ActionRequested()), Refusal)


def test_success_leads_to_the_confirmed_state_and_passing_states_run_on() -> None:
    answer = ask("DA_PROCESSARE", ActionSucceeded(Action.GENERATE_AND_SEND))
    assert isinstance(answer, Decision)
    assert (answer.to_state, answer.start) == ("DA_VALIDARE", Action.VALIDATE)


def test_failure_leads_to_the_failed_state_and_starts_nothing() -> None:
    answer = ask("DA_VALIDARE", ActionFailed(Action.VALIDATE))
    assert isinstance(answer, Decision)
    assert (answer.to_state, answer.start) == ("DA_INTEGRARE", None)


def test_failure_whose_state_is_the_same_leaves_the_document_where_it_is() -> None:
    assert to(ask("DA_FIRMARE", ActionFailed(Action.SIGN))) is None


def test_conferma_documento_confirms_on_entering() -> None:
    answer = ask("DA_FIRMARE", ActionSucceeded(Action.SIGN))
    assert isinstance(answer, Decision) and answer.confirm_document


def test_the_end_of_an_action_that_the_state_no_longer_has_moves_nothing() -> None:
    assert to(ask("CONSEGNATO", ActionSucceeded(Action.SIGN))) is None


@pytest.mark.parametrize(
    ("dashboard", "state", "status", "target"),
    [
        (PR, "IN_ELABORAZIONE", "SDI_PRESO_IN_CARICO", "IN_ATTESA_ESITO"),
        (PR, "IN_ATTESA_ESITO", "RC", "CONSEGNATO"),
        (PR, "IN_ATTESA_ESITO", "MC", "MANCATA_CONSEGNA"),
        (PR, "IN_ATTESA_ESITO", "NS", "SCARTATO_SDI"),
        (PR, "MANCATA_CONSEGNA", "RC", "CONSEGNATO"),
        (PA, "IN_ATTESA_ESITO", "RC", "CONSEGNATO_PA"),
        (PA, "IN_ATTESA_ESITO", "MC", "MANCATA_CONSEGNA_PA"),
        (PA, "MANCATA_CONSEGNA_PA", "AT", "NON_RECAPITABILE"),
        (PA, "MANCATA_CONSEGNA_PA", "NE_EC01", "ACCETTATO"),
        (PA, "CONSEGNATO_PA", "NE_EC01", "ACCETTATO"),
        (PA, "CONSEGNATO_PA", "NE_EC02", "RIFIUTATO"),
        (PA, "CONSEGNATO_PA", "DT", "DECORSI_TERMINI"),
        (PA, "IN_ELABORAZIONE", "HUB_ERRORE", "ERRORE_INVIO"),
    ],
)
def test_each_hub_status_leads_where_the_event_map_says(
    dashboard: Dashboard, state: str, status: str, target: str
) -> None:
    assert to(ask(state, HubReported(status), dashboard)) == target


def test_a_status_that_came_again_moves_nothing() -> None:
    answer = ask("CONSEGNATO", HubReported("RC"))
    assert isinstance(answer, Decision) and answer.to_state is None and not answer.hold


def test_a_status_that_came_too_early_is_held() -> None:
    answer = ask("IN_ELABORAZIONE", HubReported("NE_EC01"), PA)
    assert isinstance(answer, Decision) and answer.to_state is None and answer.hold


def test_a_status_never_moves_a_final_state_back() -> None:
    answer = ask("ACCETTATO", HubReported("NS"), PA)
    assert isinstance(answer, Decision) and answer.to_state is None and not answer.hold


def test_a_status_for_which_no_state_is_ready_is_told_as_unexpected_and_one_that_came_again_is_not() -> None:
    for state, status in (("IN_ELABORAZIONE", "NE_EC01"), ("ACCETTATO", "NS"), ("IN_ATTESA_ESITO", "ES01")):
        answer = ask(state, HubReported(status), PA)
        assert isinstance(answer, Decision) and answer.unexpected and "conservato" in answer.note
        assert answer.hold is (state != "ACCETTATO")
    again = ask("ACCETTATO", HubReported("NE_EC01"), PA)
    assert isinstance(again, Decision) and not again.unexpected


def test_a_status_does_not_assign_a_state_that_is_not_aggiornabile_da_digital_hub() -> None:
    flow = changed("CONSEGNATO", from_hub=False)
    assert to(ask("IN_ATTESA_ESITO", HubReported("RC"), flow=flow)) is None


def test_cambia_stato_needs_both_cambio_stato_and_attribuibile_da_gestionale() -> None:
    assert to(ask("DA_PROCESSARE", StateChosen("ANNULLATO"))) == "ANNULLATO"
    without_flag = changed("DA_PROCESSARE", from_gestionale=False)
    assert isinstance(ask("DA_PROCESSARE", StateChosen("ANNULLATO"), flow=without_flag), Refusal)
    rule = dataclasses.replace(FLOW.states["DA_PROCESSARE"].active, change_state=False)
    without_change = changed("DA_PROCESSARE", active=rule)
    assert isinstance(ask("DA_PROCESSARE", StateChosen("ANNULLATO"), flow=without_change), Refusal)


def test_aggiornabile_da_digital_hub_as_the_only_check_forbids_cambia_stato() -> None:
    rule = dataclasses.replace(FLOW.states["IN_ATTESA_ESITO"].active, change_state=True)
    flow = changed("IN_ATTESA_ESITO", active=rule)
    assert isinstance(ask("IN_ATTESA_ESITO", StateChosen("DA_PROCESSARE"), flow=flow), Refusal)


def test_stati_da_assegnare_limits_the_choice_and_none_listed_means_all() -> None:
    state = FLOW.states["DA_PROCESSARE"]
    assert {s.code for s in choices(FLOW, state, PR)} == {"ANNULLATO", "TRASMESSO_MANUALE"}
    free = changed("DA_PROCESSARE", assignable=())
    offered = {s.code for s in choices(free, free.states["DA_PROCESSARE"], PR)}
    assert "DA_VALIDARE" in offered and "CONSEGNATO" not in offered


def test_a_reserved_state_does_not_exist_for_others() -> None:
    flow = changed("DA_PROCESSARE", reserved=True, reserved_groups=("group:admin",))
    refused = ask("DA_PROCESSARE", ActionRequested(), flow=flow, actor_names=frozenset({"group:operator"}))
    assert isinstance(refused, Refusal) and refused.why == "Documento non trovato."
    assert isinstance(
        ask("DA_PROCESSARE", ActionRequested(), flow=flow, actor_names=frozenset({"group:admin"})), Decision
    )


def test_documents_are_corrected_only_where_their_xml_is_still_to_be_made() -> None:
    editable = {s.code for s in FLOW.states.values() if PR in s.dashboards and may_edit(s, PR)}
    assert editable == {"DA_PROCESSARE", "DA_INTEGRARE", "SCARTATO_SDI"}


def test_the_standard_workflow_is_read_and_written_without_loss() -> None:
    assert workflow_from_json(workflow_to_json(FLOW)) == FLOW


def test_every_target_of_the_standard_workflow_exists_and_shares_a_dashboard() -> None:
    for state in FLOW.states.values():
        for rule in (state.active, state.passive):
            for target in filter(None, (rule.confirmed, rule.failed)):
                assert state.dashboards & FLOW.states[target].dashboards, (state.code, target)
        for target in state.assignable:
            assert state.dashboards & FLOW.states[target].dashboards, (state.code, target)


EVENTS = st.one_of(
    st.just(ActionRequested()),
    st.builds(ActionSucceeded, st.sampled_from(Action)),
    st.builds(ActionFailed, st.sampled_from(Action)),
    st.builds(HubReported, st.sampled_from(sorted({e.status for e in FLOW.events}))),
    st.builds(StateChosen, st.sampled_from(sorted(FLOW.states))),
)


@given(st.sampled_from([PA, PR]), st.lists(EVENTS, max_size=30), st.booleans())
def test_whatever_happens_a_document_stays_on_its_dashboard_and_final_states_keep_their_proof(
    dashboard: Dashboard, events: list[object], busy: bool
) -> None:
    state = "DA_PROCESSARE"
    for event in events:
        answer = ask(state, event, dashboard, busy=busy)
        if isinstance(answer, Refusal):
            assert answer.why.endswith(".")
            continue
        assert isinstance(answer, Decision)
        if answer.to_state:
            before = FLOW.states[state]
            assert dashboard in FLOW.states[answer.to_state].dashboards
            if before.type is StateType.FINAL and before.issued:
                assert (state, answer.to_state) == ("MANCATA_CONSEGNA", "CONSEGNATO")
            state = answer.to_state
