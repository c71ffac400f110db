"""The content controls of SdI, one function a code, and what else is worth a warning.

`table` holds code, official text, formula, flow, days and source of every control; `explain` says each in the
words of an office; `own` lists our own remarks; `tally` counts the lines once for all; the other modules hold the
rules. Importing this package registers them all.
"""

from __future__ import annotations

from fattorino.core.fatturapa.rules import advice, advice_parties, amounts, documents, parties, rates
from fattorino.core.fatturapa.rules.case import Hit, Known, SentInvoice, Side, Situation, Verdict
from fattorino.core.fatturapa.rules.counting import MOST_PLACES
from fattorino.core.fatturapa.rules.engine import identities, run
from fattorino.core.fatturapa.rules.own import OPTIONAL, OWN, Own
from fattorino.core.fatturapa.rules.table import CONTROLS, Control
from fattorino.core.fatturapa.rules.tally import SimpleTally, Tally, tally_of

__all__ = [
    "CONTROLS",
    "MOST_PLACES",
    "OPTIONAL",
    "OWN",
    "Control",
    "Hit",
    "Known",
    "Own",
    "SentInvoice",
    "Side",
    "SimpleTally",
    "Situation",
    "Tally",
    "Verdict",
    "advice",
    "advice_parties",
    "amounts",
    "documents",
    "identities",
    "parties",
    "rates",
    "run",
    "tally_of",
]
