"""What every API request passes: the wall first, then the token, its limits, and one transaction to undo.

The browser's session counts for nothing here. CompanyMiddleware has opened the request's transaction; inside it the
operation has a savepoint, so that a refused operation leaves nothing behind while the use of the token is counted.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from ninja.errors import AuthorizationError, Throttled
from ninja.security import HttpBearer

from fattorino import clock
from fattorino.api import language, problems
from fattorino.core.errors import InputError, RefusedError
from fattorino.core.texts import say
from fattorino.organisations import scope, tokens
from fattorino.organisations.accounts import client_address

View = Callable[..., HttpResponse]
SAFE = ("GET", "HEAD", "OPTIONS")
# A draft with the largest invoice SdI takes (5 MB of XML) stays below; files have their own, larger limit.
JSON_LIMIT = 5_000_000


class TokenAuth(HttpBearer):
    """Sets `request.actor` and lets the database show the token's company, and no other."""

    # What this interface allows; None: what every interface does.
    calls_per_minute: int | None = None

    def authenticate(self, request: HttpRequest, token: str) -> tokens.Bearer | None:
        now = clock.now()
        bearer = tokens.authenticate(token, now=now)
        if bearer is None:
            if tokens.refused_too_often(client_address(request), now=now):
                raise Throttled(tokens.seconds_left(now))
            return None
        request.bearer = bearer  # type: ignore[attr-defined]  # an attribute of ours
        if bearer.calls >= (self.calls_per_minute or tokens.CALLS_PER_MINUTE):
            raise Throttled(tokens.seconds_left(now))
        if request.method not in SAFE and not bearer.actor.may_write:
            raise AuthorizationError
        scope.show_only(bearer.actor.company_id)
        request.actor = bearer.actor  # type: ignore[attr-defined]  # an attribute of ours
        return bearer


def guarded(view: View) -> View:
    """Wraps every address of the API."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        scope.show_only(None)
        request.actor = request.bearer = None  # type: ignore[attr-defined]  # an attribute of ours
        spoken = language.asked(request)
        with translation.override(spoken):
            with transaction.atomic():
                response = view(request, *args, **kwargs)
                if response.status_code >= 400:
                    transaction.set_rollback(True)
            _count(request, response)
            if response.status_code == 405:
                response = problems.not_allowed(response["Allow"])
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["Content-Language"] = spoken
        patch_vary_headers(response, ("Accept-Language",))
        return response

    # A token is no cookie: no other site can make a browser send it.
    wrapped.csrf_exempt = True  # type: ignore[attr-defined]  # Django's mark on a function
    return wrapped


def _count(request: HttpRequest, response: HttpResponse) -> None:
    bearer: tokens.Bearer | None = request.bearer  # type: ignore[attr-defined]  # set by TokenAuth
    if bearer is not None:
        if response.status_code != 429:
            tokens.count_call(bearer, now=clock.now())
    elif response.status_code == 401 and "Authorization" in request.headers:
        tokens.count_refusal(client_address(request), now=clock.now())


def raw_body(request: HttpRequest) -> bytes:
    """The request's body as the bytes of one file.

    Raises:
        RefusedError: it is a form, which holds more than the file.
    """
    if (request.content_type or "").startswith(("multipart/", "application/x-www-form-urlencoded")):
        raise RefusedError(
            say("Il corpo della richiesta deve essere il file e nient'altro."),
            say("Inviarlo con «Content-Type: application/octet-stream», non come modulo."),
        )
    return request.body


def known_parameters_only(view: View) -> View:
    """A misspelt filter would quietly list everything: what the operation does not declare is refused."""
    models = view._ninja_operation.models  # type: ignore[attr-defined]  # set by the framework
    names = {
        name
        for model in models
        if model.__ninja_param_source__ == "query"
        for name in getattr(model, "__ninja_flatten_map__", None) or model.model_fields
    }

    @functools.wraps(view)
    def wrapped(request: HttpRequest, **values: Any) -> HttpResponse:
        if unknown := [name for name in request.GET if name not in names]:
            raise RefusedError(
                say("La richiesta ha parametri sconosciuti."),
                say("Si può usare: {names}.", names=", ".join(sorted(names)))
                if names
                else say("Qui non si usano parametri."),
                fields={name[:80]: say("Parametro sconosciuto.") for name in unknown},
            )
        return view(request, **values)

    return wrapped


def check_texts(value: Any) -> None:
    """Refuse what neither the database nor an XML file can hold, wherever it stands in a JSON body.

    Raises:
        InputError: a NUL, or half of a surrogate pair.
    """
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            waiting += item
        elif isinstance(item, str) and ("\x00" in item or not item.isascii() and _broken(item)):
            raise InputError(
                say("Un testo contiene caratteri che non si possono registrare (NUL o surrogati).")
            )


def _broken(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
