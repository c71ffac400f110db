"""What a message means for the invoice: one receipt, one meaning.

The event codes are those of the workflow's event table (column `evento` of eventi_stato.csv). The same two
letters mean different things in the two flows (an MC to a PA is temporary, to a private buyer final), and SdI
sends both over the same SOAP operations: hence the meaning hangs on the message's root element alone.
Sources: Specifiche SdI 1.8.1, point 4.5; Provv. 89757/2018, points 2.4, 3.4, 4.1-4.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from fattorino.core.errors import FormatError
from fattorino.core.sdi import messages as m
from fattorino.core.sdi.deadlines import instant
from fattorino.core.texts import say, together

Colour = Literal["success", "danger", "warning", "info", "neutral"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """
    Attributes:
        event: hub status, key of the workflow's event table.
        label: a few Italian words for a list.
        explanation: one or two Italian sentences for the document's page.
        colour: family of the label's colour.
        issued: True if it proves that the invoice is issued, False if the invoice counts as not issued,
            None where the message says nothing about it.
        final: whether SdI sends nothing more about this invoice.
        reference: the one invoice of the lotto that is meant; None: every invoice of the file.
        happened: the instant the message itself tells (aware), None if it tells none.
        codes: SdI's error codes of an NS, the reason of an SE.
    """

    event: str
    flow: m.Flow
    label: str
    explanation: str
    colour: Colour
    issued: bool | None
    final: bool
    reference: m.RiferimentoFattura | None = None
    happened: datetime | None = None
    codes: tuple[str, ...] = ()


def meaning(message: m.Messaggio) -> Meaning:
    """The meaning of a message of either flow.

    Raises FormatError for an NE that says neither EC01 nor EC02, ValueError for an object that is no message.
    """
    match message:
        case m.RicevutaConsegna() | m.RicevutaConsegnaPrivati():
            return _delivered(message)
        case m.NotificaScarto() | m.RicevutaScarto():
            return _rejected(message)
        case m.NotificaMancataConsegna():
            return Meaning(
                "MC", "PA", say("Mancata consegna"),
                say(
                    "Lo SdI non è riuscito a consegnare la fattura all'amministrazione e riprova per 10 giorni. "
                    "La fattura è emessa."
                ),
                "warning", True, False, None, _at(message.data_ora_ricezione),
            )  # fmt: skip
        case m.RicevutaImpossibilitaRecapito():
            return _at_disposal(message)
        case m.NotificaEsito():
            return _outcome(message)
        case m.NotificaDecorrenzaTermini():
            return Meaning(
                "DT", "PA", say("Decorrenza termini"),
                say(
                    "Sono passati 15 giorni senza accettazione né rifiuto: lo SdI ha chiuso la pratica. "
                    "Non è un'accettazione, ma la fattura non può più essere rifiutata tramite lo SdI."
                ),
                "info", True, True, message.riferimento_fattura,
            )  # fmt: skip
        case m.AttestazioneTrasmissioneFattura():
            return Meaning(
                "AT", "PA", say("Impossibilità di recapito"),
                say(
                    "Dopo 10 giorni lo SdI rinuncia alla consegna e attesta la trasmissione. La fattura è emessa: "
                    "va fatta avere all'amministrazione per altra via, insieme a questa attestazione."
                ),
                "warning", True, True, None, _at(message.data_ora_ricezione),
            )  # fmt: skip
        case m.ScartoEsitoCommittente():
            return _outcome_refused(message)
        case m.NotificaEsitoCommittente():
            return _outcome_sent(message)
        case m.MetadatiInvioFile():
            return Meaning(
                "MT_PA", "PA", say("Ricevuta, da esitare"),
                say("La fattura è arrivata dallo SdI. Può essere accettata o rifiutata entro 15 giorni."),
                "info", True, False,
            )  # fmt: skip
        case m.FileMetadati():
            return Meaning(
                # Not "Ricevuta", which is also the name of a document.
                "MT_PRIV", "PR", say("Arrivata"), say("La fattura è arrivata dallo SdI."),
                "success", True, True,
            )  # fmt: skip
    raise ValueError(f"not a message of SdI: {type(message).__name__}")


def _delivered(message: m.RicevutaConsegna | m.RicevutaConsegnaPrivati) -> Meaning:
    pa = message.flusso == "PA"
    if pa:
        text = say(
            "La fattura è emessa ed è stata consegnata all'amministrazione, che ha 15 giorni per accettarla o "
            "rifiutarla."
        )
    else:
        text = say("La fattura è emessa ed è stata consegnata al cliente.")
    when = _at(message.data_ora_consegna) or _at(message.data_ora_ricezione)
    return Meaning("RC", message.flusso, say("Consegnata"), text, "success", True, not pa, None, when)


def _rejected(message: m.NotificaScarto | m.RicevutaScarto) -> Meaning:
    codes = tuple(e.codice or "" for e in message.lista_errori)
    text = say(
        "Lo SdI ha scartato il file: la fattura non è emessa. Va corretta e inviata di nuovo con un altro nome "
        "di file, di regola entro 5 giorni e con lo stesso numero e la stessa data."
    )
    when = _at(message.data_ora_ricezione)
    return Meaning("NS", message.flusso, say("Scartata"), text, "danger", False, True, None, when, codes)


def _at_disposal(message: m.RicevutaImpossibilitaRecapito) -> Meaning:
    day = message.data_messa_a_disposizione
    if day:
        text = say(
            "La fattura è emessa ma non è stato possibile recapitarla: è a disposizione del cliente dal {day} nella "
            "sua area riservata sul sito dell'Agenzia delle Entrate. Il cliente va avvisato subito per altra via.",
            day=f"{day:%d/%m/%Y}",
        )
    else:
        text = say(
            "La fattura è emessa ma non è stato possibile recapitarla: è a disposizione del cliente nella sua "
            "area riservata sul sito dell'Agenzia delle Entrate. Il cliente va avvisato subito per altra via."
        )
    when = _at(message.data_ora_ricezione)
    return Meaning("MC", "PR", say("Messa a disposizione"), text, "warning", True, True, None, when)


def _outcome(message: m.NotificaEsito) -> Meaning:
    ec = message.esito_committente
    why = say("Motivo indicato: {reason}", reason=ec.descrizione) if ec and ec.descrizione else ""
    reference = ec.riferimento_fattura if ec else None
    if ec is not None and ec.esito == "EC01":
        text = together(say("L'amministrazione ha accettato la fattura."), why)
        return Meaning("NE_EC01", "PA", say("Accettata"), text, "success", True, True, reference)
    if ec is not None and ec.esito == "EC02":
        # Issued and then refused: SdI frees its number (00404), the document stays what it was.
        text = together(say("L'amministrazione ha rifiutato la fattura."), why)
        return Meaning("NE_EC02", "PA", say("Rifiutata"), text, "danger", True, True, reference)
    raise FormatError(say("La notifica di esito non dice se la fattura è stata accettata o rifiutata."))


def _outcome_sent(message: m.NotificaEsitoCommittente) -> Meaning:
    if message.esito == "EC01":
        label = say("Esito inviato (accettazione)")
        text = say("La notifica di accettazione è stata inviata allo SdI.")
    elif message.esito == "EC02":
        label = say("Esito inviato (rifiuto)")
        text = say("La notifica di rifiuto è stata inviata allo SdI.")
    else:
        label = say("Esito inviato (esito)")
        text = say("La notifica di esito è stata inviata allo SdI.")
    return Meaning(
        "EC_INVIATO", "PA", label, text,
        "info", None, False, message.riferimento_fattura, None, (message.esito or "",),
    )  # fmt: skip


def _outcome_refused(message: m.ScartoEsitoCommittente) -> Meaning:
    if message.scarto == "EN00":
        text = say(
            "La notifica di accettazione o rifiuto inviata allo SdI non è conforme al formato: l'esito non è "
            "stato registrato."
        )
    elif message.scarto == "EN01":
        text = say(
            "La notifica di accettazione o rifiuto inviata allo SdI non è ammissibile: l'esito non è stato "
            "registrato."
        )
    else:
        text = say(
            "La notifica di accettazione o rifiuto inviata allo SdI è stata scartata: l'esito non è stato "
            "registrato."
        )
    return Meaning(
        "SE", "PA", say("Esito scartato"), text,
        "danger", None, False, message.riferimento_fattura, None, (message.scarto or "",),
    )  # fmt: skip


def _at(value: datetime | None) -> datetime | None:
    return None if value is None else instant(value)
