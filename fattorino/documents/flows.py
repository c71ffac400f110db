"""The verbs of the invoice desk; the only writers of its rows. Call them inside a company scope."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction

from fattorino.core.errors import RefusedError
from fattorino.core.fatturapa.draft import Draft, Party, draft_from_json, draft_to_json
from fattorino.core.fatturapa.draft_check import check_draft
from fattorino.core.fatturapa.recipient import Recipient, resolve_recipient
from fattorino.core.fatturapa.totals import Totals, compute
from fattorino.core.texts import say, together
from fattorino.core.values import FOREIGN_RECIPIENT
from fattorino.core.workflow.definition import Dashboard, DocumentKind
from fattorino.documents import numbering
from fattorino.documents.files import attach as attach
from fattorino.documents.files import attach_many as attach_many
from fattorino.documents.files import cedente_of
from fattorino.documents.files import store as store
from fattorino.documents.models import Counterpart, DocumentFile, Invoice
from fattorino.organisations.queries import Actor, get_company
from fattorino.workflow import flows as workflow
from fattorino.workflow.flows import DocumentFacts
from fattorino.workflow.queries import visible_documents

if TYPE_CHECKING:
    from fattorino.workflow.models import Document

CREDIT_NOTES = ("TD04", "TD08")
# Kinds of DocumentFile that rooms above list under a document.
SIGNED, RECEIPT = DocumentFile.Kind.SIGNED.value, DocumentFile.Kind.RECEIPT.value
ANSWER = DocumentFile.Kind.ANSWER.value


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
        raise RefusedError(say("Il ruolo di consultazione non permette di scrivere documenti."))
    if kind != DocumentKind.RICEVUTA:
        credit = draft.tipo_documento in CREDIT_NOTES
        kind = DocumentKind.NOTA_CREDITO if credit else DocumentKind.FATTURA
    else:
        # Without a TipoDocumento the sums know that no rule of the e-invoice applies.
        draft = replace(draft, tipo_documento="")
    company = get_company(actor.company_id)
    recipient, totals = _check_draft(draft, kind, cedente_of(company), today)
    with transaction.atomic():
        if document_id is None:
            who = draft.cedente or cedente_of(company)
            seller = f"{who.id_paese}{who.id_codice}"
            return _create(actor, draft, kind, sezionale, recipient, totals, now, source, seller)
        return _correct(actor, draft, kind, sezionale, recipient, totals, now, document_id, version)


def _check_draft(
    draft: Draft, kind: str, cedente: Party, today: datetime.date
) -> tuple[Recipient | None, Totals]:
    problems: dict[str, str] = {}
    if draft.data is None:
        problems["data"] = say("Indicare la data del documento.")
    elif draft.data > today:
        problems["data"] = say("La data non può essere nel futuro: SdI scarterebbe il documento (00403).")
    totals = compute(draft)
    for finding in totals.errors:
        problems.setdefault(finding.field, together(finding.message, finding.hint))
    recipient = None
    if kind != DocumentKind.RICEVUTA:
        try:
            recipient = resolve_recipient(
                draft.cessionario, draft.codice_destinatario, draft.pec_destinatario
            )
        except RefusedError as exc:
            problems.update(exc.fields or {"codice_destinatario": exc.message})
        if not problems:
            # What is saved can be sent: schema and SdI's rules judge it now, beside the fields.
            for finding in check_draft(draft, cedente=cedente, on=today):
                if finding.is_error and not finding.field.startswith("cedente"):
                    problems.setdefault(finding.field, together(finding.message, finding.hint))
    elif not party_name(draft.cessionario):
        problems["cessionario.denominazione"] = say("Indicare il nome di chi riceve la ricevuta.")
    if problems:
        raise RefusedError(
            say("Il documento non è stato salvato: ci sono campi da correggere."), fields=problems
        )
    return recipient, totals


def _create(
    actor: Actor,
    draft: Draft,
    kind: str,
    sezionale: str,
    recipient: Recipient | None,
    totals: Totals,
    now: datetime.datetime,
    source: str,
    seller: str,
) -> Document:
    assert draft.data is not None
    series, progressive, number = numbering.next_number(actor.company_id, sezionale, draft.data, kind)
    year = draft.data.year
    draft = replace(draft, numero=number)
    counterpart = _counterpart(actor, draft, recipient, now)
    document = workflow.open_document(
        actor,
        _facts(draft, kind, recipient, totals, counterpart),
        now=now,
        message=say("Documento inserito."),
    )
    invoice = Invoice(
        document=document,
        company_id=actor.company_id,
        source=source,
        seller=seller,
        sezionale=series,
        year=year,
        progressive=progressive,
    )
    _fill(invoice, draft, kind, recipient, counterpart)
    return document


def _correct(
    actor: Actor,
    draft: Draft,
    kind: str,
    sezionale: str,
    recipient: Recipient | None,
    totals: Totals,
    now: datetime.datetime,
    document_id: int,
    version: int | None,
) -> Document:
    assert draft.data is not None
    document = workflow.hold_for_edit(actor, document_id, version=version if version is not None else -1)
    invoice = Invoice.objects.select_related("sezionale").get(document=document)
    if invoice.imported_id:
        raise RefusedError(
            say("Il documento viene da un file importato e si spedisce così com'è: non si modifica qui."),
            say(
                "Correggere il file nel programma d'origine e importarlo di nuovo: prenderà il posto di questo."
            ),
        )
    if (kind == DocumentKind.RICEVUTA) != (document.kind == DocumentKind.RICEVUTA):
        raise RefusedError(
            say("Una ricevuta non può diventare fattura, né una fattura ricevuta: sono numerate a parte.")
        )
    if draft.data.year != invoice.year or sezionale != (invoice.sezionale.code if invoice.sezionale else ""):
        raise RefusedError(
            say("Il documento ha già il suo numero."),
            fields={
                "data": say(
                    "Il numero {number} è del {year}: la data deve restare in quell'anno e il sezionale non può"
                    " cambiare.",
                    number=document.number,
                    year=invoice.year,
                )
            },
        )
    draft = replace(draft, numero=document.number)
    counterpart = _counterpart(actor, draft, recipient, now)
    document = workflow.change_document(
        actor,
        document,
        _facts(draft, kind, recipient, totals, counterpart),
        now=now,
        message=say("Documento modificato."),
    )
    _fill(invoice, draft, kind, recipient, counterpart)
    return document


def _counterpart(
    actor: Actor, draft: Draft, recipient: Recipient | None, now: datetime.datetime
) -> Counterpart:
    if draft.cedente is not None:
        # We write for our supplier: the other side is the supplier, whom SdI sends nothing.
        return remember(actor.company_id, draft.cedente, "", "", now=now)
    return remember(
        actor.company_id,
        draft.cessionario,
        recipient.codice_destinatario if recipient else "",
        (recipient.pec_destinatario or "") if recipient else "",
        now=now,
    )


def _facts(
    draft: Draft, kind: str, recipient: Recipient | None, totals: Totals, counterpart: Counterpart
) -> DocumentFacts:
    assert draft.data is not None
    sign = -1 if kind == DocumentKind.NOTA_CREDITO else 1
    return DocumentFacts(
        kind=str(kind),
        dashboard=dashboard_of(recipient.formato) if recipient else "",
        number=draft.numero or "",
        date=draft.data,
        counterpart_id=counterpart.pk,
        counterpart_name=counterpart.name,
        total_cents=sign * cents(totals.totale_documento),
        taxable_cents=sign * cents(totals.imponibile),
        tax_cents=sign * cents(totals.imposta),
        due_cents=sign * cents(totals.da_pagare),
        currency=draft.divisa,
        search_text=_search_text(draft, counterpart.name),
    )


def _fill(
    invoice: Invoice, draft: Draft, kind: str, recipient: Recipient | None, counterpart: Counterpart
) -> None:
    invoice.tipo_documento = draft.tipo_documento if kind != DocumentKind.RICEVUTA else ""
    invoice.formato = recipient.formato if recipient else ""
    invoice.draft = draft_to_json(draft)
    invoice.counterpart = counterpart
    invoice.codice_destinatario = recipient.codice_destinatario if recipient else ""
    invoice.pec_destinatario = (recipient.pec_destinatario or "") if recipient else ""
    invoice.save()


def dashboard_of(formato: str) -> str:
    """Where a document of this format is worked on: the PA's dashboard or the private one."""
    return str(Dashboard.ACTIVE_PA if formato == "FPA12" else Dashboard.ACTIVE_PRIVATE)


