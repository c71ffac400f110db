"""Fattorino's own core, through the functions that the rest of the product calls."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from fattorino.core.fatturapa import FatturaElettronica, check, read_fattura, write_fattura
from fattorino.core.fatturapa.checking import check_stream
from fattorino.core.fatturapa.rules import Known, Situation, run

Task = tuple[Callable[[Any], Any], Callable[[Any], object]]
ON = date(2026, 11, 21)
LARGEST = 10_000_000  # bytes; SdI's own limit is below the invoice of 10,000 lines
AT_10_000_LINES = frozenset({"avviso-linee"})  # its last line number cannot but be used twice


def parse() -> Task:
    return bytes, read


def build() -> Task:
    return read, write_fattura


def validate() -> Task:
    return bytes, checked


def rules() -> Task:
    """The content rules alone, on objects that are there."""
    return situated, lambda case: run(*case)


def roundtrip() -> Task:
    return bytes, lambda data: write_fattura(read(data))


def stream() -> Task:
    """`do` is given the path: nothing of the file is held but what the check itself holds."""

    def do(path: Path) -> object:
        with path.open("rb") as source:
            return check_stream(source, on=ON, limit=LARGEST, without=AT_10_000_LINES)

    return bytes, do


def read(data: bytes) -> Any:
    return read_fattura(data, limit=LARGEST).fattura


def checked(data: bytes) -> object:
    return check(data, on=ON, limit=LARGEST, without=AT_10_000_LINES)


def situated(data: bytes) -> tuple[Any, Situation]:
    fattura = read(data)
    return fattura, _situation(fattura, len(data))


def _situation(fattura: Any, size: int) -> Situation:
    if not isinstance(fattura, FatturaElettronica):
        return Situation("FSM10", ON, "emitter", Known(), size)
    kind: Any = fattura.versione
    return Situation(kind, ON, "emitter", Known(), size)


TASKS = {
    "parse": parse,
    "build": build,
    "validate": validate,
    "rules": rules,
    "stream": stream,
    "roundtrip": roundtrip,
}
