"""Two borders of every page: what the browser may load, and how a refusal is told."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme

from fattorino.core.errors import ChannelError, FattorinoError, RefusedError, SetupError
from fattorino.organisations.languages import remembered, said
from fattorino.web.views import error_page
from fattorino.workflow.live.address import live_origin

# Nothing inline, nothing from elsewhere (Content Security Policy Level 3). `data:` is for the images inside the
# design system's own stylesheet.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}

# Far above what any page takes (20 MB files), far below what would fill the disk before a view could refuse it.
LARGEST_BODY = 64 * 1024 * 1024

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def policy(request: HttpRequest) -> str:
    """What a page may load: from here, and counts from the live channel, which has a port of its own."""
    live = live_origin(request)
    return POLICY.replace("connect-src 'self'", f"connect-src 'self' {live}") if live else POLICY


class ContentSecurityMiddleware:
    """Sets the security headers where a view has not set its own, and keeps pages with data out of caches."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._too_large(request) or self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", policy(request))
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    def _too_large(self, request: HttpRequest) -> HttpResponseBase | None:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) <= LARGEST_BODY:
            return None
        with translation.override(remembered(request)):  # nothing else of the request is known yet
            return error_page(request, 413)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """The one place where a FattorinoError of a view becomes words for the user."""
        if not isinstance(exception, FattorinoError):
            return None
        response = answer(request, exception)
        if transaction.get_connection().in_atomic_block:
            transaction.set_rollback(True)  # a refused request leaves nothing behind
        return response


def answer(request: HttpRequest, error: FattorinoError) -> HttpResponseBase:
    """A notice for htmx; after a button, back to the page it was on with a notice; else a page of its own."""
    status = _status(error)
    if request.headers.get("HX-Request") == "true":
        response = HttpResponse(status=status)
        response["HX-Trigger"] = json.dumps({"notice": {"level": "error", "message": said(error.text)}})
        return response
    back = request.headers.get("Referer", "")
    if request.method == "POST" and url_has_allowed_host_and_scheme(back, {request.get_host()}):
        messages.error(request, said(error.text))
        return HttpResponseRedirect(back)
    context = {"message": said(error.message), "hint": said(error.hint)}
    return render(request, "refusal.html", context, status=status)


def _status(error: FattorinoError) -> int:
    if isinstance(error, RefusedError):
        return 409
    if isinstance(error, ChannelError | SetupError):
        return 503
    return 422
