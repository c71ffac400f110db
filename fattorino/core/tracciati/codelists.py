"""Closed lists of codes, each code with its Italian description and the days on which it may be used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Code:
    """One admitted value.

    Attributes:
        since, until: first and last day of use; None where no limit is known. They do not touch the format
            (the schema in force accepts the code); content rules and forms look at them.
        instead: the code to prefer in new documents, where this one is only accepted on reading.
    """

    value: str
    description: str
    since: date | None = None
    until: date | None = None
    instead: str = ""

    def usable_on(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True)
class CodeList:
    """An enumeration of a record format. Iterating gives ``(code, description)``, as form choices."""

    name: str
    codes: tuple[Code, ...]
    _by_value: dict[str, Code] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_value.update({code.value: code for code in self.codes})
        if len(self._by_value) != len(self.codes):
            raise ValueError(f"{self.name}: a code occurs twice")

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((code.value, code.description) for code in self.codes)

    def __len__(self) -> int:
        return len(self.codes)

    def __contains__(self, value: object) -> bool:
        return value in self._by_value

    def __getitem__(self, value: str) -> Code:
        """Raises KeyError for a code that is not in the list."""
        return self._by_value[value]

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(self._by_value)

    def describe(self, value: str) -> str:
        """The description, or the value itself where the list does not know it (an older or newer code)."""
        code = self._by_value.get(value)
        return code.description if code else value

    def choices_on(self, day: date) -> tuple[tuple[str, str], ...]:
        """What a form should offer on `day`: codes in use, without those that have a better one instead."""
        return tuple((c.value, c.description) for c in self.codes if c.usable_on(day) and not c.instead)
