"""Arithmetic: 00421 00422 00423 00437 00438, and 00460 of the simplified invoice.

The two official texts disagree at the edge: "differenza inferiore a 0,01" (Elenco dei controlli) against "superiore
a un centesimo" (Allegato A). An emitter stays below, a receiver refuses only above; 00422 the same with 1 euro.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fattorino.core.fatturapa.ordinaria import FatturaElettronica, FatturaElettronicaBody, ScontoMaggiorazione
from fattorino.core.fatturapa.rules.engine import (
    Hit,
    Situation,
    bodies,
    casse,
    charged,
    document,
    document_path,
    lines,
    ordinary,
    rate_text,
    riepiloghi,
    simple_bodies,
    simplified,
)
from fattorino.core.fatturapa.semplificata import FatturaElettronicaSemplificata
from fattorino.core.money import CENT, EURO, ZERO, after_steps, italian, line_total, percent, r2, total

SIMPLIFIED_LIMIT = Decimal("400.00")
# art. 21-bis DPR 633/72: no limit for these two; in SdI's controls since version 1.9.
NO_LIMIT_REGIMES = frozenset({"RF19", "RF20"})
NO_LIMIT_SINCE = date(2025, 4, 1)


def _too_far(difference: Decimal, tolerance: Decimal, situation: Situation) -> bool:
    gap = abs(difference)
    return gap >= tolerance if situation.strict else gap > tolerance


@ordinary("00421")
def wrong_tax(fattura: FatturaElettronica, situation: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        for here, block in riepiloghi(path, body):
            right = r2(percent(block.imponibile_importo, block.aliquota_iva))
            if _too_far(block.imposta - right, CENT, situation):
                yield Hit(
                    f"{here}/Imposta",
                    f"L'imposta è {italian(block.imposta)}, ma il {rate_text(block.aliquota_iva)} di"
                    f" {italian(block.imponibile_importo)} fa {italian(right)}.",
                    "Ricalcolare l'imposta sull'imponibile del riepilogo, non riga per riga.",
                )


@dataclass(slots=True)
class _Sums:
    """What one rate has in one body."""

    declared: Decimal = ZERO
    rounding: Decimal = ZERO
    goods: Decimal = ZERO
    dues: Decimal = ZERO
    path: str = ""


def _sums_of_rates(path: str, body: FatturaElettronicaBody) -> dict[Decimal, _Sums]:
    """All rates in one pass: a hostile file may hold thousands of them."""
    sums: dict[Decimal, _Sums] = {}
    for _, line in lines(path, body):
        sums.setdefault(line.aliquota_iva, _Sums()).goods += line.prezzo_totale
    for _, cassa in casse(path, body):
        sums.setdefault(cassa.aliquota_iva, _Sums()).dues += cassa.importo_contributo_cassa
    for here, block in riepiloghi(path, body):
        rate = sums.setdefault(block.aliquota_iva, _Sums())
        rate.declared += block.imponibile_importo
        rate.rounding += block.arrotondamento or ZERO
        rate.path = rate.path or f"{here}/ImponibileImporto"
    return sums


@ordinary("00422")
def wrong_taxable_amount(fattura: FatturaElettronica, situation: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        used = {item.aliquota_iva for _, item in charged(path, body)}
        for rate, it in _sums_of_rates(path, body).items():
            # The Elenco goes through the rates of lines and casse; a riepilogo without any line is 00443's
            # business for a lenient receiver.
            if rate not in used and not situation.strict:
                continue
            right = it.goods + it.dues + it.rounding
            if _too_far(it.declared - right, EURO, situation):
                yield Hit(
                    it.path or f"{path}/DatiBeniServizi/DatiRiepilogo",
                    f"L'imponibile al {rate_text(rate)} è {italian(it.declared)}, ma linee ({italian(it.goods)}),"
                    f" casse ({italian(it.dues)}) e arrotondamento ({italian(it.rounding)}) fanno"
                    f" {italian(right)}.",
                    "Correggere l'imponibile del riepilogo, oppure i totali delle linee.",
                )


@ordinary("00423")
def wrong_line_total(fattura: FatturaElettronica, situation: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        for here, line in lines(path, body):
            right = line_total(line.prezzo_unitario, line.quantita, line.sconto_maggiorazione)
            if _too_far(line.prezzo_totale - right, CENT, situation):
                price = after_steps(line.prezzo_unitario, line.sconto_maggiorazione)
                factors = italian(price)
                if line.sconto_maggiorazione:
                    factors = f"{italian(line.prezzo_unitario)} dopo gli sconti {factors}"
                if line.quantita is not None:
                    factors = f"{factors} × {italian(line.quantita)}"
                yield Hit(
                    f"{here}/PrezzoTotale",
                    f"Il totale della linea {line.numero_linea} è {italian(line.prezzo_totale)},"
                    f" ma {factors} fa {italian(right)}.",
                    "Correggere prezzo, quantità, sconti o totale della linea. Gli sconti valgono sul prezzo"
                    " unitario, uno dopo l'altro.",
                )


@ordinary("00437")
def empty_document_discount(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        yield from _empty_discounts(document_path(path), document(body).sconto_maggiorazione)


@ordinary("00438")
def empty_line_discount(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        for here, line in lines(path, body):
            yield from _empty_discounts(here, line.sconto_maggiorazione)


def _empty_discounts(here: str, steps: tuple[ScontoMaggiorazione, ...]) -> Iterator[Hit]:
    for number, step in enumerate(steps, 1):
        if step.percentuale is None and step.importo is None:
            what = "La maggiorazione" if step.tipo == "MG" else "Lo sconto"
            yield Hit(
                f"{here}/ScontoMaggiorazione[{number}]",
                f"{what} {number} non ha né percentuale né importo.",
                "Indicare uno dei due, oppure togliere la voce.",
            )


@simplified("00460")
def simplified_invoice_above_the_limit(
    fattura: FatturaElettronicaSemplificata, situation: Situation
) -> Iterator[Hit]:
    regime = fattura.fattura_elettronica_header.cedente_prestatore.regime_fiscale
    if situation.on >= NO_LIMIT_SINCE and regime in NO_LIMIT_REGIMES:
        return
    for path, body in simple_bodies(fattura):
        amount = total(item.importo for item in body.dati_beni_servizi)
        if amount > SIMPLIFIED_LIMIT and body.dati_generali.dati_fattura_rettificata is None:
            yield Hit(
                f"{path}/DatiBeniServizi[1]/Importo",
                f"La fattura semplificata è di {italian(amount)} euro: il limite è {italian(SIMPLIFIED_LIMIT)}.",
                "Emettere una fattura ordinaria.",
            )
