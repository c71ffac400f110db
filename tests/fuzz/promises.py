"""How a fuzzer says that something promised does not hold."""

from __future__ import annotations

import json
from dataclasses import asdict

from fattorino.core.errors import FattorinoError
from fattorino.core.fatturapa.findings import Finding

# Texts of findings and errors go to screens, mails and logs: none may carry a whole hostile value.
LONGEST_TEXT = 1500


class Broken(AssertionError):
    """A promise that did not hold; the text says which."""


def insist(holds: object, promise: str) -> None:
    """Unlike `assert` it also holds where Python is told to leave assertions out. Raises Broken."""
    if not holds:
        raise Broken(promise)


def told(error: FattorinoError) -> None:
    """An error that somebody will read."""
    readable(error.message, "message of an error")
    readable(error.hint or "-", "hint of an error")


def sound(finding: Finding) -> None:
    insist(finding.severity in ("error", "warning"), "severity is error or warning")
    insist(finding.code, "a finding has a code")
    insist(finding.line is None or finding.line >= 1, "lines count from 1")
    readable(finding.message, "message of a finding")
    readable(finding.hint or "-", "hint of a finding")
    json.dumps(asdict(finding), ensure_ascii=False).encode("utf-8")


def readable(text: str, what: str) -> None:
    insist(text, f"{what} is not empty")
    insist(len(text) <= LONGEST_TEXT, f"{what} is short: {len(text)} characters")
    text.encode("utf-8")  # no half of a surrogate pair
