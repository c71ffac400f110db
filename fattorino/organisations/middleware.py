"""The request's one transaction, and the one company it may see."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase

from fattorino.organisations import queries, scope
from fattorino.organisations.models import Membership
from fattorino.organisations.reading import one_reading

SESSION_KEY = "company"
SAFE = frozenset({"GET", "HEAD"})


class CompanyMiddleware:
    """Finds the company in use, opens the transaction of the request and closes the database to all others.

    Sets `request.actor` (None without sign-in or company) and `request.memberships`.
    Done here and not by ATOMIC_REQUESTS because the wall must stand before the view's first query and an error
    answer must undo what the view wrote.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with transaction.atomic():
            memberships = queries.companies_of(request.user) if request.user.is_authenticated else []
            chosen = _choose(request, memberships)
            # The framework's request has no room for what is ours: hence the ignores.
            request.memberships = memberships  # type: ignore[attr-defined]
            request.membership = chosen  # type: ignore[attr-defined]
            request.actor = actor_of(request, chosen) if chosen else None  # type: ignore[attr-defined]
            scope.show_only(chosen.company_id if chosen else None)
            with one_reading() if request.method in SAFE else nullcontext():
                response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
            return response


def actor_of(request: HttpRequest, membership: Membership) -> queries.Actor:
    """The signed-in user as she acts for this company of hers."""
    return queries.Actor("utente", str(request.user), membership.company_id, request.user.pk, membership.role)


def use_company(request: HttpRequest, membership: Membership) -> queries.Actor:
    """From here on in this request, and in the session, the user works for this company of hers."""
    request.session[SESSION_KEY] = membership.company_id
    actor = actor_of(request, membership)
    request.membership, request.actor = membership, actor  # type: ignore[attr-defined]
    scope.show_only(membership.company_id)
    return actor


def _choose(request: HttpRequest, memberships: list[Membership]) -> Membership | None:
    wanted = request.session.get(SESSION_KEY) if memberships else None
    for membership in memberships:
        if membership.company_id == wanted:
            return membership
    # Without a choice: where she has belonged longest.
    return min(memberships, key=lambda m: m.pk) if memberships else None
