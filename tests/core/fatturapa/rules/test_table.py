from __future__ import annotations

import datetime

import pytest

from fattorino.core.fatturapa.draft import Draft, Party
from fattorino.core.fatturapa.rules.engine import RULES, ordinary_body
from fattorino.core.fatturapa.rules.explain import EXPLAINED, explain
from fattorino.core.fatturapa.rules.own import OPTIONAL, OWN
from fattorino.core.fatturapa.rules.table import CONTROLS

# Decided elsewhere: by name, signature and format of the file; RF03 is not in the schema any more (00200).
ELSEWHERE = {
    "00001",
    "00100",
    "00102",
    "00103",
    "00104",
    "00105",
    "00106",
    "00107",
    "00200",
    "00201",
    "00459",
}


def test_every_control_that_a_file_can_decide_has_a_rule():
    ruled = {rule.code for rule in RULES}
    local = {c.code for c in CONTROLS.values() if c.local != "no"}
    assert local - ruled == ELSEWHERE
    assert ruled - OWN.keys() <= local


def test_every_remark_of_our_own_has_a_rule():
    assert {rule.code for rule in RULES if rule.code in OWN} == OWN.keys()


def test_a_control_has_a_rule_in_each_of_its_flows():
    for code in {rule.code for rule in RULES}:
        kinds = (CONTROLS.get(code) or OWN[code]).kinds
        ruled = {kind for rule in RULES if rule.code == code for kind in rule.kinds}
        assert set(kinds) <= ruled, code


def test_a_rule_under_an_unknown_code_is_a_programming_mistake():
    with pytest.raises(ValueError, match="99999"):
        ordinary_body("99999")


def test_only_warnings_can_be_switched_off():
    for code in OPTIONAL:
        assert code in OWN or CONTROLS[code].severity == "warning"
    parts = {rule.code for rule in RULES if rule.code in CONTROLS and CONTROLS[rule.code].local == "part"}
    assert parts <= OPTIONAL.keys() and OWN.keys() <= OPTIONAL.keys()


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


def test_the_remedy_of_a_wrong_address_keeps_pa_and_private_apart():
    for code in ("00311", "00312"):
        remedy = explain(code).remedy
        pa, private = remedy.index("A una pubblica amministrazione:"), remedy.index("A un privato:")
        assert "indicepa" in remedy[pa:private] and "indicepa" not in remedy[private:]
