"""FatturaPA: read, write and check electronic invoices. Pure: bytes and objects in, objects and bytes out."""

from __future__ import annotations

# At once and not on demand: loaded later, the module `check` would take the place of the function of that name.
from fattorino.core.fatturapa.check import Known, check
from fattorino.core.fatturapa.findings import Finding
from fattorino.core.fatturapa.ordinaria import FatturaElettronica
from fattorino.core.fatturapa.reading import Reading, read_fattura
from fattorino.core.fatturapa.semplificata import FatturaElettronicaSemplificata
from fattorino.core.fatturapa.writing import write_fattura

__all__ = [
    "FatturaElettronica",
    "FatturaElettronicaSemplificata",
    "Finding",
    "Known",
    "Reading",
    "check",
    "read_fattura",
    "write_fattura",
]
