"""What a dashboard shows: tabs and gadgets as the configuration says and one person has arranged them, with counts.

Also what the live channel sends, so that both can only say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fattorino.core.texts import say
from fattorino.core.workflow.decide import may_see
from fattorino.core.workflow.definition import Dashboard, State, StateType, Workflow
from fattorino.core.workflow.settings import DASHBOARD_LABELS
from fattorino.organisations.queries import Actor
from fattorino.workflow import counts, queries
from fattorino.workflow.configuration import with_looks
from fattorino.workflow.models import GadgetPreference

# How addresses name a dashboard.
SLUGS = {
    Dashboard.ACTIVE_PA: "pa",
    Dashboard.ACTIVE_PRIVATE: "privati",
    Dashboard.PASSIVE: "passive",
    Dashboard.LIPE: "lipe",
    Dashboard.DATI_FATTURE: "dati-fatture",
}
BY_SLUG = {slug: dashboard for dashboard, slug in SLUGS.items()}
# Of the others no document can come in yet: their rooms bring them.
WITH_DOCUMENTS = frozenset({Dashboard.ACTIVE_PA, Dashboard.ACTIVE_PRIVATE, Dashboard.PASSIVE})
NO_TAB = say("Documenti")
DEFAULT_ICON = "it-files"


@dataclass(frozen=True, slots=True)
class Figures:
    """What changes by itself on an open page, as this actor may see it.

    Attributes:
        version: of the company's configuration; another one means other gadgets, so the page is loaded anew.
        states: documents by state, of the states that have a gadget.
        others: documents of this dashboard in states without one.
        kinds: documents in gadgets, by dashboard.
    """

    version: int
    states: dict[str, int]
    others: int
    kinds: dict[str, int]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All counts of a company at one moment, whoever may see them, with the configuration that says who may."""

    version: int
    workflow: Workflow
    counts: Mapping[str, Mapping[str, int]]

    @property
    def has_reserved(self) -> bool:
        return any(state.reserved for state in self.workflow.states.values())


@dataclass(frozen=True, slots=True)
class Gadget:
    code: str
    title: str
    tooltip: str
    colour: str
    icon: str
    image_sha256: str
    count: int
    hidden: bool
    pinned: bool


@dataclass(frozen=True, slots=True)
class Tab:
    """`gadgets` are all of the tab in the person's order, those she has hidden too."""

    name: str
    gadgets: tuple[Gadget, ...]

    @property
    def shown(self) -> tuple[Gadget, ...]:
        return tuple(g for g in self.gadgets if not g.hidden)

    @property
    def count(self) -> int:
        return sum(g.count for g in self.shown)


@dataclass(frozen=True, slots=True)
class Kind:
    """A dashboard to choose, with the documents in its gadgets."""

    dashboard: Dashboard
    slug: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class DashboardView:
    kind: Kind
    kinds: tuple[Kind, ...]
    tabs: tuple[Tab, ...]
    figures: Figures
    arranged: bool

    @property
    def pinned(self) -> tuple[Gadget, ...]:
        return tuple(g for tab in self.tabs for g in tab.shown if g.pinned)

    @property
    def hidden(self) -> int:
        return sum(g.hidden for tab in self.tabs for g in tab.gadgets)

    @property
    def takes_documents(self) -> bool:
        """Whether documents of this kind can be there at all."""
        return self.kind.dashboard in WITH_DOCUMENTS or any(self.figures.states.values())


# ------------------------------------------------------------------------------------------- the counts


def snapshot(company_id: int) -> Snapshot:
    """Call inside the company's scope; what it holds is for nobody's eyes before `figures` has chosen."""
    version, workflow = queries.workflow_of(company_id)
    everything = counts.dashboard_counts(Actor("hub", "", company_id))
    return Snapshot(version, workflow, everything)


def figures(taken: Snapshot, dashboard: Dashboard, names: frozenset[str] | None) -> Figures:
    """What somebody of these names may know of it."""
    visible = {code for code, state in taken.workflow.states.items() if may_see(state, names)}
    kinds = {}
    for each in Dashboard:
        if gadgets := _codes(taken.workflow, each) & visible:
            kinds[str(each)] = sum(_of(taken, each, gadgets).values())
    gadgets = _codes(taken.workflow, dashboard) & visible
    return Figures(
        version=taken.version,
        states={code: taken.counts.get(str(dashboard), {}).get(code, 0) for code in sorted(gadgets)},
        others=sum(_of(taken, dashboard, visible - gadgets).values()),
        kinds=kinds,
    )


