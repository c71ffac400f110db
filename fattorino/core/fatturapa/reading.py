"""A file to typed objects, as tolerant as SdI's deliveries require and no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lxml import etree

from fattorino.core import xml as safe_xml
from fattorino.core.errors import FormatError
from fattorino.core.fatturapa.format_check import Examination, Fattura, examine
from fattorino.core.fatturapa.ordinaria import FatturaElettronica
from fattorino.core.texts import say, together

Format = Literal["FPA12", "FPR12", "FSM10"]


@dataclass(frozen=True, slots=True)
class Reading:
    """An invoice as it was read.

    Attributes:
        fattura: the typed invoice.
        format: from the attribute `versione`.
        tolerated: what is not as the schema wants it but could be read without doubt, in Italian, one sentence
            each: blanks around dates and numbers, elements out of order, codes that are not in force.
    """

    fattura: Fattura
    format: Format
    tolerated: tuple[str, ...]
    _examination: Examination

    @property
    def root(self) -> etree._Element:
        """The tree, without comments; parsed when it is first asked for."""
        root = self._examination.root
        assert root is not None
        return root


def read_fattura(xml: bytes, *, limit: int = safe_xml.LIMIT) -> Reading:
    """Read an ordinary or simplified invoice.

    Args:
        xml: the file out of its envelope (`core.fatturapa.envelope.unwrap`).
        limit: largest size in bytes.

    Raises:
        XmlError: not XML, a DOCTYPE, too large.
        FormatError: XML, but no invoice, or one from which something obligatory or unknown makes it impossible to
            build a whole and faithful object; `findings` hold the format errors.
    """
    examination = examine(xml, limit=limit)
    if examination.refused:
        raise examination.refused
    if examination.fattura is None:
        raise _format_error(examination, examination.unreadable)
    kind = _format(examination)
    tolerated = examination.tolerated + tuple(
        say("Riga {line}: {message}", line=finding.line, message=finding.message)
        if finding.line
        else finding.message
        for finding in examination.findings
    )
    return Reading(examination.fattura, kind, tolerated, examination)


def _format(examination: Examination) -> Format:
    fattura: Fattura = examination.fattura
    if not isinstance(fattura, FatturaElettronica):
        return "FSM10"
    if fattura.versione == "FPA12":
        return "FPA12"
    if fattura.versione == "FPR12":
        return "FPR12"
    raise _format_error(
        examination,
        say(
            "La versione «{versione}» della fattura non è più ammessa né letta.",
            versione=fattura.versione[:20],
        ),
    )


def _format_error(examination: Examination, why: str) -> FormatError:
    return FormatError(
        together(say("Il file non si può leggere come fattura elettronica."), why),
        examination.findings,
        say("Chiedere un nuovo file a chi lo ha prodotto."),
    )
