"""What the form of a state offers in its lists."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from fattorino.core.workflow.decide import may_assign
from fattorino.core.workflow.definition import (
    ACTION_LABELS,
    TYPE_LABELS,
    Action,
    Dashboard,
    State,
    Workflow,
)
from fattorino.core.workflow.settings import DASHBOARD_LABELS, NOTICE_LABELS
from fattorino.core.workflow.statuses import STATUSES, status_label
from fattorino.organisations import groups
from fattorino.organisations.languages import said
from fattorino.workflow import actions
from fattorino.workflow.forms.state import CHANGE, CHANGE_WITH_REASON, StateForm

# Which values of the combo make sense on which side; a value that the configuration has all the same is offered too.
ACTIVE = (
    Action.NONE, Action.GENERATE, Action.GENERATE_AND_SEND, Action.SEND, Action.VALIDATE, Action.SIGN, Action.CONFIRM,
    Action.LOAD_RECEIPT, Action.TELL_CUSTOMER, Action.CLOSE, Action.SYNCHRONISE,
)  # fmt: skip
PASSIVE = (
    Action.NONE, Action.ACCEPT_OR_REFUSE, Action.ACCEPT, Action.REFUSE, Action.TO_GESTIONALE, Action.POST,
    Action.INTEGRATE, Action.ARCHIVE,
)  # fmt: skip

Choices = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Box:
    """One box of a list. `dashboards` are those of the state it stands for, for the picker that follows the form."""

    name: str
    label: str
    ticked: bool
    note: str = ""
    dashboards: str = ""
    assignable: bool = True


@dataclass(frozen=True, slots=True)
class DashboardPart:
    """What the form asks for each dashboard. `entry` is the label of the state that documents enter by now."""

    code: str
    label: str
    notice_label: str
    is_entry: bool
    entry: str
    notice_rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EventPart:
    """One outcome that leads to the state; `row` is what its fields begin with."""

    row: str
    label: str
    dashboards: tuple[Box, ...]
    sources: tuple[Box, ...]
    chosen: str


class StateChoices:
    """See the module. Reads the company's groups and people once."""

    def __init__(self, company_id: int, workflow: Workflow, state: State, form: StateForm) -> None:
        self.company_id = company_id
        self.workflow = workflow
        self.state = state
        self.form = form
        self._states = sorted(workflow.states.values(), key=lambda s: (s.order, s.code))

    @cached_property
    def _groups(self) -> list[groups.GroupView]:
        return groups.groups_of(self.company_id)

    @property
    def types(self) -> Choices:
        return [(str(kind), said(label)) for kind, label in TYPE_LABELS.items()]

    @property
    def changes(self) -> Choices:
        return [
            ("", _("Non attivo")),
            (CHANGE, _("Attivo")),
            (CHANGE_WITH_REASON, _("Attivo, con motivo obbligatorio")),
        ]

    @property
    def active_actions(self) -> Choices:
        return _actions(ACTIVE, self.state.active.action)

    @property
    def passive_actions(self) -> Choices:
        return _actions(PASSIVE, self.state.passive.action)

    @property
    def targets(self) -> Choices:
        """States an action may lead to: those in use, this one first because failures mostly stay."""
        here = (self.state.code, _("%(state)s (questo stato)") % {"state": self.state.label})
        others = [(s.code, s.label) for s in self._states if s.code != self.state.code and not s.retired_to]
        return [("", "—"), here, *others]

    @property
    def dashboards(self) -> list[DashboardPart]:
        return [
            DashboardPart(
                str(d),
                said(DASHBOARD_LABELS[d]),
                said(NOTICE_LABELS[d]),
                self.workflow.initial.get(d) == self.state.code,
                self._label(self.workflow.initial.get(d, "")),
                tuple(f"notice-{d}-{n}" for n in self.form.notice_rows(d)),
            )
            for d in Dashboard
        ]

    @property
    def group_choices(self) -> Choices:
        return [("", "—"), *((g.label, _members(g)) for g in self._groups)]

    @property
    def media(self) -> Choices:
        return [("page", _("Notifica di sistema, nelle pagine")), ("mail", _("Nelle pagine e per e-mail"))]

    @property
    def reserved_groups(self) -> list[Box]:
        known = {g.label: _members(g) for g in self._groups}
        return self._boxes("reserved_groups", known, _("gruppo che non c'è più"))

    @property
    def reserved_users(self) -> list[Box]:
        people = {p.label: p.name for p in groups.people_of(self.company_id)}
        return self._boxes("reserved_users", people, _("non fa più parte dell'azienda"))

    def _boxes(self, name: str, known: dict[str, str], gone: str) -> list[Box]:
        chosen = self.form.chosen(name)
        lost = [value for value in chosen if value not in known]
        return [
            *(Box(f"{name}-{value}", label, value in chosen) for value, label in known.items()),
            *(Box(f"{name}-{value}", value.partition(":")[2], True, note=gone) for value in lost),
        ]

    @property
    def assignable(self) -> list[Box]:
        """The picker offers what the rules admit; what was chosen before and is not admitted stays in sight."""
        chosen = self.form.chosen("assignable")
        return [
            Box(
                f"assignable-{s.code}",
                s.label,
                s.code in chosen,
                dashboards=" ".join(sorted(s.dashboards)),
                assignable=may_assign(self.state, s),
            )
            for s in self._states
            if s.code != self.state.code and (s.code in chosen or (s.from_gestionale and not s.retired_to))
        ]

    @property
    def events(self) -> list[EventPart]:
        return [self._event(n) for n in self.form.event_rows()]

    @property
    def new_event(self) -> EventPart:
        return self._event(self.form.free_event)

    def _event(self, number: int) -> EventPart:
        row = f"event-{number}"
        status = self.form.values.get(f"{row}-status", "")
        dashboards = self.form.chosen(f"{row}-dashboard")
        sources = self.form.chosen(f"{row}-from")
        return EventPart(
            row,
            _status(status) if status else "",
            tuple(
                Box(f"{row}-dashboard-{d}", said(DASHBOARD_LABELS[d]), str(d) in dashboards)
                for d in Dashboard
            ),
            tuple(
                Box(f"{row}-from-{s.code}", s.label, s.code in sources)
                for s in self._states
                if s.code in sources or s.code != self.state.code
            ),
            ", ".join(self._label(c) for c in sources),
        )

    @property
    def statuses(self) -> Choices:
        codes = dict.fromkeys([*STATUSES, *(e.status for e in self.workflow.events)])
        return [("", "—"), *((code, _status(code)) for code in codes)]

    def _label(self, code: str) -> str:
        return self.workflow.states[code].label if code in self.workflow.states else code


def _status(code: str) -> str:
    return f"{code}: {said(status_label(code))}"


def _actions(offered: tuple[Action, ...], now: Action) -> Choices:
    runnable = actions.runnable() | {Action.NONE}
    absent = _("%(action)s (non disponibile in questa installazione)")
    return [
        (str(a), said(ACTION_LABELS[a]) if a in runnable else absent % {"action": said(ACTION_LABELS[a])})
        for a in dict.fromkeys([*offered, now])
    ]


def _members(group: groups.GroupView) -> str:
    count = len(group.people)
    if count == 1:
        return _("%(group)s (1 persona)") % {"group": said(group.name)}
    return _("%(group)s (%(count)s persone)") % {"group": said(group.name), "count": count}
