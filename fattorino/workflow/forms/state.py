"""The form of one state: *Impostazioni aziendali* as a page sends them, and back into the configuration.

Every setting has the name it has in `core.workflow.settings`, with "-" for "."; a box of a list is called after the
list and its value ("dashboards-PA"), a repeated row after its place ("event-0-status").
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

from django.utils.translation import gettext as _

from fattorino.core.texts import together
from fattorino.core.workflow.decide import may_assign
from fattorino.core.workflow.definition import (
    Action,
    ActionRule,
    Dashboard,
    HubEvent,
    Notice,
    State,
    StateType,
    Workflow,
    workflow_to_json,
)
from fattorino.core.workflow.edit import put
from fattorino.core.workflow.flaws import Flaw, Surroundings
from fattorino.core.workflow.settings import DASHBOARD_LABELS, SETTINGS, quoted
from fattorino.core.workflow.statuses import STATUSES
from fattorino.organisations.languages import said

CHECKS = (
    "from_gestionale",
    "from_hub",
    "asynchronous",
    "confirms",
    "in_esterometro",
    "preserved",
    "reserved",
    "issued",
)
CHANGE, CHANGE_WITH_REASON = "si", "motivo"
_COMMON = frozenset(setting.name for setting in SETTINGS if setting.part == "comuni")
# Far above what the largest configuration sends; a script that sends more is not a form of ours.
_MOST_ROWS = 40


class Form:
    """Texts by name, and what is wrong with them: what the template tag `field` draws."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)
        self.errors: dict[str, str] = {}
        self.warnings: dict[str, str] = {}

    @classmethod
    def from_post(cls, post: Mapping[str, str]) -> Self:
        return cls({name: clean(post.get(name, "")) for name in post})


def clean(text: str) -> str:
    """One line without what no setting may hold."""
    return " ".join(text.replace("\x00", "").split())


@dataclass(frozen=True, slots=True)
class Edit:
    """What a form makes of a state: put into whatever configuration it is saved to."""

    state: State
    events: tuple[HubEvent, ...]
    entries: tuple[Dashboard, ...]

    def into(self, workflow: Workflow) -> Workflow:
        return put(workflow, self.state, events=self.events, entries=self.entries)


