"""A key that was opened a moment ago is not opened again; nothing else is remembered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fattorino.core.errors import SigningError
from fattorino.hub.signing import kept

Waiting = list[Callable[[], None]]


@pytest.fixture(autouse=True)
def waiting(monkeypatch: pytest.MonkeyPatch) -> Waiting:
    """What is to be done when the time is over, which here only a test lets pass."""
    found: Waiting = []

    class Timer:
        daemon = False

        def __init__(self, seconds: float, act: Any, words: list[Any]) -> None:
            assert seconds == kept.KEPT_FOR
            self._act = lambda: act(*words)

        def start(self) -> None:
            assert self.daemon  # or the process could not end
            found.append(self._act)

    monkeypatch.setattr(kept, "_kept", {})
    monkeypatch.setattr(kept.threading, "Timer", Timer)
    return found


class Key:
    """Counts how often it was opened."""

    opened = 0

    def open(self) -> Any:
        self.opened += 1
        return object()


def test_the_same_stored_bytes_are_opened_once() -> None:
    key = Key()
    first = kept.opened((b"file", b"password"), key.open)
    assert kept.opened((b"file", b"password"), key.open) is first
    assert key.opened == 1


def test_another_file_or_password_is_another_key() -> None:
    key = Key()
    found = [
        kept.opened(stored, key.open)
        for stored in ((b"file", b"password"), (b"file", b"other"), (b"filep", b"assword"))
    ]
    assert key.opened == 3 == len(set(map(id, found)))


def test_a_key_that_does_not_open_is_tried_again() -> None:
    def broken() -> Any:
        raise SigningError("La password del certificato è sbagliata.")

    with pytest.raises(SigningError):
        kept.opened((b"file", b"password"), broken)
    key = Key()
    kept.opened((b"file", b"password"), key.open)
    assert key.opened == 1


def test_it_is_forgotten_by_itself_however_often_it_was_used(waiting: Waiting) -> None:
    key = Key()
    for _ in range(3):
        kept.opened((b"file", b"password"), key.open)
    [forget] = waiting
    forget()
    assert kept._kept == {}
    kept.opened((b"file", b"password"), key.open)
    assert key.opened == 2


def test_no_more_than_a_few_are_kept() -> None:
    key = Key()
    for number in range(kept.MOST_KEPT + 5):
        kept.opened((b"%d" % number,), key.open)
    assert len(kept._kept) == kept.MOST_KEPT
