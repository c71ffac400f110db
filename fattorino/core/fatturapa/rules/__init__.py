"""The content controls of SdI, one function a code, and what else is worth a warning.

`table` holds code, official text, formula, flow, days and source of every control; `explain` says each in the
words of an office; the other modules hold the rules. Importing this package registers them all.
"""

from __future__ import annotations

from fattorino.core.fatturapa.rules import advice, amounts, documents, parties, rates
from fattorino.core.fatturapa.rules.engine import (
    Hit,
    Known,
    SentInvoice,
    Side,
    Situation,
    Verdict,
    identities,
    run,
)
from fattorino.core.fatturapa.rules.table import CONTROLS, Control

__all__ = [
    "CONTROLS",
    "Control",
    "Hit",
    "Known",
    "SentInvoice",
    "Side",
    "Situation",
    "Verdict",
    "advice",
    "amounts",
    "documents",
    "identities",
    "parties",
    "rates",
    "run",
]
