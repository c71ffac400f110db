"""What changes from one configuration to another, in words a person can check before it is applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fattorino.core.texts import say, together
from fattorino.core.workflow.definition import ACTION_LABELS, Action, Dashboard, HubEvent, Notice, Workflow
from fattorino.core.workflow.settings import DASHBOARD_LABELS, SETTINGS


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that differs. `state`: its label, "" for the configuration; `before`/`after` "" where absent."""

    state: str
    setting: str
    before: str
    after: str


def differences(
    old: Workflow, new: Workflow, names: Mapping[str, str] = MappingProxyType({})
) -> tuple[Difference, ...]:
    """All differences, by state in the new order; empty exactly when both do the same.

    Args:
        names: what people call the groups and users that configurations name by code.
    """
    found = [*_entries(old, new)]
    codes = sorted(new.states, key=lambda c: (new.states[c].order, c))
    codes += sorted(set(old.states) - set(new.states))
    for code in codes:
        found += _state(old, new, code, names)
    return (*found, *_events(old, new))


def _entries(old: Workflow, new: Workflow) -> Iterator[Difference]:
    for dashboard in Dashboard:
        before, after = (_label(w, w.initial.get(dashboard, "")) for w in (old, new))
        if old.initial.get(dashboard) != new.initial.get(dashboard):
            yield Difference(
                "", say("Ingresso di «{dashboard}»", dashboard=DASHBOARD_LABELS[dashboard]), before, after
            )


def _state(old: Workflow, new: Workflow, code: str, names: Mapping[str, str]) -> Iterator[Difference]:
    before, after = old.states.get(code), new.states.get(code)
    if before is None or after is None:
        label = (after or before).label  # type: ignore[union-attr]  # one of the two is there
        yield Difference(
            label, say("Stato"), say("presente") if before else "", say("presente") if after else ""
        )
        return
    for setting in SETTINGS:
        one, other = _get(before, setting.name), _get(after, setting.name)
        if one != other:
            texts = (_text(flow, value, names) for flow, value in ((old, one), (new, other)))
            yield Difference(after.label, setting.label, *texts)


def _get(state: Any, name: str) -> Any:
    for part in name.split("."):
        state = getattr(state, part)
    return state


def _text(workflow: Workflow, value: Any, names: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return say("sì") if value else say("no")
    if isinstance(value, Action):
        return ACTION_LABELS[value]
    if isinstance(value, frozenset):
        return together(*(DASHBOARD_LABELS[d] for d in Dashboard if d in value), by=", ")
    if isinstance(value, tuple):
        return together(
            *(
                _notice(item, names) if isinstance(item, Notice) else names.get(item, _label(workflow, item))
                for item in value
            ),
            by=", ",
        )
    return _label(workflow, str(value))


def _notice(notice: Notice, names: Mapping[str, str]) -> str:
    group = names.get(notice.group, notice.group.removeprefix("group:"))
    dashboard = DASHBOARD_LABELS[notice.dashboard]
    if notice.mail:
        return say("{dashboard}: {group} (nelle pagine e per e-mail)", dashboard=dashboard, group=group)
    return say("{dashboard}: {group} (nelle pagine)", dashboard=dashboard, group=group)


def _label(workflow: Workflow, code: str) -> str:
    return workflow.states[code].label if code in workflow.states else code


def _events(old: Workflow, new: Workflow) -> Iterator[Difference]:
    before, after = _rows(old), _rows(new)
    for key in sorted(set(before) | set(after)):
        if before.get(key) != after.get(key):
            status, dashboard = key
            name = say(
                "Esito {status} su «{dashboard}»",
                status=status,
                dashboard=DASHBOARD_LABELS[Dashboard(dashboard)],
            )
            yield Difference("", name, _ways(old, before.get(key, ())), _ways(new, after.get(key, ())))


_Ways = tuple[tuple[str, tuple[str, ...]], ...]


def _rows(workflow: Workflow) -> dict[tuple[str, str], _Ways]:
    """The map by (status, dashboard), because one row may stand for several dashboards."""
    rows: dict[tuple[str, str], list[HubEvent]] = {}
    for event in workflow.events:
        for dashboard in event.dashboards:
            rows.setdefault((event.status, str(dashboard)), []).append(event)
    return {
        key: tuple((e.to_state, tuple(sorted(e.from_states))) for e in found) for key, found in rows.items()
    }


def _ways(workflow: Workflow, ways: _Ways) -> str:
    return together(
        *(
            together(
                together(*(_label(workflow, s) for s in sources), by=", ") or say("documento nuovo"),
                _label(workflow, target),
                by=" → ",
            )
            for target, sources in ways
        ),
        by="; ",
    )
