"""What received invoices ask of a person before an action begins: an answer to SdI, an entry into the accounts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from fattorino import clock
from fattorino.core.errors import ConflictError, RefusedError
from fattorino.core.sdi import refusal
from fattorino.core.sdi.refusal import CAUSES
from fattorino.core.workflow.definition import Action
from fattorino.documents.passive import answering, flows, integration
from fattorino.documents.passive.forms import AnswerForm, PostForm
from fattorino.documents.passive.page import PassiveView
from fattorino.documents.views.passive_page import passive_or_404
from fattorino.organisations.pages import desk
from fattorino.organisations.queries import Actor


@require_http_methods(["GET", "HEAD", "POST"])
@desk
def answer(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    """*Accetta / Rifiuta*: the choice, then what will be sent, then it is sent."""
    view = passive_or_404(actor, document_id)
    if not actor.may_write:
        raise PermissionDenied
    form = AnswerForm(request.POST)
    if request.method != "POST":
        form.values |= {"stato": view.row.state.code if view.row.state else ""}
        return _show_answer(request, view, form)
    try:
        if not form.accepts and not form.refuses:
            raise RefusedError(
                _("Scegliere che cosa rispondere."),
                fields={"esito": _("Scegliere se accettare o rifiutare.")},
            )
        text = _description(form)
        if not form.confirmed:
            return _show_answer(request, view, form, text=text)
        answering.decide(
            actor,
            document_id,
            form.values["esito"],
            cause=form.values["causa"],
            detail=form.values["dettaglio"],
            seen=form.values["stato"],
            now=clock.now(),
        )
    except RefusedError as error:
        form.errors = dict(error.fields)
        return _show_answer(request, passive_or_404(actor, document_id), form, error=error)
    messages.success(
        request,
        _("Fattura accettata: la risposta parte verso SdI e l'esito compare da solo.")
        if form.accepts
        else _("Fattura rifiutata: la risposta parte verso SdI e l'esito compare da solo."),
    )
    return redirect("passive:page", document_id)


def _description(form: AnswerForm) -> str:
    """What will be written into the refusal. Raises RefusedError with `fields`."""
    if not form.refuses:
        return ""
    if form.cause is None:
        raise RefusedError(
            _("Il rifiuto non è stato registrato."),
            fields={"causa": _("Scegliere la causa del rifiuto: la legge ne ammette solo alcune.")},
        )
    return refusal.description(form.cause, form.values["dettaglio"])


def _show_answer(
    request: HttpRequest,
    view: PassiveView,
    form: AnswerForm,
    *,
    error: RefusedError | None = None,
    text: str = "",
) -> HttpResponse:
    offered = answering.MAY_ANSWER.get(view.possibilities.action, frozenset())
    term = view.passive.answer_by
    context: dict[str, Any] = {
        "view": view,
        "row": view.row,
        "form": form,
        "error": error,
        "confirming": bool(request.method == "POST" and error is None),
        "text": text,
        "causes": [(str(cause), told) for cause, told in CAUSES.items()],
        "may_accept": answering.ACCEPTED in offered,
        "may_refuse": answering.REFUSED in offered,
        "open": bool(offered and view.identificativo_sdi)
        and not view.possibilities.busy
        and term is not None
        and clock.now() <= term,
        "now": clock.now(),
    }
    status = 200 if error is None else 409 if isinstance(error, ConflictError) else 422
    return render(request, "documents/passive/answer.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@desk
def post(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    """*Contabilizza*: when it was entered into the accounts and under which protocol number."""
    view = passive_or_404(actor, document_id)
    if not actor.may_write:
        raise PermissionDenied
    now = clock.now()
    form = PostForm(request.POST, clock.day(now))
    error = None
    if request.method == "POST":
        day = form.read()
        try:
            if day is None:
                raise RefusedError(_("La registrazione non è stata salvata."), fields=form.errors)
            flows.post(
                actor,
                document_id,
                day,
                form.values["protocollo"],
                seen=form.values["stato"],
                now=now,
                today=clock.day(now),
            )
        except RefusedError as refused:
            error, form.errors = refused, dict(refused.fields)
        else:
            messages.success(request, _("Registrazione salvata."))
            return redirect("passive:page", document_id)
    else:
        form.values["stato"] = view.row.state.code if view.row.state else ""
    context = {
        "view": view,
        "row": view.row,
        "form": form,
        "error": error,
        "open": view.possibilities.action is Action.POST and not view.possibilities.busy,
    }
    status = 200 if error is None else 409 if isinstance(error, ConflictError) else 422
    return render(request, "documents/passive/post.html", context, status=status)


@require_safe
@desk
def integrate(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    """*Prepara integrazione*: which kind; then the form of Entrate opens, filled in."""
    view = passive_or_404(actor, document_id)
    if not actor.may_write:
        raise PermissionDenied
    offer = integration.offer(actor, document_id)
    context = {
        "view": view,
        "row": view.row,
        "offer": offer,
        "kinds": [(kind, integration.MEANINGS[kind]) for kind in offer.kinds],
        "today": clock.day(clock.now()),
    }
    return render(request, "documents/passive/integrate.html", context)
