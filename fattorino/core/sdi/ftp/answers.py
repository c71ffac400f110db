"""The two csv files of SdI: the refusal of a support's security (ER, 3.2.4) and the daily reports (ST, 5.5).

The text gives their content in words, not their columns: they are read by what stands in them, not by where.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fattorino.core.errors import InputError
from fattorino.core.sdi.ftp.names import SupportName, parse_support_name
from fattorino.core.sdi.ftp.security import Phase
from fattorino.core.texts import say

_PHASES: dict[str, Phase] = {"1": "cifratura", "2": "firma"}
LIMIT = 20_000_000  # bytes of a daily report; a support a minute for each of 899 numbers is far below


@dataclass(frozen=True, slots=True)
class Refusal:
    """SdI could not decrypt (or verify) one of our supports: nothing in it was taken."""

    support: SupportName
    phase: Phase


def read_refusal(data: bytes) -> Refusal:
    """An ER. Raises InputError where no support and no phase is named."""
    for row in _rows(data):
        cells = [cell.strip() for cell in row]
        support = next((found for cell in cells if (found := _support(cell))), None)
        phase = next((_PHASES[cell] for cell in cells if cell in _PHASES), None)
        if support is not None and phase is not None:
            return Refusal(support, phase)
    raise InputError(say("Il file di scarto del supporto non si può leggere."))


def write_refusal(refusal: Refusal) -> bytes:
    """As a simulator writes it."""
    code = next(code for code, phase in _PHASES.items() if phase == refusal.phase)
    return f"{refusal.support.file};{code}\r\n".encode("ascii")


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One line of a daily report: the supports it names, and the row as it came."""

    supports: tuple[SupportName, ...]
    row: tuple[str, ...]


def read_report(data: bytes) -> tuple[ReportLine, ...]:
    """The lines that name a support; headings and blanks are passed over. Raises InputError for a file too large."""
    lines = []
    for row in _rows(data):
        named = tuple(found for cell in row if (found := _support(cell.strip())))
        if named:
            lines.append(ReportLine(named, tuple(row)))
    return tuple(lines)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a daily report says of one support.

    Attributes:
        kind: "fetched" an FI that SdI took away, "answered" an EO or ER that it left for one of ours, "left" an FO.
        row: the line as it came, for people.
    """

    kind: Literal["fetched", "answered", "left"]
    support: SupportName
    row: str


_CLAIMS: dict[str, Literal["fetched", "answered", "left"]] = {
    "FI": "fetched",
    "EO": "answered",
    "ER": "answered",
    "FO": "left",
}


def claims(lines: Sequence[ReportLine]) -> tuple[Claim, ...]:
    """What a report claims, each support once, in its order. Nothing more: which hours a report covers is said nowhere
    (5.5 says "giornalmente"), so that what it does not name proves nothing."""
    found: dict[str, Claim] = {}
    for line in lines:
        for support in line.supports:
            row = ";".join(cell.strip() for cell in line.row)
            found.setdefault(support.stem, Claim(_CLAIMS[support.kind], support, row))
    return tuple(found.values())


def _support(cell: str) -> SupportName | None:
    try:
        return parse_support_name(cell)[0]
    except InputError:
        return None


def _rows(data: bytes) -> list[list[str]]:
    if len(data) > LIMIT:
        raise InputError(say("Il rapporto dello SdI è troppo grande per essere letto."))
    text = data.decode("utf-8-sig", "replace")
    delimiter = ";" if text.count(";") >= text.count(",") else ","
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise InputError(say("Il rapporto dello SdI non è un file csv leggibile.")) from error
