"""The readable copy as HTML, drawn by Django's template language with an engine of its own: it needs no
settings and no request, so the command line and a worker use it as a page does."""

from __future__ import annotations

import base64
import functools
import hashlib
import pathlib

from django.template import Context, Engine

from .view import Copy

_ROOM = pathlib.Path(__file__).resolve().parent.parent
_CSS = _ROOM / "static" / "documents" / "readable.css"


def draw_html(copy: Copy, *, standalone: bool = False, stylesheet: str | None = None) -> str:
    """The copy as HTML.

    Args:
        standalone: False gives an `<article>` for a page that links `documents/readable.css` itself; True gives a
            whole document.
        stylesheet: address of the style sheet for a whole document served under a strict CSP; None puts the
            style sheet inside, for a file that is handed to somebody (and forbids it everything else).
    """
    inline = _stylesheet() if standalone and stylesheet is None else None
    # A fragment stands below the h1 of its page.
    level = 1 if standalone else 2
    many = len(copy.bodies) > 1
    context = {
        "copy": copy,
        "many": many,
        "top": f"h{level}",
        "sub": f"h{level + 1}",
        "inner": f"h{level + (2 if many else 1)}",
        "stylesheet": stylesheet,
        "inline_css": inline[0] if inline else None,
        "inline_hash": inline[1] if inline else None,
    }
    name = "document.html" if standalone else "copy.html"
    return _engine().get_template(f"documents/readable/{name}").render(Context(context))


@functools.cache
def _engine() -> Engine:
    return Engine(dirs=[str(_ROOM / "templates")], autoescape=True)


@functools.cache
def _stylesheet() -> tuple[str, str]:
    """The style sheet and the hash by which the document's own policy admits it, and nothing else."""
    css = _CSS.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode("ascii")
    return css, digest
