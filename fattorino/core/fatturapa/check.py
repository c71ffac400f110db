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
        places = _Places(examination.root)
        findings = [
            Finding(
                verdict.code,
                verdict.severity,
                verdict.hit.path,
                places.line(verdict.hit.path),
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


class _Places:
    """Lines of paths. A file may break a rule at every one of its lines, so each block is gone through once."""

    def __init__(self, root: etree._Element) -> None:
        self._found: dict[str, etree._Element] = {"": root}
        self._children: dict[tuple[str, str], list[etree._Element]] = {}

    def line(self, path: str) -> int | None:
        """The line of the element, or of the nearest one above it that is there; None for the whole file."""
        while path and self._element(path) is None:
            path = path.rpartition("/")[0]
        return line_of(self._found[path]) if path else None

    def _element(self, path: str) -> etree._Element | None:
        if path in self._found:
            return self._found[path]
        above, _, step = path.rpartition("/")
        parent = self._element(above)
        if parent is None:
            return None
        name, _, index = step.rstrip("]").partition("[")
        key = (above, name)
        if key not in self._children:
            self._children[key] = parent.findall(name)
        place = int(index or 1) - 1
        if place >= len(self._children[key]):
            return None
        return self._found.setdefault(path, self._children[key][place])
