"""The language of a page: chosen by its reader, kept in her profile, and in a cookie for the pages before sign-in."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.organisations import flows, languages

FIELD = "lingua"


class LanguageMiddleware:
    """Stands innermost: who signed in is known, and the database answers inside the request's transaction.

    In place of the framework's own, which asks the browser (organisations/languages.py says why not).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with translation.override(languages.of(request)):
            response = self.get_response(request)
        # Asked again: who was nobody may have signed in, or chosen another.
        language = languages.of(request)
        if request.user.is_authenticated and language != languages.remembered(request):
            remember(response, language)
        # Not for what says itself which language it is in: the API.
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Cookie",))
        return response


@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Read everything in another language from now on, beginning with the page one is on."""
    language = request.POST.get(FIELD, "")
    if not languages.known(language):
        raise RefusedError(say("Questa lingua non c'è."), say("Sceglierne una con il pulsante in alto."))
    if request.user.is_authenticated:
        flows.choose_language(request.user.pk, language, now=clock.now())
        request.user.language = language
    else:
        request.session[languages.CHOSEN] = [language, clock.now().timestamp()]
    page = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    response = redirect(page if safe else "/")
    remember(response, language)
    return response


def remember(response: HttpResponseBase, language: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )
