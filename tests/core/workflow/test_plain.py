"""A configuration as a file: readable, without loss, strict when read."""

from __future__ import annotations

import random
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fattorino.core.errors import InputError
from fattorino.core.workflow.definition import ActionRule, State
from fattorino.core.workflow.diff import differences
from fattorino.core.workflow.plain import from_plain, to_plain
from fattorino.core.workflow.settings import SETTINGS
from fattorino.core.workflow.standard import standard_workflow
from tests.core.workflow.configurations import configuration

FLOW = standard_workflow()


def test_every_setting_of_a_state_has_a_place_in_the_table_of_settings() -> None:
    names = {s.name for s in SETTINGS}
    assert names == (
        {slot for slot in State.__slots__ if slot not in ("code", "active", "passive")}
        | {f"{rule}.{slot}" for rule in ("active", "passive") for slot in ActionRule.__slots__}
    )
    plain_keys = [s.key for s in SETTINGS if "." not in s.name]
    assert len(plain_keys) == len(set(plain_keys))


def test_the_standard_configuration_survives_the_file() -> None:
    text = yaml.safe_dump(to_plain(FLOW), allow_unicode=True, sort_keys=False)
    assert from_plain(yaml.safe_load(text)) == FLOW
    assert "attribuibile_da_gestionale: true" in text


@given(st.integers(0, 2**32))
def test_any_configuration_survives_the_file(seed: int) -> None:
    flow = configuration(random.Random(seed))
    text = yaml.safe_dump(to_plain(flow), allow_unicode=True, sort_keys=False)
    again = from_plain(yaml.safe_load(text))
    assert again == flow
    assert differences(flow, again) == ()


@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_two_configurations_that_differ_show_a_difference(one: int, other: int) -> None:
    first, second = configuration(random.Random(one)), configuration(random.Random(other))
    assert bool(differences(first, second)) == (to_plain(first)["stati"] != to_plain(second)["stati"]
        or first.initial != second.initial or _map(first) != _map(second))  # fmt: skip


def _map(flow: Any) -> dict[Any, Any]:
    rows: dict[Any, Any] = {}
    for event in flow.events:
        for dashboard in event.dashboards:
            rows.setdefault((event.status, dashboard), []).append((event.to_state, event.from_states))
    return rows


def test_a_difference_names_state_setting_and_both_values() -> None:
    data = to_plain(FLOW)
    data["stati"]["CONSEGNATO"]["riservato"] = True
    data["stati"]["DA_PROCESSARE"]["azioni"]["confermata"] = "IN_ELABORAZIONE"
    found = differences(FLOW, from_plain(data))
    assert {(d.state, d.setting, d.before, d.after) for d in found} == {
        ("Da processare", "Stato azione confermata", "Da validare", "In elaborazione su Hub"),
        ("Consegnato", "Riservato", "no", "sì"),
    }


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.pop("stati"), "stati"),
        (lambda d: d.update(formato=2), "formato"),
        (lambda d: d["stati"]["CONSEGNATO"].update(riserbato=True), "riserbato"),
        (lambda d: d["stati"]["CONSEGNATO"].update(riservato="sì"), "sì o no"),
        (lambda d: d["stati"]["CONSEGNATO"].update(tipo="finale"), "Iniziale, Intermedio, Finale"),
        (lambda d: d["stati"]["CONSEGNATO"].update(abilitazioni=["XX"]), "XX"),
        (lambda d: d["stati"]["CONSEGNATO"].update(abilitazioni="PR"), "elenco"),
        (lambda d: d["stati"]["CONSEGNATO"].update(ordine=True), "numero intero"),
        (lambda d: d["stati"]["CONSEGNATO"].pop("tipo"), "CONSEGNATO"),
        (lambda d: d["stati"]["DA_PROCESSARE"]["azioni"].update(azione="VOLA"), "VOLA"),
        (lambda d: d["stati"].update(CONSEGNATO=[]), "CONSEGNATO"),
        (lambda d: d["esiti"][0].update(dashboard=None), "elenco"),
        (lambda d: d.update(ingresso={"XX": "DA_PROCESSARE"}), "XX"),
        (lambda d: d["stati"]["CONSEGNATO"].update(notifiche=[{"dashboard": "PR"}]), "testo"),
    ],
)
def test_what_does_not_exist_in_the_file_is_refused_with_its_place(change: Any, says: str) -> None:
    data = to_plain(FLOW)
    change(data)
    with pytest.raises(InputError) as caught:
        from_plain(data)
    assert says in str(caught.value)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@given(JUNK, st.sampled_from(["stati", "esiti", "ingresso", "formato"]), JUNK)
def test_no_file_does_worse_than_being_refused(whole: Any, key: str, part: Any) -> None:
    for data in (whole, to_plain(FLOW) | {key: part}):
        try:
            from_plain(data)
        except InputError as refusal:
            assert str(refusal).endswith(".")
