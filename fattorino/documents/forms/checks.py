"""What the document form asks for beyond the rules of the e-invoice, in the order in which it is told."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from django.conf import settings

from fattorino.core.errors import RefusedError
from fattorino.core.fatturapa.draft import Draft, FieldFinding, Party
from fattorino.core.fatturapa.recipient import resolve_recipient
from fattorino.core.texts import say
from fattorino.documents.forms.shape import LONGEST

_ADDRESS = {
    "indirizzo": say("Manca l'indirizzo."),
    "cap": say("Manca il CAP."),
    "comune": say("Manca il comune."),
}


def presence(draft: Draft, *, is_ricevuta: bool) -> Iterator[FieldFinding]:
    """What every document must say."""
    if draft.data is None:
        yield _error("data", say("Manca la data del documento."))
    party = draft.cessionario
    if not (party.denominazione or (party.nome and party.cognome)):
        name = "nome" if party.cognome else "cognome" if party.nome else "denominazione"
        yield _error(f"cessionario.{name}", say("Serve la denominazione, oppure nome e cognome."))
    elif party.denominazione and (party.nome or party.cognome):
        yield _error(
            "cessionario.denominazione", say("O la denominazione, o nome e cognome: non tutti insieme.")
        )
    if not is_ricevuta:
        for name, missing in _ADDRESS.items():
            if not getattr(party, name):
                yield _error(f"cessionario.{name}", missing)
    for index, line in enumerate(draft.linee):
        if not line.descrizione:
            yield _error(f"linee.{index}.descrizione", say("Manca la descrizione."))


def lengths(party: Party) -> Iterator[FieldFinding]:
    """No longer than an invoice could say it: for a ricevuta, which no rule of the e-invoice judges."""
    for name, longest in LONGEST.items():
        if len(text := getattr(party, name) or "") > longest:
            message = say(
                "È troppo lungo: al massimo {most} caratteri, qui sono {count}.",
                most=longest,
                count=len(text),
            )
            yield _error(f"cessionario.{name}", message)


def recipient(draft: Draft, genere: str) -> Iterator[FieldFinding]:
    """Whether the address fits the kind of recipient that was chosen."""
    code = draft.codice_destinatario
    if genere == "pa" and len(code) != 6:
        yield _error(
            "codice_destinatario",
            say(
                "Per una pubblica amministrazione serve il codice ufficio di 6 caratteri (ne ha {count})."
                " Si trova su indicepa.gov.it.",
                count=len(code),
            )
            if code
            else say(
                "Per una pubblica amministrazione serve il codice ufficio di 6 caratteri (manca)."
                " Si trova su indicepa.gov.it."
            ),
        )
        return
    if genere == "privato" and len(code) == 6:
        yield _error(
            "codice_destinatario",
            say(
                "Un codice di 6 caratteri è di un ufficio pubblico: scegliere «Pubblica amministrazione» qui"
                " sopra, oppure scrivere il codice di 7 caratteri."
            ),
        )
        return
    try:
        yield from resolve_recipient(draft.cessionario, code, draft.pec_destinatario).warnings
    except RefusedError as error:
        yield from (_error(name, message) for name, message in error.fields.items())


def split_payment(draft: Draft, today: datetime.date) -> Iterator[FieldFinding]:
    """A remark only: whether the European permission was prolonged after the known day, the product cannot know."""
    until: datetime.date = settings.SPLIT_PAYMENT_UNTIL
    if draft.esigibilita_iva == "S" and (draft.data or today) > until:
        yield FieldFinding(
            "esigibilita_iva",
            "warning",
            say(
                "L'autorizzazione europea allo split payment è nota fino al {until:%d/%m/%Y}:"
                " verificare se la proroga è in vigore.",
                until=until,
            ),
        )


def _error(field: str, message: str) -> FieldFinding:
    return FieldFinding(field, "error", message)
