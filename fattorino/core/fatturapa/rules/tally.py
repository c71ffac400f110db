"""What the rules ask of the lines of one body, gathered in one pass over them.

A file of SdI's largest size has some ten thousand lines, and nearly all have nothing to say. So no rule goes
through the lines: a `Tally` sums them by rate and Natura and keeps the few that break something, with their
place. Lines may come from an object or, one at a time, from a stream that forgets them.

Sums must be exact: count inside ``localcontext(EXACT)``, as `tally_of` does. A price and a quantity of 19 and 20
digits have a product of 39, more than the 28 of Python's usual context.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal, localcontext
from typing import Any

from fattorino.core.fatturapa import ordinaria as o
from fattorino.core.fatturapa import semplificata as s
from fattorino.core.fatturapa.rules.counting import (
    CASSE,
    DISCOUNTS,
    LOW_RATES,
    MARKED,
    NATURES,
    PAYMENTS,
    REPEATED,
    RITENUTE,
    SPLIT,
    WITHHELD,
    Counting,
    RateSums,
    Uses,
)
from fattorino.core.fatturapa.totals import STAMP_DUTY_NATURE
from fattorino.core.money import CENT, EXACT, ZERO, cascade

_BELOW = -CENT
_PROTOCOL = re.compile(r"\d{17}[-/]\d{6}", re.ASCII)


def is_odd_intent(block: o.AltriDatiGestionali) -> bool:
    """A declaration of intent (INTENTO) whose protocol has not the shape of the receipt's."""
    text = (block.riferimento_testo or "").strip()
    return block.tipo_dato.upper() == "INTENTO" and _PROTOCOL.fullmatch(text) is None


class Tally(Counting[o.DettaglioLinee, o.FatturaElettronicaBody]):
    """All that rules ask about one body of an ordinary invoice.

    `number`: of the body in the file, from 1. Until `close` only lines are known.

    Attributes:
        withheld: sum of the lines with Ritenuta = SI, `first_withheld` the NumeroLinea of the first.
        repeated: the first line whose NumeroLinea was there before, with its place.
        rates, natures: where each is used; in the order of lines, casse, riepiloghi.
        gross: what ImportoTotaleDocumento should be: riepiloghi, document discounts, rounding of the document.
        split_tax: tax with EsigibilitaIVA = S.
        exempt: sum of the riepiloghi with a Natura that asks for the stamp duty.
    """

    __slots__ = (
        "_next",
        "_odd_numbers",
        "_regular",
        "exempt",
        "first_withheld",
        "gross",
        "natures",
        "rates",
        "repeated",
        "split_tax",
        "withheld",
    )

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.withheld = ZERO
        self.first_withheld = 0
        self.repeated: tuple[int, o.DettaglioLinee] | None = None
        # Nearly all lines are numbered 1, 2, 3 ...: no set of numbers is kept for those.
        self._next = 1
        self._regular = 1
        self._odd_numbers: set[int] = set()
        self.rates: dict[Decimal, RateSums] = {}
        self.natures: dict[str, Uses] = {}
        self.gross = self.split_tax = self.exempt = ZERO

    @property
    def general(self) -> o.DatiGeneraliDocumento:
        return self.body.dati_generali.dati_generali_documento

    @property
    def riepiloghi(self) -> tuple[o.DatiRiepilogo, ...]:
        return self.body.dati_beni_servizi.dati_riepilogo

    @property
    def casse(self) -> tuple[o.DatiCassaPrevidenziale, ...]:
        return self.general.dati_cassa_previdenziale

    def count(self, lines: Iterable[o.DettaglioLinee]) -> None:
        """Take the next lines of the body in. Most lines of most files go through this loop and call nothing."""
        number, expected, group = self.lines, self._next, self._last
        rate, natura, marks = group.rate, group.natura, group.marks
        for line in lines:
            number += 1
            amount, right, quantity = line.prezzo_totale, line.prezzo_unitario, line.quantita
            if line.aliquota_iva is not rate or line.natura != natura:
                rate, natura = line.aliquota_iva, line.natura
                group = self.group_of(rate, natura, number)
                marks = group.marks
            group.amount += amount
            for mark in marks:
                self.mark(mark, number, line)
            if line.sconto_maggiorazione:
                right = self._discounted(number, line)
            elif quantity is not None:
                right *= quantity
            if not _BELOW < amount - right < CENT:
                self._compare(number, line, right)
            if line.numero_linea == expected:
                expected += 1
            else:
                self._unusual_number(number, line, expected)
                expected = -1
            if line.ritenuta is not None:
                self.withheld += amount
                self.first_withheld = self.first_withheld or line.numero_linea
            if line.altri_dati_gestionali:
                self._look_at_intents(number, line)
        self.lines, self._next = number, expected

    def _discounted(self, number: int, line: o.DettaglioLinee) -> Decimal:
        for step in line.sconto_maggiorazione:
            if step.percentuale is None and step.importo is None:
                self.mark("empty discount", number, line)
                break
        price = cascade(line.prezzo_unitario, line.sconto_maggiorazione)
        return price if line.quantita is None else price * line.quantita

    def _compare(self, number: int, line: o.DettaglioLinee, right: Decimal) -> None:
        gap = abs(line.prezzo_totale - right)
        if gap > CENT:
            self.mark("more than a cent off", number, line)
        elif gap == CENT:
            self.mark("a cent off", number, line)

    def _unusual_number(self, number: int, line: o.DettaglioLinee, expected: int) -> None:
        """The first NumeroLinea that is not `expected`, and every one after it."""
        if expected > 0:
            self._regular = expected
        its = line.numero_linea
        if its not in self._odd_numbers and not 0 < its < self._regular:
            self._odd_numbers.add(its)
        elif self.repeated is None:
            self.repeated = (number, line)

    def _look_at_intents(self, number: int, line: o.DettaglioLinee) -> None:
        for block in line.altri_dati_gestionali:
            if is_odd_intent(block):
                self.mark("odd declaration of intent", number, line)
                return

    def close(self, body: o.FatturaElettronicaBody) -> None:
        """Add what is not in the lines. `body` may have lost its lines; they are not looked at."""
        self.body = body
        for group in self.groups:
            if group.rate is not None:
                sums = self._rate(group.rate)
                sums.goods += group.amount
                sums.line = sums.line or group.first
            if group.natura is not None:
                uses = self._natura(group.natura)
                uses.line = uses.line or group.first
        for place, cassa in enumerate(self.casse, 1):
            sums = self._rate(cassa.aliquota_iva)
            sums.dues += cassa.importo_contributo_cassa
            sums.cassa = sums.cassa or place
            if cassa.natura is not None:
                uses = self._natura(cassa.natura)
                uses.cassa = uses.cassa or place
        for place, block in enumerate(self.riepiloghi, 1):
            self._add_riepilogo(place, block)
        general = self.general
        if general.sconto_maggiorazione:
            self.gross = cascade(self.gross, general.sconto_maggiorazione)
            self.features |= DISCOUNTS
        if general.arrotondamento is not None:
            self.gross += general.arrotondamento
        self.features |= (
            (CASSE if general.dati_cassa_previdenziale else 0)
            | (MARKED if self.marked else 0)
            | (NATURES if self.natures else 0)
            | (RITENUTE if general.dati_ritenuta else 0)
            | (WITHHELD if self.first_withheld else 0)
            | (REPEATED if self.repeated else 0)
            | (PAYMENTS if body.dati_pagamento else 0)
        )

    def _add_riepilogo(self, place: int, block: o.DatiRiepilogo) -> None:
        sums = self._rate(block.aliquota_iva)
        sums.declared += block.imponibile_importo
        sums.riepilogo = sums.riepilogo or place
        if block.arrotondamento is not None:
            sums.rounding += block.arrotondamento
        self.gross += block.imponibile_importo + block.imposta
        if block.esigibilita_iva == "S":
            self.split_tax += block.imposta
            self.features |= SPLIT
        if block.natura is not None:
            uses = self._natura(block.natura)
            uses.riepilogo = uses.riepilogo or place
            if block.natura in STAMP_DUTY_NATURE:
                self.exempt += block.imponibile_importo

    def _rate(self, rate: Decimal) -> RateSums:
        sums = self.rates.get(rate)
        if sums is None:
            sums = self.rates[rate] = RateSums()
            if 0 < rate < 1:
                self.features |= LOW_RATES
        return sums

    def _natura(self, natura: str) -> Uses:
        uses = self.natures.get(natura)
        if uses is None:
            uses = self.natures[natura] = Uses()
        return uses

    @property
    def due(self) -> Decimal:
        """What is to pay: gross less split tax and withholdings."""
        held = sum((block.importo_ritenuta for block in self.general.dati_ritenuta), start=ZERO)
        return self.gross - self.split_tax - held


