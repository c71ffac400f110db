"""Record formats of the tax authority: each declared once, then read, written and checked from that."""

from fattorino.core.tracciati.codelists import Code, CodeList
from fattorino.core.tracciati.declaration import A, Choice, E, Field, Record, Root, record_of
from fattorino.core.tracciati.emit import emit
from fattorino.core.tracciati.walk import Outcome, Problem, walk

__all__ = [
    "A",
    "Choice",
    "Code",
    "CodeList",
    "E",
    "Field",
    "Outcome",
    "Problem",
    "Record",
    "Root",
    "emit",
    "record_of",
    "walk",
]
