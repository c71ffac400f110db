"""Numbers, dates and discounts as Italians type them, and back. Nothing is guessed: what is doubtful is refused."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal

from fattorino.core.fatturapa.draft import Discount
from fattorino.core.texts import say

_GROUPED = re.compile(r"[1-9]\d{0,2}(\.\d{3})+")
_PLAIN = re.compile(r"\d+|\d*[.,]\d+|\d+[.,]")
_LONGEST = 24


class Unreadable(ValueError):
    """What was typed cannot be read; `text` is the message for its field."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text  # str(error) would forget how to say it in another language


def read_number(text: str) -> Decimal | None:
    """ "1.234,56", "1234,56", "1234.56", "-3" -> Decimal; nothing -> None.

    Raises:
        Unreadable: also for "1.234", which may be a thousand or one and a bit.
    """
    bare = re.sub(r"[\s\u00a0\u202f'€]", "", text).replace("\u2212", "-")
    if not bare:
        return None
    sign, digits = ("-", bare[1:]) if bare[0] == "-" else ("", bare.removeprefix("+"))
    if len(digits) > _LONGEST:
        raise Unreadable(say("Il numero è troppo lungo."))
    whole, comma, decimals = digits.partition(",")
    if comma and _GROUPED.fullmatch(whole) and (decimals.isascii() and decimals.isdigit() or not decimals):
        return Decimal(f"{sign}{whole.replace('.', '')}.{decimals or '0'}")
    if not comma and _GROUPED.fullmatch(digits):
        if digits.count(".") > 1:
            return Decimal(sign + digits.replace(".", ""))
        raise Unreadable(
            say(
                "«{text}» si può leggere in due modi: scrivere {whole} oppure {decimals}.",
                text=text.strip(),
                whole=digits.replace(".", ""),
                decimals=digits.replace(".", ","),
            )
        )
    if digits.isascii() and _PLAIN.fullmatch(digits):
        return Decimal(
            sign + (digits.replace(",", ".") + "0" if digits[-1] in ".," else digits.replace(",", "."))
        )
    raise Unreadable(
        say("«{text}» non è un numero: scriverlo come 1.234,56 oppure 1234,56.", text=text.strip())
    )


def write_number(value: Decimal | None) -> str:
    """The digits as they are, with a comma: Decimal("10.50") -> "10,50"."""
    return "" if value is None else format(value, "f").replace(".", ",")


def read_date(text: str) -> datetime.date | None:
    """ "2026-12-31" (what a date field sends) or "31/12/2026" -> date; nothing -> None. Raises Unreadable."""
    bare = text.strip()
    if not bare:
        return None
    try:
        if match := re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", bare):
            day, month, year = map(int, match.groups())
            return datetime.date(year, month, day)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", bare):
            return datetime.date.fromisoformat(bare)
    except ValueError:
        pass
    raise Unreadable(say("«{text}» non è una data: scriverla come 31/12/2026.", text=bare))


def read_discounts(text: str) -> tuple[Discount, ...]:
    """Discounts in cascade: "10+5" (10 %, then 5 %), "3€" (an amount), "MG 2" (a surcharge).

    Raises:
        Unreadable
    """
    steps = []
    for part in text.split("+"):
        bare = part.strip()
        if not bare:
            continue
        kind = "SC"
        if bare[:2].upper() in ("MG", "SC"):
            kind, bare = bare[:2].upper(), bare[2:].strip()
        amount = "€" in bare or bare.upper().endswith("EUR")
        try:
            value = read_number(re.sub(r"(?i)[€%]|eur", "", bare))
        except Unreadable as error:
            raise Unreadable(
                say(
                    "Sconto «{discount}»: {fault} Esempi: 10 oppure 10+5 oppure 3€.",
                    discount=part.strip(),
                    fault=error.text,
                )
            ) from error
        if value is None:
            raise Unreadable(
                say(
                    "Sconto «{discount}»: manca il numero. Esempi: 10 oppure 10+5 oppure 3€.",
                    discount=part.strip(),
                )
            )
        steps.append(Discount(kind, None, value) if amount else Discount(kind, value, None))
    return tuple(steps)


def write_discounts(steps: tuple[Discount, ...]) -> str:
    """What `read_discounts` reads back."""
    parts = []
    for step in steps:
        value = (
            f"{write_number(step.importo)}€" if step.importo is not None else write_number(step.percentuale)
        )
        parts.append(f"MG {value}" if step.tipo == "MG" else value)
    return "+".join(parts)
