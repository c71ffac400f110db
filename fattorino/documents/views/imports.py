"""Importing files from any program: hand them in, see what became of each, look at earlier ones."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.documents import importing, queries
from fattorino.organisations.pages import desk
from fattorino.organisations.queries import Actor

PAGE = 30


@require_http_methods(["GET", "HEAD", "POST"])
@desk
def importa(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The page, and the files sent to it. Each file is kept first and read by the worker."""
    if request.method == "POST":
        files = request.FILES.getlist("files")
        if not files:
            raise RefusedError(
                _("Nessun file scelto."),
                _("Trascinare i file nel riquadro o sceglierli, poi premere «Importa i file»."),
            )
        for file in files:  # no more than shows that a file is too large
            importing.take_file(actor, file.name or "file", file.read(importing.LIMIT + 1), now=clock.now())
        done = ngettext(
            "Ricevuto 1 file: la lettura parte subito e l'esito compare qui sotto.",
            "Ricevuti %(count)s file: la lettura parte subito e l'esito compare qui sotto.",
            len(files),
        )
        messages.success(request, done % {"count": len(files)})
        return redirect("documents:import")
    context = _context(request, actor)
    if request.headers.get("HX-Request") == "true":
        return render(request, "documents/parts/imports.html", context)
    return render(request, "documents/import.html", context)


def _context(request: HttpRequest, actor: Actor) -> dict[str, object]:
    text = request.GET.get("prima", "")
    before = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
    rows = queries.imports(actor, before, limit=PAGE + 1)
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    waiting = any(row.status == "waiting" for row in rows)
    address = request.get_full_path() if waiting else ""
    return {
        "imports": rows,
        "poll": address,
        "next": f"{reverse('documents:import')}?prima={rows[-1].pk}" if more else "",
        "before": before,
    }


@require_safe
@desk
def outcome(request: HttpRequest, actor: Actor, import_id: int) -> HttpResponse:
    """One import in full: every file in it with what became of it."""
    try:
        row = queries.get_import(actor, import_id)
    except RefusedError as error:
        raise Http404 from error
    return render(request, "documents/import_outcome.html", {"import": row, "row": row})
