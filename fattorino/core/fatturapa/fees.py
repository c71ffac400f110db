"""What a professional's fee brings with it: contributions to the cassa and withholdings.

Source: Suggerimenti per la compilazione 1.6, 2.1.1.5 and 2.1.1.7, examples 6.1 and 6.2.
"""

from __future__ import annotations

from fattorino.core.fatturapa.draft import Draft
from fattorino.core.fatturapa.notes import Notes, rate_and_natura
from fattorino.core.fatturapa.totalled import TotaledCassa, TotaledLine, TotaledRitenuta
from fattorino.core.money import ZERO, percent, r2, total
from fattorino.core.texts import say


def contributions(draft: Draft, lines: tuple[TotaledLine, ...], notes: Notes) -> tuple[TotaledCassa, ...]:
    # Expenses advanced in the client's name (N1) are no fee, so no contribution is due on them.
    fees = total(t.prezzo_totale for t in lines if t.line.natura != "N1")
    done = []
    for index, cassa in enumerate(draft.casse):
        here = f"casse.{index}"
        if cassa.tipo_cassa is None:
            notes.error(f"{here}.tipo_cassa", say("Manca la cassa previdenziale."))
        rate = notes.rate(f"{here}.al_cassa", say("l'aliquota della cassa"), cassa.al_cassa)
        vat = notes.rate(f"{here}.aliquota_iva", say("l'aliquota IVA"), cassa.aliquota_iva)
        if vat is not None:
            rate_and_natura(draft, here, vat, cassa.natura, notes, codes=("00413", "00414"))
        given = notes.number(
            f"{here}.imponibile", say("l'imponibile"), cassa.imponibile, decimals=2, required=False
        )
        base = r2(fees if given is None else given)
        done.append(TotaledCassa(cassa, base, r2(percent(base, rate or ZERO))))
    return tuple(done)


def withholdings(
    draft: Draft, lines: tuple[TotaledLine, ...], casse: tuple[TotaledCassa, ...], notes: Notes
) -> tuple[TotaledRitenuta, ...]:
    base = total(t.prezzo_totale for t in lines if t.line.ritenuta)
    base += total(c.importo for c in casse if c.cassa.ritenuta)
    flagged = any(t.line.ritenuta for t in lines)
    if not draft.ritenute:
        hint = say("Aggiungere la ritenuta con tipo, aliquota e causale.")
        if flagged:
            message = say("Nel documento ci sono righe soggette a ritenuta, ma manca la ritenuta.")
            notes.error("ritenute", message, hint, "00411")
        elif any(c.cassa.ritenuta for c in casse):
            message = say("Nel documento ci sono casse soggette a ritenuta, ma manca la ritenuta.")
            notes.error("ritenute", message, hint, "00415")
    elif not flagged and not any(c.cassa.ritenuta for c in casse):
        notes.error(
            "ritenute",
            say("La ritenuta è zero: nessuna riga e nessuna cassa è soggetta a ritenuta."),
            say("Spuntare «ritenuta» sulle righe dei compensi, o togliere la ritenuta."),
        )
    done = []
    for index, ritenuta in enumerate(draft.ritenute):
        here = f"ritenute.{index}"
        if ritenuta.tipo_ritenuta is None:
            notes.error(f"{here}.tipo_ritenuta", say("Manca il tipo di ritenuta."))
        if ritenuta.causale_pagamento is None:
            notes.error(
                f"{here}.causale_pagamento", say("Manca la causale della ritenuta (quella della CU).")
            )
        rate = notes.rate(
            f"{here}.aliquota_ritenuta", say("l'aliquota della ritenuta"), ritenuta.aliquota_ritenuta
        )
        share = notes.rate(
            f"{here}.percentuale_imponibile",
            say("la quota soggetta a ritenuta"),
            ritenuta.percentuale_imponibile,
        )
        part = percent(base, share or ZERO)
        done.append(TotaledRitenuta(ritenuta, r2(part), r2(percent(part, rate or ZERO))))
    return tuple(done)
