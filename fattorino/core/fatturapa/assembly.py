"""Making blocks of an invoice out of what a person typed, with every refusal bound to the field it came from.

The declarations of `ordinaria` carry the facets of the schema; here they are asked about each value before the
block is made, so a form learns about a field what the format check would say about the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar, cast

from fattorino.core.fatturapa.draft import FieldFinding
from fattorino.core.fatturapa.text import replaced_signs, transliterate, without_accents
from fattorino.core.money import trimmed
from fattorino.core.texts import capital, say
from fattorino.core.tracciati.declaration import Field, record_of
from fattorino.core.tracciati.values import Number, Text

T = TypeVar("T")

_LONGEST_NUMBER = 40  # digits before the point; the schema admits 12

# Texts with which nothing was wrong, by field: codes, names and addresses come back in invoice after invoice. The
# field is kept too, so that its identity stays its own. Of long texts, and of more than so many, nothing is kept.
_Known = dict[tuple[int, str], tuple[Field, str]]
_known: _Known = {}
_KNOWN_MOST, _KNOWN_LONGEST = 5000, 100


class Assembly:
    """Collects findings while blocks are made. With an error among them the blocks are not to be used."""

    def __init__(self) -> None:
        self.findings: list[FieldFinding] = []

    def error(self, field: str, message: str, hint: str = "", code: str = "") -> None:
        self.findings.append(FieldFinding(field, "error", message, hint, code))

    def warning(self, field: str, message: str, hint: str = "", code: str = "") -> None:
        self.findings.append(FieldFinding(field, "warning", message, hint, code))

    def make(self, cls: type[T], prefix: str, names: Mapping[str, str] | None = None, **values: Any) -> T:
        """A block with its values fitted and checked.

        Args:
            prefix: where in the draft these values come from; an attribute's field is "prefix.attribute".
            names: the attributes whose field is another one, by its full name.
        """
        fitted = dict(values)
        for line in record_of(cast(Any, cls)).fields:
            if line.record is not None:
                continue
            value = values.get(line.attribute)
            if value is None and not line.fewest and not line.repeatable:
                fitted[line.attribute] = None
                continue
            own = f"{prefix}.{line.attribute}" if prefix else line.attribute
            field = (names or {}).get(line.attribute, own)
            if line.repeatable:
                fitted[line.attribute] = tuple(
                    self._fit(line, item, f"{field}.{i}") for i, item in enumerate(value or ())
                )
            elif value is None:
                fitted[line.attribute] = None
                if line.fewest:
                    self.error(field, say("Manca: {description}.", description=line.description))
            else:
                fitted[line.attribute] = self._fit(line, value, field)
        return cls(**fitted)

    def _fit(self, line: Field, value: Any, field: str) -> Any:
        """The value as it goes into the block; what cannot go there is reported and comes back unchanged."""
        if type(value) is not str or len(value) > _KNOWN_LONGEST:
            return self._fitted(line, value, field)
        known = _known.get((id(line), value))
        if known is not None:
            return known[1]
        before = len(self.findings)
        fitted = self._fitted(line, value, field)
        if len(self.findings) == before:
            if len(_known) >= _KNOWN_MOST:
                _known.clear()
            _known[id(line), value] = line, fitted
        return fitted

    def _fitted(self, line: Field, value: Any, field: str) -> Any:
        facets = line.value
        assert facets is not None
        if isinstance(facets, Text) and isinstance(value, str) and facets.charset != "any":
            value = self._text(line, facets, value, field)
        elif isinstance(facets, Number) and isinstance(value, Decimal) and value.is_finite():
            fewest = max(facets.most, 2)
            # What is longer is refused below; trimming would raise before.
            if value.adjusted() < _LONGEST_NUMBER and value == (short := trimmed(value, fewest)):
                value = short
        try:
            text = facets.text(value)
        except ValueError as error:
            self.error(
                field,
                say(
                    "{description}: {problem}.", description=capital(line.description), problem=error.args[0]
                ),
            )
            return value
        refusal = facets.refusal(facets.normal(text))
        if refusal is not None:
            hint = _suggestion(value) or refusal.hint if isinstance(facets, Text) else refusal.hint
            self.error(
                field,
                say(
                    "{description}: {problem}.",
                    description=capital(line.description),
                    problem=refusal.message,
                ),
                hint,
                "00200",
            )
        elif isinstance(value, str) and (bad := _not_xml(value)):
            self.error(
                field,
                say(
                    "{description}: c'è un carattere di controllo (U+{code}).",
                    description=capital(line.description),
                    code=f"{bad:04X}",
                ),
            )
        return value

    def _text(self, line: Field, facets: Text, value: str, field: str) -> str:
        fitted = transliterate(value)
        signs = replaced_signs(value, fitted)
        if signs:
            self.warning(
                field,
                say(
                    "{description}: nella fattura alcuni segni sono sostituiti ({signs}),"
                    " perché il tracciato non li ammette.",
                    description=capital(line.description),
                    signs=signs,
                ),
            )
        return fitted


def _not_xml(text: str) -> int:
    """The first character that no XML 1.0 file may hold, 0 when there is none."""
    return next((ord(c) for c in text if ord(c) < 0x20 and c not in "\t\n\r" or c in "\ufffe\uffff"), 0)


def _suggestion(value: Any) -> str:
    """What to write instead of a letter that the schema does not admit, where a plain letter suggests itself."""
    if not isinstance(value, str):
        return ""
    outside = next((c for c in value if ord(c) > 0xFF), None) or next(
        (c for c in value if ord(c) > 0x7F), None
    )
    plain = without_accents(outside) if outside else ""
    return (
        say("Si può scrivere «{instead}» al posto di «{character}».", instead=plain, character=outside)
        if plain
        else ""
    )


def upper(text: str | None) -> str | None:
    """Codes are in capital letters and without blanks in the schema; people type them as they like."""
    return "".join(text.split()).upper() if text is not None else None


def telephone(text: str | None) -> str | None:
    """A number in the 12 characters that the schema has for it: without separators, without +39 if need be."""
    if text is None:
        return None
    number = "".join(c for c in text if c not in " -/.()\u00a0")
    if len(number) > 12:
        number = number.removeprefix("+39").removeprefix("0039")
    return number
