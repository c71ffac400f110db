"""Preparing the integration of a received invoice: it opens the form of Entrate with everything filled in."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import Q

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.core.fatturapa import read_fattura
from fattorino.core.fatturapa.draft import Draft, Party, draft_from_json
from fattorino.core.fatturapa.envelope import unwrap
from fattorino.core.texts import say
from fattorino.core.workflow.definition import Action
from fattorino.documents.models import PassiveInvoice
from fattorino.documents.passive import integration_draft
from fattorino.documents.passive.integration_draft import Term
from fattorino.documents.passive.page import CANCELLED, PassiveView, get_passive, named_file
from fattorino.organisations.queries import Actor, get_company
from fattorino.workflow import flows as workflow
from fattorino.workflow.queries import possibilities, visible_documents

OFFICE_LENGTH = 6
# What each kind is for, in a person's words.
MEANINGS = {
    "TD16": say("Inversione contabile interna: la fattura di un fornitore italiano senza IVA (Natura N6)."),
    "TD17": say("Servizi acquistati dall'estero."),
    "TD18": say("Beni acquistati da un fornitore dell'Unione europea."),
    "TD19": say(
        "Beni già in Italia, o da San Marino o dal Vaticano, venduti da un fornitore estero (art. 17, c. 2)."
    ),
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be prepared: kinds, the likeliest first; whether the tax is the buyer's to reckon, and until when."""

    kinds: tuple[str, ...]
    needed: bool
    term: Term | None


def offer(actor: Actor, document_id: int) -> Offer:
    """Raises RefusedError, FormatError: not there, or the file cannot be read."""
    view = get_passive(actor, document_id)
    __, content = named_file(actor, document_id)
    reading = read_fattura(unwrap(content).content)
    country = integration_draft.seller_of(reading).id_paese or ""
    return Offer(
        integration_draft.kinds_for(country),
        integration_draft.needs_integration(reading, view.position),
        integration_draft.term_of(reading, view.position, received=clock.day(view.passive.received_at)),
    )


def prepare(actor: Actor, document_id: int, kind: str) -> Draft:
    """The draft of the integration, to be completed in the form.

    Raises:
        RefusedError: the actor only reads, there is one already, or the invoice is not of that sort.
    """
    if not actor.may_write:
        raise RefusedError(say("Il ruolo di consultazione non permette di scrivere documenti."))
    view = get_passive(actor, document_id)
    if view.integration is not None:
        raise RefusedError(
            say(
                "L'integrazione di questa fattura c'è già: è il documento {number}.",
                number=view.integration[1],
            )
        )
    if kind not in MEANINGS:
        raise RefusedError(say("Scegliere il tipo di integrazione."))
    __, content = named_file(actor, document_id)
    draft = integration_draft.draft_of(
        read_fattura(unwrap(content).content),
        view.position,
        kind,
        buyer=_buyer(actor),
        identificativo_sdi=view.identificativo_sdi,
        received=clock.day(view.passive.received_at),
    )
    return replace(draft, codice_destinatario=_own_office(actor, view))


def _own_office(actor: Actor, view: PassiveView) -> str:
    """The office to which SdI gives the integration back. Its cessionario is the company itself: where that is in IPA,
    SdI refuses the format for privates (Elenco dei controlli, 00399, which excepts no TipoDocumento)."""
    if view.is_pa:
        return view.codice_destinatario
    offices = [code for code in get_company(actor.company_id).recipient_codes if len(code) == OFFICE_LENGTH]
    return offices[0] if len(offices) == 1 else ""


def base_for(actor: Actor, given: str) -> Draft | None:
    """What a form that integrates the invoice of this number does not show: the supplier as cedente."""
    if not (given.isascii() and given.isdecimal() and len(given) < 19):
        return None
    __, content = named_file(actor, int(given))
    return Draft(cedente=integration_draft.seller_of(read_fattura(unwrap(content).content)))


def source_of(actor: Actor, document_id: int) -> int | None:
    """The received invoice that a document of ours integrates."""
    rows = PassiveInvoice.objects.filter(integration_id=document_id, company_id=actor.company_id)
    return rows.values_list("document_id", flat=True).first()


def link(actor: Actor, document_id: int, integration_id: int, *, now: datetime.datetime) -> None:
    """The document of ours is the integration of a received invoice; where its state waited for that, it moves on.

    Raises:
        RefusedError: there is another integration already.
    """
    with transaction.atomic():
        workflow.lock(document_id)
        document = visible_documents(actor).filter(pk=document_id).first()
        rows = PassiveInvoice.objects.filter(document_id=document_id, company_id=actor.company_id)
        free = rows.filter(Q(integration=None) | Q(integration__state=CANCELLED))
        if document is None or not free.update(integration_id=integration_id):
            if rows.filter(integration_id=integration_id).exists():
                return
            raise RefusedError(say("Questa fattura ricevuta è già stata integrata."))
        number = visible_documents(actor).values_list("number", flat=True).get(pk=integration_id)
        workflow.record(
            document_id,
            "Integrated",
            actor,
            now=now,
            message=say("Preparata l'integrazione: documento {number}.", number=number),
        )
        can = possibilities(document, actor)
        if can.action is Action.INTEGRATE and can.action_offered and not can.busy:
            workflow.request_action(document_id, actor, now=now)


def _buyer(actor: Actor) -> Party:
    party = draft_from_json({"cessionario": get_company(actor.company_id).party}).cessionario
    return replace(
        party, regime_fiscale=None, rea=None, telefono=None, fax=None, email=None, albo_professionale=None,
        provincia_albo=None, numero_iscrizione_albo=None, data_iscrizione_albo=None,
    )  # fmt: skip
