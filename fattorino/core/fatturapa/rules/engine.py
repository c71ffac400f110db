"""How a rule is written, registered and run.

A rule is a function that tells the places (`Hit`) that break the control whose code it is registered under. There are
two kinds: on a file (it gets the `Case`), and on one of its bodies (it gets the body's `Tally` too, in which
the lines have been counted already: no rule goes through them). Code, official text, formula, flow, days and source
of a control are in `table`, those of our own warnings in `own`; severity comes from there too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from fattorino.core.fatturapa.findings import Severity
from fattorino.core.fatturapa.rules.case import (
    AnyCase,
    Case,
    Hit,
    Hits,
    More,
    OrdinaryCase,
    SentInvoice,
    SimpleCase,
    Situation,
    Verdict,
)
from fattorino.core.fatturapa.rules.counting import MOST_PLACES, Mark
from fattorino.core.fatturapa.rules.own import OWN
from fattorino.core.fatturapa.rules.sides import Fattura, key, sides
from fattorino.core.fatturapa.rules.table import ALL, CONTROLS, ORDINARY, Kind, S
from fattorino.core.fatturapa.rules.tally import AnyTally, SimpleTally, Tally, counted
from fattorino.core.money import EXACT, italian
from fattorino.core.texts import say_many

# ------------------------------------------------------------------------------------ registration


class Rule(NamedTuple):
    """One registered function.

    `each_body`: called with every tally and the case, otherwise with the case alone. `types`: those of TipoDocumento
    that it is about, none for all. `needs`: features of the file or body without which it has nothing to say; it only
    spares calls.
    """

    code: str
    kinds: tuple[Kind, ...]
    each_body: bool
    needs: int
    types: frozenset[str]
    function: Callable[..., Hits]


# What a file has, beside the features of its bodies (tally): see Rule.needs. SAME: seller and buyer are one.
LOTTO, NO_VAT, FOREIGN_BUYER, SAME, PEC, HISTORY, LARGE, NO_VAT_REGIME = (1 << bit for bit in range(16, 24))
NO_VAT_REGIMES = ("RF19", "RF02")
# "5 MB" without a word on which: above this smaller reading 00003 is a warning.
SMALL_LIMIT = 5_000_000

RULES: list[Rule] = []
Function = TypeVar("Function", bound=Callable[..., Hits])


def _registering(
    code: str, kinds: tuple[Kind, ...], needs: int, each_body: bool, types: str = ""
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    if code not in CONTROLS and code not in OWN:
        raise ValueError(f"{code} is not in the table of controls")

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        RULES.append(Rule(code, kinds, each_body, needs, frozenset(types.split()), function))
        return function

    return register


OrdinaryRule = Callable[[OrdinaryCase], Hits]
SimpleRule = Callable[[SimpleCase], Hits]
AnyRule = Callable[[AnyCase], Hits]


def on_ordinary(code: str, needs: int = 0) -> Callable[[OrdinaryRule], OrdinaryRule]:
    """Register a rule on ordinary files under SdI's code, or one of our own (`own`)."""
    return _registering(code, ORDINARY, needs, each_body=False)


def on_simplified(code: str, needs: int = 0) -> Callable[[SimpleRule], SimpleRule]:
    return _registering(code, (S,), needs, each_body=False)


def on_any(code: str, needs: int = 0) -> Callable[[AnyRule], AnyRule]:
    """On the files of either kind."""
    return _registering(code, ALL, needs, each_body=False)


OrdinaryBodyRule = Callable[[Tally, OrdinaryCase], Hits]
SimpleBodyRule = Callable[[SimpleTally, SimpleCase], Hits]
AnyBodyRule = Callable[[AnyTally, AnyCase], Hits]


def ordinary_body(
    code: str, needs: int = 0, types: str = ""
) -> Callable[[OrdinaryBodyRule], OrdinaryBodyRule]:
    """Register a rule on each body of an ordinary file."""
    return _registering(code, ORDINARY, needs, each_body=True, types=types)


def simplified_body(code: str, needs: int = 0, types: str = "") -> Callable[[SimpleBodyRule], SimpleBodyRule]:
    return _registering(code, (S,), needs, each_body=True, types=types)


def any_body(code: str, needs: int = 0, types: str = "") -> Callable[[AnyBodyRule], AnyBodyRule]:
    return _registering(code, ALL, needs, each_body=True, types=types)


# ------------------------------------------------------------------------------------ running


Chosen = tuple[tuple[str, Severity, Callable[..., Hits]], ...]


@lru_cache(maxsize=64)
def in_force(kind: Kind, on: date) -> tuple[tuple[Rule, Severity], ...]:
    """The rules for a flow and a day. Rules are registered at import, so this never changes."""
    chosen: list[tuple[Rule, Severity]] = []
    for rule in RULES:
        control = CONTROLS.get(rule.code)
        kinds = OWN[rule.code].kinds if control is None else control.kinds
        if kind in rule.kinds and kind in kinds and (control is None or control.in_force(on)):
            chosen.append((rule, "warning" if control is None else control.severity))
    return tuple(chosen)


@lru_cache(maxsize=1024)
def _on_file(kind: Kind, on: date, features: int) -> Chosen:
    """Of the rules in force those on a file with these features."""
    return tuple(
        (rule.code, severity, rule.function)
        for rule, severity in in_force(kind, on)
        if not rule.each_body and not rule.needs & ~features
    )


