"""What a draft comes to: the results of `totals.compute`. Amounts in the currency of the document."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from fattorino.core.fatturapa.draft import Cassa, FieldFinding, Line, Payment, Ritenuta
from fattorino.core.money import ZERO


@dataclass(frozen=True, slots=True)
class TotaledLine:
    """A line with what it comes to. `index` is its place in the draft, None for the recharged stamp duty.
    `prezzo_totale` has two to eight decimals."""

    numero_linea: int
    index: int | None
    line: Line
    prezzo_scontato: Decimal
    prezzo_totale: Decimal


@dataclass(frozen=True, slots=True)
class TotaledCassa:
    cassa: Cassa
    imponibile: Decimal
    importo: Decimal


@dataclass(frozen=True, slots=True)
class TotaledRitenuta:
    ritenuta: Ritenuta
    base: Decimal
    importo: Decimal


@dataclass(frozen=True, slots=True)
class TotaledPayment:
    payment: Payment
    importo: Decimal


@dataclass(frozen=True, slots=True)
class Riepilogo:
    """DatiRiepilogo: `imponibile_importo` = lines + casse + `arrotondamento` (None: nothing was rounded)."""

    aliquota_iva: Decimal
    natura: str | None
    esigibilita_iva: str | None
    riferimento_normativo: str | None
    arrotondamento: Decimal | None
    imponibile_importo: Decimal
    imposta: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """What a draft comes to.

    `totale_documento` is ImportoTotaleDocumento: taxable amount, tax and document discount, before ritenuta.
    `da_pagare` = `totale_documento` - `iva_scissa` (split payment) - `ritenuta`.
    `bollo` is the stamp duty of DatiBollo, None when there is none; it is in the total only if recharged.
    """

    linee: tuple[TotaledLine, ...] = ()
    casse: tuple[TotaledCassa, ...] = ()
    ritenute: tuple[TotaledRitenuta, ...] = ()
    riepiloghi: tuple[Riepilogo, ...] = ()
    pagamenti: tuple[TotaledPayment, ...] = ()
    bollo: Decimal | None = None
    imponibile: Decimal = ZERO
    imposta: Decimal = ZERO
    sconto_documento: Decimal = ZERO
    totale_documento: Decimal = ZERO
    ritenuta: Decimal = ZERO
    iva_scissa: Decimal = ZERO
    da_pagare: Decimal = ZERO
    findings: tuple[FieldFinding, ...] = ()

    @property
    def errors(self) -> tuple[FieldFinding, ...]:
        return tuple(f for f in self.findings if f.is_error)

    @property
    def warnings(self) -> tuple[FieldFinding, ...]:
        return tuple(f for f in self.findings if not f.is_error)
