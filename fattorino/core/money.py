"""Amounts: Decimal only, rounded half up, never through a float.

Source: Suggerimenti per la compilazione della FatturaPA 1.6, chapter 4 (rounding: up from the digit 5);
Elenco dei controlli 1.7 and 2.0, control 00423 (cascade of discounts).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Protocol

ZERO = Decimal("0.00")
CENT = Decimal("0.01")
EURO = Decimal("1.00")

# Ten percentages in cascade on a price of eight decimals need 48 decimals; nothing here may round by itself.
_SHOWN_DIGITS = 40
EXACT = Context(prec=80, rounding=ROUND_HALF_UP)
# One of the last of so many decimals: made once, an invoice asks for them hundreds of times.
_UNITS = tuple(Decimal(1).scaleb(-places) for places in range(17))


class PriceStep(Protocol):
    """What ScontoMaggiorazione says, whoever holds it (a draft or an invoice)."""

    @property
    def tipo(self) -> str: ...
    @property
    def percentuale(self) -> Decimal | None: ...
    @property
    def importo(self) -> Decimal | None: ...


def rounded(amount: Decimal, places: int) -> Decimal:
    """`amount` to `places` decimals, half up (away from zero): 1400.0352 -> 1400.04."""
    unit = _UNITS[places] if 0 <= places < len(_UNITS) else Decimal(1).scaleb(-places)
    return amount.quantize(unit, context=EXACT)


def r2(amount: Decimal) -> Decimal:
    """`amount` to the cent, half up; never "-0.00"."""
    return rounded(amount, 2) + ZERO


def trimmed(amount: Decimal, most: int = 8) -> Decimal:
    """`amount` with as many decimals as it needs, at least two and at most `most` (half up): 1.5 -> 1.50."""
    plain = rounded(amount, most).normalize(EXACT)
    exponent = plain.as_tuple().exponent
    return rounded(plain, 2) if not isinstance(exponent, int) or exponent > -2 else plain


def percent(amount: Decimal, rate: Decimal) -> Decimal:
    """`rate` per cent of `amount`, exact."""
    with localcontext(EXACT):
        return amount * rate / 100


def after_steps(price: Decimal, steps: Iterable[PriceStep]) -> Decimal:
    """`price` after the discounts and surcharges in their order, exact, with no rounding between.

    An Importo wins over a Percentuale of the same step; a Percentuale applies to the price reached so far;
    the sign of an Importo does not matter, Tipo says the direction (Suggerimenti 1.6, 2.2.1.10.3).
    """
    with localcontext(EXACT):
        return cascade(price, steps)


def cascade(price: Decimal, steps: Iterable[PriceStep]) -> Decimal:
    """`after_steps` for a caller that has made EXACT the context already, which costs more than the steps do."""
    for step in steps:
        change = abs(step.importo) if step.importo is not None else price * (step.percentuale or 0) / 100
        price = price + change if step.tipo == "MG" else price - change
    return price


def line_total(price: Decimal, quantity: Decimal | None, steps: Iterable[PriceStep]) -> Decimal:
    """The exact PrezzoTotale of control 00423; a missing quantity counts as 1."""
    with localcontext(EXACT):
        return after_steps(price, steps) * (Decimal(1) if quantity is None else quantity)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Exact sum, 0.00 for nothing."""
    with localcontext(EXACT):
        return sum(amounts, start=ZERO)


def shares(amount: Decimal, count: int) -> tuple[Decimal, ...]:
    """`amount` (in cents) in `count` even parts; the last one takes the cents that do not divide."""
    if count <= 0:
        return ()
    share = (amount / count).quantize(CENT, rounding=ROUND_DOWN, context=EXACT)
    return (share,) * (count - 1) + (amount - share * (count - 1),)


def italian(amount: Decimal) -> str:
    """For people: 1234.5 -> "1.234,50", at least two decimals, no more than the amount has."""
    if not amount.is_finite() or abs(amount.adjusted()) > _SHOWN_DIGITS:
        return f"{amount:.2E}".replace(".", ",")
    return f"{trimmed(amount, 12):,f}".translate(str.maketrans(",.", ".,"))
