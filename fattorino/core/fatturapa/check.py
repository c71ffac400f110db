"""Everything that can be said about a file before SdI says it: format, content rules, warnings."""

from __future__ import annotations

from datetime import date

from lxml import etree

from fattorino.core.fatturapa.findings import Finding
from fattorino.core.fatturapa.format_check import examine
from fattorino.core.fatturapa.ordinaria import FatturaElettronica
from fattorino.core.fatturapa.rules import Known, SentInvoice, Side, Situation, identities, run
from fattorino.core.fatturapa.rules.table import Kind
from fattorino.core.tracciati.walk import line_of

__all__ = ["Known", "SentInvoice", "Side", "check", "identities"]


def check(xml: bytes, *, on: date, known: Known | None = None, side: Side = "emitter") -> list[Finding]:
    """All findings of an invoice file out of its envelope, by line.

    As SdI does, a file that breaks the format is not looked at any further.

    Args:
        on: the day on which SdI receives the file; the rules in force on it are applied.
        known: names and invoices sent before, for 00002 and 00404; without it those cannot be found.
        side: "emitter" keeps the stricter of two disagreeing official texts, "receiver" the more lenient.
    Never raises, whatever the bytes.
    """
    examination = examine(xml)
    findings = list(examination.findings)
    if not findings and examination.fattura is not None and examination.root is not None:
        fattura = examination.fattura
        situation = Situation(_kind(fattura), on, side, known or Known(), len(xml))
        findings = [
            Finding(
                verdict.code,
                verdict.severity,
                verdict.hit.path,
                _line(examination.root, verdict.hit.path),
                verdict.hit.message,
                verdict.hit.hint,
            )
            for verdict in run(fattura, situation)
        ]
    return sorted(findings)


def _kind(fattura: object) -> Kind:
    if not isinstance(fattura, FatturaElettronica):
        return "FSM10"
    return "FPA12" if fattura.versione == "FPA12" else "FPR12"


def _line(root: etree._Element, path: str) -> int | None:
    """The line of the element, or of the nearest one above it that is there."""
    steps = path.strip("/")
    while steps:
        found = root.find(steps)
        if found is not None:
            return line_of(found)
        steps = steps.rpartition("/")[0]
    return None
