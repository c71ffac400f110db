"""Typed objects to a file that the official schema accepts."""

from __future__ import annotations

from fattorino.core.errors import FormatError
from fattorino.core.fatturapa.format_check import Fattura, findings_of
from fattorino.core.texts import say, together
from fattorino.core.tracciati import emit
from fattorino.core.tracciati.quick_write import write_quick


def write_fattura(fattura: Fattura) -> bytes:
    """The XML file of an invoice: UTF-8 with declaration, only the root prefixed (``p:``), one element a line.

    Numbers keep the digits they have (``Decimal("1.50")`` is written 1.50), with zeros added up to the fewest
    decimals of the element; no digit is rounded away.

    Raises:
        FormatError: the invoice would not be accepted by the schema; `findings` say where (without lines).
    """
    quick = write_quick(fattura)
    if quick is not None:
        return quick
    data, problems = emit(fattura)
    if problems:
        findings = findings_of(problems)
        raise FormatError(
            together(say("La fattura non rispetta il tracciato."), findings[0].message),
            findings,
            findings[0].hint,
        )
    return data
