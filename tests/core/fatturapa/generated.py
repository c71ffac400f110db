"""Random invoices made from the declaration: valid for the format, nonsense for everything else."""

from __future__ import annotations

import random
import string
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from fattorino.core.tracciati import record_of
from fattorino.core.tracciati.declaration import Field
from fattorino.core.tracciati.values import Base64, Coded, Counter, Day, Moment, Number, Pattern, Text, Value

ASCII = string.ascii_letters + string.digits + " !\"#$%&'()*+,-./:;<=>?@[]^_{|}~"
LATIN = ASCII + "àèéìòùÀÈçñüß£§°"
ANY = LATIN + "€’–Šžλ中😀"
# One word each of the shapes that the patterns of the two formats ask for.
SHAPES = {
    "NazioneType": "IT",
    "ProvinciaType": "RM",
    "DivisaType": "EUR",
    "TipoResaType": "EXW",
    "CAPType": "00184",
    "ABIType": "05428",
    "CABType": "11101",
    "CodiceFiscaleType": "RSSMRA80A01H501U",
    "CodiceFiscalePFType": "RSSMRA80A01H501U",
    "CodiceDestinatarioType": "0000000",
    "IBANType": "IT60X0542811101000000123456",
    "BICType": "UNCRITMMXXX",
    "EmailContattiType": "ufficio@esempio.it",
    "EmailType": "ufficio@pec.esempio.it",
}


def document(cls: type, rng: random.Random, fullness: float = 0.5, most: int = 2) -> Any:
    """A valid object of `cls`. `fullness`: how likely an optional element is; `most`: of a repeatable one."""
    record = record_of(cls)
    values: dict[str, Any] = {}
    for line in record.attributes:
        if line.fewest or rng.random() < fullness:
            values[line.attribute] = _value(line.value, rng)
    group = rng.choice(record.choice.groups) if record.choice else ()
    chosen = {name for names in record.choice.groups for name in names} if record.choice else set()
    for line in record.fields:
        if line.name in chosen:
            count = int(line.name in group)
        elif line.repeatable:
            count = rng.randint(1, most) if line.fewest or rng.random() < fullness else 0
        else:
            count = 1 if line.fewest or rng.random() < fullness else 0
        items = tuple(_item(line, rng, fullness, most) for _ in range(count))
        if items:
            values[line.attribute] = items if line.repeatable else items[0]
    return cls(**values)


def _item(line: Field, rng: random.Random, fullness: float, most: int) -> Any:
    if line.record is not None:
        return document(line.record, rng, fullness, most)
    return _value(line.value, rng)


def _value(value: Value | None, rng: random.Random) -> Any:
    match value:
        case Text():
            return _text(value, rng)
        case Pattern():
            return SHAPES[value.xsd]
        case Coded():
            return rng.choice(value.codes.values)
        case Number():
            decimals = rng.randint(value.fewest, value.most)
            whole = rng.randint(0, 10 ** rng.randint(0, value.digits) - 1)
            if value.maximum is not None:
                whole = rng.randint(0, int(value.maximum) - 1)
            number = Decimal(f"{whole}.{''.join(rng.choices(string.digits, k=decimals))}")
            return -number if value.signed and rng.random() < 0.3 else number
        case Counter():
            return rng.randint(value.lowest, value.highest)
        case Day():
            return date(1970, 1, 1) + timedelta(days=rng.randint(0, 40_000))
        case Moment():
            naive = datetime(2020, 1, 1) + timedelta(seconds=rng.randint(0, 10**9))
            return naive if rng.random() < 0.5 else naive.replace(tzinfo=timezone(timedelta(hours=2)))
        case Base64():
            return rng.randbytes(rng.randint(0, 40))
    raise AssertionError(value)


def _text(value: Text, rng: random.Random) -> str:
    alphabet = {"ascii": ASCII, "latin": LATIN, "any": ANY}[value.charset]
    longest = value.longest if rng.random() < 0.1 else min(value.longest, value.shortest + 12)
    length = rng.randint(value.shortest, longest)
    if value.whitespace == "collapse":
        alphabet = alphabet.replace(" ", "")
    return "".join(rng.choices(alphabet, k=length))
