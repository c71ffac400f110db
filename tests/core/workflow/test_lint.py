"""Each remark of the lint has a configuration that earns it, and the standard one earns no error."""

from __future__ import annotations

import dataclasses
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fattorino.core.workflow.decide import ActionSucceeded, Decision, Facts, decide
from fattorino.core.workflow.definition import (
    Action,
    ActionRule,
    Dashboard,
    HubEvent,
    Notice,
    StateType,
    Workflow,
)
from fattorino.core.workflow.flaws import Flaw, Surroundings
from fattorino.core.workflow.late_answers import MUST_HEAR, RULE, hear_late_answers
from fattorino.core.workflow.lint import lint
from fattorino.core.workflow.settings import BY_NAME
from fattorino.core.workflow.standard import standard_workflow
from tests.core.workflow.configurations import configuration

FLOW = standard_workflow()
PA, PR, LI = Dashboard.ACTIVE_PA, Dashboard.ACTIVE_PRIVATE, Dashboard.LIPE
AROUND = Surroundings(
    groups={"group:admin": 1, "group:operator": 2, "group:vuoto": 0}, users=frozenset({"user:7"})
)


def changed(code: str, flow: Workflow = FLOW, **values: Any) -> Workflow:
    state = dataclasses.replace(flow.states[code], **values)
    return dataclasses.replace(flow, states={**flow.states, code: state})


def rule(code: str, **values: Any) -> ActionRule:
    return dataclasses.replace(FLOW.states[code].active, **values)


def without(code: str) -> Workflow:
    return dataclasses.replace(FLOW, states={c: s for c, s in FLOW.states.items() if c != code})


def found(flow: Workflow, around: Surroundings = AROUND) -> set[tuple[str, str]]:
    return {(f.rule, f.state) for f in lint(flow, around)} - {(f.rule, f.state) for f in lint(FLOW, AROUND)}


def test_the_standard_configuration_has_no_error() -> None:
    assert [f for f in lint(FLOW, AROUND) if f.is_error] == []


def deaf(*states: str) -> Workflow:
    """The standard configuration as it was before these states heard what SdI says later of an answer."""
    events = tuple(
        dataclasses.replace(e, from_states=e.from_states - set(states)) if e.status in MUST_HEAR else e
        for e in FLOW.events
    )
    return dataclasses.replace(FLOW, events=events)


def test_a_state_of_answered_invoices_hears_what_sdi_says_later_of_the_answer() -> None:
    before = deaf("ACCETTATO_PASS", "RIFIUTATO_PASS")
    told = [f for f in lint(before, AROUND) if f.rule == RULE]
    assert [f.state for f in told] == ["ACCETTATO_PASS", "ACCETTATO_PASS", "RIFIUTATO_PASS", "RIFIUTATO_PASS"]
    assert not any(f.is_error for f in told) and all(f.remedy for f in told)
    assert hear_late_answers(before) == FLOW == hear_late_answers(FLOW)
    assert RULE not in {f.rule for f in lint(FLOW, AROUND)}


def test_the_state_of_expired_terms_hears_that_the_answer_had_arrived_after_all() -> None:
    before = deaf("DECORSI_TERMINI_PASS")
    told = [f for f in lint(before, AROUND) if f.rule == RULE]
    assert [f.state for f in told] == ["DECORSI_TERMINI_PASS"] * 2
    assert all("EC0" in f.message and "correggerlo" in f.message and f.remedy for f in told)
    assert not any(f.is_error for f in told)
    assert hear_late_answers(before) == FLOW


def test_where_no_state_is_for_a_refused_answer_the_remedy_is_another() -> None:
    none = dataclasses.replace(FLOW, events=tuple(e for e in FLOW.events if e.status not in MUST_HEAR))
    assert RULE not in {f.rule for f in lint(none, AROUND)} and hear_late_answers(none) == none


def test_a_state_to_which_nothing_leads_is_unreachable() -> None:
    events = tuple(e for e in FLOW.events if e.to_state != "DECORSI_TERMINI")
    assert ("irraggiungibile", "DECORSI_TERMINI") in found(dataclasses.replace(FLOW, events=events))


def test_a_state_without_a_way_out_that_is_not_final_is_a_dead_end() -> None:
    assert ("vicolo-cieco", "CONSEGNATO") in found(changed("CONSEGNATO", type=StateType.INTERMEDIATE))


def test_an_action_needs_its_confirmed_and_its_failed_state() -> None:
    flow = changed("DA_PROCESSARE", active=rule("DA_PROCESSARE", confirmed="", failed=""))
    assert found(flow) >= {
        ("senza-stato-confermato", "DA_PROCESSARE"),
        ("senza-stato-abortito", "DA_PROCESSARE"),
    }


