"""Why a public administration may refuse an invoice through SdI (EC02): the causes that the law allows, no other.

Source: DM 24/8/2020 n. 132 (art. 2-bis of DM 3/4/2013 n. 55), in force since 6/11/2020. The refusal must state its
cause; what a *nota di variazione* (art. 26 DPR 633/72) can correct is no cause (paragraph 2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from fattorino.core.errors import RefusedError
from fattorino.core.texts import say

LONGEST = 255  # Descrizione of NotificaEsitoCommittente


class Cause(StrEnum):
    """Art. 2-bis, paragraph 1, letters a) to e)."""

    NOT_ADDRESSED = "operazione"
    CIG_CUP = "cig_cup"
    MEDICAL_DEVICE = "repertorio"
    MEDICINE = "aic"
    COMMITMENT = "determina"


@dataclass(frozen=True, slots=True)
class CauseText:
    """How a cause is called, what it means, and the words with which the refusal begins."""

    letter: str
    label: str
    meaning: str
    opening: str


CAUSES: dict[Cause, CauseText] = {
    Cause.NOT_ADDRESSED: CauseText(
        "a",
        say("L'operazione non è stata resa a questo ente"),
        say("La fattura riguarda un'operazione che non è stata posta in essere in favore di chi la riceve."),
        "Operazione non posta in essere in favore del destinatario (DM 132/2020, lett. a)",
    ),
    Cause.CIG_CUP: CauseText(
        "b",
        say("CIG o CUP mancante o errato"),
        say("Il CIG o il CUP, dove l'art. 25, c. 2, DL 66/2014 li richiede, manca o è errato."),
        "Omessa o errata indicazione del CIG o del CUP (DM 132/2020, lett. b)",
    ),
    Cause.MEDICAL_DEVICE: CauseText(
        "c",
        say("Codice di repertorio dei dispositivi medici mancante o errato"),
        say("Dispositivi medici: il codice di repertorio (art. 9-ter, c. 6, DL 78/2015) manca o è errato."),
        "Omessa o errata indicazione del codice di repertorio (DM 132/2020, lett. c)",
    ),
    Cause.MEDICINE: CauseText(
        "d",
        say("Codice AIC e quantità dei medicinali mancanti o errati"),
        say("Medicinali: il codice AIC e il quantitativo (art. 29, c. 2, DL 50/2017) mancano o sono errati."),
        "Omessa o errata indicazione di AIC e quantitativo (DM 132/2020, lett. d)",
    ),
    Cause.COMMITMENT: CauseText(
        "e",
        say("Numero e data della determina di impegno mancanti o errati"),
        say("Regioni ed enti locali: numero e data della determinazione d'impegno mancano o sono errati."),
        "Omessa o errata indicazione della determina d'impegno (DM 132/2020, lett. e)",
    ),
}


def description(cause: Cause, detail: str) -> str:
    """The Descrizione of a refusal: the cause in the law's words, then what exactly is wrong.

    Raises:
        RefusedError: with `fields`: nothing said of what is wrong, or more than SdI takes.
    """
    detail = clean(detail)
    opening = CAUSES[cause].opening
    if not detail:
        raise _beside(
            "dettaglio", say("Scrivere che cosa manca o è errato: il rifiuto deve essere motivato.")
        )
    room = LONGEST - len(opening) - 2
    if len(detail) > room:
        raise _beside(
            "dettaglio",
            say(
                "La spiegazione è lunga {length} caratteri, al massimo {most}: accorciarla.",
                length=len(detail),
                most=room,
            ),
        )
    return f"{opening}: {detail}"


def room_for(cause: Cause) -> int:
    """How many characters are left for the explanation."""
    return LONGEST - len(CAUSES[cause].opening) - 2


def clean(text: str) -> str:
    """One line without what no XML holds; at the border of the schema every sign counts."""
    return re.sub(
        r"\s+", " ", re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "", text)
    ).strip()


def _beside(field: str, message: str) -> RefusedError:
    return RefusedError(say("Il rifiuto non è stato registrato."), fields={field: message})
