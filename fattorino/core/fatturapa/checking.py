"""Everything that can be said about a file before SdI says it: format, content rules, warnings."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import date
from decimal import localcontext
from typing import Any, BinaryIO

from fattorino.core import xml as safe_xml
from fattorino.core.fatturapa import ordinaria as o
from fattorino.core.fatturapa import semplificata as s
from fattorino.core.fatturapa.findings import Finding
from fattorino.core.fatturapa.format_check import DOCUMENTS, examine
from fattorino.core.fatturapa.places import Places, lines_in_stream
from fattorino.core.fatturapa.rules import (
    Known,
    SentInvoice,
    Side,
    SimpleTally,
    Situation,
    Tally,
    Verdict,
    identities,
    run,
)
from fattorino.core.fatturapa.rules.table import Kind
from fattorino.core.money import EXACT
from fattorino.core.tracciati.quick import stream_quick

__all__ = ["Known", "SentInvoice", "Side", "check", "check_stream", "identities"]

NOTHING: frozenset[str] = frozenset()
_ROOT = re.compile(rb"<[A-Za-z0-9._-]+:(FatturaElettronica(?:Semplificata)?)[ \t\r\n]")
_HEAD = 4096  # bytes in which the root of a plain file stands


def check(
    xml: bytes,
    *,
    on: date,
    known: Known | None = None,
    side: Side = "emitter",
    without: frozenset[str] = NOTHING,
    limit: int = safe_xml.LIMIT,
) -> list[Finding]:
    """All findings of an invoice file out of its envelope, by line.

    As SdI does, a file that breaks the format is not looked at any further.

    Args:
        on: the day on which SdI receives it; the rules in force on it are applied.
        known: names and invoices sent before, for 00002 and 00404; without it those cannot be found.
        side: "emitter" keeps the stricter of two disagreeing official texts, "receiver" the more lenient.
        without: codes of warnings that are not wanted (`rules.OPTIONAL` lists them). Errors always come.
        limit: largest size in bytes; what is larger is a 00003 and not read.
    Never raises, whatever the bytes.
    """
    examination = examine(xml, limit=limit)
    fattura = examination.fattura
    if examination.findings or fattura is None:
        return sorted(examination.findings)
    verdicts = _wanted(run(fattura, _situation(fattura, on, side, known, len(xml))), without)
    root = examination.root if any(verdict.hit.path for verdict in verdicts) else None
    if root is None:
        return sorted(_finding(verdict, None) for verdict in verdicts)
    places = Places(root)
    return sorted(_finding(verdict, places.line(verdict.hit.path)) for verdict in verdicts)


def check_stream(
    source: BinaryIO,
    *,
    on: date,
    known: Known | None = None,
    side: Side = "emitter",
    without: frozenset[str] = NOTHING,
    limit: int = safe_xml.LIMIT,
) -> list[Finding]:
    """The findings that `check` has for the same bytes, without holding the file: lines are counted and forgotten.

    A file that is not in the plain form is read whole and checked the other way. Arguments as of `check`.

    Args:
        source: the file, seekable; it is left at an arbitrary place.
    Raises only what `source` raises.
    """
    size = source.seek(0, io.SEEK_END)
    if size > limit:
        return [_too_long(size, limit)]
    source.seek(0)
    kind = _ROOT.search(source.read(_HEAD))
    source.seek(0)
    counted = _count_stream(source, DOCUMENTS[kind[1].decode("ascii")]) if kind else None
    if counted is None:
        source.seek(0)
        return check(source.read(), on=on, known=known, side=side, without=without, limit=limit)
    fattura, tallies = counted
    verdicts = _wanted(run(fattura, _situation(fattura, on, side, known, size), tallies), without)
    paths = {verdict.hit.path for verdict in verdicts if verdict.hit.path}
    source.seek(0)
    lines = lines_in_stream(source, paths) if paths else {}
    return sorted(_finding(verdict, lines.get(verdict.hit.path)) for verdict in verdicts)


def _count_stream(source: BinaryIO, cls: type) -> tuple[Any, Sequence[Tally | SimpleTally]] | None:
    """The invoice without its lines and attachments, and a tally for each body; None: not the plain form."""
    tallies: dict[int, Any] = {}
    tally_class = Tally if cls is o.FatturaElettronica else SimpleTally

    def take(number: int, line: Any) -> None:
        tally = tallies.get(number)
        if tally is None:
            tally = tallies[number] = tally_class(number)
        tally.count((line,))

    def drop(_number: int, _attachment: Any) -> None: ...

    line_class: type = o.DettaglioLinee if cls is o.FatturaElettronica else s.DatiBeniServizi
    with localcontext(EXACT):
        try:
            fattura = stream_quick(cls, source, {line_class: take, o.Allegati: drop})
        except ValueError:  # a value that has the right shape and does not exist
            return None
        if fattura is None:
            return None
        for number, body in enumerate(fattura.fattura_elettronica_body, 1):
            tallies[number].close(body)
    return fattura, [tallies[number] for number in sorted(tallies)]


def _situation(fattura: Any, on: date, side: Side, known: Known | None, size: int) -> Situation:
    kind: Kind = "FSM10"
    if isinstance(fattura, o.FatturaElettronica):
        kind = "FPA12" if fattura.versione == "FPA12" else "FPR12"
    return Situation(kind, on, side, known or Known(), size)


def _wanted(verdicts: list[Verdict], without: frozenset[str]) -> list[Verdict]:
    if not without:
        return verdicts
    return [v for v in verdicts if v.severity == "error" or v.code not in without]


def _finding(verdict: Verdict, line: int | None) -> Finding:
    hit = verdict.hit
    return Finding(verdict.code, verdict.severity, hit.path, line, hit.message, hit.hint)


def _too_long(size: int, limit: int) -> Finding:
    error = safe_xml.too_long(size, limit)
    return Finding(error.code, "error", "", error.line, error.message, error.hint)
