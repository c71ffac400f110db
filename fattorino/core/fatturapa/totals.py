"""The arithmetic of a document, from the draft to what the buyer pays.

One computation serves the live totals of the form, the XML and the printed receipt. It never raises on a
half-filled draft: a missing or impossible number counts as nothing and is reported under its field name.

Sources: Elenco dei controlli 1.7/2.0 (00400-00424); Suggerimenti per la compilazione 1.6, 2.1.1.5-2.1.1.9 and
2.2.2; Allegato A 1.6.1. Amounts are Decimals in the currency of the document.
"""

from __future__ import annotations

from decimal import Decimal

from fattorino.core.fatturapa.draft import Cassa, Draft, Line
from fattorino.core.fatturapa.fees import contributions, withholdings
from fattorino.core.fatturapa.notes import LARGEST, LARGEST_QUANTITY, Notes, rate_and_natura, usable_steps
from fattorino.core.fatturapa.payable import (
    STAMP_DUTY,
    STAMP_DUTY_LAW,
    STAMP_DUTY_LINE,
    STAMP_DUTY_NATURE,
    STAMP_DUTY_THRESHOLD,
    payments,
    stamp_amount,
    stamp_duty,
)
from fattorino.core.fatturapa.totalled import (
    Riepilogo,
    TotaledCassa,
    TotaledLine,
    TotaledPayment,
    TotaledRitenuta,
    Totals,
)
from fattorino.core.money import ZERO, after_steps, line_total, percent, r2, total, trimmed
from fattorino.core.texts import say

__all__ = [
    "STAMP_DUTY",
    "STAMP_DUTY_NATURE",
    "STAMP_DUTY_THRESHOLD",
    "Riepilogo",
    "TotaledCassa",
    "TotaledLine",
    "TotaledPayment",
    "TotaledRitenuta",
    "Totals",
    "compute",
]

_LONGEST_LAW = 100


def compute(draft: Draft) -> Totals:
    """Everything a document comes to. Never raises; `findings` say what is missing or wrong, by field.

    A *ricevuta* is a draft whose `tipo_documento` is "": it needs neither rate nor Natura.
    """
    notes = Notes()
    lines = _lines(draft, notes)
    casse = contributions(draft, lines, notes)
    ritenute = withholdings(draft, lines, casse, notes)
    riepiloghi = _riepiloghi(draft, lines, casse, notes)

    imponibile = total(r.imponibile_importo for r in riepiloghi)
    imposta = total(r.imposta for r in riepiloghi)
    gross = imponibile + imposta
    steps = usable_steps(draft.sconti, "sconti", "00437", notes)
    exact = after_steps(gross, steps)
    if abs(exact) > LARGEST:
        notes.error("linee", say("Il totale del documento è troppo grande per il tracciato."))
        exact = ZERO
    totale = r2(exact)
    ritenuta = total(r.importo for r in ritenute)
    iva_scissa = total(r.imposta for r in riepiloghi if r.esigibilita_iva == "S")
    da_pagare = totale - iva_scissa - ritenuta
    bollo = stamp_duty(draft, riepiloghi, notes)
    pagamenti = payments(draft, da_pagare, notes)
    return Totals(
        linee=lines,
        casse=casse,
        ritenute=ritenute,
        riepiloghi=riepiloghi,
        pagamenti=pagamenti,
        bollo=bollo,
        imponibile=imponibile,
        imposta=imposta,
        sconto_documento=totale - gross,
        totale_documento=totale,
        ritenuta=ritenuta,
        iva_scissa=iva_scissa,
        da_pagare=da_pagare,
        findings=tuple(notes.found),
    )


def _lines(draft: Draft, notes: Notes) -> tuple[TotaledLine, ...]:
    if not draft.linee:
        notes.error("linee", say("Il documento non ha righe."), say("Aggiungere almeno una riga."))
    lines = [_line(draft, index, line, notes) for index, line in enumerate(draft.linee)]
    if draft.bollo is not None and draft.bollo.addebitato:
        amount = stamp_amount(draft)
        line = Line(
            descrizione=STAMP_DUTY_LINE,
            quantita=Decimal("1.00"),
            prezzo_unitario=amount,
            aliquota_iva=ZERO,
            natura="N1",
            riferimento_normativo=STAMP_DUTY_LAW,
        )
        lines.append(TotaledLine(len(lines) + 1, None, line, amount, amount))
    return tuple(lines)