def _of(taken: Snapshot, dashboard: Dashboard, codes: set[str]) -> dict[str, int]:
    return {code: n for code, n in taken.counts.get(str(dashboard), {}).items() if code in codes}


def _codes(workflow: Workflow, dashboard: Dashboard) -> set[str]:
    """The states that have a gadget.

    "Non è disponibile per l'invio massivo [...]: gli stati non sono visibili sulla dashboard anche se gestiti".
    """
    return {state.code for state in workflow.on(dashboard) if not state.hidden_from_bulk}


def live_figures(actor: Actor, dashboard: Dashboard) -> Figures:
    """The figures as they are now."""
    taken = snapshot(actor.company_id)
    return figures(taken, dashboard, queries.actor_names(actor, taken.workflow))


# --------------------------------------------------------------------------------------------- the page


def dashboard_view(actor: Actor, dashboard: Dashboard) -> DashboardView:
    """Everything the page draws."""
    taken = snapshot(actor.company_id)
    told = figures(taken, dashboard, queries.actor_names(actor, taken.workflow))
    dressed = with_looks(taken.workflow)
    states = [state for state in dressed.on(dashboard) if state.code in told.states]
    wishes = _wishes(actor, dashboard)
    kinds = tuple(_kind(Dashboard(code), count) for code, count in told.kinds.items())
    return DashboardView(
        kind=next((k for k in kinds if k.dashboard is dashboard), _kind(dashboard, 0)),
        kinds=kinds,
        tabs=_tabs(states, wishes, told),
        figures=told,
        arranged=bool(wishes),
    )


def tabs_of(actor: Actor, dashboard: Dashboard) -> dict[str, list[str]]:
    """The codes of every tab, in the order this person sees."""
    return {
        tab.name: [gadget.code for gadget in tab.gadgets] for tab in dashboard_view(actor, dashboard).tabs
    }


def first_dashboard(actor: Actor) -> Dashboard:
    """Where a person begins: the dashboard with most documents that are still on their way."""
    taken = snapshot(actor.company_id)
    names = queries.actor_names(actor, taken.workflow)

    def open_documents(dashboard: Dashboard) -> int:
        seen = figures(taken, dashboard, names).states
        return sum(n for code, n in seen.items() if taken.workflow.states[code].type is not StateType.FINAL)

    offered = [d for d in Dashboard if figures(taken, d, names).states]
    return max(offered, key=open_documents, default=Dashboard.ACTIVE_PA)


def _kind(dashboard: Dashboard, count: int) -> Kind:
    return Kind(dashboard, SLUGS[dashboard], DASHBOARD_LABELS[dashboard], count)


def _wishes(actor: Actor, dashboard: Dashboard) -> dict[str, GadgetPreference]:
    if actor.user_id is None:
        return {}
    rows = GadgetPreference.objects.filter(
        company_id=actor.company_id, user_id=actor.user_id, dashboard=str(dashboard)
    )
    return {row.state: row for row in rows}


def _tabs(states: list[State], wishes: Mapping[str, GadgetPreference], told: Figures) -> tuple[Tab, ...]:
    images = {code: look.image_sha256 for code, look in queries.looks().items()}
    by_tab: dict[str, list[State]] = {}
    for state in states:
        by_tab.setdefault(state.tab or NO_TAB, []).append(state)
    return tuple(
        Tab(name, tuple(_gadget(s, wishes.get(s.code), images, told) for s in in_order(of_tab, wishes)))
        for name, of_tab in by_tab.items()
    )


def _gadget(state: State, wish: GadgetPreference | None, images: Mapping[str, str], told: Figures) -> Gadget:
    return Gadget(
        code=state.code,
        title=state.gadget_label or state.label,
        tooltip=state.tooltip,
        colour=state.colour,
        icon=state.icon or DEFAULT_ICON,
        image_sha256=images.get(state.code, ""),
        count=told.states[state.code],
        hidden=bool(wish and wish.hidden),
        pinned=bool(wish and wish.pinned),
    )


def in_order(states: Iterable[State], wishes: Mapping[str, GadgetPreference]) -> list[State]:
    """States where the person has put them; one she has not moved stays behind the one configured before it."""
    keyed, last = [], -1
    for number, state in enumerate(states):
        wish = wishes.get(state.code)
        placed = wish.place if wish else None
        last = last if placed is None else placed
        keyed.append(((last, -1 if placed is not None else number), state))
    return [state for _, state in sorted(keyed, key=lambda pair: pair[0])]
