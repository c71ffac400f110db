"""Random configurations of states, for properties: small, often wrong, always readable."""

from __future__ import annotations

import random

from fattorino.core.workflow.definition import (
    Action,
    ActionRule,
    Dashboard,
    HubEvent,
    Notice,
    State,
    StateType,
    Workflow,
)

GROUPS = ("group:admin", "group:operator", "group:contabili")
STATUSES = ("NS", "RC", "MC", "HUB_ERRORE", "GEST_CONTABILIZZATO")


def configuration(rng: random.Random) -> Workflow:
    """Two to six states with any settings; targets exist, dashboards may not fit."""
    codes = [f"S{n}" for n in range(rng.randint(2, 6))]
    states = {code: _state(rng, code, codes) for code in codes}
    events = tuple(
        HubEvent(
            rng.choice(STATUSES),
            frozenset(rng.sample(list(Dashboard), rng.randint(1, 3))),
            rng.choice(codes),
            frozenset(rng.sample(codes, rng.randint(0, len(codes)))),
        )
        for _ in range(rng.randint(0, 5))
    )
    initial = {d: rng.choice(codes) for d in Dashboard if rng.random() < 0.9}
    return Workflow(states, events, initial)


def _state(rng: random.Random, code: str, codes: list[str]) -> State:
    def flag(likely: float = 0.5) -> bool:
        return rng.random() < likely

    return State(
        code,
        f"Stato {code}",
        rng.choice(list(StateType)),
        tab=rng.choice(["", "Da lavorare", "In attesa"]),
        order=rng.randint(0, 30),
        dashboards=frozenset(rng.sample(list(Dashboard), rng.randint(1, 5))),
        from_gestionale=flag(0.7),
        from_hub=flag(0.7),
        asynchronous=flag(0.7),
        confirms=flag(0.3),
        in_esterometro=flag(0.2),
        preserved=flag(0.3),
        issued=flag(0.3),
        hidden_from_bulk=flag(0.2),
        reserved=flag(0.3),
        reserved_groups=tuple(rng.sample(GROUPS, rng.randint(0, 2))),
        reserved_users=("user:7",) if flag(0.2) else (),
        active=_rule(rng, codes),
        passive=_rule(rng, codes),
        assignable=tuple(rng.sample(codes, rng.randint(0, len(codes)))) if flag() else (),
        notices=tuple(
            Notice(rng.choice(list(Dashboard)), rng.choice(GROUPS), flag()) for _ in range(rng.randint(0, 3))
        ),
        deadline="entro 5 giorni" if flag(0.2) else "",
        retired_to=rng.choice(codes) if flag(0.1) else "",
    )


def _rule(rng: random.Random, codes: list[str]) -> ActionRule:
    return ActionRule(
        rng.choice([Action.NONE, *Action]),
        rng.choice(["", *codes]),
        rng.choice(["", *codes]),
        change_state=rng.random() < 0.6,
        reason_required=rng.random() < 0.2,
        automatic=rng.random() < 0.3,
    )
