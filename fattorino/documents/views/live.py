"""What the document form asks for while it is being filled: live totals, known counterparts, attachments."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.core.fatturapa.draft import Draft, Party, draft_from_json
from fattorino.core.fatturapa.totals import Totals
from fattorino.core.money import italian
from fattorino.documents import flows, queries
from fattorino.documents.files import cedente_of
from fattorino.documents.forms import DocumentForm
from fattorino.documents.forms.writer import write
from fattorino.documents.passive import integration
from fattorino.organisations.languages import said
from fattorino.organisations.pages import desk
from fattorino.organisations.queries import Actor, get_company

MAX_ATTACHMENT = 3_500_000


def seller(actor: Actor) -> tuple[Party, frozenset[str]]:
    """The company as who issues, and the warnings it has switched off."""
    company = get_company(actor.company_id)
    return cedente_of(company), frozenset(company.warnings_off)


@require_POST
@desk(writes=False)
def totals(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The totals and remarks for what stands in the form now; nothing is saved."""
    base = integration.base_for(actor, request.POST.get("integra", ""))
    form = DocumentForm.from_post(request.POST, clock.day(clock.now()), base)
    draft, computed = form.judge(*seller(actor))
    context = {"form": form, **totals_context(form, draft, computed, form.errors)}
    return render(request, "documents/parts/totals.html", context)


def totals_context(
    form: DocumentForm, draft: Draft, totals: Totals, errors: dict[str, str]
) -> dict[str, Any]:
    amounts = {}
    for line in totals.linee:
        if line.index is not None:
            row = form.place(f"linee.{line.index}").rsplit("-", 1)[0]
            amounts[row] = f"{italian(line.prezzo_totale)} €"
    judgement = {"errors": _said(errors), "warnings": _said(form.warnings), "amounts": amounts}
    return {
        "totals": totals,
        "amounts": amounts,
        "bollo_addebitato": bool(draft.bollo and draft.bollo.addebitato),
        "judgement": json.dumps(judgement, ensure_ascii=False),
    }


def _said(texts: dict[str, str]) -> dict[str, str]:
    return {name: said(text) for name, text in texts.items()}


@require_safe
@desk
def counterparts(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Search as you type among those already invoiced."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:80]
    found = queries.find_counterparts(actor, text) if len(text) >= 2 else []
    context = {
        "text": text if len(text) >= 2 else "",
        "found": [
            {
                "name": each.name,
                "detail": _detail(each),
                "values": json.dumps(_fill(each), ensure_ascii=False),
            }
            for each in found
        ],
    }
    return render(request, "documents/parts/counterparts.html", context)


def _detail(counterpart: Any) -> str:
    party = counterpart.party
    parts = [
        _("P.IVA %(number)s") % {"number": f"{party.get('id_paese', 'IT')}{party['id_codice']}"}
        if party.get("id_codice")
        else "",
        _("C.F. %(code)s") % {"code": party["codice_fiscale"]} if party.get("codice_fiscale") else "",
        party.get("comune", ""),
        counterpart.codice_destinatario if counterpart.codice_destinatario != "0000000" else "",
        counterpart.pec_destinatario,
    ]
    return " · ".join(part for part in parts if part)


def _fill(counterpart: Any) -> dict[str, str]:
    """The form's fields of the recipient, all of them: what the chosen one does not have is emptied."""
    code = counterpart.codice_destinatario
    draft = draft_from_json({"cessionario": counterpart.party}, problems={})
    values = write(
        Draft(
            cessionario=draft.cessionario,
            codice_destinatario="" if code in ("0000000", "XXXXXXX") else code,
            pec_destinatario=counterpart.pec_destinatario or None,
        )
    )
    names = ("codice_destinatario", "codice_ufficio", "pec_destinatario")
    return {
        **dict.fromkeys(names, ""),
        **{name: text for name, text in values.items() if name in names or name.startswith("cessionario-")},
    }


# --- attachments


@require_POST
@desk
def attach(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Keep the files just chosen and answer with their rows."""
    if not actor.may_write:
        raise RefusedError(_("Il ruolo di consultazione non permette di aggiungere allegati."))
    form = DocumentForm({}, clock.day(clock.now()))
    start = request.POST.get("da", "")
    take_uploads(request, actor, form, start=int(start) if start.isdecimal() and len(start) < 6 else 0)
    return render(request, "documents/parts/attachments.html", {"form": form})


def take_uploads(request: HttpRequest, actor: Actor, form: DocumentForm, start: int = 0) -> None:
    files = request.FILES.getlist("allegati_file")
    if not files:
        return
    if not actor.may_write:
        raise RefusedError(_("Il ruolo di consultazione non permette di aggiungere allegati."))
    total = sum(file.size or 0 for file in files)
    if total > MAX_ATTACHMENT:
        raise RefusedError(
            _("Gli allegati sono troppo grandi (%(size)s kB): il file inviato a SdI non può superare 5 MB.")
            % {"size": total // 1000},
            _("Ridurre i file oppure consegnarli al cliente in un altro modo."),
        )
    for file in files:
        stored = flows.store(actor.company_id, file.read(), now=clock.now())
        form.add_attachment(file.name or "allegato", stored.sha256, start)