def cents(amount: Decimal) -> int:
    """Euro to whole cents; amounts come rounded to two decimals already."""
    return int((amount * 100).to_integral_value())


def _search_text(draft: Draft, name: str) -> str:
    parts = [name, *draft.causale, *(line.descrizione or "" for line in draft.linee)]
    parts += [r.codice_cig or "" for r in draft.riferimenti] + [
        r.id_documento or "" for r in draft.riferimenti
    ]
    return " ".join(filter(None, parts)).lower()[:4000]


def party_name(party: Party) -> str:
    return party.denominazione or " ".join(filter(None, [party.nome, party.cognome]))


def party_identity(party: Party) -> str:
    """What tells two counterparts apart: IdFiscaleIVA, else CodiceFiscale, else the name."""
    if party.id_codice:
        identity = f"{party.id_paese or 'IT'}:{party.id_codice}"
    elif party.codice_fiscale:
        identity = f"CF:{party.codice_fiscale}"
    else:
        identity = f"N:{party_name(party)}"
    return identity.upper()[:120]


def remember(
    company_id: int, party: Party, codice_destinatario: str, pec: str, *, now: datetime.datetime
) -> Counterpart:
    """Keep the counterpart, so that it is proposed the next time."""
    values = {
        "name": party_name(party)[:200] or say("(senza nome)"),
        "party": draft_to_json(Draft(cessionario=party)).get("cessionario", {}),
        "used_at": now,
    }
    if codice_destinatario:
        values |= {"codice_destinatario": codice_destinatario, "pec_destinatario": pec}
    return Counterpart.objects.update_or_create(
        company_id=company_id, identity=party_identity(party), defaults=values
    )[0]


