"""The rule book against an independent model of it: random configurations, random events, 10,000 runs.

The model is written from the sentences of source-documents/stati-adempimenti.txt, with plain dictionaries and without a
look at decide.py; where the two disagree one of them has misread a sentence.
"""

from __future__ import annotations

import random
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fattorino.core.workflow.decide import (
    ActionFailed,
    ActionRequested,
    ActionSucceeded,
    Decision,
    Entered,
    Event,
    Facts,
    HubReported,
    Refusal,
    StateChosen,
    StateRetired,
    decide,
    may_see,
)
from fattorino.core.workflow.definition import Action, Dashboard, Workflow, workflow_to_json
from tests.core.workflow.configurations import GROUPS, STATUSES, configuration

RUNS = 10_000
SHARDS = 4
ACTORS: tuple[frozenset[str] | None, ...] = (None, *(frozenset({g}) for g in GROUPS), frozenset({"user:7"}))


class Model:
    """One document in one configuration, as the source says it: JSON in, (state | None, action | None) out."""

    def __init__(self, plain: dict[str, Any], dashboard: str) -> None:
        self.states = {row["code"]: row for row in plain["states"]}
        self.events = plain["events"]
        self.initial = plain["initial"]
        self.dashboard = dashboard

    def rule(self, code: str) -> dict[str, Any]:
        rule: dict[str, Any] = self.states[code]["passive" if self.dashboard == "PS" else "active"]
        return rule

    def seen(self, code: str, names: frozenset[str] | None) -> bool:
        row = self.states[code]
        allowed = {*row["reserved_groups"], *row["reserved_users"]}
        return not row["reserved"] or names is None or bool(names & allowed)

    def goes_on(self, code: str) -> bool:
        """Whether the state begins its action by itself."""
        return bool(self.rule(code)["automatic"] and self.rule(code)["action"] != "NESSUNA")

    def landing(self, code: str) -> str:
        been = []
        while self.states[code]["retired_to"] and code not in been:
            been.append(code)
            code = self.states[code]["retired_to"]
        return code if code not in been else been[-1]

    def enter(self) -> str | None:
        code = self.initial.get(self.dashboard)
        if (
            not code
            or self.states[code]["type"] != "Iniziale"
            or self.dashboard not in self.states[code]["dashboards"]
        ):
            return None
        return code

    def press(self, code: str, names: frozenset[str] | None, busy: bool, works: bool) -> str | None:
        action = self.rule(code)["action"]
        if not works or busy or action == "NESSUNA" or not self.seen(code, names):
            return None
        if action in ("GENERA_XML_INVIA_HUB", "INVIA_HUB") and not self.states[code]["asynchronous"]:
            return None
        return str(action)

    def ended(self, code: str, action: str, ok: bool) -> str | None:
        rule = self.rule(code)
        if rule["action"] != action:
            return None
        return (rule["confirmed"] if ok else rule["failed"]) or None

    def choose(
        self, code: str, wanted: str, names: frozenset[str] | None, busy: bool, works: bool, why: str
    ) -> bool:
        here, there, rule = self.states[code], self.states[wanted], self.rule(code)
        listed = not here["assignable"] or wanted in here["assignable"]
        return (
            works and not busy and self.seen(code, names) and self.seen(wanted, names)
            and rule["change_state"] and here["from_gestionale"] and there["from_gestionale"]
            and set(here["dashboards"]) <= set(there["dashboards"]) and not there["retired_to"]
            and listed and wanted != code and (bool(why.strip()) or not rule["reason_required"])
        )  # fmt: skip

    def hub(self, code: str, status: str) -> str | None:
        for row in self.events:
            if row["status"] != status or self.dashboard not in row["dashboards"]:
                continue
            if row["to_state"] == code:
                return None
            if code in row["from_states"]:
                check = "from_gestionale" if status.startswith("GEST_") else "from_hub"
                return str(row["to_state"]) if self.states[row["to_state"]][check] else None
        return None


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.flow: Workflow | None = None
        self.state = ""

    @initialize(seed=st.integers(0, 2**32), dashboard=st.sampled_from(list(Dashboard)))
    def configure(self, seed: int, dashboard: Dashboard) -> None:
        self.flow = configuration(random.Random(seed))
        self.dashboard = dashboard
        self.model = Model(workflow_to_json(self.flow), str(dashboard))
        answer = self.ask(Entered())
        expected = self.model.enter()
        assert isinstance(answer, Refusal) == (expected is None), answer
        if isinstance(answer, Decision):
            assert expected is not None
            self.move(answer, self.model.landing(expected))
        else:
            # A document of an earlier version stands somewhere all the same.
            self.state = sorted(self.flow.states)[seed % len(self.flow.states)]

    def ask(self, event: Event, **facts: Any) -> Decision | Refusal:
        assert self.flow is not None
        return decide(self.flow, self.state, event, Facts(self.dashboard, **facts))

    def move(self, answer: Decision, expected: str) -> None:
        """Entering a state does what its checks say, and tells its groups only on passing into it."""
        assert self.flow is not None
        assert answer.to_state == expected
        state = self.flow.states[expected]
        assert answer.confirm_document == state.confirms
        assert answer.preserve == state.preserved
        told = (
            () if expected == self.state else tuple(n for n in state.notices if n.dashboard == self.dashboard)
        )
        assert answer.notices == told
        self.state = expected

    @precondition(lambda self: self.state)
    @rule(names=st.sampled_from(ACTORS), busy=st.booleans(), works=st.booleans())
    def press(self, names: frozenset[str] | None, busy: bool, works: bool) -> None:
        answer = self.ask(ActionRequested(), busy=busy, may_write=works, actor_names=names)
        expected = self.model.press(self.state, names, busy, works)
        if expected is None:
            assert isinstance(answer, Refusal)
            assert answer.why.endswith(".")
        else:
            assert isinstance(answer, Decision)
            assert (answer.to_state, str(answer.start)) == (None, expected)

    @precondition(lambda self: self.state)
    @rule(action=st.sampled_from(Action), own=st.booleans(), ok=st.booleans())
    def end(self, action: Action, own: bool, ok: bool) -> None:
        assert self.flow is not None
        if own:
            action = self.flow.states[self.state].rule(self.dashboard).action
        answer = self.ask(ActionSucceeded(action) if ok else ActionFailed(action))
        expected = self.model.ended(self.state, str(action), ok)
        assert isinstance(answer, Decision)
        # A failure that stays is written down as such and enters nothing.
        if expected is None or (not ok and expected == self.state):
            assert answer.to_state is None
            assert answer.start is None
        else:
            self.move(answer, self.model.landing(expected))

    @precondition(lambda self: self.state)
    @rule(
        pick=st.integers(0, 5), names=st.sampled_from(ACTORS), busy=st.booleans(), works=st.booleans(),
        why=st.sampled_from(["", "  ", "corretto"]),
    )  # fmt: skip
    def choose(self, pick: int, names: frozenset[str] | None, busy: bool, works: bool, why: str) -> None:
        assert self.flow is not None
        codes = list(self.flow.states)
        wanted = codes[pick % len(codes)]
        answer = self.ask(StateChosen(wanted, why), busy=busy, may_write=works, actor_names=names)
        if self.model.choose(self.state, wanted, names, busy, works, why):
            assert isinstance(answer, Decision), answer
            self.move(answer, wanted)
        else:
            assert isinstance(answer, Refusal)
            hidden = not may_see(self.flow.states[self.state], names)
            if works and hidden:
                # Reserved means invisible in messages too: not even that there is such a document.
                assert answer.why == "Documento non trovato."

    @precondition(lambda self: self.state)
    @rule(status=st.sampled_from([*STATUSES, "IGNOTO"]), busy=st.booleans())
    def report(self, status: str, busy: bool) -> None:
        answer = self.ask(HubReported(status), busy=busy)
        expected = self.model.hub(self.state, status)
        assert isinstance(answer, Decision)
        if expected is not None and busy and self.model.goes_on(self.model.landing(expected)):
            # One action at a time: kept until the one under way has ended.
            assert (answer.to_state, answer.start, answer.hold) == (None, None, True)
        elif expected is None:
            # Stored and shown, never dropped: the decision says why nothing moved.
            assert answer.to_state is None
            assert answer.note
        else:
            self.move(answer, self.model.landing(expected))

    @precondition(lambda self: self.state)
    @rule(busy=st.booleans())
    def retire(self, busy: bool) -> None:
        target = self.model.states[self.state]["retired_to"]
        answer = self.ask(StateRetired(), busy=busy)
        if not target:
            assert isinstance(answer, Decision)
            assert answer.to_state is None
        elif busy:
            assert isinstance(answer, Refusal)
            assert answer.conflict
        else:
            assert isinstance(answer, Decision)
            self.move(answer, self.model.landing(target))


def walk(shard: int, runs: int) -> None:
    """As many runs of this part. Where examples are always the same ones, each part has its own."""
    machine = seed(shard)(partial(Machine)) if settings().derandomize else Machine
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=runs,
            stateful_step_count=8,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


@pytest.mark.parametrize("shard", range(SHARDS))
def test_the_rule_book_agrees_with_an_independent_model(shard: int) -> None:
    """Ten thousand configurations with up to eight events each, in `SHARDS` parts."""
    walk(shard, RUNS // SHARDS)


def test_no_part_walks_where_another_has_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: set[object] = set()
    make = configuration

    def note(chance: random.Random) -> Workflow:
        drawn.add(chance.getstate())
        return make(chance)

    monkeypatch.setattr(f"{__name__}.configuration", note)
    new = []
    for shard in range(SHARDS):
        before = len(drawn)
        walk(shard, 20)
        new.append(len(drawn) - before)
    # The first example of all is the simplest one, for each part.
    assert min(new) > 3, new
