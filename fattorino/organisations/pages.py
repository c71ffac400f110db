"""What every page needs first: somebody signed in, working for the company the page was made for."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast, overload
from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from fattorino.core.errors import ConflictError
from fattorino.core.texts import say
from fattorino.organisations import scope
from fattorino.organisations.middleware import actor_of, use_company
from fattorino.organisations.queries import Actor

View = Callable[..., HttpResponseBase]
R = TypeVar("R", bound=HttpResponseBase)

# The name, in every form that writes, of the company the form was shown for.
COMPANY_FIELD = "azienda"
# The button that takes a form written for another company, and its author, back to that company.
BACK_FIELD = "riprendi"


@overload
def desk(view: View) -> View: ...
@overload
def desk(*, writes: bool = True, elsewhere: View | None = None) -> Callable[[View], View]: ...
def desk(
    view: View | None = None, *, writes: bool = True, elsewhere: View | None = None
) -> View | Callable[[View], View]:
    """Calls `view(request, actor, ...)`; without sign-in to the door, without a company to the page that says so.

    A form is for the company it was shown for, whatever another tab has made of the session since: posted while
    another company is in use it saves nothing.

    Args:
        writes: False for a view that saves nothing, whose POST needs no company.
        elsewhere: called instead of `view`, as (request, actor of the form's company, error, ...), to show again what
            was typed; the database then shows the form's company. Without it a page says what happened.
    """
    if view is None:
        return lambda given: _guarded(given, writes, elsewhere)
    return _guarded(view, True, None)


def _guarded(view: View, writes: bool, elsewhere: View | None) -> View:
    @login_required
    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        actor: Actor | None = getattr(request, "actor", None)
        if actor is None:
            return redirect("web:home")
        if writes and request.method == "POST" and not _is_for(request, actor):
            owner = _owner(request)
            if BACK_FIELD in request.POST:
                return view(request, use_company(request, owner), *args, **kwargs)
            error = _mixed_up(request, owner)
            if elsewhere:
                scope.show_only(owner.company_id)
                return elsewhere(request, actor_of(request, owner), error, *args, **kwargs)
            return _told(request, owner, error)
        return view(request, actor, *args, **kwargs)

    return wrapped


def _is_for(request: HttpRequest, actor: Actor) -> bool:
    """Whether the posted form was shown for the company in use."""
    written_for = request.POST.get(COMPANY_FIELD)
    if written_for is None:
        # A script's POST names none; who has one company only cannot mix up two.
        return len(_memberships(request)) == 1
    return written_for == str(actor.company_id)


def _memberships(request: HttpRequest) -> list[Any]:
    return cast(list[Any], request.memberships)  # type: ignore[attr-defined]  # set by CompanyMiddleware


def _owner(request: HttpRequest) -> Any:
    """The membership in the company the form was shown for. Raises ConflictError where there is none."""
    written_for = request.POST.get(COMPANY_FIELD, "")
    for membership in _memberships(request):
        if str(membership.company_id) == written_for:
            return membership
    raise ConflictError(
        say(
            "Non si sa per quale azienda è stato compilato questo modulo, o non è più tra quelle in cui si lavora:"
            " non è stato salvato nulla."
        ),
        say("Riaprire la pagina e ripetere l'operazione."),
    )


def _mixed_up(request: HttpRequest, owner: Any) -> ConflictError:
    in_use = request.membership.company.name  # type: ignore[attr-defined]  # set by CompanyMiddleware
    return ConflictError(
        say(
            "Il modulo è stato aperto per {company}, ma nel frattempo l'azienda in uso è diventata {in_use}:"
            " non è stato salvato nulla.",
            company=owner.company.name,
            in_use=in_use,
        ),
        say("Per continuare, tornare a lavorare per {company}.", company=owner.company.name),
    )


def _told(request: HttpRequest, owner: Any, error: ConflictError) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        raise error  # becomes a notice; the page with what was typed stays as it is
    context = {"message": error.message, "hint": error.hint, "owner": owner.company}
    return render(request, "organisations/elsewhere.html", context, status=409)


def download(content: bytes, name: str, content_type: str, *, inline: bool = False) -> HttpResponse:
    """Bytes under a name. Never opened by the browser as a page of ours, whatever they hold."""
    return named(HttpResponse(content, content_type=content_type), name, inline=inline)


def named(response: R, name: str, *, inline: bool = False) -> R:
    """The response as a file under this name, with the headers that keep it from being a page of ours."""
    kind = "inline" if inline else "attachment"
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in name)
    response["Content-Disposition"] = f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
