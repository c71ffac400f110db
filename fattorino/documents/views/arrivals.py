"""How received invoices come: what arrived and became of it, files handed in, watched folders."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from fattorino import clock
from fattorino.core.errors import FattorinoError, RefusedError
from fattorino.documents import receiving
from fattorino.documents.receiving import folders, queries
from fattorino.organisations.flows import save_recipient_codes
from fattorino.organisations.languages import said
from fattorino.organisations.pages import desk, download
from fattorino.organisations.queries import Actor, all_companies, get_company
from fattorino.organisations.spreadsheet import Cell
from fattorino.organisations.tables import table_file
from fattorino.workflow.forms.state import Form
from fattorino.workflow.views.common import administration, installation

if TYPE_CHECKING:
    from fattorino.documents.models import WatchedFolder

STATES = queries.STATES
COLUMNS = ("Arrivato il", "File", "Origine", "Identificativo SdI", "Consegne", "Esito", "Perché")
IMPORTS = 30


@require_http_methods(["GET", "HEAD", "POST"])
@desk
def arrivals(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Every file that arrived; one that could not be read may be read again."""
    if request.method == "POST":
        if receiving.read_again(actor, _number(request.POST.get("arrivo", "")) or 0, now=clock.now()):
            messages.success(request, _("Il file viene letto di nuovo: l'esito compare tra poco."))
        else:
            messages.info(request, _("Il file è già stato letto: qui sotto c'è il suo esito."))
        return redirect("passive:arrivals")
    state = request.GET.get("esito", "")
    state = state if state in STATES.values else ""
    kind = request.GET.get("file", "")
    if kind in ("csv", "xlsx"):
        # Which programs and the accountant read: Italian whoever asks for it.
        with translation.override("it"):
            rows = map(_cells, queries.every_arrival(actor, state))
            return table_file(kind, "file-ricevuti", "File ricevuti", COLUMNS, rows)
    before = _number(request.GET.get("prima", ""))
    context = {
        "page": queries.arrivals(actor, state, before),
        "first": before is None,
        "state": state,
        "form": Form({"esito": state}),
        "states": [("", _("Tutti")), *((value, said(label)) for value, label in STATES.choices)],
    }
    return render(request, "documents/passive/arrivals.html", context)


@require_safe
@desk
def arrival_file(request: HttpRequest, actor: Actor, reception_id: int) -> HttpResponse:
    return _given(queries.arrival_file(actor, reception_id))


@require_http_methods(["GET", "HEAD", "POST"])
@installation
def nobodys(request: HttpRequest) -> HttpResponse:
    """What arrived for no company that is known here: whose is it?"""
    companies = {company.pk: company.name for company in all_companies()}
    errors = ""
    if request.method == "POST":
        company = _number(request.POST.get("destinataria", ""))
        reception = _number(request.POST.get("arrivo", "")) or 0
        if company not in companies or company is None:
            errors = _("Scegliere l'azienda a cui la fattura è destinata.")
        elif receiving.give_to(reception, company, int(request.user.pk or 0), now=clock.now()):
            messages.success(request, _("Fattura assegnata: ora viene letta per quell'azienda."))
            return redirect("passive:nobodys")
        else:
            errors = _("Questa fattura è già stata assegnata o è già arrivata a quell'azienda.")
    before = _number(request.GET.get("prima", ""))
    context = {
        "page": queries.nobodys(before),
        "first": before is None,
        "owners": sorted(companies.items(), key=lambda each: each[1]),
        "error": errors,
        "chosen": _number(request.POST.get("arrivo", "")),
    }
    return render(request, "documents/passive/nobodys.html", context, status=422 if errors else 200)


@require_safe
@installation
def nobodys_file(request: HttpRequest, reception_id: int) -> HttpResponse:
    return _given(queries.nobodys_file(reception_id))


