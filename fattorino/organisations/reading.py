"""What a page asks of the database again and again is asked once, and is then the same all over the page.

Nothing outlives the request, so nothing can be stale at the next one. Only requests that change nothing remember:
whoever is about to decide must see what is true under his lock.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

_remembered: ContextVar[dict[Hashable, Any] | None] = ContextVar("remembered", default=None)


@contextmanager
def one_reading() -> Iterator[None]:
    """From here to the end what `once` was told is remembered."""
    token = _remembered.set({})
    try:
        yield
    finally:
        _remembered.reset(token)


def once(key: Hashable, read: Callable[[], T]) -> T:
    """What `read` answers, or answered before under this key; the key names the company and all that it depends on."""
    remembered = _remembered.get()
    if remembered is None:
        return read()
    if key not in remembered:
        remembered[key] = read()
    found: T = remembered[key]
    return found


def forget() -> None:
    """Ask again from here on."""
    if (remembered := _remembered.get()) is not None:
        remembered.clear()
