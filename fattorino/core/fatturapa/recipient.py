"""Where an invoice goes: the format and the address that SdI needs, from what the person typed.

Sources: tabular description v1.8, 1.1.3-1.1.6 and 1.4.1; Allegato A 1.6.1, controls 00313, 00330, 00427;
Elenco dei controlli 2.0, 00399. San Marino's code is known from secondary sources only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from fattorino.core.errors import InputError, RefusedError
from fattorino.core.fatturapa.draft import FieldFinding, Party
from fattorino.core.texts import say, together
from fattorino.core.values import (
    FOREIGN_RECIPIENT,
    SAN_MARINO_RECIPIENT,
    UNKNOWN_RECIPIENT,
    CodiceDestinatario,
    PecAddress,
)

_OFFICE = re.compile(
    r"(comune|citt[aà] metropolitana|ministero|prefettura|questura|tribunale|procura della repubblica"
    r"|regione [a-zà']+$|provincia (di|autonoma)|universit[aà]'? degli studi|istituto comprensivo"
    r"|azienda (sanitaria|ospedaliera|usl|ulss)|asl |camera di commercio|agenzia delle entrate"
    r"|ordine (degli|dei|delle|provinciale|interprovinciale|nazionale|territoriale)"
    r"|consiglio (notarile|nazionale|dell'ordine))\b",
    re.IGNORECASE,
)
_COMPANY = re.compile(
    r"\b(s\.?\s?r\.?\s?l\.?s?|s\.?\s?p\.?\s?a|s\.?\s?n\.?\s?c|s\.?\s?a\.?\s?s|societ[aà]|soc|coop\w*)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Recipient:
    """The address block of the invoice. `warnings` are remarks that do not stop it."""

    formato: Literal["FPA12", "FPR12"]
    codice_destinatario: str
    pec_destinatario: str | None = None
    warnings: tuple[FieldFinding, ...] = ()


def is_foreign(party: Party) -> bool:
    """Whether the buyer is neither resident, nor established, nor identified for VAT in Italy.

    A VAT number decides by its country; without one the address decides, unless there is an Italian tax code.
    """
    if party.id_paese and party.id_codice:
        return party.id_paese.upper() != "IT"
    return (party.nazione or "IT").upper() != "IT" and party.codice_fiscale is None


def looks_public(party: Party) -> bool:
    """Whether the name is that of a public administration, as far as a name alone can tell."""
    name = (party.denominazione or "").strip()
    return bool(_OFFICE.match(name)) and not _COMPANY.search(name)


def resolve_recipient(party: Party, codice_destinatario: str, pec: str | None) -> Recipient:
    """Format and address for a buyer.

    Six characters are an office of a public administration (FPA12), seven anybody else (FPR12). With no code
    a PEC goes with 0000000; nothing at all is 0000000 alone, delivered to the buyer's reserved area. A foreign
    buyer gets XXXXXXX, one of San Marino 2R4GTO8. A seven-character code wins over a PEC given beside it.

    Raises:
        RefusedError: with `fields` (names of Draft: "codice_destinatario", "pec_destinatario",
            "cessionario.id_codice" ...).
    """
    fields: dict[str, str] = {}
    code = _code(codice_destinatario, fields)
    address = _address(pec, fields)
    if not fields:
        _identity(party, fields)
    if not fields:
        if is_foreign(party):
            recipient = _foreign(party, code, address, fields)
        elif code is not None and code.is_office:
            recipient = _office(party, code, address, fields)
        else:
            recipient = _private(party, code, address, fields)
    if fields:
        raise RefusedError(together(say("Il destinatario non va bene."), *fields.values()), fields=fields)
    return recipient


def _code(text: str, fields: dict[str, str]) -> CodiceDestinatario | None:
    """The code typed, None for nothing; seven zeros are the same as nothing."""
    if not text.strip() or text.strip() == UNKNOWN_RECIPIENT:
        return None
    try:
        return CodiceDestinatario.parse(text)
    except InputError as error:
        fields["codice_destinatario"] = error.text
        return None


def _address(text: str | None, fields: dict[str, str]) -> PecAddress | None:
    if text is None or not text.strip():
        return None
    try:
        return PecAddress.parse(text)
    except InputError as error:
        fields["pec_destinatario"] = error.text
        return None


def _identity(party: Party, fields: dict[str, str]) -> None:
    """00417 and half an IdFiscaleIVA."""
    if party.id_codice and not party.id_paese:
        fields["cessionario.id_paese"] = say("Indicare il Paese della partita IVA (IT, DE, FR ...).")
    elif not party.id_codice and is_foreign(party):
        fields["cessionario.id_codice"] = say(
            "Per un cliente estero serve l'identificativo IVA con il suo Paese (scarto 00313)."
            " Un privato senza partita IVA si indica con il Paese e un codice che lo identifichi."
        )
    elif not party.id_codice and not party.codice_fiscale:
        fields["cessionario.codice_fiscale"] = say(
            "Serve almeno uno fra partita IVA e codice fiscale del cliente (scarto 00417)."
        )


def _foreign(
    party: Party, code: CodiceDestinatario | None, pec: PecAddress | None, fields: dict[str, str]
) -> Recipient:
    san_marino = (party.id_paese or "").upper() == "SM"
    default = SAN_MARINO_RECIPIENT if san_marino else FOREIGN_RECIPIENT
    if code == SAN_MARINO_RECIPIENT and not san_marino:
        fields["codice_destinatario"] = say(
            "{code} è solo per i clienti di San Marino (Paese SM).", code=SAN_MARINO_RECIPIENT
        )
    elif code is not None and code.is_office:
        fields["codice_destinatario"] = say(
            "Un codice di 6 caratteri è di un ufficio pubblico italiano, ma il cliente è estero:"
            " lasciare vuoto il codice oppure correggere il Paese del cliente."
        )
    elif code not in (None, default, FOREIGN_RECIPIENT):
        fields["codice_destinatario"] = say(
            "Il cliente è estero: il codice destinatario è {right}. Lasciare vuoto questo campo.",
            right=default,
        )
    if pec is not None:
        fields["pec_destinatario"] = say(
            "Il Sistema di Interscambio non consegna ai clienti esteri: togliere la PEC"
            " e mandare al cliente una copia della fattura."
        )
    return Recipient("FPR12", code or default)


def _office(
    party: Party, code: CodiceDestinatario, pec: PecAddress | None, fields: dict[str, str]
) -> Recipient:
    if pec is not None:
        fields["pec_destinatario"] = say(
            "Alla pubblica amministrazione si consegna con il codice ufficio di 6 caratteri: togliere la PEC."
        )
    if not party.denominazione and (party.nome or party.cognome):
        fields["codice_destinatario"] = say(
            "Un codice di 6 caratteri è di un ufficio pubblico, ma il cliente è una persona:"
            " per una persona o un'impresa il codice ha 7 caratteri, oppure si lascia vuoto."
        )
    return Recipient("FPA12", code)


def _private(
    party: Party, code: CodiceDestinatario | None, pec: PecAddress | None, fields: dict[str, str]
) -> Recipient:
    if code == FOREIGN_RECIPIENT:
        fields["codice_destinatario"] = say(
            "XXXXXXX è solo per i clienti esteri con identificativo IVA non italiano (scarto 00313):"
            " per un cliente italiano indicare il suo codice, la PEC, oppure niente."
        )
    elif code == SAN_MARINO_RECIPIENT:
        fields["codice_destinatario"] = say(
            "{code} è l'ufficio tributario di San Marino: indicare nel cliente il Paese SM.",
            code=SAN_MARINO_RECIPIENT,
        )
    # A name alone proves nothing ("Camera di commercio italo-germanica"): a remark, never a refusal.
    warnings: tuple[FieldFinding, ...] = ()
    if looks_public(party):
        warnings = (
            FieldFinding(
                "codice_destinatario",
                "warning",
                say("Il cliente sembra una pubblica amministrazione, ma il codice ufficio ha 7 caratteri.")
                if code
                else say("Il cliente sembra una pubblica amministrazione, ma il codice ufficio manca."),
                say(
                    "Se è iscritto in IPA serve il suo codice ufficio di 6 caratteri (indicepa.gov.it), "
                    "altrimenti SdI scarterà la fattura (00399)."
                ),
                "00399",
            ),
        )
    return Recipient("FPR12", code or UNKNOWN_RECIPIENT, None if code else pec, warnings)
