"""The trial shows what the rule book would do, event by event."""

from __future__ import annotations

import dataclasses
import random

from hypothesis import given
from hypothesis import strategies as st

from fattorino.core.workflow.definition import Dashboard, Notice
from fattorino.core.workflow.standard import standard_workflow
from fattorino.core.workflow.trial import Person, play, standing
from tests.core.workflow.configurations import configuration

FLOW = standard_workflow()
PA, PR = Dashboard.ACTIVE_PA, Dashboard.ACTIVE_PRIVATE
ANNA = Person("Anna Bianchi", frozenset({"user:1", "group:admin"}), True)
LUCA = Person("Luca Verdi", frozenset({"user:2", "group:operator"}), True)
SARA = Person("Sara Neri", frozenset({"user:3", "group:reader"}), False)


def test_a_private_invoice_is_played_from_the_form_to_its_delivery() -> None:
    steps = play(FLOW, PR, ("action", "ok", "ok", "ok", "ok", "hub:SDI_PRESO_IN_CARICO", "hub:RC"))
    assert [s.state for s in steps] == [
        "DA_PROCESSARE", "DA_PROCESSARE", "DA_VALIDARE", "DA_FIRMARE", "DA_CONFERMARE", "IN_ELABORAZIONE",
        "IN_ATTESA_ESITO", "CONSEGNATO",
    ]  # fmt: skip
    assert steps[1].started == "Genera XML e invia"
    assert steps[4].confirmed and steps[-1].preserved
    assert not any(s.refusal for s in steps)


def test_a_refusal_says_why_and_the_document_stays() -> None:
    steps = play(FLOW, PR, ("state:CONSEGNATO",))
    assert steps[-1].state == "DA_PROCESSARE"
    assert "Consegnato" in steps[-1].refusal


def test_the_notices_that_would_go_out_are_shown() -> None:
    notice = Notice(PR, "group:operator", mail=True)
    state = dataclasses.replace(FLOW.states["DA_VALIDARE"], notices=(notice,))
    flow = dataclasses.replace(FLOW, states={**FLOW.states, "DA_VALIDARE": state})
    assert play(flow, PR, ("ok",))[-1].told == (notice,)
    assert play(flow, PA, ("ok",))[-1].told == ()


def test_the_action_is_offered_to_those_who_work_and_see_the_state() -> None:
    here = standing(FLOW, PR, "DA_PROCESSARE", (ANNA, LUCA, SARA))
    assert (here.offered, here.offered_to) == ("Genera XML e invia", ("Anna Bianchi", "Luca Verdi"))
    assert here.assignable == ("Trasmesso fuori procedura", "Annullato (mai trasmesso)")
    state = dataclasses.replace(FLOW.states["DA_PROCESSARE"], reserved=True, reserved_groups=("group:admin",))
    flow = dataclasses.replace(FLOW, states={**FLOW.states, "DA_PROCESSARE": state})
    assert standing(flow, PR, "DA_PROCESSARE", (ANNA, LUCA, SARA)).offered_to == ("Anna Bianchi",)


def test_a_dashboard_without_entry_is_refused_at_once() -> None:
    (step,) = play(dataclasses.replace(FLOW, initial={}), PR, ("ok",))
    assert not step.state and "iniziale" in step.refusal


@given(st.integers(0, 2**32), st.sampled_from(list(Dashboard)), st.lists(st.text(max_size=8), max_size=4))
def test_every_event_offered_can_be_played_and_nonsense_never_raises(
    seed: int, dashboard: Dashboard, nonsense: list[str]
) -> None:
    rng = random.Random(seed)
    flow = configuration(rng)
    keys: list[str] = []
    for _ in range(4):
        steps = play(flow, dashboard, tuple(keys))
        if not steps[-1].state:
            break
        here = standing(flow, dashboard, steps[-1].state, (ANNA,))
        if not here.tries:
            break
        chosen = rng.choice(here.tries)
        keys.append(chosen.key)
        assert play(flow, dashboard, tuple(keys))[-1].event == chosen.label
    play(flow, dashboard, tuple(nonsense))
