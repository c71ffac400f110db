"""The two csv files of SdI: the refusal of a support's security (ER, 3.2.4) and the daily reports (ST, 5.5).

The text gives their content in words, not their columns: they are read by what stands in them, not by where.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

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
