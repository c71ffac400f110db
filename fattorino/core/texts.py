"""Sentences that can be said again in another language.

The house thinks in Italian: what a rule, a flow or an error says is an Italian ``str``, and as such it is stored,
logged and compared. It remembers the pattern and the values it was made of, so that the border that shows it (page,
API, command line, e-mail) can say it in the reader's language, with nothing below knowing who reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Catalogue(Protocol):
    """The two questions of GNU gettext; ``gettext.NullTranslations`` and ``django.utils.translation`` answer them."""

    def gettext(self, message: str, /) -> str: ...

    def ngettext(self, singular: str, plural: str, number: int, /) -> str: ...


class Text(str):
    """An Italian sentence with its origin. Equal to, stored as and printed as the plain ``str``.

    Attributes:
        pattern: the Italian sentence with ``{name}`` where a value stands; the key of the catalogues.
        plural: the pattern for more than one, or "" where the sentence does not count anything.
        number: what is counted, when `plural` is there.
        values: by name; a value that is itself a `Text` is said in the reader's language too.
    """

    __slots__ = ("number", "pattern", "plural", "values")

    pattern: str
    plural: str
    number: int
    values: Mapping[str, object]

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (self.pattern, self.plural, self.number, dict(self.values))


def say(pattern: str, /, **values: object) -> Text:
    """``say("{element} manca", element="Data")``. The pattern stands at the call: catalogues are made from there."""
    return _again(pattern, "", 0, values)


def say_many(one: str, many: str, /, number: int, **values: object) -> Text:
    """The sentence for `number` things; ``{number}`` is a value like the others."""
    return _again(one, many, number, {"number": number, **values})


def quoted(value: str) -> Text:
    """A value between the quotation marks of the reader's language."""
    return say("«{value}»", value=value)


def together(*texts: str, by: str = " ") -> Text:
    """Sentences one after the other, without the empty ones; each keeps its origin."""
    parts = {f"part{place}": text for place, text in enumerate(filter(None, texts))}
    between = by.replace("{", "{{").replace("}", "}}")
    return _again(between.join(f"{{{name}}}" for name in parts), "", 0, parts)


class _Capital(Text):
    """A `Text` that begins a sentence, in whatever language."""

    __slots__ = ()

    def __reduce__(self) -> tuple[object, ...]:
        return capital, (_again(self.pattern, self.plural, self.number, dict(self.values)),)


def capital(text: str) -> str:
    """A label with a capital letter in front, as the beginning of a sentence; it keeps its origin."""
    changed = text[:1].upper() + text[1:]
    if not isinstance(text, Text):
        return changed
    made = _Capital(changed)
    made.pattern, made.plural, made.number, made.values = text.pattern, text.plural, text.number, text.values
    return made


def in_language(text: str, catalogue: Catalogue) -> str:
    """The text in the catalogue's language; Italian where the catalogue or the origin is missing."""
    if not isinstance(text, Text):
        return text
    if text.plural:
        pattern = catalogue.ngettext(text.pattern, text.plural, text.number)
    else:
        pattern = catalogue.gettext(text.pattern) if text.pattern else ""
    values = {
        name: in_language(value, catalogue) if isinstance(value, str) else value
        for name, value in text.values.items()
    }
    said = pattern.format_map(values)
    return said[:1].upper() + said[1:] if isinstance(text, _Capital) else said


def _again(pattern: str, plural: str, number: int, values: Mapping[str, object]) -> Text:
    # Italian counts like English: one, and everything else.
    chosen = plural if plural and number != 1 else pattern
    text = Text(chosen.format_map(values))
    text.pattern, text.plural, text.number, text.values = pattern, plural, number, values
    return text
