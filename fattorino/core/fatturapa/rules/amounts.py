"""Arithmetic: 00421 00422 00423 00437 00438, and 00460 of the simplified invoice.

The two official texts disagree at the edge: "differenza inferiore a 0,01" (Elenco dei controlli) against "è ammessa
la tolleranza di ±1 centesimo" (Allegato A 1.6.1). An emitter stays below, a receiver refuses only above; 00422 the same
with 1 euro.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from fattorino.core.fatturapa.ordinaria import DettaglioLinee, ScontoMaggiorazione
from fattorino.core.fatturapa.rules.case import Hit, Hits, More, OrdinaryCase, SimpleCase
from fattorino.core.fatturapa.rules.counting import DISCOUNTS, MARKED
from fattorino.core.fatturapa.rules.engine import (
    document_path,
    line_path,
    ordinary_body,
    rate_text,
    riepilogo_path,
    simplified_body,
)
from fattorino.core.fatturapa.rules.tally import SimpleTally, Tally
from fattorino.core.money import CENT, EURO, after_steps, italian, line_total, r2
from fattorino.core.texts import say

SIMPLIFIED_LIMIT = Decimal("400.00")
# art. 21-bis DPR 633/72: no limit for these two; in SdI's controls since version 1.9.
NO_LIMIT_REGIMES = frozenset({"RF19", "RF20"})
NO_LIMIT_SINCE = date(2025, 4, 1)


def _too_far(difference: Decimal, tolerance: Decimal, case: OrdinaryCase) -> bool:
    gap = abs(difference)
    return gap >= tolerance if case.strict else gap > tolerance


@ordinary_body("00421")
def wrong_tax(tally: Tally, case: OrdinaryCase) -> Iterator[Hit]:
    """|Imposta - r2(AliquotaIVA x ImponibileImporto / 100)|: the emitter below 0.01, the receiver up to 0.01."""
    for number, block in enumerate(tally.riepiloghi, 1):
        exact = block.imponibile_importo * block.aliquota_iva / 100
        if block.imposta == exact:
            continue
        right = r2(exact)
        if _too_far(block.imposta - right, CENT, case):
            yield Hit(
                f"{riepilogo_path(tally, number)}/Imposta",
                say(
                    "L'imposta è {imposta}, ma il {aliquota_iva} di {imponibile_importo} fa {right}.",
                    imposta=italian(block.imposta),
                    aliquota_iva=rate_text(block.aliquota_iva),
                    imponibile_importo=italian(block.imponibile_importo),
                    right=italian(right),
                ),
                say("Ricalcolare l'imposta sull'imponibile del riepilogo, non riga per riga."),
            )


@ordinary_body("00422")
def wrong_taxable_amount(tally: Tally, case: OrdinaryCase) -> Iterator[Hit]:
    """For each rate |ΣImponibile - (ΣPrezzoTotale + ΣContributoCassa + ΣArrotondamento)|: below, or up to, 1 euro.

    The Elenco goes through the rates of lines and casse; a riepilogo without any line is 00443's business for a
    lenient receiver, and this one's too for the emitter.
    """
    for rate, sums in tally.rates.items():
        right = sums.goods + sums.dues + sums.rounding
        if not _too_far(sums.declared - right, EURO, case) or not (sums.charged or case.strict):
            continue
        yield Hit(
            f"{riepilogo_path(tally, sums.riepilogo)}/ImponibileImporto"
            if sums.riepilogo
            else f"{tally.path}/DatiBeniServizi/DatiRiepilogo",
            say(
                "L'imponibile al {rate} è {declared}, ma linee ({goods}),"
                " casse ({dues}) e arrotondamento ({rounding}) fanno {right}.",
                rate=rate_text(rate),
                declared=italian(sums.declared),
                goods=italian(sums.goods),
                dues=italian(sums.dues),
                rounding=italian(sums.rounding),
                right=italian(right),
            ),
            say("Correggere l'imponibile del riepilogo, oppure i totali delle linee."),
        )


@ordinary_body("00423", needs=MARKED)
def wrong_line_total(tally: Tally, case: OrdinaryCase) -> Hits:
    """|PrezzoTotale - price after the cascade x Quantita|: the emitter below 0.01, the receiver up to 0.01."""
    if "more than a cent off" in tally.marked or (case.strict and "a cent off" in tally.marked):
        return _wrong_totals(tally, case)
    return ()


def _wrong_totals(tally: Tally, case: OrdinaryCase) -> Iterator[Hit | More]:
    far, near = tally.places("more than a cent off"), tally.places("a cent off")
    kept = sorted([*far, *near] if case.strict else far, key=lambda place: place[0])
    for number, line in kept:
        yield Hit(f"{line_path(tally, number)}/PrezzoTotale", _wrong_total(line), _MEND_TOTAL)
    unlisted = far.unlisted + (near.unlisted if case.strict else 0)
    if unlisted:
        yield More(unlisted)


_MEND_TOTAL = say(
    "Correggere prezzo, quantità, sconti o totale della linea. Gli sconti valgono sul prezzo unitario, uno dopo"
    " l'altro."
)


def _wrong_total(line: DettaglioLinee) -> str:
    factors = italian(line.prezzo_unitario)
    if line.sconto_maggiorazione:
        price = after_steps(line.prezzo_unitario, line.sconto_maggiorazione)
        factors = say("{price} dopo gli sconti {discounted}", price=factors, discounted=italian(price))
    if line.quantita is not None:
        factors = say("{price} × {quantity}", price=factors, quantity=italian(line.quantita))
    right = line_total(line.prezzo_unitario, line.quantita, line.sconto_maggiorazione)
    return say(
        "Il totale della linea {line} è {total}, ma {factors} fa {right}.",
        line=line.numero_linea,
        total=italian(line.prezzo_totale),
        factors=factors,
        right=italian(right),
    )


@ordinary_body("00437", needs=DISCOUNTS)
def empty_document_discount(tally: Tally, _: OrdinaryCase) -> Hits:
    steps = tally.general.sconto_maggiorazione
    return _empty_discounts(document_path(tally), steps) if steps else ()


@ordinary_body("00438", needs=MARKED)
def empty_line_discount(tally: Tally, _: OrdinaryCase) -> Hits:
    return _empty_line_discounts(tally) if "empty discount" in tally.marked else ()


def _empty_line_discounts(tally: Tally) -> Iterator[Hit | More]:
    places = tally.places("empty discount")
    for number, line in places:
        yield from _empty_discounts(line_path(tally, number), line.sconto_maggiorazione)
    if places.unlisted:
        yield More(places.unlisted)


def _empty_discounts(here: str, steps: tuple[ScontoMaggiorazione, ...]) -> Iterator[Hit]:
    for number, step in enumerate(steps, 1):
        if step.percentuale is None and step.importo is None:
            if step.tipo == "MG":
                message = say("La maggiorazione {number} non ha né percentuale né importo.", number=number)
            else:
                message = say("Lo sconto {number} non ha né percentuale né importo.", number=number)
            yield Hit(
                f"{here}/ScontoMaggiorazione[{number}]",
                message,
                say("Indicare uno dei due, oppure togliere la voce."),
            )


@simplified_body("00460")
def simplified_invoice_above_the_limit(tally: SimpleTally, case: SimpleCase) -> Iterator[Hit]:
    """ΣImporto > 400.00 unless it corrects an invoice; from 1/4/2025 no limit with RF19 and RF20."""
    amount = tally.amount
    if amount <= SIMPLIFIED_LIMIT or tally.body.dati_generali.dati_fattura_rettificata is not None:
        return
    if case.on >= NO_LIMIT_SINCE and case.parties.regime in NO_LIMIT_REGIMES:
        return
    yield Hit(
        f"{tally.path}/DatiBeniServizi[1]/Importo",
        say(
            "La fattura semplificata è di {amount} euro: il limite è {limit}.",
            amount=italian(amount),
            limit=italian(SIMPLIFIED_LIMIT),
        ),
        say("Emettere una fattura ordinaria."),
    )