class StateForm(Form):
    """See the module.

    The value "impronta" is the digest of the state as the page showed it: who saves overwrites nothing unseen.
    """

    @classmethod
    def of(cls, workflow: Workflow, code: str) -> StateForm:
        """The form as it stands in the configuration."""
        state = workflow.state(code)
        values = {"type": str(state.type), "deadline": state.deadline, "impronta": digest(workflow, code)}
        for name in (*CHECKS, "hidden_from_bulk"):
            values[name] = "1" if getattr(state, name) else ""
        for dashboard in state.dashboards:
            values[f"dashboards-{dashboard}"] = "1"
        for name in ("assignable", "reserved_groups", "reserved_users"):
            values |= {f"{name}-{value}": "1" for value in getattr(state, name)}
        for name, rule in (("active", state.active), ("passive", state.passive)):
            values |= _rule_values(name, rule)
        for dashboard in Dashboard:
            values |= _notice_values(dashboard, state)
        for number, event in enumerate(e for e in workflow.events if e.to_state == code):
            values[f"event-{number}-status"] = event.status
            values |= {f"event-{number}-dashboard-{d}": "1" for d in event.dashboards}
            values |= {f"event-{number}-from-{c}": "1" for c in event.from_states}
        return cls(values)

    def warn(self, flaws: list[Flaw]) -> None:
        """Set the remarks of the lint beside their settings."""
        for flaw in flaws:
            name = flaw.setting.replace(".", "-") or "state"
            self.warnings.setdefault(name, said(together(flaw.message, flaw.remedy)))

    # -- reading

    def read(self, workflow: Workflow, code: str, around: Surroundings) -> Edit | None:
        """What was sent, or None where something cannot stay so: then `errors` says what."""
        old = workflow.state(code)
        dashboards = frozenset(d for d in Dashboard if self.values.get(f"dashboards-{d}"))
        checks: dict[str, Any] = {name: bool(self.values.get(name)) for name in CHECKS}
        state = replace(
            old,
            type=self._type(old),
            deadline=self._deadline(),
            dashboards=dashboards,
            active=self._rule("active", old.active, workflow),
            passive=self._rule("passive", old.passive, workflow),
            reserved_groups=self._listed("reserved_groups", old.reserved_groups, around.groups),
            reserved_users=self._listed("reserved_users", old.reserved_users, around.users),
            notices=_in_order(
                old.notices, tuple(n for d in Dashboard for n in self._notices(d, old, around))
            ),
            hidden_from_bulk=bool(self.values.get("hidden_from_bulk")),
            **checks,
        )
        state = replace(state, assignable=self._assignable(workflow, state))
        entries = tuple(d for d in Dashboard if self.values.get(f"initial-{d}"))
        self._check_entries(workflow, state)
        events = tuple(self._events(workflow, state))
        return None if self.errors else Edit(state, events, entries)

    def _type(self, old: State) -> StateType:
        try:
            return StateType(self.values.get("type", ""))
        except ValueError:
            self.errors["type"] = _("Scegliere il tipo dello stato.")
            return old.type

    def _deadline(self) -> str:
        text = self.values.get("deadline", "")
        if len(text) > 200 or not text.isprintable():
            self.errors["deadline"] = _("Al massimo 200 caratteri, su una riga.")
        return text

    def _rule(self, name: str, old: ActionRule, workflow: Workflow) -> ActionRule:
        try:
            action = Action(self.values.get(f"{name}-action") or Action.NONE)
        except ValueError:
            self.errors[f"{name}-action"] = _("Scegliere un'azione dell'elenco.")
            return old
        targets = {}
        for end in ("confirmed", "failed"):
            targets[end] = self.values.get(f"{name}-{end}", "")
            if targets[end] and targets[end] not in workflow.states:
                self.errors[f"{name}-{end}"] = _(
                    "Questo stato non c'è nella configurazione: sceglierne un altro."
                )
        change = self.values.get(f"{name}-change_state", "")
        return ActionRule(
            action=action,
            confirmed=targets["confirmed"],
            failed=targets["failed"],
            change_state=change in (CHANGE, CHANGE_WITH_REASON),
            reason_required=change == CHANGE_WITH_REASON,
            automatic=bool(self.values.get(f"{name}-automatic")),
        )

    def chosen(self, name: str) -> list[str]:
        """The values of a list of boxes that are ticked."""
        start = f"{name}-"
        return [
            key.removeprefix(start) for key, text in self.values.items() if text and key.startswith(start)
        ]

    def _listed(self, name: str, old: tuple[str, ...], known: Collection[str]) -> tuple[str, ...]:
        chosen = tuple(self.chosen(name))
        if not set(chosen) <= {*known, *old}:
            self.errors[name] = _(
                "Qualcuno tra quelli indicati non è dell'azienda: ricaricare la pagina e scegliere di nuovo."
            )
        return _in_order(old, chosen)

    def _assignable(self, workflow: Workflow, state: State) -> tuple[str, ...]:
        chosen = self.chosen("assignable")
        codes = _in_order(
            workflow.state(state.code).assignable, tuple(c for c in workflow.states if c in chosen)
        )
        wrong = [workflow.states[c].label for c in codes if not may_assign(state, workflow.states[c])]
        if wrong:
            self.errors["assignable"] = _(
                "Non si possono assegnare: %(states)s. Uno stato da assegnare è in uso, attribuibile da gestionale"
                " e ha le stesse abilitazioni di questo: toglierlo, oppure correggerne le impostazioni."
            ) % {"states": said(quoted(*wrong))}
        return codes

    def _check_entries(self, workflow: Workflow, state: State) -> None:
        lost = [d for d, code in workflow.initial.items() if code == state.code and d not in state.dashboards]
        if lost:
            labels = said(quoted(*(DASHBOARD_LABELS[d] for d in lost)))
            self.errors["dashboards"] = _(
                "È lo stato di ingresso di %(dashboards)s: prima di togliere l'abilitazione, aprire lo stato che ne"
                " prende il posto e indicarlo come ingresso."
            ) % {"dashboards": labels}
        for dashboard in Dashboard:
            if not self.values.get(f"initial-{dashboard}"):
                continue
            if dashboard not in state.dashboards or state.type is not StateType.INITIAL:
                self.errors[f"initial-{dashboard}"] = _(
                    "I documenti entrano in uno stato di tipo Iniziale abilitato per la dashboard."
                )

    # -- repeated rows

    def notice_rows(self, dashboard: Dashboard) -> list[int]:
        """The places of the rows of a dashboard's notices, with an empty one at the end."""
        return [*self._places(f"notice-{dashboard}-", "group"), self._free(f"notice-{dashboard}-", "group")]

    def event_rows(self) -> list[int]:
        return self._places("event-", "status")

    @property
    def free_event(self) -> int:
        return self._free("event-", "status")

    def _places(self, start: str, name: str) -> list[int]:
        return [n for n in range(_MOST_ROWS) if self.values.get(f"{start}{n}-{name}")]

    def _free(self, start: str, name: str) -> int:
        return max(self._places(start, name), default=-1) + 1

    def _notices(self, dashboard: Dashboard, old: State, around: Surroundings) -> Iterator[Notice]:
        if not self.values.get(f"notice-{dashboard}"):
            return
        start, told = f"notice-{dashboard}-", set()
        known = {*around.groups, *(n.group for n in old.notices)}
        for n in self._places(start, "group"):
            group = self.values[f"{start}{n}-group"]
            if group not in known:
                self.errors[f"{start}{n}-group"] = _("Questo gruppo non c'è più: sceglierne un altro.")
            if group not in told:
                told.add(group)
                yield Notice(dashboard, group, self.values.get(f"{start}{n}-medium") == "mail")
        if not told:
            self.errors[f"{start}0-group"] = _("Scegliere il gruppo organizzativo da avvisare.")

    def _events(self, workflow: Workflow, state: State) -> Iterator[HubEvent]:
        for n in self.event_rows():
            status = self.values[f"event-{n}-status"]
            known = {e.status for e in workflow.events} | set(STATUSES)
            if status not in known:
                self.errors[f"event-{n}-status"] = _("Scegliere un esito dell'elenco.")
            where = frozenset(d for d in Dashboard if self.values.get(f"event-{n}-dashboard-{d}"))
            sources = frozenset(c for c in self.chosen(f"event-{n}-from") if c in workflow.states)
            if not where:
                self.errors[f"event-{n}-dashboards"] = _("Indicare almeno una dashboard.")
            elif not where <= state.dashboards:
                self.errors[f"event-{n}-dashboards"] = _(
                    "Lo stato non è abilitato per tutte queste dashboard: correggere qui o nelle Abilitazioni."
                )
            if not sources and state.type is not StateType.INITIAL:
                self.errors[f"event-{n}-from"] = _(
                    "Indicare da quali stati l'esito porta qui. Solo uno stato iniziale può aprire un documento nuovo."
                )
            yield HubEvent(status, where, state.code, sources)


