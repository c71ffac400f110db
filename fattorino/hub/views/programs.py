"""*Altri programmi*: who may use this installation as Digital Hub, what they handed in, and whom it calls."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.hub import queries_remote as queries
from fattorino.hub.flows import webhooks
from fattorino.organisations import tokens
from fattorino.organisations.languages import said
from fattorino.organisations.queries import ROLES, Actor
from fattorino.organisations.spreadsheet import Cell
from fattorino.organisations.tables import table_file
from fattorino.workflow.forms.state import Form
from fattorino.workflow.views.common import administration

TOKEN_COLUMNS = ("Programma", "Ruolo", "Prefisso", "Stato", "Creato", "Scade", "Ultimo uso")
HOOK_COLUMNS = ("Indirizzo", "Stato", "Motivo", "Ultima risposta", "Aggiunto")
FILE_COLUMNS = (
    *("File", "Genere", "Programma", "Stato", "Motivo", "IdentificativoSdI", "Ricevuto", "Aggiornato"),
)
CALL_COLUMNS = ("Quando", "Genere", "Stato", "Tentativi", "Codice di risposta", "Errore", "Conclusa")
DAYS = "365"


@require_safe
@administration
def listing(request: HttpRequest, actor: Actor) -> HttpResponse:
    kind, what = request.GET.get("file", ""), request.GET.get("cosa", "")
    if kind in ("csv", "xlsx"):
        if what == "webhook":
            rows = map(_hook_cells, queries.hooks(actor.company_id))
            return table_file(kind, "webhook", "Webhook", HOOK_COLUMNS, rows)
        cells = map(_token_cells, tokens.tokens_of(actor.company_id))
        return table_file(kind, "token", "Token", TOKEN_COLUMNS, cells)
    return _page(request, actor)


def _page(
    request: HttpRequest, actor: Actor, token_form: Form | None = None, hook_form: Form | None = None
) -> HttpResponse:
    now = clock.now()
    token_form = token_form or Form({"giorni": DAYS, "ruolo": "operator"})
    hook_form = hook_form or Form({})
    context = {
        "tokens": [(token, _token_state(token)) for token in tokens.tokens_of(actor.company_id)],
        "hooks": queries.hooks(actor.company_id),
        "files": queries.files(actor.company_id, limit=5),
        "token_form": token_form,
        "hook_form": hook_form,
        "roles": [(code, said(label)) for code, label in ROLES.items()],
        "role_labels": ROLES,
        "address": request.build_absolute_uri("/api/hub/v1"),
        "contract": "/api/hub/v1/openapi.json",
        "most": webhooks.MOST,
        "now": now,
    }
    bad = token_form.errors or hook_form.errors
    return render(request, "hub/programs/list.html", context, status=422 if bad else 200)


def _token_state(token: tokens.TokenView) -> str:
    if token.revoked_at:
        return _("Revocato")
    return _("Valido") if token.is_valid(clock.now()) else _("Scaduto")


def _token_cells(token: tokens.TokenView) -> list[Cell]:
    return [
        *(token.name, str(ROLES.get(token.role, token.role)), token.prefix, _token_state(token)),
        *(_at(token.created_at), _at(token.expires_at), _at(token.last_used_at)),
    ]


def _hook_cells(row: queries.HookRow) -> list[Cell]:
    return [row.url, row.state_label, row.disabled_why, _at(row.last_ok_at), _at(row.created_at)]


def _file_cells(row: queries.FileRow) -> list[Cell]:
    return [
        *(row.name, row.kind_label, row.program, row.state_label, row.text, row.identificativo_sdi),
        *(_at(row.received_at), _at(row.changed_at)),
    ]


def _at(moment: Any) -> str:
    return moment.astimezone(clock.ROME).strftime("%d/%m/%Y %H:%M") if moment else ""


@require_POST
@administration
@sensitive_variables("secret")
def new_token(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Make a token; the page that follows shows it, once."""
    form = Form.from_post(request.POST)
    days = form.values.get("giorni", "")
    number = int(days) if days.isascii() and days.isdecimal() and len(days) < 6 else 0
    name, role = form.values.get("nome", ""), form.values.get("ruolo", "")
    try:
        token, secret = tokens.create_token(
            actor.company_id, name, role, days=number, now=clock.now(), actor_id=actor.user_id
        )
    except RefusedError as error:
        wrong = "nome" if not name or len(name) > 80 else "ruolo" if role not in ROLES else "giorni"
        form.errors[wrong] = said(error.text)
        return _page(request, actor, token_form=form)
    context = {"title": _("Token creato"), "name": token.name, "secret": secret, "is_token": True}
    return _secret_page(request, context)


