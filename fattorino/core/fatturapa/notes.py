"""Findings on a draft, and the numbers of it that may be computed with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from fattorino.core.fatturapa.draft import Discount, Draft, FieldFinding
from fattorino.core.money import ZERO, italian
from fattorino.core.texts import capital, say

# Amount2DecimalType and QuantitaType of the schema 1.2.3.
LARGEST = Decimal("99999999999.99")
LARGEST_QUANTITY = Decimal("999999999999.99999999")


@dataclass(slots=True)
class Notes:
    """Findings of one computation, and the numbers that may be used in it."""

    found: list[FieldFinding] = field(default_factory=list)

    def error(self, name: str, message: str, hint: str = "", code: str = "") -> None:
        self.found.append(FieldFinding(name, "error", message, hint, code))

    def warning(self, name: str, message: str, hint: str = "", code: str = "") -> None:
        self.found.append(FieldFinding(name, "warning", message, hint, code))

    def number(
        self,
        name: str,
        label: str,
        value: Decimal | None,
        *,
        low: Decimal = -LARGEST,
        high: Decimal = LARGEST,
        decimals: int = 8,
        required: bool = True,
    ) -> Decimal | None:
        """The value when it can be used, else None with the reason entered under `name`."""
        if value is None:
            if required:
                self.error(name, say("Manca {label}.", label=label))
            return None
        if not value.is_finite():
            self.error(name, say("{label}: questo non è un numero.", label=capital(label)))
        elif not low <= value <= high:
            self.error(
                name,
                say(
                    "{label}: il valore deve stare fra {low} e {high}.",
                    label=capital(label),
                    low=italian(low),
                    high=italian(high),
                ),
            )
        elif value != round(value, decimals):
            self.error(
                name, say("{label}: al massimo {decimals} decimali.", label=capital(label), decimals=decimals)
            )
        else:
            return value
        return None

    def rate(self, name: str, label: str, value: Decimal | None, *, required: bool = True) -> Decimal | None:
        return self.number(
            name, label, value, low=ZERO, high=Decimal("100.00"), decimals=2, required=required
        )


def usable_steps(
    discounts: Iterable[Discount], name: str, code: str, notes: Notes, *, largest: Decimal = LARGEST
) -> list[Discount]:
    """The discounts that can be applied; the others are reported and left out."""
    usable = []
    for index, step in enumerate(discounts):
        here = f"{name}.{index}"
        if step.tipo not in ("SC", "MG"):
            notes.error(f"{here}.tipo", say("Scegliere se è uno sconto (SC) o una maggiorazione (MG)."))
            continue
        if step.percentuale is None and step.importo is None:
            notes.error(
                f"{here}.percentuale",
                say("Lo sconto non ha né una percentuale né un importo."),
                say("Scrivere uno dei due, oppure togliere lo sconto."),
                code,
            )
            continue
        rate = notes.rate(f"{here}.percentuale", say("la percentuale"), step.percentuale, required=False)
        amount = notes.number(
            f"{here}.importo", say("l'importo"), step.importo, low=-largest, high=largest, required=False
        )
        if rate is not None or amount is not None:
            usable.append(Discount(step.tipo, rate, amount))
    return usable


def rate_and_natura(
    draft: Draft, here: str, rate: Decimal, natura: str | None, notes: Notes, *, codes: tuple[str, str]
) -> None:
    """00400/00401 and 00413/00414, 00424, on one line or one cassa."""
    if ZERO < rate < 1:
        notes.error(
            f"{here}.aliquota_iva",
            say("L'aliquota IVA {rate} è minore di 1.", rate=italian(rate)),
            say("Scriverla in per cento: 22 e non 0,22."),
            "00424",
        )
    if not rate and natura is None:
        notes.error(
            f"{here}.natura",
            say("Con aliquota zero serve la Natura, cioè il motivo per cui non c'è IVA."),
            say("Scegliere la Natura, oppure l'aliquota giusta."),
            codes[0],
        )
    # The exception of TD16 is written for the lines and the riepiloghi only.
    integration = draft.tipo_documento == "TD16" and codes[1] == "00401"
    if rate and natura is not None and not integration:
        notes.error(
            f"{here}.natura",
            say("Con aliquota {rate} la Natura non va indicata.", rate=italian(rate)),
            say("Togliere la Natura, oppure mettere l'aliquota a zero."),
            codes[1],
        )
