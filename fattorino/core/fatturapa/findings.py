"""What a check has to say about one place of an invoice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import total_ordering
from typing import Literal

Severity = Literal["error", "warning"]


@total_ordering
@dataclass(frozen=True, slots=True)
class Finding:
    """One remark on one place of a file, worded for the person who must act on it.

    Attributes:
        code: SdI's code of the control ("00200", "00423" ...); our own remarks use a code of their own.
        severity: "error" when SdI would refuse the file for it, "warning" otherwise.
        path: official element names with indexes where an element may repeat and without the root, as in
            ``/FatturaElettronicaBody[1]/DatiBeniServizi/DettaglioLinee[2]/PrezzoTotale``; "" for the file.
        line: line of the file (1-based) or None where there is none.
        message: what is wrong, in Italian.
        hint: what to do about it, in Italian; may be empty.

    Findings sort by line; those that concern the whole file come first.
    """

    code: str
    severity: Severity
    path: str
    line: int | None
    message: str
    hint: str = ""

    @property
    def is_error(self) -> bool:
        return self.severity == "error"

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Finding):
            return NotImplemented
        return self._place() < other._place()

    def _place(self) -> tuple[int, str, str, str]:
        return (self.line or 0, self.code, self.path, self.message)