def test_where_the_gestionale_puts_documents_in_the_state_is_attribuibile_da_gestionale() -> None:
    """ "lo stato «Da processare» viene attribuito dal gestionale [...] quando una fattura [...] viene inserita"."""
    assert ("ingresso-gestionale", "DA_PROCESSARE") in found(changed("DA_PROCESSARE", from_gestionale=False))
    # Received invoices are put in by the Hub.
    assert not found(changed("RICEVUTO", from_gestionale=False)) & {("ingresso-gestionale", "RICEVUTO")}


def test_an_action_to_the_hub_needs_modalita_asincrona() -> None:
    assert ("asincrona", "DA_PROCESSARE") in found(changed("DA_PROCESSARE", asynchronous=False))
    assert found(changed("DA_FIRMARE", asynchronous=True)) == set()


def test_a_hub_status_may_not_be_claimed_by_two_states_of_one_dashboard() -> None:
    claim = HubEvent("RC", frozenset({PR}), "MANCATA_CONSEGNA", frozenset({"IN_ATTESA_ESITO"}))
    assert ("esito-conteso", "MANCATA_CONSEGNA") in found(
        dataclasses.replace(FLOW, events=(*FLOW.events, claim))
    )
    # The same status on another dashboard, or from another state, is no quarrel: RC leads PA and privates apart.
    assert not any(f.rule == "esito-conteso" for f in lint(FLOW, AROUND))


def test_a_hub_status_claimed_by_no_state_is_remarked() -> None:
    around = dataclasses.replace(AROUND, statuses={PR: frozenset({"RC", "NUOVO"})})
    assert ("esito-di-nessuno", "") in found(FLOW, around)
    assert not any("RC" in f.message for f in lint(FLOW, around) if f.rule == "esito-di-nessuno")


def test_a_hub_status_must_lead_to_a_state_aggiornabile_da_digital_hub() -> None:
    assert ("esito-non-aggiornabile", "CONSEGNATO") in found(changed("CONSEGNATO", from_hub=False))


def test_cambio_stato_without_attribuibile_da_gestionale_is_remarked() -> None:
    assert ("cambio-stato", "DA_PROCESSARE") in found(changed("DA_PROCESSARE", from_gestionale=False))


def test_a_final_state_with_an_action_is_remarked_and_with_a_sending_one_refused() -> None:
    notice = changed("CONSEGNATO", active=ActionRule(Action.TELL_CUSTOMER, "CONSEGNATO", "CONSEGNATO"))
    sending = changed(
        "CONSEGNATO", asynchronous=True, active=ActionRule(Action.SEND, "CONSEGNATO", "CONSEGNATO")
    )
    for flow, severity in ((notice, "warning"), (sending, "error")):
        (flaw,) = [f for f in lint(flow, AROUND) if (f.rule, f.state) == ("finale-con-azione", "CONSEGNATO")]
        assert flaw.severity == severity


@pytest.mark.parametrize(
    "who",
    [
        {},
        {"reserved_groups": ("group:vuoto",)},
        {"reserved_groups": ("group:altro",)},
        {"reserved_users": ("user:9",)},
    ],
)
def test_a_reserved_state_must_be_visible_to_somebody(who: dict[str, Any]) -> None:
    assert ("riservato-a-nessuno", "RIFIUTATO") in found(changed("RIFIUTATO", reserved=True, **who))


@pytest.mark.parametrize("who", [{"reserved_groups": ("group:admin",)}, {"reserved_users": ("user:7",)}])
def test_a_reserved_state_with_a_person_is_fine(who: dict[str, Any]) -> None:
    assert found(changed("RIFIUTATO", reserved=True, **who)) == set()


def test_a_notice_to_an_empty_group_is_remarked_and_to_a_missing_one_refused() -> None:
    for group, severity in (("group:vuoto", "warning"), ("group:altro", "error")):
        flow = changed("SCARTATO_SDI", notices=(Notice(PR, group),))
        (flaw,) = [f for f in lint(flow, AROUND) if f.rule == "notifica-a-nessuno"]
        assert (flaw.severity, flaw.state) == (severity, "SCARTATO_SDI")
    assert found(changed("SCARTATO_SDI", notices=(Notice(PR, "group:operator"),))) == set()
    assert found(changed("SCARTATO_SDI", notices=(Notice(LI, "group:operator"),))) == {
        ("notifica-altrove", "SCARTATO_SDI")
    }


