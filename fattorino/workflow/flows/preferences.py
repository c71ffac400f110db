"""How one person arranges her gadgets: order, hidden, pinned. It changes what she sees, never what anybody may do."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from fattorino.core.errors import InputError, RefusedError
from fattorino.core.texts import say
from fattorino.core.workflow.definition import Dashboard
from fattorino.organisations.queries import Actor
from fattorino.workflow import dashboards
from fattorino.workflow.models import GadgetPreference


def move_gadget(actor: Actor, dashboard: Dashboard, state: str, step: int) -> None:
    """Put a gadget one place nearer to the beginning of its tab (-1) or to its end (+1); at the end it stays.

    Raises:
        RefusedError: the person has no such gadget.
    """
    codes = _tab_with(actor, dashboard, state)
    here = codes.index(state)
    there = min(max(here + step, 0), len(codes) - 1)
    codes.insert(there, codes.pop(here))
    arrange_gadgets(actor, dashboard, codes)


@transaction.atomic
def arrange_gadgets(actor: Actor, dashboard: Dashboard, codes: Sequence[str]) -> None:
    """Put the gadgets of one tab into this order; those that are not named follow as they were.

    Raises:
        InputError: they are not gadgets of one tab.
    """
    if not codes or len(set(codes)) != len(codes):
        raise InputError(say("L'ordine dei gadget non si legge: ricaricare la pagina e riprovare."))
    known = _tab_with(actor, dashboard, codes[0])
    if not set(codes) <= set(known):
        raise InputError(
            say("L'ordine dei gadget riguarda un'altra scheda: ricaricare la pagina e riprovare.")
        )
    for place, code in enumerate([*codes, *(code for code in known if code not in codes)]):
        _keep(actor, dashboard, code, place=place)


def hide_gadget(actor: Actor, dashboard: Dashboard, state: str, *, hidden: bool) -> None:
    """Take a gadget out of sight, or bring it back.

    Raises:
        RefusedError: the person has no such gadget.
    """
    _tab_with(actor, dashboard, state)
    _keep(actor, dashboard, state, hidden=hidden)


def pin_gadget(actor: Actor, dashboard: Dashboard, state: str, *, pinned: bool) -> None:
    """Show a gadget above all tabs too, or no longer.

    Raises:
        RefusedError: the person has no such gadget.
    """
    _tab_with(actor, dashboard, state)
    _keep(actor, dashboard, state, pinned=pinned)


def reset_gadgets(actor: Actor, dashboard: Dashboard) -> None:
    """Back to what the configuration says."""
    GadgetPreference.objects.filter(
        company_id=actor.company_id, user_id=_person(actor), dashboard=str(dashboard)
    ).delete()


def _person(actor: Actor) -> int:
    if actor.user_id is None:
        raise RefusedError(say("Solo una persona può disporre i gadget."))
    return actor.user_id


def _tab_with(actor: Actor, dashboard: Dashboard, state: str) -> list[str]:
    for codes in dashboards.tabs_of(actor, dashboard).values():
        if state in codes:
            return codes
    raise RefusedError(
        say("Questo gadget non è più sulla dashboard: la configurazione degli stati è cambiata."),
        say("Ricaricare la pagina."),
    )


def _keep(actor: Actor, dashboard: Dashboard, state: str, **values: int | bool) -> None:
    GadgetPreference.objects.update_or_create(
        company_id=actor.company_id,
        user_id=_person(actor),
        dashboard=str(dashboard),
        state=state,
        defaults=values,
    )