def _line(draft: Draft, index: int, line: Line, notes: Notes) -> TotaledLine:
    here = f"linee.{index}"
    price = notes.number(f"{here}.prezzo_unitario", say("il prezzo unitario"), line.prezzo_unitario) or ZERO
    quantity = _quantity(here, line, notes)
    fiscal = bool(draft.tipo_documento)
    rate = notes.rate(f"{here}.aliquota_iva", say("l'aliquota IVA"), line.aliquota_iva, required=fiscal)
    if rate is not None and fiscal:
        rate_and_natura(draft, here, rate, line.natura, notes, codes=("00400", "00401"))
    steps = usable_steps(line.sconti, f"{here}.sconti", "00438", notes)
    amount, unit = line_total(price, quantity, steps), after_steps(price, steps)
    if max(abs(amount), abs(unit)) > LARGEST:
        notes.error(f"{here}.prezzo_unitario", say("Il totale della riga è troppo grande per il tracciato."))
        amount = unit = ZERO
    return TotaledLine(index + 1, index, line, trimmed(unit), trimmed(amount))


def _quantity(here: str, line: Line, notes: Notes) -> Decimal | None:
    if line.quantita is not None and line.quantita.is_finite() and line.quantita < 0:
        notes.error(
            f"{here}.quantita",
            say("La quantità non può essere negativa."),
            say("Per togliere un importo scrivere il segno meno nel prezzo unitario."),
        )
        return ZERO
    quantity = notes.number(
        f"{here}.quantita", say("la quantità"), line.quantita, low=ZERO, high=LARGEST_QUANTITY, required=False
    )
    return ZERO if quantity is None and line.quantita is not None else quantity


def _riepiloghi(
    draft: Draft, lines: tuple[TotaledLine, ...], casse: tuple[TotaledCassa, ...], notes: Notes
) -> tuple[Riepilogo, ...]:
    """One block per rate and Natura, highest rate first (Suggerimenti 1.6, 2.2.2)."""
    if draft.esigibilita_iva not in ("I", "D", "S"):
        notes.error(
            "esigibilita_iva", say("Scegliere quando l'IVA è esigibile: immediata, differita o scissione.")
        )
    sums: dict[tuple[Decimal, str | None], list[Decimal]] = {}
    laws: dict[tuple[Decimal, str | None], list[str]] = {}
    taxed: list[tuple[Line | Cassa, Decimal]] = [(t.line, t.prezzo_totale) for t in lines]
    taxed += [(c.cassa, c.importo) for c in casse]
    for item, amount in taxed:
        rate = item.aliquota_iva
        if rate is None and not draft.tipo_documento:
            rate = ZERO
        if rate is None or not rate.is_finite() or not 0 <= rate <= 100:
            continue  # already reported where the line or the cassa was read
        key = (r2(rate), item.natura)
        sums.setdefault(key, []).append(amount)
        law = laws.setdefault(key, [])
        text = item.riferimento_normativo
        # The schema has 100 characters: what does not fit beside the first law is left out, the first is not.
        if text and text not in law and (not law or len("; ".join([*law, text])) <= _LONGEST_LAW):
            law.append(text)
    ordered = sorted(sums, key=lambda key: (-key[0], key[1] or ""))
    return tuple(_riepilogo(draft, key, total(sums[key]), laws[key]) for key in ordered)


def _riepilogo(draft: Draft, key: tuple[Decimal, str | None], amount: Decimal, laws: list[str]) -> Riepilogo:
    rate, natura = key
    imponibile = r2(amount)
    rounding = imponibile - amount
    # Without tax there is nothing to be due: a zero-rate block carries no EsigibilitaIVA, which also keeps
    # reverse charge (N6) apart from split payment (00420).
    due = draft.esigibilita_iva if rate and draft.esigibilita_iva in ("I", "D", "S") else None
    return Riepilogo(
        aliquota_iva=rate,
        natura=natura,
        esigibilita_iva=due,
        riferimento_normativo="; ".join(laws) or None,
        arrotondamento=trimmed(rounding) if rounding else None,
        imponibile_importo=imponibile,
        imposta=r2(percent(imponibile, rate)),
    )