def is_abroad(document_id: int) -> bool:
    """Whether the document goes to a customer whom SdI does not reach (CodiceDestinatario XXXXXXX)."""
    return Invoice.objects.filter(document_id=document_id, codice_destinatario=FOREIGN_RECIPIENT).exists()


def forget_address(document_id: int, company_id: int) -> None:
    """SdI does not know the document's CodiceDestinatario: it is not proposed again for this counterpart."""
    invoice = Invoice.objects.get(document_id=document_id, company_id=company_id)
    known = Counterpart.objects.filter(company_id=company_id, codice_destinatario=invoice.codice_destinatario)
    known.filter(pk__in=[invoice.counterpart_id]).update(codice_destinatario="", pec_destinatario="")


def copy_as_new(actor: Actor, document_id: int) -> Draft:
    """The draft of a document without number and date, to start another one from it.

    Raises:
        RefusedError: not there, or imported (its bytes are not a draft).
    """
    visible = visible_documents(actor).filter(pk=document_id)
    invoice = Invoice.objects.filter(document__in=visible, company_id=actor.company_id).first()
    if invoice is None or invoice.draft is None:
        raise RefusedError(say("Questo documento non si può duplicare: viene da un file importato."))
    if draft_from_json(invoice.draft).cedente is not None:
        raise RefusedError(
            say("Un'integrazione non si duplica: si prepara dalla fattura ricevuta a cui si riferisce.")
        )
    return replace(draft_from_json(invoice.draft), numero=None, data=None)
