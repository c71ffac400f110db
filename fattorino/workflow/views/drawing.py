"""*Grafo* and *Prova*: the configuration drawn, and played on a document that does not exist."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from fattorino.core.errors import InputError
from fattorino.core.texts import say, together
from fattorino.core.workflow.decide import may_see
from fattorino.core.workflow.definition import Dashboard, Workflow
from fattorino.core.workflow.edges import edges_of
from fattorino.core.workflow.graph import BOX_HEIGHT, BOX_WIDTH, draw
from fattorino.core.workflow.settings import DASHBOARD_LABELS
from fattorino.core.workflow.statuses import status_label
from fattorino.core.workflow.trial import Person, Standing, Step, play, standing
from fattorino.organisations import groups
from fattorino.organisations.languages import said
from fattorino.organisations.queries import Actor
from fattorino.organisations.tables import table_file
from fattorino.workflow import configuration, overview
from fattorino.workflow.views.common import administration, dashboard_of, dashboards_of, page

WAYS = {
    "confirmed": say("Azione riuscita"),
    "failed": say("Azione non riuscita"),
    "hub": say("Esito di Digital Hub"),
    "manual": say("Cambia stato"),
    "retired": say("Stato ritirato"),
}
# More steps than a real document ever takes: an address cannot make the server play for ever.
MOST_STEPS = 60


def _chosen(request: HttpRequest, workflow: Workflow) -> Dashboard:
    """The dashboard of the address, or the first that has states."""
    offered = [d for d, _label in dashboards_of(workflow)]
    wanted = dashboard_of(request)
    return wanted if wanted in offered else (offered or list(Dashboard))[0]


@require_safe
@administration
def graph(request: HttpRequest, actor: Actor) -> HttpResponse:
    proposal = configuration.proposal(actor.company_id)
    dashboard = _chosen(request, proposal.workflow)
    manual = request.GET.get("cambi") == "1"
    ways = _ways(proposal.workflow, dashboard)
    kind = request.GET.get("file", "")
    if kind in ("csv", "xlsx"):
        rows = [(way["source"], way["way"], way["label"], way["target"]) for way in ways]
        columns = ("Da", "Come", "Evento", "A")
        return table_file(kind, f"iter-{dashboard}", DASHBOARD_LABELS[dashboard], columns, rows)
    context = {
        "proposal": proposal,
        "dashboards": dashboards_of(proposal.workflow),
        "dashboard": dashboard,
        "title": DASHBOARD_LABELS[dashboard],
        "manual": manual,
        "drawing": draw(proposal.workflow, dashboard, manual=manual),
        "box": {"width": BOX_WIDTH, "height": BOX_HEIGHT},
        "ways": ways,
        "legend": WAYS if manual else {k: v for k, v in WAYS.items() if k != "manual"},
    }
    return page(request, "graph", context)


def _ways(workflow: Workflow, dashboard: Dashboard) -> list[dict[str, Any]]:
    """Every way of the dashboard in words: what the drawing says to who does not see it."""

    def label(code: str) -> str:
        return workflow.states[code].label if code in workflow.states else code

    return [
        {
            "source": label(e.source),
            "source_code": e.source,
            "way": WAYS[e.way],
            "kind": e.way,
            "label": together(e.label, status_label(e.label), by=": ") if e.way == "hub" else e.label,
            "target": label(e.target),
        }
        for e in edges_of(workflow, dashboard)
    ]


@require_safe
@administration
def trial(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The steps are in the address (`?dashboard=PA&e=ok&e=hub:RC`): a trial can be kept and sent to a colleague."""
    proposal = configuration.proposal(actor.company_id)
    dashboard = _chosen(request, proposal.workflow)
    keys = tuple(key[:80] for key in request.GET.getlist("e")[:MOST_STEPS])
    people = overview.persons(actor.company_id)
    context: dict[str, Any] = {
        "proposal": proposal,
        "dashboards": dashboards_of(proposal.workflow),
        "dashboard": dashboard,
        "address": urlencode([("dashboard", dashboard), *(("e", key) for key in keys)]),
        "full": len(keys) == MOST_STEPS,
    }
    try:
        steps = play(proposal.workflow, dashboard, keys)
        state = steps[-1].state
        where = standing(proposal.workflow, dashboard, state, people) if state else None
    except InputError as error:
        # A way that leads to a state which is not there: the lint says the same with its place.
        return page(request, "trial", context | {"error": said(error.text)})
    names = {g.label: g for g in groups.groups_of(actor.company_id)}
    context |= {
        "steps": [
            _step(proposal.workflow, step, dashboard, keys, n, names, people) for n, step in enumerate(steps)
        ],
        "standing": where,
        "sections": _sections(where) if where else [],
    }
    return page(request, "trial", context)


def _step(
    workflow: Workflow,
    step: Step,
    dashboard: Dashboard,
    keys: tuple[str, ...],
    number: int,
    names: dict[str, groups.GroupView],
    people: tuple[Person, ...],
) -> dict[str, Any]:
    state = workflow.states.get(step.state)
    return {
        "step": step,
        "state": state,
        # Back to here: the steps up to this one.
        "address": urlencode([("dashboard", dashboard), *(("e", key) for key in keys[:number])]),
        "notices": [
            {
                "group": names[n.group].name if n.group in names else n.group.removeprefix("group:"),
                "people": _told(names.get(n.group), state, people),
                "mail": n.mail,
            }
            for n in step.told
        ],
    }


def _told(group: groups.GroupView | None, state: Any, people: tuple[Person, ...]) -> list[str]:
    """Who of the group would be told: who may not see the state is told nothing of it."""
    if group is None:
        return []
    labels = {p.label for p in group.people}
    return [p.name for p in people if p.names & labels and may_see(state, p.names)]


def _sections(where: Standing) -> list[tuple[str, list[Any]]]:
    """The events to try, by what they are."""
    kinds = {
        _("Azione"): [t for t in where.tries if ":" not in t.key],
        _("Esiti di Digital Hub"): [t for t in where.tries if t.key.startswith("hub:")],
        _("Cambia stato"): [t for t in where.tries if t.key.startswith("state:")],
    }
    return [(title, tries) for title, tries in kinds.items() if tries]
