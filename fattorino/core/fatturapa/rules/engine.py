"""How a rule is written, registered and run.

A rule is a generator over one invoice: it yields a `Hit` for each place that breaks the control whose code it is
registered under. Code, official text, flow and days are in `table`; severity comes from there too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from fattorino.core.fatturapa import ordinaria as o
from fattorino.core.fatturapa import semplificata as s
from fattorino.core.fatturapa.findings import Severity
from fattorino.core.fatturapa.rules.table import CONTROLS, Kind
from fattorino.core.money import italian

Side = Literal["emitter", "receiver"]
Fattura = o.FatturaElettronica | s.FatturaElettronicaSemplificata


@dataclass(frozen=True, slots=True)
class SentInvoice:
    """What tells one invoice from another (00404): seller "IT01234567897", number, date, type of document."""

    cedente: str
    numero: str
    data: date
    tipo_documento: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the file: its own name, the names used before, the invoices SdI has not refused.

    `used_names` are names without extension and compared without regard to case, which is how SdI sees them on
    most systems; `invoices` may be only those with the numbers in question (`identities` tells which).
    """

    file_name: str = ""
    used_names: frozenset[str] = frozenset()
    invoices: tuple[SentInvoice, ...] = ()


@dataclass(frozen=True, slots=True)
class Situation:
    """Where and when an invoice is judged. `on`: the day of reception by SdI. `size`: bytes of the file.

    `side`: where two official texts disagree, the emitter keeps the stricter reading and a receiver (the
    simulator) refuses only what breaks the more lenient one.
    """

    kind: Kind
    on: date
    side: Side = "emitter"
    known: Known = field(default_factory=Known)
    size: int = 0

    @property
    def strict(self) -> bool:
        return self.side == "emitter"


@dataclass(frozen=True, slots=True)
class Hit:
    """One place that breaks a rule; path as in `Finding`."""

    path: str
    message: str
    hint: str = ""
    doubtful: bool = False
    """Only a warning here, although the control as a whole is a certain refusal."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A hit with the code and the severity of its rule."""

    code: str
    severity: Severity
    hit: Hit


OrdinaryRule = Callable[[o.FatturaElettronica, Situation], Iterator[Hit]]
SimplifiedRule = Callable[[s.FatturaElettronicaSemplificata, Situation], Iterator[Hit]]
AnyRule = Callable[[Fattura, Situation], Iterator[Hit]]

ORDINARY_RULES: list[tuple[str, OrdinaryRule]] = []
SIMPLIFIED_RULES: list[tuple[str, SimplifiedRule]] = []


def ordinary(code: str) -> Callable[[OrdinaryRule], OrdinaryRule]:
    """Register a rule on ordinary invoices under SdI's code, or under a name of our own ("avviso-...")."""

    _require_known(code)

    def register(rule: OrdinaryRule) -> OrdinaryRule:
        ORDINARY_RULES.append((code, rule))
        return rule

    return register


def simplified(code: str) -> Callable[[SimplifiedRule], SimplifiedRule]:
    """The same on simplified invoices."""

    _require_known(code)

    def register(rule: SimplifiedRule) -> SimplifiedRule:
        SIMPLIFIED_RULES.append((code, rule))
        return rule

    return register


def both(code: str) -> Callable[[AnyRule], AnyRule]:
    """The same on either kind of invoice."""

    def register(rule: AnyRule) -> AnyRule:
        ordinary(code)(rule)
        simplified(code)(rule)
        return rule

    return register


def _require_known(code: str) -> None:
    if code not in CONTROLS and not code.startswith("avviso-"):
        raise ValueError(f"{code} is not in the table of controls")


def run(fattura: Fattura, situation: Situation) -> list[Verdict]:
    """Every hit of every rule in force for this flow and day, in the order of registration."""
    found: list[Verdict] = []
    if isinstance(fattura, o.FatturaElettronica):
        for code, rule in ORDINARY_RULES:
            if _applies(code, situation):
                found.extend(_verdicts(code, rule(fattura, situation)))
    else:
        for code, simple in SIMPLIFIED_RULES:
            if _applies(code, situation):
                found.extend(_verdicts(code, simple(fattura, situation)))
    return found


