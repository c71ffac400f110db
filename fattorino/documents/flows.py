"""The verbs of the invoice desk; the only writers of its rows. Call them inside a company scope."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import replace
from decimal import Decimal

from django.db import transaction

from fattorino.core.errors import ConflictError, RefusedError
from fattorino.core.fatturapa import write_fattura
from fattorino.core.fatturapa.build import build
from fattorino.core.fatturapa.draft import Draft, FieldFinding, Party, draft_from_json, draft_to_json
from fattorino.core.fatturapa.recipient import Recipient, resolve_recipient
from fattorino.core.fatturapa.totals import Totals, compute
from fattorino.core.workflow.decide import may_edit
from fattorino.core.workflow.definition import Dashboard
from fattorino.documents import numbering
from fattorino.documents.models import Counterpart, DocumentFile, Invoice, StoredFile
from fattorino.organisations.models import Company
from fattorino.organisations.queries import Actor
from fattorino.workflow import flows as workflow
from fattorino.workflow.models import Document, DocumentKind, PendingAction
from fattorino.workflow.queries import workflow_of


def store(company_id: int, content: bytes, *, now: datetime.datetime) -> StoredFile:
    """Keep these bytes; the same bytes of the same company are kept once."""
    sha = hashlib.sha256(content).hexdigest()
    found = StoredFile.objects.filter(company_id=company_id, sha256=sha).defer("content").first()
    if found:
        return found
    StoredFile.objects.bulk_create(
        [StoredFile(company_id=company_id, sha256=sha, size=len(content), content=content, created_at=now)],
        ignore_conflicts=True,
    )
    return StoredFile.objects.defer("content").get(company_id=company_id, sha256=sha)


def attach(
    document_id: int, company_id: int, kind: str, name: str, stored: StoredFile, *, now: datetime.datetime
) -> None:
    """List a stored file under the document; listing it twice changes nothing."""
    DocumentFile.objects.bulk_create(
        [
            DocumentFile(
                company_id=company_id,
                document_id=document_id,
                kind=kind,
                name=name,
                stored=stored,
                created_at=now,
            )
        ],
        ignore_conflicts=True,
    )


def save_document(
    actor: Actor,
    draft: Draft,
    *,
    kind: str,
    sezionale: str = "",
    now: datetime.datetime,
    today: datetime.date,
    document_id: int | None = None,
    version: int | None = None,
    source: str = Invoice.Source.FORM,
) -> Document:
    """Create or correct an active document; gives the number, remembers the counterpart, enters the workflow.

    Args:
        draft: what was written; its `numero` is ignored, numbers are given here.
        kind: DocumentKind; "fattura" becomes "nota_credito" by itself for TD04.
        document_id, version: for a correction, the document and the version the person saw.

    Raises:
        RefusedError: `fields` says what is wrong beside which field; ConflictError: somebody saved meanwhile.
    """
    if not actor.may_write:
        raise RefusedError("Il ruolo di consultazione non permette di scrivere documenti.")
    if kind != DocumentKind.RICEVUTA:
        kind = DocumentKind.NOTA_CREDITO if draft.tipo_documento in ("TD04", "TD08") else DocumentKind.FATTURA
    recipient, totals = _check_draft(draft, kind, today)
    with transaction.atomic():
        if document_id is None:
            document, invoice = _new(actor, draft, kind, sezionale, recipient, now, source)
        else:
            document, invoice = _existing(actor, draft, kind, sezionale, recipient, document_id, version)
        draft = replace(draft, numero=document.number)
        counterpart = remember(
            actor.company_id,
            draft.cessionario,
            recipient.codice_destinatario if recipient else "",
            (recipient.pec_destinatario or "") if recipient else "",
            now=now,
        )
        _fill(document, invoice, draft, recipient, totals, counterpart)
        document.change_seq = workflow.next_change()
        document.save()
        invoice.document = document
        invoice.save()
        if document_id is None and document.dashboard:
            workflow.enter(document.pk, actor, now=now, message="Documento inserito.")
        elif document_id is not None:
            workflow.record(document.pk, "Saved", actor, now=now, message="Documento modificato.")
        document.refresh_from_db()
        return document


def _check_draft(draft: Draft, kind: str, today: datetime.date) -> tuple[Recipient | None, Totals]:
    problems: dict[str, str] = {}
    if draft.data is None:
        problems["data"] = "Indicare la data del documento."
    elif draft.data > today:
        problems["data"] = "La data non può essere nel futuro: SdI scarterebbe il documento (00403)."
    totals = compute(draft)
    _collect(problems, totals.findings)
    recipient = None
    if kind != DocumentKind.RICEVUTA:
        try:
            recipient = resolve_recipient(
                draft.cessionario, draft.codice_destinatario, draft.pec_destinatario
            )
        except RefusedError as exc:
            problems.update(exc.fields or {"codice_destinatario": exc.message})
    elif not _party_name(draft.cessionario):
        problems["cessionario.denominazione"] = "Indicare il nome di chi riceve la ricevuta."
    if problems:
        raise RefusedError("Il documento non è stato salvato: ci sono campi da correggere.", fields=problems)
    return recipient, totals


def _collect(problems: dict[str, str], findings: tuple[FieldFinding, ...]) -> None:
    for finding in findings:
        if finding.is_error:
            problems.setdefault(finding.field, f"{finding.message} {finding.hint}".strip())


def _new(
    actor: Actor,
    draft: Draft,
    kind: str,
    sezionale: str,
    recipient: Recipient | None,
    now: datetime.datetime,
    source: str,
) -> tuple[Document, Invoice]:
    assert draft.data is not None
    series, progressive, text = numbering.next_number(actor.company_id, sezionale, draft.data, kind)
    document = Document(
        company_id=actor.company_id,
        kind=kind,
        dashboard=_dashboard(recipient),
        number=text,
        created_at=now,
        created_by_id=actor.user_id,
    )
    invoice = Invoice(
        company_id=actor.company_id,
        source=source,
        sezionale=series,
        year=draft.data.year,
        progressive=progressive,
    )
    return document, invoice


def _existing(
    actor: Actor,
    draft: Draft,
    kind: str,
    sezionale: str,
    recipient: Recipient | None,
    document_id: int,
    version: int | None,
) -> tuple[Document, Invoice]:
    document, invoice = lock_for_edit(actor, document_id)
    assert draft.data is not None
    if version != document.version:
        raise ConflictError(
            "Nel frattempo un altro utente ha modificato il documento: le modifiche non sono state salvate.",
            "Ricaricare la pagina, guardare che cosa è cambiato e ripetere la modifica.",
        )
    if invoice.imported_id:
        raise RefusedError(
            "Il documento viene da un file importato e si spedisce così com'è: non si modifica qui.",
            "Correggere il file nel programma d'origine e importarlo di nuovo: prenderà il posto di questo.",
        )
    if (kind == DocumentKind.RICEVUTA) != (document.kind == DocumentKind.RICEVUTA):
        raise RefusedError(
            "Una ricevuta non può diventare fattura, né una fattura ricevuta: sono numerate a parte."
        )
    if draft.data.year != invoice.year or sezionale != (invoice.sezionale.code if invoice.sezionale else ""):
        raise RefusedError(
            "Il documento ha già il suo numero.",
            fields={
                "data": f"Il numero {document.number} è del {invoice.year}: la data deve restare in quell'anno "
                "e il sezionale non può cambiare."
            },
        )
    document.kind = kind
    document.version += 1
    _move_dashboard(document, recipient)
    return document, invoice


def lock_for_edit(actor: Actor, document_id: int) -> tuple[Document, Invoice]:
    """The document under lock, if it may be corrected now.

    Raises:
        RefusedError, ConflictError: not there, being sent, or in a state that forbids it.
    """
    document = (
        Document.objects.select_for_update().filter(pk=document_id, company_id=actor.company_id).first()
    )
    invoice = Invoice.objects.select_related("sezionale").filter(document_id=document_id).first()
    if document is None or invoice is None:
        raise RefusedError("Documento non trovato.")
    if PendingAction.objects.filter(document=document, finished_at=None).exists():
        raise ConflictError(
            "Il documento è in corso di invio: le modifiche non sono state salvate.",
            "Attendere l'esito; se il documento viene scartato si potrà correggere.",
        )
    if document.dashboard:
        _, flow = workflow_of(document.company_id)
        state = flow.state(document.state)
        if not may_edit(state, Dashboard(document.dashboard)):
            raise RefusedError(f"Nello stato «{state.label}» il documento non si può più modificare.")
    return document, invoice


def _move_dashboard(document: Document, recipient: Recipient | None) -> None:
    """A corrected recipient may turn a private invoice into one to the PA; the state must exist there too."""
    wanted = _dashboard(recipient)
    if wanted == document.dashboard:
        return
    _, flow = workflow_of(document.company_id)
    state = flow.state(document.state)
    if wanted not in state.dashboards:
        raise RefusedError(
            f"Nello stato «{state.label}» il destinatario non può passare da PA a privato o viceversa.",
            "Annullare il documento ed emetterne uno nuovo.",
        )
    document.dashboard = wanted


def _dashboard(recipient: Recipient | None) -> str:
    if recipient is None:
        return ""
    return str(Dashboard.ACTIVE_PA if recipient.formato == "FPA12" else Dashboard.ACTIVE_PRIVATE)


def _fill(
    document: Document,
    invoice: Invoice,
    draft: Draft,
    recipient: Recipient | None,
    totals: Totals,
    counterpart: Counterpart,
) -> None:
    assert draft.data is not None
    sign = -1 if document.kind == DocumentKind.NOTA_CREDITO else 1
    document.date = draft.data
    document.counterpart_id = counterpart.pk
    document.counterpart_name = counterpart.name
    document.currency = draft.divisa
    document.total_cents = sign * cents(totals.totale_documento)
    document.taxable_cents = sign * cents(totals.imponibile)
    document.tax_cents = sign * cents(totals.imposta)
    document.due_cents = sign * cents(totals.da_pagare)
    document.search_text = search_text(draft, counterpart.name)
    invoice.tipo_documento = draft.tipo_documento if document.kind != DocumentKind.RICEVUTA else ""
    invoice.formato = recipient.formato if recipient else ""
    invoice.draft = draft_to_json(draft)
    invoice.counterpart = counterpart
    invoice.codice_destinatario = recipient.codice_destinatario if recipient else ""
    invoice.pec_destinatario = (recipient.pec_destinatario or "") if recipient else ""


def cents(amount: Decimal) -> int:
    """Euro to whole cents; amounts come rounded to two decimals already."""
    return int((amount * 100).to_integral_value())


def search_text(draft: Draft, name: str) -> str:
    parts = [name, *draft.causale, *(line.descrizione or "" for line in draft.linee)]
    parts += [r.codice_cig or "" for r in draft.riferimenti] + [
        r.id_documento or "" for r in draft.riferimenti
    ]
    return " ".join(filter(None, parts)).lower()[:4000]


def _party_name(party: Party) -> str:
    return party.denominazione or " ".join(filter(None, [party.nome, party.cognome]))


def party_identity(party: Party) -> str:
    """What tells two counterparts apart: IdFiscaleIVA, else CodiceFiscale, else the name."""
    if party.id_codice:
        return f"{party.id_paese or 'IT'}:{party.id_codice}".upper()
    if party.codice_fiscale:
        return f"CF:{party.codice_fiscale}".upper()
    return f"N:{_party_name(party)}".upper()[:120]


def remember(
    company_id: int, party: Party, codice_destinatario: str, pec: str, *, now: datetime.datetime
) -> Counterpart:
    """Keep the counterpart, so that it is proposed the next time."""
    values = {
        "name": _party_name(party)[:200] or "(senza nome)",
        "party": draft_to_json(Draft(cessionario=party)).get("cessionario", {}),
        "used_at": now,
    }
    if codice_destinatario:
        values |= {"codice_destinatario": codice_destinatario, "pec_destinatario": pec}
    return Counterpart.objects.update_or_create(
        company_id=company_id, identity=party_identity(party), defaults=values
    )[0]


def generate_xml(
    document_id: int,
    company_id: int,
    trasmittente: tuple[str, str],
    progressivo_invio: str,
    file_name: str,
    *,
    now: datetime.datetime,
) -> tuple[StoredFile, str]:
    """The XML to send and its format: built from the draft, or the imported bytes, unchanged.

    Raises:
        RefusedError, FormatError: the draft cannot become a FatturaPA (fields or findings say why).
    """
    invoice = Invoice.objects.select_related("imported", "company").get(
        document_id=document_id, company_id=company_id
    )
    if invoice.imported:
        return invoice.imported, invoice.formato
    draft = draft_from_json(invoice.draft or {})
    wanted = [a.sha256 for a in draft.allegati]
    files = StoredFile.objects.filter(company_id=company_id, sha256__in=wanted)
    fattura = build(
        draft,
        cedente=cedente_of(invoice.company),
        trasmittente=trasmittente,
        progressivo_invio=progressivo_invio,
        allegati={f.sha256: bytes(f.content) for f in files},
    )
    stored = store(company_id, write_fattura(fattura), now=now)
    attach(document_id, company_id, DocumentFile.Kind.XML, f"{file_name}.xml", stored, now=now)
    return stored, invoice.formato


def cedente_of(company: Company) -> Party:
    """The company as CedentePrestatore."""
    return draft_from_json({"cessionario": company.party}).cessionario


def copy_as_new(actor: Actor, document_id: int) -> Draft:
    """The draft of a document without number and date, to start another one from it.

    Raises:
        RefusedError: not there, or imported (its bytes are not a draft).
    """
    invoice = Invoice.objects.filter(document_id=document_id, company_id=actor.company_id).first()
    if invoice is None or invoice.draft is None:
        raise RefusedError("Questo documento non si può duplicare: viene da un file importato.")
    return replace(draft_from_json(invoice.draft), numero=None, data=None)
