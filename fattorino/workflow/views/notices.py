"""*Avvisi*: the bell of every page, the list, the preferences; for administrators, how the e-mails get on."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.organisations import scope
from fattorino.organisations.middleware import actor_of
from fattorino.organisations.pages import desk
from fattorino.organisations.queries import Actor
from fattorino.organisations.tables import table_file
from fattorino.workflow import notices
from fattorino.workflow.flows import notice_mails
from fattorino.workflow.flows import notices as flows
from fattorino.workflow.notices import NoticeRow
from fattorino.workflow.views.common import administration

# The value of "mostra" that leaves out what was read.
UNREAD = "non-letti"


def _page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return render(request, f"workflow/notices/{template}.html", context, status=status)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


@require_safe
@desk
def listing(request: HttpRequest, actor: Actor) -> HttpResponse:
    unread_only = request.GET.get("mostra") == UNREAD
    before = _number(request.GET.get("prima", ""))
    page = notices.page(actor, unread_only=unread_only, before=before)
    context = {
        "page": page,
        "unread_only": unread_only,
        "first": before is None,
        "unread": notices.unread(actor),
        "newest": page.newest,
        "query": f"mostra={UNREAD}" if unread_only else "",
        "digest": notices.wants_digest(actor),
        "mail": settings.MAIL,
        "delivery": notices.delivery(actor.company_id) if actor.may_configure else None,
    }
    return _page(request, "list", context)


@require_safe
@desk
def listing_file(request: HttpRequest, actor: Actor, kind: str) -> HttpResponse:
    rows = notices.every(actor, unread_only=request.GET.get("mostra") == UNREAD)
    columns = ("Documento", "Data", "Controparte", "Stato", "Avviso del", "Letto")
    return table_file(kind, "avvisi", "Avvisi", columns, [_cells(row) for row in rows])


def _cells(row: NoticeRow) -> tuple[Any, ...]:
    state = row.text or (row.state.label if row.state else "")
    read = "sì" if row.read else "no"
    return (row.title, row.date, row.counterpart, state, clock.day(row.created_at), read)


@require_safe
def bell(request: HttpRequest) -> HttpResponse:
    """What every open page asks: the bell anew when the number changed, else nothing (204).

    No way in from here: whoever's session has ended would find the page of the sign-in inside the bell.
    """
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        return HttpResponse(status=204)
    count = notices.unread(actor)
    if str(count) == request.GET.get("n"):
        return HttpResponse(status=204)
    return _page(request, "bell", {"count": count, "most": notices.COUNTED, "news": True})


@require_http_methods(["GET", "HEAD", "POST"])
@desk(writes=True)
def open_notice(request: HttpRequest, actor: Actor, notice_id: int) -> HttpResponse:
    """The address in the e-mails: the notice is read, its document shown. It may be of another company of hers."""
    found = notices.find(actor, notice_id)
    if found is not None:
        flows.mark_read(actor, notice_id, now=clock.now())
        # The page of a bulletin was written by us, never by who asks.
        return redirect(found.page) if found.page else redirect("documents:page", found.document_id)
    return _elsewhere(request, actor, notice_id)


def _elsewhere(request: HttpRequest, actor: Actor, notice_id: int) -> HttpResponse:
    for membership in request.memberships:  # type: ignore[attr-defined]  # set by CompanyMiddleware
        scope.show_only(membership.company_id)
        found = notices.find(actor_of(request, membership), notice_id)
        scope.show_only(actor.company_id)
        if found is not None:
            return _page(request, "elsewhere", {"owner": membership.company, "notice_id": notice_id})
    raise Http404


@require_POST
@desk
def read(request: HttpRequest, actor: Actor, notice_id: int) -> HttpResponse:
    try:
        flows.mark_read(actor, notice_id, now=clock.now())
    except RefusedError as error:
        raise Http404 from error
    return _back(request)


@require_POST
@desk
def all_read(request: HttpRequest, actor: Actor) -> HttpResponse:
    count = flows.mark_all_read(actor, _number(request.POST.get("fino", "")) or 0, now=clock.now())
    text = ngettext("%(count)d avviso segnato come letto.", "%(count)d avvisi segnati come letti.", count)
    messages.success(request, text % {"count": count})
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    response = redirect("notices:list")
    if request.POST.get("mostra") == UNREAD:
        response["Location"] += f"?mostra={UNREAD}"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@desk
def preferences(request: HttpRequest, actor: Actor) -> HttpResponse:
    error = ""
    if request.method == "POST":
        wanted = request.POST.get("quando", "")
        if wanted in ("subito", "riepilogo"):
            flows.choose_mail(actor, digest=wanted == "riepilogo")
            messages.success(request, _("Preferenza salvata."))
            return redirect("notices:preferences")
        error = _("Non è stato scelto quando ricevere le e-mail: indicare una delle due possibilità.")
    context = {"digest": notices.wants_digest(actor), "mail": settings.MAIL, "error": error}
    return _page(request, "preferences", context, status=422 if error else 200)


@require_safe
@administration
def delivery(request: HttpRequest, actor: Actor) -> HttpResponse:
    """How the e-mails of the company's notices get on, and which addresses do not exist."""
    found = notices.delivery(actor.company_id)
    kind = request.GET.get("file", "")
    if kind in ("csv", "xlsx"):
        columns = (
            "Persona",
            "Indirizzo rifiutato",
            "Risposta del server",
            "Dal",
            "E-mail ferme",
        )
        rows = [
            (p.name, p.address, p.why, clock.day(p.at) if p.at else None, str(p.mails))
            for p in found.unreachable
        ]
        return table_file(kind, "indirizzi-rifiutati", "Indirizzi rifiutati", columns, rows)
    return _page(request, "delivery", {"delivery": found})


@require_POST
@administration
def try_again(request: HttpRequest, actor: Actor) -> HttpResponse:
    notice_mails.try_again(actor, _number(request.POST.get("persona", "")) or 0, now=clock.now())
    messages.success(
        request, _("L'indirizzo viene riprovato: se il server lo rifiuta ancora, torna in questo elenco.")
    )
    return redirect("notices:delivery")
