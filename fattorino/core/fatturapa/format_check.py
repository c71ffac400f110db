"""The format of an invoice: accepted exactly when the official schema accepts it (SdI's 00200 and 00201).

Known differences from the schema as libxml2 applies it, all on purpose and, save for the years, as SdI's parser:
a date with blanks around it is fine (white space of xs:date collapses); xsi:schemaLocation must hold pairs;
base64 may hold nothing but base64; an xmlns that is no URI is fine (so for SdI, whose parser does not ask);
a date is in the years 1-9999 (ours: the schema admits more, but we could not read it);
a day of 1970 with a time zone that may or may not be in 1969 does not reach 1/1/1970 (part 2, 3.2.7.4);
the content of ds:Signature is not looked at here but by the signature check.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lxml import etree

from fattorino.core import xml as safe_xml
from fattorino.core.errors import XmlError
from fattorino.core.fatturapa.findings import Finding
from fattorino.core.fatturapa.ordinaria import FatturaElettronica
from fattorino.core.fatturapa.semplificata import FatturaElettronicaSemplificata
from fattorino.core.texts import say
from fattorino.core.tracciati import Outcome, Problem, walk
from fattorino.core.tracciati.quick import read_quick
from fattorino.core.tracciati.walk import line_of

Fattura = FatturaElettronica | FatturaElettronicaSemplificata
MOST_FORMAT_ERRORS = 50  # Elenco dei controlli 2.0, 00201
DOCUMENTS: dict[str, type] = {
    "FatturaElettronica": FatturaElettronica,
    "FatturaElettronicaSemplificata": FatturaElettronicaSemplificata,
}
_ROOT = re.compile(rb"<[A-Za-z0-9._-]+:(FatturaElettronica(?:Semplificata)?)[ \t\r\n]")
_HEAD = 4096  # bytes in which a plain document has its root


@dataclass(frozen=True)
class Examination:
    """All that one look at a file tells.

    Attributes:
        findings: format errors (00200, 00201; 00003 and 00106 for a file that cannot be parsed), by line.
        fattura: the typed invoice; None where the file cannot be read as one. It may be there although there
            are findings (a code of an older version, a text too long).
        unreadable: why there is no `fattura`, in Italian; "" when there is one.
        tolerated: what was read over, in Italian.
        xml: the file.
        refused: why the file is no XML; None when it is.
    """

    findings: tuple[Finding, ...]
    fattura: Any
    unreadable: str
    tolerated: tuple[str, ...]
    xml: bytes
    refused: XmlError | None = None

    @cached_property
    def root(self) -> etree._Element | None:
        """The tree, parsed when it is first asked for; None when the file is not XML."""
        return None if self.refused else safe_xml.parse(self.xml, limit=len(self.xml))


class _Expense:
    """Whether the quick way pays already. Compiling its expressions costs 0.1 s once, which a process that looks at a
    few small files never earns back; both ways read to equal objects, so only time hangs on the answer."""

    SMALL = 16_384  # bytes; what is larger earns enough by itself
    PATIENCE = 65_536  # bytes of small files that go the long way first

    def __init__(self) -> None:
        self.seen = 0

    def pays(self, size: int) -> bool:
        if self.seen > self.PATIENCE or size > self.SMALL:
            return True
        self.seen += size
        return False


_QUICK = _Expense()


def format_check(xml: bytes, *, limit: int = safe_xml.LIMIT) -> list[Finding]:
    """Format errors of the file, by line; empty when the official schema accepts it. Never raises."""
    return list(examine(xml, limit=limit).findings)


def examine(xml: bytes, *, limit: int = safe_xml.LIMIT) -> Examination:
    """Read and check the format in one go. Never raises; `limit` in bytes."""
    if len(xml) <= limit and _QUICK.pays(len(xml)) and (kind := _ROOT.search(xml, 0, _HEAD)):
        fattura = read_quick(DOCUMENTS[kind[1].decode("ascii")], xml)
        if fattura is not None:
            return Examination((), fattura, "", safe_xml.remarks(xml), xml)
    return _examine_tree(xml, limit)


def _examine_tree(xml: bytes, limit: int) -> Examination:
    """The long way, which alone refuses, tolerates and explains."""
    try:
        parsed = safe_xml.read(xml, limit=limit)
    except XmlError as error:
        finding = Finding(error.code, "error", "", error.line, error.message, error.hint)
        return Examination((finding,), None, error.text, (), xml, error)
    name = safe_xml.name_of(parsed.root).localname
    cls = DOCUMENTS.get(name)
    if cls is None:
        finding = _not_an_invoice(parsed.root, name)
        examination = Examination((finding,), None, finding.message, parsed.tolerated, xml)
    else:
        outcome = walk(parsed.root, cls)
        findings = findings_of(outcome.problems)
        unreadable = "" if outcome.value is not None else _why(outcome)
        tolerated = (*parsed.tolerated, *outcome.tolerated)
        examination = Examination(findings, outcome.value, unreadable, tolerated, xml)
    examination.__dict__["root"] = parsed.root  # it is there: `root` need not parse again
    return examination


def findings_of(problems: tuple[Problem, ...]) -> tuple[Finding, ...]:
    """Problems as findings 00200 by line; of more than 50 the first 50 and a 00201."""
    findings = sorted(Finding("00200", "error", p.path, p.line, p.message, p.hint) for p in problems)
    if len(findings) <= MOST_FORMAT_ERRORS:
        return tuple(findings)
    more = Finding(
        "00201",
        "error",
        "",
        findings[MOST_FORMAT_ERRORS].line,
        say(
            "Il file ha più di {most} errori di formato: gli altri non sono elencati.",
            most=MOST_FORMAT_ERRORS,
        ),
        say("Controllare il programma che ha prodotto il file."),
    )
    return (*findings[:MOST_FORMAT_ERRORS], more)


def _not_an_invoice(root: etree._Element, name: str) -> Finding:
    ordinary, simplified = DOCUMENTS
    return Finding(
        "00200",
        "error",
        "",
        line_of(root),
        say("Il file non è una fattura elettronica: l'elemento radice è <{name}>.", name=name[:60]),
        say(
            "L'elemento radice deve essere <{ordinary}> o <{simplified}>.",
            ordinary=ordinary,
            simplified=simplified,
        ),
    )


def _why(outcome: Outcome) -> str:
    fatal = next((p for p in outcome.problems if p.fatal), None)
    return fatal.message if fatal else say("Il file ha troppi errori di formato.")
