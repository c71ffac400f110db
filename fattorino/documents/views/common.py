"""What every page of the desk needs first: somebody signed in, working for a company."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from fattorino.core.errors import RefusedError
from fattorino.documents import queries
from fattorino.organisations.queries import Actor

View = Callable[..., HttpResponse]


def desk(view: View) -> View:
    """Calls `view(request, actor, ...)`; without sign-in to the door, without a company to the page that says so."""

    @login_required
    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        actor: Actor | None = getattr(request, "actor", None)
        if actor is None:
            return redirect("web:home")
        return view(request, actor, *args, **kwargs)

    return wrapped


def document_or_404(actor: Actor, document_id: int) -> queries.DocumentView:
    """A document of another company, or reserved to others, is simply not there."""
    try:
        return queries.get_document(actor, document_id)
    except RefusedError as error:
        raise Http404 from error


def download(content: bytes, name: str, content_type: str, *, inline: bool = False) -> HttpResponse:
    """Bytes under a name. Never opened by the browser as a page of ours, whatever they hold."""
    response = HttpResponse(content, content_type=content_type)
    kind = "inline" if inline else "attachment"
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in name)
    response["Content-Disposition"] = f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
