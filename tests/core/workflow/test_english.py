"""Whatever the rules of states say can be said in English: no text loses its origin on the way, none stays Italian."""

from __future__ import annotations

import gettext
import random
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from fattorino.core.errors import FattorinoError, InputError, RefusedError
from fattorino.core.texts import Text, in_language
from fattorino.core.workflow import edit
from fattorino.core.workflow.bulk import action_for_many, targets_for_many
from fattorino.core.workflow.decide import (
    ActionFailed,
    ActionRequested,
    ActionSucceeded,
    Entered,
    Facts,
    HubReported,
    Refusal,
    StateChosen,
    StateRetired,
    decide,
)
from fattorino.core.workflow.definition import (
    ACTION_LABELS,
    KIND_LABELS,
    TYPE_LABELS,
    Action,
    Dashboard,
    Workflow,
    workflow_from_json,
)
from fattorino.core.workflow.diff import differences
from fattorino.core.workflow.flaws import Surroundings
from fattorino.core.workflow.graph import draw
from fattorino.core.workflow.lint import lint
from fattorino.core.workflow.plain import from_plain, to_plain
from fattorino.core.workflow.settings import BY_NAME, DASHBOARD_LABELS, NOTICE_LABELS, SETTINGS
from fattorino.core.workflow.standard import standard_workflow
from fattorino.core.workflow.statuses import STATUSES, statuses_of
from fattorino.core.workflow.trial import play, standing
from scripts import languages
from tests.core.workflow.configurations import configuration
from tests.language_scan import SMALL_WORDS

AROUND = Surroundings(
    groups={"group:operator": 0}, statuses={d: statuses_of(d) for d in Dashboard}, mail=False
)


