"""Regular expressions that mean the same in Python and in XML Schema, and how long what they match may be.

XML Schema 1.0 (part 2, appendix F) and Python's `re` share literals, classes, groups, alternatives and greedy
repetitions. The rest (anchors, look-around, ``.``, ``\\d``, lazy repetitions ...) is only in one of them or differs,
so a declaration that uses it is refused: its schema would not say what its check does. So is the repetition of what
may be empty, in which either of them can lose its way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_REPETITION = re.compile(r"[?*+]|\{([0-9]+)(,?)([0-9]*)\}")
# What either language takes as more than itself; "]" and "}" are literals for Python only.
_SPECIAL = frozenset("\\|.^$?*+(){}[]")
_ESCAPED = frozenset("\\|.-^?*+{}()[]nrt")


@dataclass(frozen=True, slots=True)
class Width:
    """How many characters: fewest and most (None: no limit)."""

    fewest: int
    most: int | None


def width(pattern: str) -> Width:
    """The lengths of the texts that `pattern` matches as a whole.

    Raises ValueError for a pattern that is not the same in both languages.
    """
    reader = _Reader(pattern)
    found = reader.alternatives()
    if reader.at < len(pattern):
        raise reader.error()
    return found


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def error(self) -> ValueError:
        return ValueError(f"not the same in Python and XML Schema: {self.pattern!r} at {self.at}")

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def alternatives(self) -> Width:
        found = self.branch()
        while self.peek() == "|":
            self.at += 1
            other = self.branch()
            most = None if found.most is None or other.most is None else max(found.most, other.most)
            found = Width(min(found.fewest, other.fewest), most)
        return found

    def branch(self) -> Width:
        fewest = 0
        most: int | None = 0
        while self.peek() not in ("", "|", ")"):
            piece = self.piece()
            fewest += piece.fewest
            most = None if most is None or piece.most is None else most + piece.most
        return Width(fewest, most)

    def piece(self) -> Width:
        atom = self.atom()
        match = _REPETITION.match(self.pattern, self.at)
        if match is None:
            return atom
        self.at = match.end()
        if self.peek() in ("?", "*", "+", "{"):
            raise self.error()
        if match.group() != "?" and atom.fewest == 0:
            # Of a group that may be empty, libxml2 loses its way when it is counted (it refuses "" for (a|a?){2}), and
            # Python searches without an end when such repetitions stand in each other: ((((a?)+)+)*)*b for "aaa".
            raise self.error()
        fewest, most = _times(match)
        return Width(atom.fewest * fewest, None if most is None or atom.most is None else atom.most * most)

    def atom(self) -> Width:
        char = self.peek()
        if char == "(":
            self.at += 1
            inside = self.alternatives()
            if self.peek() != ")":
                raise self.error()
            self.at += 1
            return inside
        if char == "[":
            self.char_class()
        elif char == "\\":
            self.escape()
        elif char in _SPECIAL:
            raise self.error()
        else:
            self.at += 1
        return Width(1, 1)

    def escape(self) -> None:
        self.at += 1
        if self.peek() not in _ESCAPED or not self.peek():
            raise self.error()
        self.at += 1

    def char_class(self) -> None:
        """A class: literals, escapes and ranges; a bare "[" would be a literal or a subtraction."""
        self.at += 2 if self.pattern[self.at + 1 : self.at + 2] == "^" else 1
        first = self.at
        while self.peek() != "]" or self.at == first:
            if self.peek() in ("", "[", "]"):
                raise self.error()
            if self.peek() == "\\":
                self.escape()
            else:
                self.at += 1
        self.at += 1


def _times(match: re.Match[str]) -> tuple[int, int | None]:
    sign = match.group()
    if sign in "?*+":
        return (1 if sign == "+" else 0), (1 if sign == "?" else None)
    fewest = int(match[1])
    if match[3]:
        return fewest, int(match[3])
    return fewest, None if match[2] else fewest
