"""Walking an invoice so that nothing of it is forgotten.

A `Block` hands out the values of a record and remembers, for the whole invoice, which were taken. What nobody
took is found again by `left_over`: so a block that the readable copy does not know, or knows only in part, is
shown all the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value that was not taken: its record class, attribute, path ("body[1].dati_generali...") and itself."""

    owner: type
    attribute: str
    path: tuple[str, ...]
    value: Any


class Block:
    """One record of the invoice, at its place in it."""

    def __init__(
        self, record: Any, path: tuple[str, ...] = (), taken: set[tuple[str, ...]] | None = None
    ) -> None:
        self.record = record
        self.path = path
        self._taken: set[tuple[str, ...]] = set() if taken is None else taken

    def take(self, name: str) -> Any:
        """The value under `name`, or None; it counts as shown from now on."""
        value = getattr(self.record, name, None)
        if value is not None:
            self._taken.add((*self.path, name))
        return value

    def text(self, name: str) -> str:
        value = self.take(name)
        return "" if value is None else str(value)

    def peek(self, name: str) -> Any:
        """The value under `name`, which somebody else will show."""
        return getattr(self.record, name, None)

    def block(self, name: str) -> Block | None:
        value = getattr(self.record, name, None)
        return None if value is None else Block(value, (*self.path, name), self._taken)

    def blocks(self, name: str) -> tuple[Block, ...]:
        """The blocks under a repeatable name; an absent or single one counts as a tuple too."""
        value = getattr(self.record, name, None)
        if value is None:
            return ()
        values = value if isinstance(value, tuple) else (value,)
        return tuple(
            Block(v, (*self.path, f"{name}[{at}]"), self._taken) for at, v in enumerate(values, start=1)
        )

    def left_over(self) -> Iterator[Leaf]:
        """Every filled value of this record and of those below it that nobody took, in the record's order."""
        for field in dataclasses.fields(self.record):
            value = getattr(self.record, field.name)
            if value is None or value == () or (*self.path, field.name) in self._taken:
                continue
            if isinstance(value, tuple):
                for block in self.blocks(field.name):
                    yield from block._one(field.name, type(self.record))
            else:
                yield from Block(value, (*self.path, field.name), self._taken)._one(
                    field.name, type(self.record)
                )

    def _one(self, attribute: str, owner: type) -> Iterator[Leaf]:
        if dataclasses.is_dataclass(self.record):
            yield from self.left_over()
        else:
            yield Leaf(owner, attribute, self.path, self.record)