class SimpleTally(Counting[s.DatiBeniServizi, s.FatturaElettronicaBody]):
    """All that rules ask about one body of a simplified invoice."""

    __slots__ = ()

    @property
    def general(self) -> s.DatiGeneraliDocumento:
        return self.body.dati_generali.dati_generali_documento

    def count(self, lines: Iterable[s.DatiBeniServizi]) -> None:
        number, group = self.lines, self._last
        for item in lines:
            number += 1
            rate, natura = item.dati_iva.aliquota, item.natura
            if rate is not group.rate or natura != group.natura:
                group = self.group_of(rate, natura, number)
            group.amount += item.importo
            for mark in group.marks:
                self.mark(mark, number, item)
        self.lines = number

    def close(self, body: s.FatturaElettronicaBody) -> None:
        self.body = body
        self.features |= MARKED if self.marked else 0

    @property
    def amount(self) -> Decimal:
        """Sum of Importo."""
        return sum((group.amount for group in self.groups), start=ZERO)

    @property
    def exempt(self) -> Decimal:
        """Sum of Importo with a Natura that asks for the stamp duty."""
        return sum((g.amount for g in self.groups if g.natura in STAMP_DUTY_NATURE), start=ZERO)


AnyTally = Tally | SimpleTally


def tally_of(number: int, body: Any) -> AnyTally:
    """The tally of a whole body (of either kind) that is number `number` of its file."""
    with localcontext(EXACT):
        return counted(number, body)


def counted(number: int, body: Any) -> AnyTally:
    """As `tally_of`, where the context is EXACT already."""
    if isinstance(body, o.FatturaElettronicaBody):
        tally = Tally(number)
        tally.count(body.dati_beni_servizi.dettaglio_linee)
        tally.close(body)
        return tally
    simple = SimpleTally(number)
    simple.count(body.dati_beni_servizi)
    simple.close(body)
    return simple
