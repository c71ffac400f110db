"""Sentences that were stored as plain Italian, found again among the patterns they may have been made from.

A row of history keeps words, not patterns; yet whoever reads English should understand it. What is not recognised
whole stays as it was written.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from string import Formatter

from fattorino.core.texts import Text, say, say_many, together

# A pattern of fewer letters ("{one} o {other}") would be found in everything.
LEAST_LETTERS = 6
LEAST_AT_AN_END = 4
LONGEST = 1000
MOST_SENTENCES = 12
_SENTENCE_ENDS = re.compile(r"(?<=[.!?:;]) ")


class _AsWritten(str):
    """A value that is in its final form already, whatever its place in the pattern asks for."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return str(self)


@dataclass(frozen=True, slots=True)
class _Shape:
    """A pattern with values, as it is matched."""

    pattern: str
    match: re.Pattern[str]
    letters: int
    # The sentence for one and that for many, where there are two; `pattern` is one of them.
    counting: tuple[str, str] | None

    def said(self, values: Mapping[str, object]) -> Text:
        number = values.get("number")
        if self.counting and isinstance(number, str) and number.isascii() and number.isdecimal():
            others = {name: value for name, value in values.items() if name != "number"}
            return say_many(*self.counting, int(number), **others)
        return say(self.pattern, **values)


@dataclass(frozen=True, slots=True)
class _Found:
    """A text and how many of its letters are the patterns' own; the more, the surer."""

    text: Text
    letters: int


# What the parts of one text were found to be.
_Told = dict[str, _Found | None]


class Patterns:
    """All patterns of a language, ready to be recognised; of those that count something, both sentences."""

    def __init__(self, patterns: Iterable[str | tuple[str, str]]) -> None:
        self._whole: set[str] = set()
        self._shapes: dict[str, list[_Shape]] = defaultdict(list)  # by first word; "" begins with a value
        for given in patterns:
            counting = None if isinstance(given, str) else given
            for pattern in counting or (str(given),):
                if "{" not in pattern and "}" not in pattern:
                    self._whole.add(pattern)
                elif shape := _shape(pattern, counting):
                    self._shapes[_first_word(pattern)].append(shape)
        self.find = functools.lru_cache(maxsize=4096)(self._find)

    def _find(self, text: str) -> Text | None:
        """The same text with its origin; None where some part of it is not recognised."""
        # One word may be anybody's: the reason somebody typed, a name.
        if len(text) > LONGEST or not (" " in text or text.endswith(".")):
            return None
        found = self._sentences(text, {})
        return found.text if found and found.text == text else None

    def _sentences(self, text: str, told: _Told) -> _Found | None:
        """Cut where most letters are recognised: a pattern may hold several sentences, a value may too."""
        parts = _SENTENCE_ENDS.split(text)
        if len(parts) > MOST_SENTENCES:
            return None
        best: list[tuple[int, list[Text]] | None] = [None] * len(parts) + [(0, [])]
        for start in range(len(parts) - 1, -1, -1):
            for end in range(start + 1, len(parts) + 1):
                rest = best[end]
                one = self._one(" ".join(parts[start:end]), told) if rest else None
                if rest is None or one is None:
                    continue
                letters = one.letters + rest[0]
                known = best[start]
                if known is None or letters >= known[0]:
                    best[start] = (letters, [one.text, *rest[1]])
        return None if best[0] is None else _Found(together(*best[0][1]), best[0][0])

    def _one(self, text: str, told: _Told) -> _Found | None:
        # Values hold sentences, and these values again: without memory each would be taken apart over and over.
        if text not in told:
            told[text] = self._surest(text, told)
        return told[text]

    def _surest(self, text: str, told: _Told) -> _Found | None:
        if text in self._whole:
            return _Found(say(text), _letters(text))
        if text.endswith(".") and text[:-1] in self._whole:
            return _Found(say("{text}.", text=say(text[:-1])), _letters(text))
        fitting = list(self._fitting(text, told))
        return max(fitting, key=lambda found: found.letters) if fitting else None

    def _fitting(self, text: str, told: _Told) -> Iterator[_Found]:
        for shape in (*self._shapes.get(_first_word(text), ()), *self._shapes.get("", ())):
            if match := shape.match.fullmatch(text):
                inner = {name: self._sentences(value, told) for name, value in match.groupdict().items()}
                values = {
                    name: found.text if (found := inner[name]) else _AsWritten(value)
                    for name, value in match.groupdict().items()
                }
                letters = shape.letters + sum(found.letters for found in inner.values() if found)
                yield _Found(shape.said(values), letters)


def _shape(pattern: str, counting: tuple[str, str] | None = None) -> _Shape | None:
    """None for what is no pattern of ours, or too short to be told from others."""
    try:
        pieces = list(Formatter().parse(pattern))
    except ValueError:
        return None
    literals = [literal for literal, *_ in pieces]
    names = [name for _, name, *_ in pieces if name is not None]
    last = literals[-1] if pieces[-1][1] is None else ""
    if not all(name.isidentifier() for name in names):
        return None
    if sum(map(_letters, literals)) < LEAST_LETTERS:
        return None
    if max(_letters(literals[0]), _letters(last)) < LEAST_AT_AN_END:
        return None
    told: set[str] = set()
    matched = ""
    for literal, name, *_ in pieces:
        matched += re.escape(literal)
        if name is not None:
            matched += f"(?P={name})" if name in told else f"(?P<{name}>.+?)"
            told.add(name)
    return _Shape(pattern, re.compile(matched, re.DOTALL), sum(map(_letters, literals)), counting)


def _first_word(text: str) -> str:
    """Up to the first blank, where no value touches it."""
    word = text.split(" ", 1)[0]
    return "" if "{" in word else word


def _letters(text: str) -> int:
    return sum(character.isalpha() for character in text)