def _applies(code: str, situation: Situation) -> bool:
    control = CONTROLS.get(code)
    return control is None or (situation.kind in control.kinds and control.in_force(situation.on))


def _verdicts(code: str, hits: Iterable[Hit]) -> Iterator[Verdict]:
    control = CONTROLS.get(code)
    severity: Severity = "warning" if control is None else control.severity
    return (Verdict(code, "warning" if hit.doubtful else severity, hit) for hit in hits)


# ------------------------------------------------------------------- what rules say in common

HEADER = "/FatturaElettronicaHeader"


def bodies(fattura: o.FatturaElettronica) -> Iterator[tuple[str, o.FatturaElettronicaBody]]:
    """Each body with its path."""
    for number, body in enumerate(fattura.fattura_elettronica_body, 1):
        yield f"/FatturaElettronicaBody[{number}]", body


def simple_bodies(
    fattura: s.FatturaElettronicaSemplificata,
) -> Iterator[tuple[str, s.FatturaElettronicaBody]]:
    for number, body in enumerate(fattura.fattura_elettronica_body, 1):
        yield f"/FatturaElettronicaBody[{number}]", body


def document(body: o.FatturaElettronicaBody) -> o.DatiGeneraliDocumento:
    return body.dati_generali.dati_generali_documento


def lines(path: str, body: o.FatturaElettronicaBody) -> Iterator[tuple[str, o.DettaglioLinee]]:
    for number, line in enumerate(body.dati_beni_servizi.dettaglio_linee, 1):
        yield f"{path}/DatiBeniServizi/DettaglioLinee[{number}]", line


def riepiloghi(path: str, body: o.FatturaElettronicaBody) -> Iterator[tuple[str, o.DatiRiepilogo]]:
    for number, block in enumerate(body.dati_beni_servizi.dati_riepilogo, 1):
        yield f"{path}/DatiBeniServizi/DatiRiepilogo[{number}]", block


def casse(path: str, body: o.FatturaElettronicaBody) -> Iterator[tuple[str, o.DatiCassaPrevidenziale]]:
    for number, block in enumerate(document(body).dati_cassa_previdenziale, 1):
        yield f"{path}/DatiGenerali/DatiGeneraliDocumento/DatiCassaPrevidenziale[{number}]", block


Taxed = o.DettaglioLinee | o.DatiCassaPrevidenziale | o.DatiRiepilogo


def charged(path: str, body: o.FatturaElettronicaBody) -> Iterator[tuple[str, Taxed]]:
    """Lines and casse: what the riepiloghi sum up."""
    yield from lines(path, body)
    yield from casse(path, body)


def taxed(path: str, body: o.FatturaElettronicaBody) -> Iterator[tuple[str, Taxed]]:
    """Everything with a rate and a Natura: lines, casse, riepiloghi."""
    yield from charged(path, body)
    yield from riepiloghi(path, body)


def document_path(path: str) -> str:
    return f"{path}/DatiGenerali/DatiGeneraliDocumento"


def rate_text(rate: Decimal) -> str:
    """ "22,00 %" """
    return f"{italian(rate)} %"


def day_text(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def identities(fattura: Fattura) -> tuple[SentInvoice, ...]:
    """The invoices of a file as `Known` wants them: keep these, or look them up before a check."""
    seller = fattura.fattura_elettronica_header.cedente_prestatore
    block = seller.dati_anagrafici if isinstance(seller, o.CedentePrestatore) else seller
    cedente = f"{block.id_fiscale_iva.id_paese}{block.id_fiscale_iva.id_codice}"
    found = []
    for body in fattura.fattura_elettronica_body:
        data = body.dati_generali.dati_generali_documento
        found.append(SentInvoice(cedente, data.numero, data.data, data.tipo_documento))
    return tuple(found)
