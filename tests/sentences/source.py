"""The sentences of the text that asked for the states, and the decorator that binds a test to one of them.

`stati-adempimenti.txt` is the text as it was handed in, quoted whole. Its sentences, headings included, are numbered in
the order of reading.
"""

from __future__ import annotations

import pathlib
import re
import unicodedata
from collections.abc import Callable
from typing import TypeVar

QUOTED = pathlib.Path(__file__).with_name("stati-adempimenti.txt")
ORIGINAL = pathlib.Path(__file__).resolve().parents[3] / "shared" / "source-documents" / QUOTED.name
_END = re.compile(r"(?<=[.!?])\s+(?=[A-ZÀÈÉ(])")

Test = TypeVar("Test", bound=Callable[..., None])


def split(text: str) -> dict[int, str]:
    """The sentences by number, blanks drawn together."""
    parts = [part for line in text.splitlines() for part in _END.split(line.strip()) if part]
    return {number: flat(part) for number, part in enumerate(parts, 1)}


def flat(text: str) -> str:
    return " ".join(text.split())


def words(text: str) -> list[str]:
    """The words without accents and capitals, as a name of Python can hold them."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.findall(r"[a-z0-9]+", plain.replace("’", "'").lower())


SENTENCES = split(QUOTED.read_text(encoding="utf-8"))


def sentence(number: int) -> Callable[[Test], Test]:
    """The test shows sentence `number`: its docstring holds it in full, its name the telling words, in their order."""

    def bind(test: Test) -> Test:
        asked = SENTENCES[number]
        if flat(test.__doc__ or "") != asked:
            raise AssertionError(f"{test.__name__} does not hold sentence {number}: {asked}")
        rest = iter(words(asked))
        told = test.__name__.removeprefix("test_").split("_")
        lost = [word for word in told if word not in rest]
        if lost or len(told) < min(2, len(words(asked))):
            raise AssertionError(f"{test.__name__} does not quote sentence {number}: {lost}")
        return test

    return bind
