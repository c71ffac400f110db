"""Our own remarks, which SdI does not make: always warnings, and each can be switched off by its code.

So can the warnings on controls of SdI of which a file shows only a necessary condition (`table`, local = "part").
Errors cannot: SdI would refuse the file.
"""

from __future__ import annotations

from dataclasses import dataclass

from fattorino.core.fatturapa.rules.table import ALL, CONTROLS, ORDINARY, A, Kind, R, S
from fattorino.core.texts import say

SUG = "Suggerimenti per la compilazione 1.6"


@dataclass(frozen=True, slots=True)
class Own:
    """One remark: what it looks at (Italian, for the page where it is switched off), flows, why it is made."""

    code: str
    text: str
    kinds: tuple[Kind, ...]
    source: str


OWN: dict[str, Own] = {
    own.code: own
    for own in (
        Own("avviso-totale", say("Importo totale diverso da quello dei riepiloghi"), ORDINARY, SUG),
        Own("avviso-negativo", say("Totale del documento negativo senza nota di credito"), ORDINARY, SUG),
        Own("avviso-pagamenti", say("Somma dei pagamenti diversa da quanto è da pagare"), ORDINARY, SUG),
        Own(
            "avviso-iban",
            say("IBAN mancante per un bonifico, o con cifre di controllo sbagliate"),
            ORDINARY,
            SUG,
        ),
        Own(
            "avviso-bollo",
            say("Bollo mancante su somme senza IVA oltre 77,47 euro"),
            ALL,
            "DPR 642/72, tariffa, 13",
        ),
        Own(
            "avviso-cig",
            say("CIG mancante verso la pubblica amministrazione; CIG o CUP di lunghezza sbagliata"),
            (A,),
            "DL 66/2014, art. 25",
        ),
        Own("avviso-cassa", say("Contributo alla cassa diverso da aliquota per imponibile"), ORDINARY, SUG),
        Own(
            "avviso-ritenuta",
            say("Ritenuta più alta di quanto le righe permettono, o con la scissione"),
            ORDINARY,
            SUG,
        ),
        Own("avviso-linee", say("Numeri di linea ripetuti"), ORDINARY, SUG),
        Own(
            "avviso-norma", say("Natura senza la norma di riferimento"), ORDINARY, "DPR 633/72, art. 21 c. 6"
        ),
        Own(
            "avviso-regime",
            say("IVA addebitata da chi è in regime forfettario o dei minimi"),
            ORDINARY,
            "L. 190/2014",
        ),
        Own(
            "avviso-collegata",
            say("Nota di credito che non dice quale fattura corregge"),
            ORDINARY,
            "DPR 633/72, art. 26",
        ),
        Own(
            "avviso-destinatario",
            say("PEC o codice destinatario che non servirebbero"),
            ALL,
            "Allegato A 1.6.1, 1.5.5",
        ),
        Own(
            "avviso-estero",
            say("Cliente estero senza il codice XXXXXXX (San Marino: 2R4GTO8)"),
            (R, S),
            "tabella dell'ordinaria 1.8, 1.1.4",
        ),
        Own(
            "avviso-scissione",
            say("Scissione dei pagamenti verso chi non può averla (persone, clienti esteri)"),
            (R,),
            "DPR 633/72, art. 17-ter",
        ),
        Own(
            "avviso-sanitaria",
            say("Prestazione sanitaria a una persona: la fattura elettronica è vietata"),
            (R,),
            "DL 119/2018, art. 10-bis; D.Lgs. 81/2025, art. 2",
        ),
        Own(
            "avviso-codice-fiscale",
            say("Codice fiscale con il carattere di controllo sbagliato, dove i controlli non lo guardano"),
            ALL,
            "DM 23/12/1976",
        ),
    )
}

OPTIONAL: dict[str, str] = {code: own.text for code, own in OWN.items()} | {
    control.code: control.text
    for control in CONTROLS.values()
    if control.local == "part" and control.code >= "00300"
}
"""The codes that `check(..., without=...)` may leave out, with a short Italian description each."""
