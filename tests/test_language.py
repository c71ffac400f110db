"""Italian and English are complete: no text outside the catalogues, none without its English."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from scripts import languages
from tests import language_scan

_PERCENT = re.compile(r"%\((\w+)\)[sd]")


@pytest.mark.parametrize("room", languages.ROOMS)
def test_every_text_of_a_room_stands_in_its_catalogue_and_no_other(room: str) -> None:
    used = {(_key(words), context) for _, words, context in languages.texts(room)}
    written = {(_key(message.id), message.context) for message in languages.read(room) if message.id}
    assert written == used, "python scripts/languages.py"


@pytest.mark.parametrize("room", languages.ROOMS)
def test_every_text_has_its_english_with_the_same_values(room: str) -> None:
    faults = []
    for message in languages.read(room):
        if not message.id:
            continue
        italian = message.id if isinstance(message.id, tuple) else (message.id,)
        english = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.fuzzy or not all(english) or len(english) != len(italian):
            faults.append(f"{italian[0]!r}: no English")
            continue
        for one, other in zip(italian, english, strict=True):
            if _values(one) != _values(other):
                faults.append(f"{one!r}: other values than {other!r}")
    assert not faults, "\n".join(faults)


def test_a_text_has_one_english_in_all_rooms() -> None:
    said: dict[tuple[str, str | None], set[object]] = {}
    for room in languages.ROOMS:
        for message in languages.read(room):
            if message.id:
                said.setdefault((_key(message.id), message.context), set()).add(_key(message.string))
    assert not [key for key, english in said.items() if len(english) > 1]


@pytest.mark.parametrize("room", languages.ROOMS)
def test_no_italian_stands_outside_of_the_catalogues(room: str) -> None:
    left = list(language_scan.room(room))
    assert not left, "\n".join(left)


def _key(words: object) -> object:
    return words[0] if isinstance(words, tuple | list) else words


def _values(text: str) -> set[str]:
    try:
        braces = {name for _, name, _, _ in Formatter().parse(text) if name}
    except ValueError:  # a lone brace in a text that is not formatted
        braces = set()
    return braces | set(_PERCENT.findall(text))