def _secret_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    response = render(request, "hub/programs/secret.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@administration
def revoke(request: HttpRequest, actor: Actor) -> HttpResponse:
    token = tokens.revoke_token(
        actor.company_id, request.POST.get("prefisso", "")[:12], now=clock.now(), actor_id=actor.user_id
    )
    messages.success(request, _("Il token «%(name)s» non apre più nulla.") % {"name": token.name})
    return redirect("programs:list")


@require_POST
@administration
@sensitive_variables("secret")
def new_hook(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A new webhook; the page that follows shows its secret, once."""
    form = Form.from_post(request.POST)
    url = form.values.get("url", "")
    try:
        _number, secret = webhooks.add(actor, url, now=clock.now())
    except RefusedError as error:
        form.errors["url"] = said(error.message) + " " + said(error.fields.get("url", error.hint))
        return _page(request, actor, hook_form=form)
    return _secret_page(request, {"title": _("Webhook aggiunto"), "name": url, "secret": secret})


@require_safe
@administration
def hook(request: HttpRequest, actor: Actor, webhook_id: int) -> HttpResponse:
    """A webhook and its calls."""
    row = _hook(actor, webhook_id)
    kind = request.GET.get("file", "")
    if kind in ("csv", "xlsx"):
        calls = queries.deliveries(actor.company_id, webhook_id, limit=10_000)
        return table_file(kind, "chiamate", "Chiamate", CALL_COLUMNS, map(_call_cells, calls))
    before = _before(request)
    calls = queries.deliveries(actor.company_id, webhook_id, before)
    following = calls[-1].id if len(calls) == queries.PAGE else None
    context = {"hook": row, "calls": calls, "following": following, "before": before, "now": clock.now()}
    return render(request, "hub/programs/hook.html", context)


def _call_cells(row: queries.DeliveryRow) -> list[Cell]:
    return [
        *(
            _at(row.created_at),
            _("Di prova") if row.test else _("Novità"),
            row.state_label,
            str(row.attempts),
        ),
        *(str(row.status_code or ""), row.error, _at(row.ended_at)),
    ]


def _hook(actor: Actor, webhook_id: int) -> queries.HookRow:
    try:
        return queries.hook(actor.company_id, webhook_id)
    except RefusedError as error:
        raise Http404 from error


def _before(request: HttpRequest) -> int | None:
    text = request.GET.get("prima", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


@require_POST
@administration
def test_hook(request: HttpRequest, actor: Actor, webhook_id: int) -> HttpResponse:
    _hook(actor, webhook_id)
    webhooks.test(actor, webhook_id, now=clock.now())
    messages.success(request, _("Prova avviata: l'esito compare tra le chiamate."))
    return redirect("programs:hook", webhook_id)


@require_POST
@administration
@sensitive_variables("secret")
def rotate_hook(request: HttpRequest, actor: Actor, webhook_id: int) -> HttpResponse:
    row = _hook(actor, webhook_id)
    secret = webhooks.rotate(actor, webhook_id, now=clock.now())
    context = {"title": _("Segreto cambiato"), "name": row.url, "secret": secret, "rotated": True}
    return _secret_page(request, context)


@require_POST
@administration
def switch_hook(request: HttpRequest, actor: Actor, webhook_id: int) -> HttpResponse:
    _hook(actor, webhook_id)
    active = request.POST.get("attivo", "") == "1"
    webhooks.switch(actor, webhook_id, active, now=clock.now())
    messages.success(request, _("Webhook riattivato.") if active else _("Webhook sospeso."))
    return redirect("programs:hook", webhook_id)


@require_POST
@administration
def remove_hook(request: HttpRequest, actor: Actor, webhook_id: int) -> HttpResponse:
    _hook(actor, webhook_id)
    webhooks.remove(actor, webhook_id, now=clock.now())
    messages.success(request, _("Webhook eliminato."))
    return redirect("programs:list")


@require_safe
@administration
def files(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What other programs have handed in."""
    kind = request.GET.get("file", "")
    if kind in ("csv", "xlsx"):
        rows = map(_file_cells, queries.every_file(actor.company_id))
        return table_file(kind, "file-consegnati", "File consegnati", FILE_COLUMNS, rows)
    before = _before(request)
    found = queries.files(actor.company_id, before)
    following = found[-1].id if len(found) == queries.PAGE else None
    return render(
        request, "hub/programs/files.html", {"files": found, "following": following, "before": before}
    )
