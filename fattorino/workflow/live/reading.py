"""What the live channel reads of the database; called in threads, each call a short transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import close_old_connections

from fattorino import clock
from fattorino.core.workflow.decide import may_see
from fattorino.core.workflow.definition import Dashboard
from fattorino.organisations import groups, sessions
from fattorino.organisations.queries import actors_of
from fattorino.organisations.scope import company_scope
from fattorino.workflow import dashboards, notices, queries
from fattorino.workflow.dashboards import Figures


@dataclass(frozen=True, slots=True)
class Wish:
    """What one open page wants to know, and on whose behalf; without a dashboard only what the bell says."""

    session_key: str
    user_id: int
    company_id: int
    dashboard: Dashboard | None


@dataclass(frozen=True, slots=True)
class Told:
    """What one page may know. `bell`: notices to be read, at most notices.COUNTED."""

    bell: int
    figures: Figures | None


def admit(session_key: str, company_id: int, dashboard: Dashboard | None) -> Wish | None:
    """The wish of a page, if somebody of that company is signed in by this session."""
    close_old_connections()
    user_id = sessions.person_of(session_key)
    if user_id is None or not actors_of(company_id, [user_id]):
        return None
    return Wish(session_key, user_id, company_id, dashboard)


def look(company_id: int, wishes: Collection[Wish], *, thoroughly: bool) -> dict[Wish, Told]:
    """What every page may know that may still ask: who has left the company, or signed out, is not there.

    A few questions, however many pages are open. `thoroughly` also asks each session for its person again.
    """
    close_old_connections()
    alive = sessions.alive({wish.session_key for wish in wishes}, now=clock.now())
    if thoroughly:
        people = {key: sessions.person_of(key) for key in alive}
        wishes = [wish for wish in wishes if people.get(wish.session_key) == wish.user_id]
    with company_scope(company_id):
        _, workflow = queries.workflow_of(company_id)
        # Pages without a dashboard need no counts.
        taken = dashboards.snapshot(company_id) if any(wish.dashboard for wish in wishes) else None
        reserved = [state for state in workflow.states.values() if state.reserved]
        actors = actors_of(company_id, {wish.user_id for wish in wishes})
        names = {user_id: groups.names_of(actor) if reserved else None for user_id, actor in actors.items()}
        hidden = {
            user_id: [state.code for state in reserved if not may_see(state, names[user_id])]
            for user_id in actors
        }
        administrators = [user_id for user_id, actor in actors.items() if actor.may_configure]
        bells = notices.unread_of(company_id, hidden, administrators)
    return {
        wish: Told(
            bells[wish.user_id],
            dashboards.figures(taken, wish.dashboard, names[wish.user_id])
            if taken and wish.dashboard
            else None,
        )
        for wish in wishes
        if wish.session_key in alive and wish.user_id in actors
    }