@require_http_methods(["GET", "HEAD", "POST"])
@desk
def bring(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The page, and the files sent to it. They are kept first and opened by the worker."""
    if request.method == "POST":
        files = request.FILES.getlist("files")
        if not files:
            raise RefusedError(
                _("Nessun file scelto."),
                _("Trascinare i file nel riquadro o sceglierli, poi premere «Importa i file»."),
            )
        # No more of each than shows that it is too large.
        handed = [(file.name or "file", file.read(receiving.LIMIT + 1)) for file in files]
        receiving.bring_files(actor, handed, now=clock.now())
        done = ngettext(
            "Ricevuto 1 file: la lettura parte subito e l'esito compare qui sotto.",
            "Ricevuti %(count)s file: la lettura parte subito e l'esito compare qui sotto.",
            len(files),
        )
        messages.success(request, done % {"count": len(files)})
        return redirect("passive:bring")
    before = _number(request.GET.get("prima", ""))
    rows = queries.bringings(actor, before, IMPORTS + 1)
    more, rows = len(rows) > IMPORTS, rows[:IMPORTS]
    states = queries.progress(actor, [row.pk for row in rows])
    waiting = any(row.status == "waiting" or states[row.pk].get(STATES.WAITING) for row in rows)
    context = {
        "imports": [{"row": row, "counts": _counts(states[row.pk])} for row in rows],
        "poll": request.get_full_path() if waiting else "",
        "next": f"{reverse('passive:bring')}?prima={rows[-1].pk}" if more else "",
        "before": before,
    }
    part = request.headers.get("HX-Request") == "true"
    return render(request, f"documents/passive/{'parts/bringings' if part else 'bring'}.html", context)


@require_safe
@desk
def brought(request: HttpRequest, actor: Actor, brought_id: int) -> HttpResponse:
    """One import in full: every file in it with what became of it."""
    row = queries.bringing(actor, brought_id)
    if row is None:
        raise Http404
    after = _number(request.GET.get("dopo", "")) or 0
    found = queries.brought(actor, brought_id, after, queries.PAGE + 1)
    shown = found[: queries.PAGE]
    counts = queries.progress(actor, [row.pk])[row.pk]
    context = {
        "row": row,
        "files": shown,
        "counts": _counts(counts),
        "waiting": row.status == "waiting" or bool(counts.get(STATES.WAITING)),
        "next": shown[-1].position if len(found) > queries.PAGE else None,
        "after": after,
    }
    return render(request, "documents/passive/brought.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def watched(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Where invoices come from: the codes at which the company receives, and its watched folders."""
    codes = " ".join(get_company(actor.company_id).recipient_codes)
    form = Form({"path": "", "moves": "si", "codes": codes})
    if request.method == "POST":
        form = Form({**form.values, **Form.from_post(request.POST).values})
        field = "codes" if "codes" in request.POST else "path"
        try:
            if field == "codes":
                # They decide to whom an invoice is shown: no company may claim another's.
                if not getattr(request.user, "is_staff", False):
                    raise RefusedError(_("I codici li imposta un amministratore dell'installazione."))
                given = form.values["codes"].replace(",", " ").split()
                save_recipient_codes(actor.company_id, given, now=clock.now(), actor_id=actor.user_id)
                messages.success(request, _("I codici presso cui l'azienda riceve sono stati salvati."))
            elif stopped := _number(request.POST.get("cartella", "")):
                folders.stop(actor, stopped, now=clock.now())
                messages.success(request, _("La cartella non è più sorvegliata."))
            else:
                path, moves = request.POST.get("path", ""), request.POST.get("moves") == "si"
                folders.watch(actor, path, settings.WATCH_ROOTS, moves=moves, now=clock.now())
                messages.success(request, _("Da ora quello che compare nella cartella viene preso."))
            return redirect("passive:folders")
        except FattorinoError as error:
            form.errors[field] = error.text
    found = queries.folders(actor)
    seen = _stand(found)
    if request.method == "GET" and request.headers.get("HX-Request") == "true":
        # Only what changed is drawn anew: a button that somebody is about to press stays where it is.
        if request.GET.get("visto") == seen:
            return HttpResponse(status=204)
        part = {"folders": found, "poll": _poll(found, seen)}
        return render(request, "documents/passive/parts/folders.html", part)
    context = {
        "form": form,
        "folders": found,
        "poll": _poll(found, seen),
        "ways": [("si", _("spostarli nella cartella «presi»")), ("no", _("lasciarli dove sono"))],
        "roots": folders.own_roots(actor, settings.WATCH_ROOTS),
    }
    return render(request, "documents/passive/folders.html", context, status=422 if form.errors else 200)


def _poll(found: Sequence[WatchedFolder], seen: str) -> str:
    """Where the page asks what has been taken meanwhile; nothing comes where no folder is watched."""
    address = reverse("passive:folders")
    return f"{address}?visto={seen}" if any(row.active for row in found) else ""


def _stand(found: Sequence[WatchedFolder]) -> str:
    """What the page shows of its folders, but for the minute in which each was looked at."""
    shown = [(row.pk, row.active, row.taken, row.last_error, row.looked_at is None) for row in found]
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def _counts(states: dict[str, int]) -> list[tuple[str, int]]:
    """In words, in the order of the states; what is no invoice file comes last."""
    named = [(said(STATES(state).label), n) for state in STATES.values if (n := states.get(state))]
    if states.get(""):
        named.append((_("Non sono fatture"), states[""]))
    return named


def _cells(row: queries.Arrival) -> tuple[Cell, ...]:
    return (
        clock.day(row.received_at),
        row.name,
        said(row.source_label),
        row.identificativo_sdi,
        str(row.arrivals),
        said(row.state_label),
        row.note,
    )


def _given(found: tuple[str, bytes] | None) -> HttpResponse:
    if found is None:
        raise Http404
    name, content = found
    return download(content, name, "application/octet-stream")


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
