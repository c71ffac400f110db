"""Writing and correcting a document."""

from __future__ import annotations

import datetime
import hashlib
import json
from typing import NamedTuple

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fattorino import clock
from fattorino.core.errors import ConflictError, FattorinoError, RefusedError
from fattorino.core.fatturapa.draft import Draft, draft_to_json
from fattorino.documents import flows, queries
from fattorino.documents.forms import DocumentForm
from fattorino.documents.forms.choices import INTEGRATIONS, KINDS, RICEVUTA
from fattorino.documents.forms.shape import GROUPS, Row
from fattorino.documents.passive import integration
from fattorino.documents.scarto import Told, tell
from fattorino.documents.views.common import document_or_404
from fattorino.documents.views.live import seller, take_uploads, totals_context
from fattorino.organisations import idempotency
from fattorino.organisations.languages import recorded, said
from fattorino.organisations.pages import BACK_FIELD, desk
from fattorino.organisations.queries import Actor, get_company


class Saved(NamedTuple):
    """What a form has made or corrected."""

    id: int
    number: str


def _for_another(
    request: HttpRequest, actor: Actor, error: ConflictError, document_id: int | None = None
) -> HttpResponse:
    """The form as it was sent while another company was in use: nothing is saved, nothing typed is lost."""
    view = document_or_404(actor, document_id) if document_id is not None else None
    form = DocumentForm.from_post(request.POST, clock.day(clock.now()), view.draft if view else None)
    return _show(request, actor, form, view, refused=error, elsewhere=True)


