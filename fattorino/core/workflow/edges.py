"""The ways from state to state of one dashboard, as lint, graph and trial see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from fattorino.core.texts import say
from fattorino.core.workflow.decide import choices
from fattorino.core.workflow.definition import ACTION_LABELS, Action, Dashboard, StateType, Workflow

Way = Literal["confirmed", "failed", "hub", "manual", "retired"]


@dataclass(frozen=True, slots=True)
class Edge:
    """One way from a state to a state. `label` is in Italian: the action, the hub status, *Cambia stato*."""

    source: str
    target: str
    way: Way
    label: str


def edges_of(workflow: Workflow, dashboard: Dashboard) -> tuple[Edge, ...]:
    """Every way a document of this dashboard can go; those of withdrawn states lead out of them only."""
    edges: list[Edge] = []
    for state in sorted(workflow.states.values(), key=lambda s: (s.order, s.code)):
        if dashboard not in state.dashboards:
            continue
        rule = state.rule(dashboard)
        if rule.action is not Action.NONE:
            label = ACTION_LABELS[rule.action]
            if rule.confirmed:
                edges.append(Edge(state.code, rule.confirmed, "confirmed", label))
            if rule.failed:
                edges.append(
                    Edge(state.code, rule.failed, "failed", say("{action} (non riuscita)", action=label))
                )
        edges += [
            Edge(state.code, t.code, "manual", say("Cambia stato"))
            for t in choices(workflow, state, dashboard)
        ]
        if state.retired_to:
            edges.append(Edge(state.code, state.retired_to, "retired", say("Ritirato")))
    for event in workflow.events:
        if dashboard in event.dashboards:
            edges += [
                Edge(source, event.to_state, "hub", event.status)
                for source in sorted(event.from_states)
                if source in workflow.states and dashboard in workflow.states[source].dashboards
            ]
    return tuple(dict.fromkeys(edges))


def entries_of(workflow: Workflow, dashboard: Dashboard) -> frozenset[str]:
    """Where a document can begin: the initial state, those the gestionale may give, those the Hub opens by itself."""
    entries = {
        s.code
        for s in workflow.on(dashboard)
        if s.type is StateType.INITIAL and (s.from_gestionale or s.code == workflow.initial.get(dashboard))
    }
    entries |= {e.to_state for e in workflow.events if dashboard in e.dashboards and not e.from_states}
    return frozenset(entries)


def reachable_from(starts: Iterable[str], edges: Iterable[Edge]) -> frozenset[str]:
    """The states that can be reached, the starts included."""
    following: dict[str, set[str]] = defaultdict(set)
    for edge in edges:
        following[edge.source].add(edge.target)
    reached = set(starts)
    todo = list(reached)
    while todo:
        for code in following[todo.pop()] - reached:
            reached.add(code)
            todo.append(code)
    return frozenset(reached)


def ends_reachable_from(workflow: Workflow, dashboard: Dashboard, edges: Iterable[Edge]) -> frozenset[str]:
    """The states from which some final state can be reached, the final ones included."""
    finals = {s.code for s in workflow.on(dashboard) if s.type is StateType.FINAL}
    back = [Edge(edge.target, edge.source, edge.way, edge.label) for edge in edges]
    return reachable_from(finals, back)
