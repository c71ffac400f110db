"""Writing and correcting a document; the live totals; known counterparts; attachments."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from fattorino import clock
from fattorino.core.errors import ConflictError, FattorinoError, RefusedError
from fattorino.core.fatturapa.draft import Draft, Party, draft_from_json
from fattorino.core.fatturapa.totals import Totals
from fattorino.core.money import italian
from fattorino.documents import flows, queries
from fattorino.documents.forms import DocumentForm
from fattorino.documents.forms.choices import KINDS, RICEVUTA
from fattorino.documents.forms.shape import GROUPS, Row
from fattorino.documents.forms.writer import write
from fattorino.documents.scarto import tell
from fattorino.documents.views.common import BACK_FIELD, desk, document_or_404
from fattorino.organisations.queries import Actor, get_company

MAX_ATTACHMENT = 3_500_000


def _for_another(
    request: HttpRequest, actor: Actor, error: ConflictError, document_id: int | None = None
) -> HttpResponse:
    """The form as it was sent while another company was in use: nothing is saved, nothing typed is lost."""
    view = document_or_404(actor, document_id) if document_id is not None else None
    form = DocumentForm.from_post(request.POST, clock.day(clock.now()))
    return _show(request, actor, form, view, refused=error, elsewhere=True)


@desk(elsewhere=_for_another)
def new(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A new document; `?da=ID` begins with the content of another."""
    if not actor.may_write:
        raise RefusedError("Il ruolo di consultazione non permette di scrivere documenti.")
    today = clock.day(clock.now())
    if request.method == "POST":
        return _take(request, actor, None)
    source = request.GET.get("da", "")
    if source.isascii() and source.isdecimal() and len(source) < 19:
        draft = flows.copy_as_new(actor, int(source))
        form = DocumentForm.from_draft(draft, today)
        form.values["data"] = today.isoformat()
    else:
        iban = get_company(actor.company_id).default_iban
        form = DocumentForm.blank(today, iban=iban, tipo_documento=_wanted_kind(request))
    return _show(request, actor, form, None)


