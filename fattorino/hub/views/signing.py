"""*Firma*: what the company signs with; and the file that was signed outside."""

from __future__ import annotations

import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from fattorino import clock
from fattorino.core.errors import RefusedError, SigningError
from fattorino.core.texts import say, say_many
from fattorino.documents.panels import Panel
from fattorino.documents.queries import DocumentView
from fattorino.documents.views.common import document_or_404
from fattorino.hub import queries_keys as queries
from fattorino.hub.flows import keys, signed_outside, signing_again
from fattorino.hub.forms.keys import FILE_NEEDED, KeyForm
from fattorino.hub.models import SigningKey
from fattorino.hub.signing.pkcs12 import MAX_SIZE, try_out
from fattorino.organisations.flows import set_sign_private
from fattorino.organisations.languages import said
from fattorino.organisations.pages import desk
from fattorino.organisations.queries import Actor, get_company
from fattorino.workflow.alerts import Alert
from fattorino.workflow.views.common import administration

Kind = SigningKey.Kind


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def key(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The page, and a new key sent to it."""
    kind = (request.POST if request.method == "POST" else request.GET).get("tipo", "")
    kind = kind if kind in Kind.values else ""
    if request.method != "POST":
        row = queries.key_to_write_again(actor.company_id)
        return _show(request, actor, kind or (row.kind if row else Kind.PKCS12), KeyForm.of(row))
    kind = kind or Kind.PKCS12
    form = KeyForm.sent(request.POST.dict(), kind)
    try:
        _save(request, actor, kind, form)
    except (RefusedError, SigningError) as error:
        form.refuse(getattr(error, "fields", {}))
        return _show(request, actor, kind, form, status=422, error=error)
    return redirect("signing:key")


def _save(request: HttpRequest, actor: Actor, kind: str, form: KeyForm) -> None:
    now = clock.now()
    if kind != Kind.PKCS12:
        keys.propose(
            actor.company_id,
            form.place(kind),
            now=now,
            actor_id=actor.user_id,
            form=form.form,
            again=form.again,
        )
        messages.success(request, _("Chiave ricevuta: Fattorino la apre adesso, l'esito compare qui sotto."))
        return
    file = request.FILES.get("file")
    if file is None:
        raise RefusedError(_("La chiave non è stata salvata."), fields={"file": FILE_NEEDED})
    content = file.read(MAX_SIZE + 1)
    password = form.secrets.get("password", "")
    try_out(content, password)
    keys.save_key(actor.company_id, content, password, now=now, actor_id=actor.user_id, form=form.form)
    messages.success(request, _("La chiave è in uso dalla prossima firma."))


def _show(
    request: HttpRequest,
    actor: Actor,
    kind: str,
    form: KeyForm,
    *,
    status: int = 200,
    error: RefusedError | SigningError | None = None,
) -> HttpResponse:
    now = clock.now()
    active, proposed = queries.active_key(actor.company_id), queries.last_proposed(actor.company_id)
    context: dict[str, Any] = {
        "poll": _waits(request, active, proposed),
        "key": queries.key_view(active, now=now) if active else None,
        "proposed": queries.key_view(proposed, now=now) if proposed else None,
        "earlier": queries.earlier_keys(actor.company_id, now=now),
        "kinds": [(code, said(label)) for code, label in Kind.choices],
        "kind": str(kind),
        "forms": [(code, said(label)) for code, label in SigningKey.Form.choices],
        "libraries": [("", _("Scegliere…")), *((name, name) for name in settings.PKCS11_LIBRARIES)],
        "form": form,
        "error": error,
        "put_off": signing_again.waiting_for(actor),
        "sign_private": get_company(actor.company_id).sign_private,
    }
    if request.headers.get("HX-Request") == "true":
        return render(request, "hub/signing/state.html", context)
    return render(request, "hub/signing/key.html", context, status=status)


def _waits(request: HttpRequest, active: SigningKey | None, proposed: SigningKey | None) -> str:
    """Where the page asks for its news, while a key is being opened or tried; "" when nothing is awaited."""
    text = request.GET.get("prova", "")
    since = int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else 0
    trying = since and active is not None and (not active.tested_at or active.tested_at.timestamp() < since)
    opening = proposed is not None and proposed.tested_at is None
    return f"{reverse('signing:key')}?prova={since}" if trying or opening else ""


@require_POST
@administration
def test(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The test button; the answer comes onto the page by itself."""
    if queries.active_key(actor.company_id) is None:
        raise RefusedError(_("L'azienda non ha una chiave da provare."))
    keys.ask_test(actor.company_id)
    messages.success(request, _("Prova avviata: l'esito compare qui sotto."))
    return redirect(f"{reverse('signing:key')}?prova={int(clock.now().timestamp())}")


@require_POST
@administration
def choose(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The form of the signature, and whether invoices to privates are signed too."""
    now = clock.now()
    keys.set_form(actor.company_id, request.POST.get("form", ""), now=now, actor_id=actor.user_id)
    set_sign_private(
        actor.company_id, bool(request.POST.get("sign_private")), now=now, actor_id=actor.user_id
    )
    messages.success(request, _("Scelte salvate: valgono dalla prossima firma."))
    return redirect("signing:key")


@require_POST
@administration
def retire(request: HttpRequest, actor: Actor) -> HttpResponse:
    """From now on the company has no key."""
    keys.retire(actor.company_id, now=clock.now(), actor_id=actor.user_id)
    messages.success(request, _("Chiave tolta. Le fatture alla PA si firmano fuori da Fattorino."))
    return redirect("signing:key")


@require_POST
@desk
def outside(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    """The file that was signed outside."""
    document_or_404(actor, document_id)
    file = request.FILES.get("file")
    if file is None:
        raise RefusedError(
            _("Nessun file scelto."), _("Scegliere il file firmato e premere «Consegna il file firmato».")
        )
    content = file.read(signed_outside.LIMIT + 1)
    signed_outside.take(actor, document_id, content, now=clock.now())
    messages.success(request, _("File firmato ricevuto: l'invio prosegue da solo."))
    return redirect("documents:page", document_id)


def panel(actor: Actor, view: DocumentView) -> Panel | None:
    """On the page of a document that waits for its signature."""
    if not actor.may_write or view.possibilities.busy:
        return None
    row = signed_outside.waiting(view.row.id, actor)
    if row is None:
        return None
    told = {
        "name": f"{row.base_name}.xml",
        "again_at": row.next_attempt_at,
        "why": row.last_error,
        "may_try": row.next_attempt_at is None or signing_again.may_try(actor.company_id),
    }
    return Panel("hub/signing/panel.html", told)


def key_to_see_to(actor: Actor, now: datetime.datetime) -> list[Alert]:
    """For the dashboards: a key that is suspended, ends soon or has ended, and what was left without a signature."""
    return [*_of_the_key(actor, now), *_put_off(actor), *_left_unsigned(actor)]


def _put_off(actor: Actor) -> list[Alert]:
    """That a remote service was away, and what is done about it; a key that is suspended has its own words."""
    waiting = signing_again.waiting_for(actor) if actor.may_configure else None
    if waiting is None or waiting.again_at is None or not signing_again.may_try(actor.company_id):
        return []
    text = say_many(
        "Il servizio di firma remota non risponde: {number} file aspetta, e Fattorino riprova da sé alle {time}.",
        "Il servizio di firma remota non risponde: {number} file aspettano, e Fattorino riprova da sé alle {time}.",
        waiting.files,
        time=f"{waiting.again_at.astimezone(clock.ROME):%H:%M}",
    )
    return [Alert(text, reverse("signing:key"), "warning")]


def _left_unsigned(actor: Actor) -> list[Alert]:
    number, state = queries.left_unsigned(actor) if actor.may_write else (0, "")
    if not number:
        return []
    text = say_many(
        "{number} documento è pronto e aspetta la firma: qui sotto non si vede.",
        "{number} documenti sono pronti e aspettano la firma: qui sotto non si vedono.",
        number,
    )
    return [Alert(text, f"{reverse('documents:list')}?{urlencode({'stato': state})}", "warning")]


def _of_the_key(actor: Actor, now: datetime.datetime) -> list[Alert]:
    """To administrators alone: nobody else can do anything about it."""
    row = queries.active_key(actor.company_id) if actor.may_configure else None
    if row is None:
        return []
    key, address = queries.key_view(row, now=now), reverse("signing:key")
    if key.blocked_why:
        return [
            Alert(
                say("La firma delle fatture è sospesa: {reason}", reason=key.blocked_why), address, "danger"
            )
        ]
    if not key.level or key.not_after is None:
        return []
    end = f"{clock.day(key.not_after):%d/%m/%Y}"
    if key.not_after < now:
        return [
            Alert(
                say("Il certificato con cui si firmano le fatture è scaduto il {day}.", day=end),
                address,
                "danger",
            )
        ]
    told = say("Il certificato con cui si firmano le fatture scade il {day}.", day=end)
    return [Alert(told, address, "danger" if key.level == "error" else "warning")]