def test_a_notice_by_mail_without_a_mail_server_is_remarked() -> None:
    flow = changed("SCARTATO_SDI", notices=(Notice(PR, "group:operator", mail=True),))
    assert found(flow) == set()
    nowhere = dataclasses.replace(AROUND, mail=False)
    (flaw,) = [f for f in lint(flow, nowhere) if f.rule == "notifica-senza-posta"]
    assert (flaw.severity, flaw.state) == ("warning", "SCARTATO_SDI")
    in_pages = changed("SCARTATO_SDI", notices=(Notice(PR, "group:operator"),))
    assert not [f for f in lint(in_pages, nowhere) if f.rule == "notifica-senza-posta"]


def test_a_target_must_have_the_same_abilitazioni() -> None:
    flow = changed("DA_CONFERMARE", active=rule("DA_CONFERMARE", confirmed="CONSEGNATO"))
    assert ("abilitazioni", "DA_CONFERMARE") in found(flow)
    assert ("stato-da-assegnare", "DA_PROCESSARE") in found(
        changed("DA_PROCESSARE", assignable=("RIFIUTATO_CHIUSO",))
    )


def test_a_target_that_does_not_exist_is_refused() -> None:
    assert ("inesistente", "DA_CONFERMARE") in found(without("IN_ELABORAZIONE"))
    assert ("inesistente", "") in found(without("CONSEGNATO"))


def test_a_cycle_from_which_no_final_state_can_be_reached_is_refused() -> None:
    events = tuple(
        dataclasses.replace(e, to_state="IN_ELABORAZIONE") if e.status in ("ES01", "ES02") else e
        for e in FLOW.events
    )
    flow = dataclasses.replace(FLOW, events=events)
    for code in ("DA_PROCESSARE", "DA_INTEGRARE", "DA_VALIDARE", "DA_FIRMARE", "DA_CONFERMARE", "ERRORE_INVIO",
                 "SCARTATO_ADE", "TRASMESSO_MANUALE"):  # fmt: skip
        kept = tuple(c for c in flow.states[code].assignable if c != "ANNULLATO")
        flow = changed(code, flow, assignable=kept or ("DA_PROCESSARE",))
    assert ("ciclo-senza-uscita", "IN_ELABORAZIONE") in found(flow)


def test_actions_that_run_on_by_themselves_must_come_to_rest() -> None:
    flow = changed("DA_CONFERMARE", active=rule("DA_CONFERMARE", confirmed="DA_VALIDARE"))
    assert ("automatico-senza-fine", "DA_VALIDARE") in found(flow)


def test_each_dashboard_needs_an_initial_state_where_documents_enter() -> None:
    assert ("senza-ingresso", "") in found(dataclasses.replace(FLOW, initial={PA: "DA_PROCESSARE"}))
    entry = {**FLOW.initial, PR: "CONSEGNATO"}
    assert ("ingresso", "CONSEGNATO") in found(dataclasses.replace(FLOW, initial=entry))


def test_a_withdrawn_state_must_lead_to_one_in_use() -> None:
    flow = changed("DA_INTEGRARE", retired_to="DA_FIRMARE")
    assert ("ritirato", "DA_INTEGRARE") not in found(flow)
    assert ("ritirato", "DA_INTEGRARE") in found(changed("DA_FIRMARE", flow, retired_to="DA_PROCESSARE"))


def test_errors_come_first_and_each_flaw_has_its_place_and_its_remedy() -> None:
    flaws = lint(changed("DA_PROCESSARE", asynchronous=False, from_gestionale=False), AROUND)
    severities = [f.severity for f in flaws]
    assert severities == sorted(severities)
    for flaw in flaws:
        assert flaw.message.endswith(".") and flaw.remedy.endswith(".")


@given(st.integers(0, 2**32))
def test_any_configuration_is_linted_and_every_place_named_exists(seed: int) -> None:
    flow = configuration(random.Random(seed))
    flaws = lint(flow, AROUND)
    for flaw in flaws:
        assert isinstance(flaw, Flaw)
        assert not flaw.state or flaw.state in flow.states
        assert not flaw.setting or flaw.setting == "events" or flaw.setting in BY_NAME


@given(st.integers(0, 2**32), st.sampled_from(list(Dashboard)))
def test_where_the_lint_finds_no_error_an_action_that_ends_leaves_no_document_off_its_dashboard(
    seed: int, dashboard: Dashboard
) -> None:
    flow = configuration(random.Random(seed))
    if any(f.rule in ("abilitazioni", "inesistente") for f in lint(flow, AROUND)):
        return
    for state in flow.on(dashboard):
        rule_ = state.rule(dashboard)
        answer = decide(flow, state.code, ActionSucceeded(rule_.action), Facts(dashboard))
        if rule_.action is not Action.NONE and isinstance(answer, Decision) and answer.to_state:
            assert dashboard in flow.states[answer.to_state].dashboards
