"""FatturaPA: read, write and check electronic invoices. Pure: bytes and objects in, objects and bytes out.

The names are loaded when first asked for: who writes invoices need not wait for the rules of their check.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fattorino.core.fatturapa.checking import Known, check
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

# No module may have the name of what is in it: once loaded, it would stand in its place.
_HOMES = {
    "FatturaElettronica": "ordinaria",
    "FatturaElettronicaSemplificata": "semplificata",
    "Finding": "findings",
    "Known": "checking",
    "Reading": "reading",
    "check": "checking",
    "read_fattura": "reading",
    "write_fattura": "writing",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