@desk(elsewhere=_for_another)
def edit(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    """Correct a saved document; what SdI or the check said stands above and beside the fields."""
    view = document_or_404(actor, document_id)
    if request.method == "POST":
        return _take(request, actor, view)
    if not actor.may_write:
        raise RefusedError("Il ruolo di consultazione non permette di modificare documenti.")
    if view.draft is None or not view.possibilities.may_edit:
        raise RefusedError(view.possibilities.why_not_edit or "Questo documento non si può modificare qui.")
    form = DocumentForm.from_draft(
        view.draft,
        clock.day(clock.now()),
        ricevuta=view.row.kind == RICEVUTA,
        sezionale=view.sezionale,
        versione=str(view.version),
    )
    return _show(request, actor, form, view)


def _take(request: HttpRequest, actor: Actor, view: queries.DocumentView | None) -> HttpResponse:
    now = clock.now()
    form = DocumentForm.from_post(request.POST, clock.day(now))
    _take_uploads(request, actor, form)
    if BACK_FIELD in request.POST:
        company = get_company(actor.company_id).name
        messages.success(request, f"Ora lavori per {company}. Il documento non è ancora salvato.")
        return _show(request, actor, form, view)
    if command := request.POST.get("righe", ""):
        form.change_rows(command)
        return _show(request, actor, form, view)
    draft, _ = form.judge(_seller(actor))
    if form.errors:
        return _show(request, actor, form, view, refused=RefusedError(_summary(form)))
    version = form.values.get("versione", "")
    try:
        document = flows.save_document(
            actor,
            draft,
            kind=RICEVUTA if form.is_ricevuta else "fattura",
            sezionale=form.sezionale,
            now=now,
            today=clock.day(now),
            document_id=view.row.id if view else None,
            version=int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else None,
        )
    except FattorinoError as error:
        if isinstance(error, RefusedError):
            form.refuse(error.fields)
        return _show(request, actor, form, view, refused=error)
    verb = "salvato" if view is None else "modificato"
    messages.success(request, f"Documento {document.number} {verb}.")
    return redirect("documents:page", document.pk)


def _summary(form: DocumentForm) -> str:
    count = len(form.errors)
    return "C'è un campo da correggere." if count == 1 else f"Ci sono {count} campi da correggere."


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
    draft, totals = form.judge(_seller(actor))
    judged = form.errors
    form.errors = shown  # what is missing shows when it is touched or sent, not on opening
    ordinary, receipts = _sezionali(actor)
    told = tell(view.findings, draft) if view and request.method == "GET" else []
    faults = [(each, form.place(each.field) if each.field else "") for each in told if each.is_error]
    for fault, place in faults:  # beside the field too, until it is changed
        form.warnings.setdefault(place, f"{fault.code} {fault.message}".strip())
    context = {
        "form": form,
        "view": view,
        "azienda": actor.company_id,
        "elsewhere": get_company(actor.company_id).name if elsewhere else "",
        "heading": f"Modifica {view.row.kind_label.lower()} {view.row.number}" if view else "Nuovo documento",
        "back": reverse("documents:page", args=[view.row.id]) if view else reverse("documents:list"),
        "kinds": [k for k in KINDS if not view or k[0] != RICEVUTA],
        "sezionali": ordinary,
        "sezionali_ricevute": receipts,
        "templates": {group: Row(group, "__n__") for group in GROUPS},
        "message": refused.message if refused else "",
        "hint": refused.hint if refused else "",
        "errors": [{"told": fault, "place": place} for fault, place in faults],
        **_totals_context(form, draft, totals, judged | shown),
    }
    status = 200 if refused is None else 409 if isinstance(refused, ConflictError) else 422
    return render(request, "documents/edit.html", context, status=status)


def _sezionali(actor: Actor) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    rows = queries.sezionali(actor)

    def pairs(for_receipts: bool) -> list[tuple[str, str]]:
        return [
            (s.code, f"{s.code} – {s.description}" if s.code else s.description)
            for s in rows
            if s.for_receipts == for_receipts
        ]

    return pairs(False), pairs(True)


def _seller(actor: Actor) -> Party:
    return flows.cedente_of(get_company(actor.company_id))


def _wanted_kind(request: HttpRequest) -> str:
    wanted = request.GET.get("tipo", "")
    return wanted if wanted in dict(KINDS) else "TD01"


# --- live


@require_POST
@desk(writes=False)
def totals(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The totals and remarks for what stands in the form now; nothing is saved."""
    form = DocumentForm.from_post(request.POST, clock.day(clock.now()))
    draft, computed = form.judge(_seller(actor))
    context = {"form": form, **_totals_context(form, draft, computed, form.errors)}
    return render(request, "documents/parts/totals.html", context)


def _totals_context(
    form: DocumentForm, draft: Draft, totals: Totals, errors: dict[str, str]
) -> dict[str, Any]:
    amounts = {}
    for line in totals.linee:
        if line.index is not None:
            row = form.place(f"linee.{line.index}").rsplit("-", 1)[0]
            amounts[row] = f"{italian(line.prezzo_totale)} €"
    judgement = {"errors": errors, "warnings": form.warnings, "amounts": amounts}
    return {
        "totals": totals,
        "amounts": amounts,
        "bollo_addebitato": bool(draft.bollo and draft.bollo.addebitato),
        "judgement": json.dumps(judgement, ensure_ascii=False),
    }


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
        f"P.IVA {party.get('id_paese', 'IT')}{party['id_codice']}" if party.get("id_codice") else "",
        f"C.F. {party['codice_fiscale']}" if party.get("codice_fiscale") else "",
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
        raise RefusedError("Il ruolo di consultazione non permette di aggiungere allegati.")
    form = DocumentForm({}, clock.day(clock.now()))
    start = request.POST.get("da", "")
    _take_uploads(request, actor, form, start=int(start) if start.isdecimal() and len(start) < 6 else 0)
    return render(request, "documents/parts/attachments.html", {"form": form})


def _take_uploads(request: HttpRequest, actor: Actor, form: DocumentForm, start: int = 0) -> None:
    files = request.FILES.getlist("allegati_file")
    if not files:
        return
    if not actor.may_write:
        raise RefusedError("Il ruolo di consultazione non permette di aggiungere allegati.")
    total = sum(file.size or 0 for file in files)
    if total > MAX_ATTACHMENT:
        raise RefusedError(
            f"Gli allegati sono troppo grandi ({total // 1000} kB): il file inviato a SdI non può superare 5 MB.",
            "Riduci i file oppure consegnali al cliente in un altro modo.",
        )
    for file in files:
        stored = flows.store(actor.company_id, file.read(), now=clock.now())
        form.add_attachment(file.name or "allegato", stored.sha256, start)