@lru_cache(maxsize=4096)
def _on_body(kind: Kind, on: date, features: int, tipo_documento: str) -> Chosen:
    """Of the rules in force those on a body with these features (its own and the file's) and this type."""
    return tuple(
        (rule.code, severity, rule.function)
        for rule, severity in in_force(kind, on)
        if rule.each_body and not rule.needs & ~features and (not rule.types or tipo_documento in rule.types)
    )


def run(fattura: Fattura, situation: Situation, tallies: Sequence[AnyTally] | None = None) -> list[Verdict]:
    """Every hit of every rule in force for this flow and day: on the file, then body by body.

    Of one code at most `MOST_PLACES` places are listed; one more verdict tells how many there are besides.

    Args:
        tallies: one for each body, where the lines were counted before (they may be gone from `fattura`).
    """
    kind, on = situation.kind, situation.on
    found = _Found()
    with localcontext(EXACT):
        if tallies is None:
            bodies = enumerate(fattura.fattura_elettronica_body, 1)
            tallies = tuple(counted(number, body) for number, body in bodies)
        case: AnyCase = Case(fattura, situation, sides(fattura), tallies)
        features = _features(case)
        for code, severity, rule in _on_file(kind, on, features):
            if hits := rule(case):
                found.take(code, severity, hits)
        for tally in tallies:
            tipo = tally.general.tipo_documento
            for code, severity, rule in _on_body(kind, on, features | tally.features, tipo):
                if hits := rule(tally, case):
                    found.take(code, severity, hits)
    return found.verdicts()


def _features(case: AnyCase) -> int:
    parties, known = case.parties, case.situation.known
    seller, buyer = parties.seller, parties.buyer
    features = LOTTO if len(case.tallies) > 1 else 0
    if buyer is None:
        features |= NO_VAT
    else:
        if buyer.id_paese != "IT":
            features |= FOREIGN_BUYER
        if buyer.id_codice == seller.id_codice and buyer.id_paese == seller.id_paese:
            features |= SAME
    if case.fattura.fattura_elettronica_header.dati_trasmissione.pec_destinatario is not None:
        features |= PEC
    if known.invoices or known.file_name:
        features |= HISTORY
    if case.situation.size > SMALL_LIMIT:
        features |= LARGE
    if parties.regime in NO_VAT_REGIMES:
        features |= NO_VAT_REGIME
    return features


class _Found:
    """Verdicts so far, of one code at most `MOST_PLACES`."""

    __slots__ = ("_listed", "_more", "_verdicts")

    def __init__(self) -> None:
        self._verdicts: list[Verdict] = []
        self._listed: dict[str, int] = {}
        self._more: dict[str, tuple[Severity, int]] = {}

    def take(self, code: str, severity: Severity, hits: Hits) -> None:
        listed, more = self._listed.get(code, 0), 0
        for hit in hits:
            if isinstance(hit, More):
                more += hit.count
            elif listed == MOST_PLACES:
                more += 1
            else:
                listed += 1
                self._verdicts.append(Verdict(code, "warning" if hit.doubtful else severity, hit))
        self._listed[code] = listed
        if more:
            self._more[code] = (severity, self._more.get(code, (severity, 0))[1] + more)

    def verdicts(self) -> list[Verdict]:
        for code, (severity, more) in self._more.items():
            text = say_many(
                "Nel file un altro punto ha lo stesso difetto dei {listed} elencati.",
                "Nel file altri {number} punti hanno lo stesso difetto dei {listed} elencati.",
                more,
                listed=self._listed[code],
            )
            self._verdicts.append(Verdict(code, severity, Hit("", text)))
        return self._verdicts


# ------------------------------------------------------------------------------------ what rules say in common


def each(
    tally: Any, mark: Mark, tell: Callable[[str, Any], Hit], *, block: str = "DatiBeniServizi/DettaglioLinee"
) -> Hits:
    """A hit for each line with a mark; `tell` gets its path and the line."""
    if mark not in tally.marked:
        return ()
    return _each(tally, mark, tell, block)


def _each(tally: Any, mark: Mark, tell: Callable[[str, Any], Hit], block: str) -> Iterator[Hit | More]:
    places = tally.places(mark)
    for number, item in places:
        yield tell(f"{tally.path}/{block}[{number}]", item)
    if places.unlisted:
        yield More(places.unlisted)


def identities(fattura: Fattura) -> tuple[SentInvoice, ...]:
    """The invoices of a file as `Known` wants them: keep these, or look them up before a check.

    Blanks around a number do not make another number: a person would take the two for the same.
    """
    cedente = key(sides(fattura).seller)
    generals = (body.dati_generali.dati_generali_documento for body in fattura.fattura_elettronica_body)
    return tuple(SentInvoice(cedente, g.numero.strip(), g.data, g.tipo_documento) for g in generals)


def document_path(tally: AnyTally) -> str:
    return f"{tally.path}/DatiGenerali/DatiGeneraliDocumento"


def line_path(tally: Tally, number: int) -> str:
    return f"{tally.path}/DatiBeniServizi/DettaglioLinee[{number}]"


def cassa_path(tally: Tally, number: int) -> str:
    return f"{document_path(tally)}/DatiCassaPrevidenziale[{number}]"


def riepilogo_path(tally: Tally, number: int) -> str:
    return f"{tally.path}/DatiBeniServizi/DatiRiepilogo[{number}]"


def rate_text(rate: Decimal) -> str:
    """ "22,00 %" """
    return f"{italian(rate)} %"


def day_text(day: date) -> str:
    return f"{day:%d/%m/%Y}"
