from __future__ import annotations

import datetime

import pytest

from fattorino.core.fatturapa.draft import Draft, Party
from fattorino.core.fatturapa.rules.engine import ORDINARY_RULES, SIMPLIFIED_RULES, ordinary
from fattorino.core.fatturapa.rules.explain import EXPLAINED, explain
from fattorino.core.fatturapa.rules.table import CONTROLS

# Decided elsewhere: name, signature, format; and those that only SdI can decide.
ELSEWHERE = {"00001", "00102", "00103", "00105", "00106", "00200", "00201"}


def test_every_control_that_a_file_can_decide_has_a_rule():
    ruled = {code for code, _ in ORDINARY_RULES} | {code for code, _ in SIMPLIFIED_RULES}
    local = {c.code for c in CONTROLS.values() if c.local != "no"} - ELSEWHERE
    # RF03 is not in the schema any more, so 00200 comes first.
    assert local - ruled == {"00459"}
    assert {code for code in ruled if not code.startswith("avviso-")} <= local


def test_a_rule_stands_where_its_flow_is():
    for code, _ in SIMPLIFIED_RULES:
        assert "FSM10" in CONTROLS[code].kinds


def test_a_rule_under_an_unknown_code_is_a_programming_mistake():
    with pytest.raises(ValueError, match="99999"):
        ordinary("99999")


def test_controls_are_dated():
    assert not CONTROLS["00327"].in_force(datetime.date(2026, 5, 14))
    assert CONTROLS["00327"].in_force(datetime.date(2026, 5, 15))
    assert CONTROLS["00400"].in_force(datetime.date(2015, 1, 1))


def test_every_code_is_explained():
    assert CONTROLS.keys() == EXPLAINED
    for code in CONTROLS:
        explanation = explain(code)
        assert explanation.official_text == CONTROLS[code].text
        assert explanation.plain.endswith(".") and explanation.remedy.endswith(".")


def _names(cls: type, value: object) -> set[str]:
    return set(getattr(cls, "__dataclass_fields__", {}))


def test_a_field_of_an_explanation_exists():
    draft, party = _names(Draft, None), _names(Party, None)
    for code in CONTROLS:
        head, _, name = explain(code).field.partition(".")
        if head in ("cedente", "cessionario"):
            assert name in party, code
        elif head == "trasmittente":
            assert name == "id_codice"
        else:
            assert head in draft | {""}, code


def test_a_code_we_do_not_know_is_answered_all_the_same():
    assert "00999" in explain("00999").plain and explain("00999").official_text == ""