_Item = TypeVar("_Item")


def _in_order(old: tuple[_Item, ...], new: tuple[_Item, ...]) -> tuple[_Item, ...]:
    """The new items in the order they had: a list that nobody changed must not look changed."""
    return (*(item for item in old if item in new), *(item for item in new if item not in old))


def _rule_values(name: str, rule: ActionRule) -> dict[str, str]:
    change = (CHANGE_WITH_REASON if rule.reason_required else CHANGE) if rule.change_state else ""
    return {
        f"{name}-action": str(rule.action),
        f"{name}-confirmed": rule.confirmed,
        f"{name}-failed": rule.failed,
        f"{name}-change_state": change,
        f"{name}-automatic": "1" if rule.automatic else "",
    }


def _notice_values(dashboard: Dashboard, state: State) -> dict[str, str]:
    notices = [n for n in state.notices if n.dashboard is dashboard]
    values = {f"notice-{dashboard}": "1"} if notices else {}
    for number, notice in enumerate(notices):
        values[f"notice-{dashboard}-{number}-group"] = notice.group
        values[f"notice-{dashboard}-{number}-medium"] = "mail" if notice.mail else "page"
    return values


def digest(workflow: Workflow, code: str) -> str:
    """Of all that the form of a state shows and changes: equal exactly when nobody changed any of it."""
    whole = workflow_to_json(workflow)
    mine = [
        # The common settings are no company's own and not in the form.
        [{k: v for k, v in s.items() if k not in _COMMON} for s in whole["states"] if s["code"] == code],
        [e for e in whole["events"] if e["to_state"] == code],
        sorted(d for d, entry in whole["initial"].items() if entry == code),
    ]
    return hashlib.sha256(json.dumps(mine, sort_keys=True).encode()).hexdigest()[:32]
