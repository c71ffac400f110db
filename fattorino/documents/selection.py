"""The documents chosen for an *invio massivo*: those ticked on the page, or all that a filter means, however many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.documents import finding, search
from fattorino.documents.finding import DocumentFilters, Sql
from fattorino.organisations.queries import Actor
from fattorino.workflow import bulk
from fattorino.workflow import queries as workflow

# More are not taken into one run.
MOST = 1_000_000
AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a person chose: these documents, or (`ids` is None) all that the filters mean."""

    filters: DocumentFilters
    ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """The chosen documents of one state on one dashboard; of these `busy` are being worked upon."""

    dashboard: str
    state: str
    count: int
    busy: int


def groups(actor: Actor, chosen: Chosen) -> list[Group]:
    """Where the chosen documents stand, the largest group first. A *ricevuta* has neither dashboard nor state.

    Raises:
        RefusedError: more than MOST documents.
    """
    under_way = bulk.busy(actor.company_id)
    if chosen.ids is None and not chosen.filters.searches:
        scope = finding.scope_of(actor, chosen.filters)
        counted = Counter[tuple[str, str]]()
        for group, sums in scope.groups.items():
            counted[group.dashboard, group.state] += sums.n
        where = finding.stands(scope) & finding.period(chosen.filters, None)
        busy = _counted(actor, under_way, where) if scope.groups else Counter[tuple[str, str]]()
    else:
        ids = _ids(actor, chosen)
        counted = _counted(actor, ids, _seen(actor))
        busy = _counted(actor, sorted({*ids} & {*under_way}), _seen(actor))
    if counted.total() > MOST:
        raise RefusedError(
            say("Un invio massivo prende al massimo {most} documenti.", most=MOST),
            say("Restringere i filtri, per esempio il periodo."),
        )
    return [Group(*place, count=count, busy=busy[place]) for place, count in counted.most_common() if count]


def documents(actor: Actor, chosen: Chosen, dashboard: str, state: str) -> Iterator[list[int]]:
    """The chosen documents of one group, in the order of the list, some at a time."""
    if chosen.ids is None:
        chosen = Chosen(replace(chosen.filters, dashboard=dashboard, state=state))
    ids = _ids(actor, chosen)
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]


def _ids(actor: Actor, chosen: Chosen) -> list[int]:
    if chosen.ids is not None:
        return list(dict.fromkeys(chosen.ids))
    scope = finding.scope_of(actor, chosen.filters)
    if not scope.groups:
        return []
    if chosen.filters.searches:
        return search.page(scope, None, MOST + 1)
    return [row[0] for row in finding.run(finding.one_after_another(scope, None))]


def _seen(actor: Actor) -> Sql:
    return Sql("state <> all(%s)", (workflow.hidden_states(actor.company_id, actor),))


def _counted(actor: Actor, ids: list[int], where: Sql) -> Counter[tuple[str, str]]:
    found = finding.run(
        Sql(
            "select dashboard, state, count(*) from workflow_document where company_id = %s and id = any(%s)"
            f" and {where.text} group by dashboard, state",
            (actor.company_id, ids, *where.values),
        )
    )
    return Counter({(dashboard, state): n for dashboard, state, n in found})