@desk(elsewhere=_for_another)
def new(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A new document; `?da=ID` begins with the content of another."""
    if not actor.may_write:
        raise RefusedError(_("Il ruolo di consultazione non permette di scrivere documenti."))
    today = clock.day(clock.now())
    if request.method == "POST":
        return _take(request, actor, None)
    source = request.GET.get("da", "")
    received = request.GET.get("integra", "")
    if received.isascii() and received.isdecimal() and 0 < len(received) < 19:
        draft = integration.prepare(actor, int(received), request.GET.get("tipo", ""))
        _refuse_other_currency(draft)
        form = DocumentForm.from_draft(draft, today)
        form.values["integra"] = received
        form.renew_token()
        return _show(request, actor, form, None)
    if source.isascii() and source.isdecimal() and len(source) < 19:
        draft = flows.copy_as_new(actor, int(source))
        _refuse_other_currency(draft)
        form = DocumentForm.from_draft(draft, today)
        form.values["data"] = today.isoformat()
    else:
        iban = get_company(actor.company_id).default_iban
        form = DocumentForm.blank(today, iban=iban, tipo_documento=_wanted_kind(request))
    form.renew_token()
    return _show(request, actor, form, None)


@desk(elsewhere=_for_another)
def edit(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    """Correct a saved document; what SdI or the check said stands above and beside the fields."""
    view = document_or_404(actor, document_id)
    if view.draft is not None:
        _refuse_other_currency(view.draft)
    if request.method == "POST":
        return _take(request, actor, view)
    if not actor.may_write:
        raise RefusedError(_("Il ruolo di consultazione non permette di modificare documenti."))
    if view.draft is None or not view.possibilities.may_edit:
        raise RefusedError(
            view.possibilities.why_not_edit or _("Questo documento non si può modificare qui.")
        )
    form = DocumentForm.from_draft(
        view.draft,
        clock.day(clock.now()),
        ricevuta=view.row.kind == RICEVUTA,
        sezionale=view.sezionale,
        versione=str(view.version),
    )
    form.values["integra"] = str(integration.source_of(actor, document_id) or "")
    return _show(request, actor, form, view)


def _refuse_other_currency(draft: Draft) -> None:
    if draft.divisa != "EUR":
        raise RefusedError(
            _(
                "Il documento è in %(currency)s, ma questo modulo scrive gli importi in euro: qui non si modifica"
                " né si duplica."
            )
            % {"currency": draft.divisa},
            _("Correggerlo dal programma che l'ha inviato."),
        )


def _take(request: HttpRequest, actor: Actor, view: queries.DocumentView | None) -> HttpResponse:
    now = clock.now()
    base = view.draft if view else integration.base_for(actor, request.POST.get("integra", ""))
    form = DocumentForm.from_post(request.POST, clock.day(now), base)
    take_uploads(request, actor, form)
    if BACK_FIELD in request.POST:
        company = get_company(actor.company_id).name
        messages.success(
            request,
            _("Ora lavori per %(company)s. Il documento non è ancora salvato.") % {"company": company},
        )
        return _show(request, actor, form, view)
    if command := request.POST.get("righe", ""):
        form.change_rows(command)
        return _show(request, actor, form, view)
    draft, __ = form.judge(*seller(actor))
    if form.errors:
        return _show(request, actor, form, view, refused=RefusedError(_summary(form)))
    try:
        document = _correct(actor, form, draft, view, now) if view else _create(actor, form, draft, now)
    except FattorinoError as error:
        if isinstance(error, RefusedError):
            form.refuse(error.fields)
        return _show(request, actor, form, view, refused=error)
    done = _("Documento %(number)s salvato.") if view is None else _("Documento %(number)s modificato.")
    messages.success(request, done % {"number": document.number})
    return redirect("documents:page", document.id)


def _correct(
    actor: Actor, form: DocumentForm, draft: Draft, view: queries.DocumentView, now: datetime.datetime
) -> Saved:
    version = form.values.get("versione", "")
    document = flows.save_document(
        actor,
        draft,
        kind=_kind(form),
        sezionale=form.sezionale,
        now=now,
        today=clock.day(now),
        document_id=view.row.id,
        version=int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else None,
    )
    return Saved(document.pk, document.number)


def _create(actor: Actor, form: DocumentForm, draft: Draft, now: datetime.datetime) -> Saved:
    """One document for one form, however often it is sent: after a lost answer, a reload, or the way back.

    Raises:
        ConflictError: the form has made a document already, with another content.
    """
    # A blank, which no Idempotency-Key of the API may hold: the two never meet.
    key = f"modulo {form.token}"
    asked = [_kind(form), form.sezionale, draft_to_json(draft)]
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    try:
        with transaction.atomic():  # refused, the form is free to be sent again
            made = idempotency.claim(actor.company_id, key, digest, now=now) if form.token else None
            if made is not None:
                return Saved(made, queries.get_document(actor, made).row.number)
            document = flows.save_document(
                actor, draft, kind=_kind(form), sezionale=form.sezionale, now=now, today=clock.day(now)
            )
            if draft.cedente is not None:
                integration.link(actor, int(form.values["integra"]), document.pk, now=now)
            if form.token:
                idempotency.settle(actor.company_id, key, document.pk)
    except ConflictError as error:
        made = idempotency.made_by(actor.company_id, key)
        if made is None:
            raise
        number = queries.get_document(actor, made).row.number
        form.renew_token()
        raise ConflictError(
            _(
                "Questo modulo ha già creato il documento %(number)s, con un contenuto diverso: adesso non è stato"
                " salvato nulla."
            )
            % {"number": number},
            _(
                "Per correggere il documento %(number)s, aprirlo e scegliere «Modifica»; se invece serve un"
                " secondo documento, salvare di nuovo."
            )
            % {"number": number},
        ) from error
    return Saved(document.pk, document.number)


def _kind(form: DocumentForm) -> str:
    return RICEVUTA if form.is_ricevuta else "fattura"


def _summary(form: DocumentForm) -> str:
    count = len(form.errors)
    return ngettext("C'è un campo da correggere.", "Ci sono %(count)s campi da correggere.", count) % {
        "count": count
    }


def _show(
    request: HttpRequest,
    actor: Actor,
    form: DocumentForm,
    view: queries.DocumentView | None,
    *,
    refused: FattorinoError | None = None,
    elsewhere: bool = False,
) -> HttpResponse:
    shown = dict(form.errors)
    draft, totals = form.judge(*seller(actor))
    judged = form.errors
    form.errors = shown  # what is missing shows when it is touched or sent, not on opening
    ordinary, receipts = _sezionali(actor)
    told = tell(view.findings, draft) if view and request.method == "GET" else []
    faults = [(each, form.place(each.field) if each.field else "") for each in told if each.is_error]
    for fault, place in faults:  # beside the field too, until it is changed
        form.warnings.setdefault(place, _beside(fault))
    context = {
        "form": form,
        "view": view,
        "azienda": actor.company_id,
        "elsewhere": get_company(actor.company_id).name if elsewhere else "",
        "heading": _heading(view),
        "back": reverse("documents:page", args=[view.row.id]) if view else reverse("documents:list"),
        "kinds": INTEGRATIONS if draft.cedente else [k for k in KINDS if not view or k[0] != RICEVUTA],
        "cedente": flows.party_name(draft.cedente) if draft.cedente else "",
        "sezionali": ordinary,
        "sezionali_ricevute": receipts,
        "templates": {group: Row(group, "__n__") for group in GROUPS},
        "message": said(refused.message) if refused else "",
        "hint": said(refused.hint) if refused else "",
        "errors": [{"told": fault, "place": place} for fault, place in faults],
        **totals_context(form, draft, totals, judged | shown),
    }
    status = 200 if refused is None else 409 if isinstance(refused, ConflictError) else 422
    return render(request, "documents/edit.html", context, status=status)


def _beside(fault: Told) -> str:
    """The one sentence that fits beside a field. SdI's own are Italian: others read what they mean."""
    words, is_italian = recorded(fault.message)
    if is_italian and fault.meaning:
        words = said(fault.meaning)
    return f"{fault.code} {words}".strip()


def _heading(view: queries.DocumentView | None) -> str:
    if view is None:
        return _("Nuovo documento")
    kind = said(view.row.kind_label).lower()
    return _("Modifica %(kind)s %(number)s") % {"kind": kind, "number": view.row.number}


def _sezionali(actor: Actor) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    rows = queries.sezionali(actor)

    def pairs(for_receipts: bool) -> list[tuple[str, str]]:
        return [
            # Those that every company begins with are ours to say; others are the company's own words.
            (s.code, f"{s.code} – {_(s.description)}" if s.code else _(s.description))
            for s in rows
            if s.for_receipts == for_receipts
        ]

    return pairs(False), pairs(True)


def _wanted_kind(request: HttpRequest) -> str:
    wanted = request.GET.get("tipo", "")
    return wanted if wanted in dict(KINDS) else "TD01"