@cache
def catalogue() -> gettext.GNUTranslations:
    with languages.place("core/workflow").with_suffix(".mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def faults(texts: Iterable[str]) -> Iterator[str]:
    """The texts that cannot be said, or are still Italian when they are."""
    for text in texts:
        said = in_language(text, catalogue())
        if text and not isinstance(text, Text):
            yield f"lost its origin: {text!r}"
        elif SMALL_WORDS.search(said) or (text and said == text):
            yield f"still Italian: {said!r}"


def test_every_label_has_its_english() -> None:
    labels = [*ACTION_LABELS.values(), *KIND_LABELS.values(), *TYPE_LABELS.values()]
    labels += [*DASHBOARD_LABELS.values(), *NOTICE_LABELS.values()]
    labels += [status.label for status in STATUSES.values()]
    labels += [text for setting in SETTINGS for text in (setting.label, setting.help)]
    assert not list(faults(labels))


seeds = given(st.integers(0, 2**32))
some = hypothesis_settings(max_examples=60)


@some
@seeds
def test_every_remark_of_the_lint_is_said_in_english(seed: int) -> None:
    found = lint(configuration(random.Random(seed)), AROUND)
    assert not list(faults(text for flaw in found for text in (flaw.message, flaw.remedy)))


def test_quotation_marks_are_english_too() -> None:
    for seed in range(200):
        for flaw in lint(configuration(random.Random(seed)), AROUND):
            said = in_language(flaw.message, catalogue())
            assert "«" not in said and "»" not in said, said


@some
@seeds
def test_a_trial_is_said_in_english(seed: int) -> None:
    rng = random.Random(seed)
    flow, dashboard, keys = configuration(rng), rng.choice(list(Dashboard)), list[str]()
    for _ in range(5):
        steps = play(flow, dashboard, (*keys, "nonsense:"))
        # What an address asked for and does not exist is repeated as it came.
        shown = [s.event for s in steps if s.event != "nonsense:"]
        assert not list(faults([*shown, *(t for s in steps for t in (s.refusal, s.note, s.started))]))
        if not steps[-1].state:
            return
        here = standing(flow, dashboard, steps[-1].state, ())
        assert not list(faults([here.offered, *(t.label for t in here.tries)]))
        if not here.tries:
            return
        keys.append(rng.choice(here.tries).key)


@some
@seeds
def test_every_refusal_and_note_of_the_rules_is_said_in_english(seed: int) -> None:
    rng = random.Random(seed)
    flow = configuration(rng)
    state = rng.choice(list(flow.states.values()))
    facts = Facts(
        rng.choice(list(Dashboard)),
        busy=rng.random() < 0.3,
        may_write=rng.random() < 0.7,
        actor_names=rng.choice([None, frozenset({"user:8"})]),
        runnable=frozenset(rng.sample(list(Action), 9)),
    )
    events = (
        Entered(state.code), ActionRequested(), ActionRequested(seen="S9"), ActionSucceeded(Action.SIGN),
        ActionFailed(Action.SIGN), HubReported(rng.choice(["NS", "RC", "ZZ"])), StateRetired(),
        StateChosen(rng.choice(list(flow.states))), StateChosen(state.code, seen="S9"),
    )  # fmt: skip
    told: list[Any] = [decide(flow, state.code, event, facts) for event in events]
    told += [decide(flow, "", Entered(), facts)]
    told += [action_for_many(flow, state, facts), targets_for_many(flow, state, facts)]
    texts = [t for each in told if isinstance(each, Refusal) for t in (each.why, each.remedy)]
    texts += [each.note for each in told if hasattr(each, "note")]
    assert not list(faults(texts))


@some
@seeds
def test_what_changes_and_what_stands_in_the_way_is_said_in_english(seed: int) -> None:
    rng = random.Random(seed)
    old, new = configuration(rng), configuration(rng)
    changes = differences(old, new)
    assert not list(faults(change.setting for change in changes))
    # Before and after may be the company's own words.
    values = (
        v
        for change in changes
        if change.setting != BY_NAME["tab"].label
        for v in (change.before, change.after)
    )
    assert not [value for value in values if SMALL_WORDS.search(in_language(value, catalogue()))]
    code, other = rng.choice(list(old.states)), rng.choice(list(old.states))
    assert not list(faults(reference.text for reference in edit.references(old, code)))
    for attempt in (lambda: edit.remove(old, code), lambda: edit.retire(old, code, other)):
        try:
            attempt()
        except RefusedError as error:
            assert not list(faults([error.text]))


def test_a_drawing_is_said_in_english() -> None:
    drawing = draw(standard_workflow(), Dashboard.ACTIVE_PRIVATE)
    said = [in_language(arrow.label, catalogue()) for arrow in drawing.arrows]
    assert "Change state" in said and "Generate XML and send" in said
    assert not [label for label in said if SMALL_WORDS.search(label)]


def broken() -> Iterator[Any]:
    """Files that are no configuration, each in another way."""

    def changed(*place: Any, to: Any) -> Any:
        data = to_plain(standard_workflow())
        part: Any = data
        for key in place[:-1]:
            part = part[key]
        part[place[-1]] = to
        return data

    yield from ([], {"formato": 7}, {"formato": 1, "altro": 1})
    yield changed("stati", to=3)
    for key, value in (
        ("tipo", "Terminale"), ("ordine", "tre"), ("riservato", "forse"), ("descrizione", 7), ("altro", 1),
        ("abilitazioni", ["XX"]), ("abilitazioni", "PA"), ("notifiche", [{"dashboard": "PA"}]),
        ("azioni", {"azione": "BALLA"}), ("azioni", {"confermata": 1}),
    ):  # fmt: skip
        yield changed("stati", "CONSEGNATO", key, to=value)
    yield changed("stati", "CONSEGNATO", to={})
    yield changed("esiti", 0, to={"esito": "RC"})


@pytest.mark.parametrize("data", list(broken()))
def test_what_is_wrong_with_a_file_is_said_in_english(data: Any) -> None:
    with pytest.raises(InputError) as refused:
        from_plain(data)
    assert not list(faults([refused.value.text]))


def test_a_place_in_a_file_is_said_in_english() -> None:
    data = to_plain(standard_workflow())
    data["stati"]["CONSEGNATO"]["tipo"] = "Terminale"
    with pytest.raises(InputError) as refused:
        from_plain(data)
    assert in_language(refused.value.text, catalogue()) == (
        "In the state CONSEGNATO, tipo there is “Terminale”: the values are Iniziale, Intermedio, Finale."
    )


def test_what_is_not_there_is_said_in_english() -> None:
    empty = Workflow({}, (), {})
    for attempt in (lambda: empty.state("X"), lambda: workflow_from_json({})):
        with pytest.raises(FattorinoError) as refused:
            attempt()
        assert not list(faults([refused.value.text]))
