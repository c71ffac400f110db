"""The value types of a record format: what text is admitted, what Python value it is, how it is written.

Every type knows three things: `refusal(text)` says in Italian why a text is not admitted (None: admitted),
`value(text)` reads it (also a text that breaks a facet, as long as its meaning is plain), `text(value)`
writes it. White space is treated as XML Schema 1.0 part 2, 4.3.6 says for the base type (`normal`). A value whose
admitted text is not the one that `text` would find for it remembers it (`written.py`).
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from fattorino.core.texts import say
from fattorino.core.tracciati import moments, refusals
from fattorino.core.tracciati.codelists import CodeList
from fattorino.core.tracciati.refusals import Refusal, shown
from fattorino.core.tracciati.written import (
    WrittenBytes,
    WrittenDate,
    WrittenDatetime,
    WrittenDecimal,
    WrittenInt,
)

Space = Literal["preserve", "replace", "collapse"]

_BLANKS_TO_SPACE = str.maketrans("\t\n\r", "   ")
_NO_BLANKS = str.maketrans("", "", " \t\n\r")
_RUNS = re.compile(" {2,}")


def normal(text: str, space: Space) -> str:
    """Text after the white space processing of XML Schema."""
    if space == "preserve":
        return text
    text = text.translate(_BLANKS_TO_SPACE)
    return _RUNS.sub(" ", text).strip(" ") if space == "collapse" else text


@dataclass(frozen=True, slots=True)
class Value:
    """Base of the value types. `xsd` is the name of the type in the official schema."""

    xsd: str

    @property
    def space(self) -> Space:
        return "preserve"

    def normal(self, raw: str) -> str:
        return normal(raw, self.space)

    def refusal(self, text: str) -> Refusal | None:
        raise NotImplementedError

    def value(self, text: str) -> Any:
        """Raises ValueError when the text has no plain meaning in this type."""
        return text

    def text(self, value: Any) -> str:
        """The `written` text of the value where it has one that this type admits, else the plain one.

        Raises ValueError when the value cannot be written in this type."""
        if not isinstance(value, str):
            raise ValueError(say("serve un testo, non {kind}", kind=type(value).__name__))
        return value


Charset = Literal["ascii", "latin", "any"]
_OUTSIDE_LATIN = re.compile(r"[^\x00-\xff]")
_OUTSIDE_ASCII = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class Text(Value):
    """Free text: length in characters and set of characters (the XSD's IsBasicLatin, IsLatin-1Supplement)."""

    longest: int
    shortest: int = 1
    charset: Charset = "ascii"
    whitespace: Space = "replace"

    @property
    def space(self) -> Space:
        return self.whitespace

    def refusal(self, text: str) -> Refusal | None:
        if len(text) > self.longest:
            hint = say("Accorciare il testo di {number} caratteri.", number=len(text) - self.longest)
            return refusals.too_long(text, self.longest, hint)
        if not text and self.shortest:
            return refusals.empty(
                say("Indicare il valore, oppure togliere l'elemento se non è obbligatorio.")
            )
        if len(text) < self.shortest:
            return refusals.too_short(text, self.shortest)
        if self.charset == "any" or text.isascii():
            return None
        outside = (_OUTSIDE_ASCII if self.charset == "ascii" else _OUTSIDE_LATIN).search(text)
        if outside is None:
            return None
        return refusals.bad_character(outside.group(), accents=self.charset == "latin")


@dataclass(frozen=True, slots=True)
class Pattern(Value):
    """Text of a fixed shape. `pattern` is a Python regular expression that must match the whole text."""

    pattern: re.Pattern[str]
    shape: str
    longest: int | None = None
    shortest: int = 0
    whitespace: Space = "preserve"

    @property
    def space(self) -> Space:
        return self.whitespace

    def refusal(self, text: str) -> Refusal | None:
        # Length first: it also bounds the work of the pattern.
        if self.longest is not None and len(text) > self.longest:
            return refusals.too_long(text, self.longest)
        if len(text) >= self.shortest and self.pattern.fullmatch(text):
            return None
        if text != text.strip() and self.refusal(text.strip()) is None:
            return refusals.blanks_around(text)
        return refusals.other_shape(text, self.shape)


@dataclass(frozen=True, slots=True)
class Coded(Value):
    """One code of a closed list."""

    codes: CodeList

    def refusal(self, text: str) -> Refusal | None:
        if text in self.codes:
            return None
        if text.strip() in self.codes:
            return refusals.blanks_around(text, code=True)
        return refusals.no_code(text, self.codes.values)


_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?|[+-]?\.[0-9]+")


@dataclass(frozen=True, slots=True)
class Number(Value):
    """A decimal number: digits before the point, fewest and most digits after it."""

    digits: int
    fewest: int
    most: int
    signed: bool = False
    maximum: Decimal | None = None

    @property
    def space(self) -> Space:
        return "collapse"

    def refusal(self, text: str) -> Refusal | None:
        match = re.fullmatch(r"(-?)([0-9]+)\.([0-9]+)", text)
        if (
            match is None
            or (match[1] and not self.signed)
            or len(match[2]) > self.digits
            or not self.fewest <= len(match[3]) <= self.most
        ):
            return refusals.no_number(
                text, digits=self.digits, fewest=self.fewest, most=self.most, signed=self.signed
            )
        if self.maximum is not None and Decimal(text) > self.maximum:
            return Refusal(say("vale {value}: il massimo è {most}", value=shown(text), most=self.maximum))
        return None

    def value(self, text: str) -> Decimal:
        if not _NUMBER.fullmatch(text):
            raise ValueError(text)
        number = Decimal(text)
        if self.refusal(text) is None and self.text(number) != text:
            return WrittenDecimal(number, text)
        return number

    def text(self, value: Any) -> str:
        """The digits the number has, zeros added up to the fewest decimals; no digit is ever rounded away."""
        if isinstance(value, bool) or not isinstance(value, Decimal | int) or not Decimal(value).is_finite():
            raise ValueError(say("serve un numero decimale"))
        if isinstance(value, WrittenDecimal) and self.refusal(value.written) is None:
            return value.written
        plain = format(Decimal(value), "f")
        whole, _, decimals = plain.partition(".")
        if decimals[self.most :].strip("0"):
            raise ValueError(say("il numero {value} ha più di {most} decimali", value=plain, most=self.most))
        decimals = decimals[: self.most]
        return f"{whole}.{decimals.ljust(self.fewest, '0')}"


@dataclass(frozen=True, slots=True)
class Counter(Value):
    """A whole number between two limits."""

    lowest: int
    highest: int

    @property
    def space(self) -> Space:
        return "collapse"

    def refusal(self, text: str) -> Refusal | None:
        if not text:
            return refusals.empty(self._hint())
        if not re.fullmatch(r"[+-]?[0-9]+", text):
            message = say("vale {value}, che non è un numero intero", value=shown(text))
            return Refusal(message, self._hint())
        # A number of thousands of digits is refused by its length: int() itself would raise.
        digits = text.lstrip("+-").lstrip("0")
        if (
            len(digits) > 18
            or not self.lowest <= int(text[:1].strip("+0123456789") + (digits or "0")) <= self.highest
        ):
            return Refusal(say("vale {value}, fuori dai limiti", value=shown(text)), self._hint())
        return None

    def _hint(self) -> str:
        return say("Serve un numero intero da {least} a {most}.", least=self.lowest, most=self.highest)

    def value(self, text: str) -> int:
        match = re.fullmatch(r"([+-]?)0*([0-9]+)", text)
        if match is None or len(match[2]) > 1000:  # zeros in front may be without end
            raise ValueError(text)
        number = int(match[1] + match[2])
        return WrittenInt(number, text) if text != str(number) and self.refusal(text) is None else number

    def text(self, value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(say("serve un numero intero"))
        if isinstance(value, WrittenInt) and self.refusal(value.written) is None:
            return value.written
        return str(value)


@dataclass(frozen=True, slots=True)
class Day(Value):
    """xs:date. `since` is the first admitted day."""

    since: date | None = None

    @property
    def space(self) -> Space:
        return "collapse"

    def refusal(self, text: str) -> Refusal | None:
        problem = moments.date_problem(text)
        if problem:
            return refusals.no_moment(text, problem, say("Serve una data come 2026-01-31."))
        if self.since and not moments.date_reaches(text, self.since):
            day = f"{self.since:%d/%m/%Y}"
            return Refusal(
                say("vale {value}: la data non può precedere il {day}", value=shown(text), day=day)
            )
        return None

    def value(self, text: str) -> date:
        """A time zone after the date does not change the day: no official rule gives it a meaning."""
        day = moments.read_date(text)
        return WrittenDate(day, text) if len(text) != 10 and self.refusal(text) is None else day

    def text(self, value: Any) -> str:
        if isinstance(value, datetime) or not isinstance(value, date):
            raise ValueError(say("serve una data"))
        if isinstance(value, WrittenDate) and self.refusal(value.written) is None:
            return value.written
        return value.isoformat()


@dataclass(frozen=True, slots=True)
class Moment(Value):
    """xs:dateTime; aware where the text has a time zone, else naive."""

    @property
    def space(self) -> Space:
        return "collapse"

    def refusal(self, text: str) -> Refusal | None:
        problem = moments.datetime_problem(text)
        if not problem:
            return None
        return refusals.no_moment(text, problem, say("Servono data e ora come 2026-01-31T09:30:00."))

    def value(self, text: str) -> datetime:
        moment = moments.read_datetime(text)
        return moment if moment.isoformat() == text else WrittenDatetime(moment, text)

    def text(self, value: Any) -> str:
        if not isinstance(value, datetime):
            raise ValueError(say("servono data e ora"))
        return value.written if isinstance(value, WrittenDatetime) else value.isoformat()


_UNUSED_BITS = {"==": "AQgw", "=": "AEIMQUYcgkosw048"}


def decoded(text: str) -> bytes:
    """The content of base64 without blanks. Raises ValueError."""
    # Python's strict mode lets a "=" follow groups that are already whole.
    if len(text) % 4 or text.endswith("==="):
        raise ValueError("base64 padding")
    return binascii.a2b_base64(text, strict_mode=True) if text else b""


def ends_in_zero_bits(text: str) -> bool:
    """Whether the bits before the padding that no byte uses are zero, as XML Schema part 2, 3.2.16 demands."""
    padding = "==" if text.endswith("==") else "=" if text.endswith("=") else ""
    return not padding or text[-len(padding) - 1] in _UNUSED_BITS[padding]


@dataclass(frozen=True, slots=True)
class Base64(Value):
    """xs:base64Binary (RFC 2045 alphabet; the bits left over before the padding must be zero)."""

    @property
    def space(self) -> Space:
        return "collapse"

    def normal(self, raw: str) -> str:
        return raw.translate(_NO_BLANKS)

    def refusal(self, text: str) -> Refusal | None:
        try:
            decoded(text)
        except ValueError:
            return Refusal(say("non è un contenuto base64 integro"), say("Allegare di nuovo il file."))
        if not ends_in_zero_bits(text):
            message = say("non è un contenuto base64 integro (ultimi bit non nulli)")
            return Refusal(message, say("Allegare di nuovo il file."))
        return None

    def value(self, text: str) -> bytes:
        """`text` may have its blanks: they say nothing, but they are written back."""
        packed = self.normal(text)
        content = decoded(packed)
        return WrittenBytes(content, text) if packed != text and ends_in_zero_bits(packed) else content

    def text(self, value: Any) -> str:
        if not isinstance(value, bytes):
            raise ValueError(say("servono byte"))
        if isinstance(value, WrittenBytes):
            return value.written
        return base64.b64encode(value).decode("ascii")
