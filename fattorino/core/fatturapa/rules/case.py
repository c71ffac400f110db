"""What a rule is given and what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, Literal, TypeVar

from fattorino.core.fatturapa import ordinaria as o
from fattorino.core.fatturapa import semplificata as s
from fattorino.core.fatturapa.findings import Severity
from fattorino.core.fatturapa.rules.sides import Fattura, Sides
from fattorino.core.fatturapa.rules.table import Kind
from fattorino.core.fatturapa.rules.tally import AnyTally, SimpleTally, Tally

Side = Literal["emitter", "receiver"]


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
class More:
    """So many further places, which the rule does not list one by one."""

    count: int


Hits = Iterable[Hit | More]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A hit with the code and the severity of its rule."""

    code: str
    severity: Severity
    hit: Hit


F = TypeVar("F", bound=Fattura)
T = TypeVar("T", bound=AnyTally)


@dataclass(slots=True, eq=False)
class Case(Generic[F, T]):
    """One file before the rules."""

    fattura: F
    situation: Situation
    parties: Sides
    tallies: Sequence[T]

    @property
    def strict(self) -> bool:
        return self.situation.strict

    @property
    def on(self) -> date:
        return self.situation.on


OrdinaryCase = Case[o.FatturaElettronica, Tally]
SimpleCase = Case[s.FatturaElettronicaSemplificata, SimpleTally]
AnyCase = Case[Any, Any]
