"""Rates and Natura: 00400 00401 00413 00414 00419 00420 00424 00429 00430 00443 00444 00445 00474."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from fattorino.core.fatturapa.ordinaria import DettaglioLinee
from fattorino.core.fatturapa.rules.case import Hit, Hits, OrdinaryCase, SimpleCase
from fattorino.core.fatturapa.rules.counting import (
    CASSE,
    GENERIC_NATURE,
    LOW_RATES,
    MARKED,
    NATURES,
    SPLIT,
    Uses,
)
from fattorino.core.fatturapa.rules.engine import (
    cassa_path,
    each,
    line_path,
    ordinary_body,
    rate_text,
    riepilogo_path,
    simplified_body,
)
from fattorino.core.fatturapa.rules.table import V1_7_1, V1_8
from fattorino.core.fatturapa.rules.tally import SimpleTally, Tally
from fattorino.core.texts import say

END_OF_GENERIC = date(2021, 1, 1)

_NEED_NATURA = say("Indicare la Natura, cioè il motivo per cui l'IVA non c'è, oppure l'aliquota giusta.")
_NO_NATURA = say("Togliere la Natura, oppure mettere l'aliquota a zero.")


def _natura_allowed_beside_a_rate(tally: Tally, case: OrdinaryCase) -> bool:
    """TD16 may show the Natura of the received invoice beside the rate (since version 1.7.1)."""
    return tally.general.tipo_documento == "TD16" and case.on >= V1_7_1


@ordinary_body("00400", needs=MARKED)
def natura_missing_on_a_line(tally: Tally, _: OrdinaryCase) -> Hits:
    return each(
        tally,
        "zero rate without Natura",
        lambda here, line: Hit(
            f"{here}/Natura",
            say("La linea {line} ha aliquota IVA zero ma non ha la Natura.", line=line.numero_linea),
            _NEED_NATURA,
        ),
    )


@ordinary_body("00401", needs=MARKED)
def natura_beside_a_rate_on_a_line(tally: Tally, case: OrdinaryCase) -> Hits:
    """Line with a rate and a Natura, except in TD16 since 1/10/2022."""
    if _natura_allowed_beside_a_rate(tally, case):
        return ()
    return each(
        tally,
        "Natura beside a rate",
        lambda here, line: Hit(
            f"{here}/Natura",
            say(
                "La linea {line} ha aliquota {aliquota_iva} e anche la Natura {natura}.",
                line=line.numero_linea,
                aliquota_iva=rate_text(line.aliquota_iva),
                natura=line.natura,
            ),
            _NO_NATURA,
        ),
    )


@ordinary_body("00413", needs=CASSE)
def natura_missing_on_a_cassa(tally: Tally, _: OrdinaryCase) -> Iterator[Hit]:
    for number, cassa in enumerate(tally.casse, 1):
        if cassa.natura is None and cassa.aliquota_iva == 0:
            yield Hit(
                f"{cassa_path(tally, number)}/Natura",
                say(
                    "La cassa {tipo_cassa} ha aliquota IVA zero ma non ha la Natura.",
                    tipo_cassa=cassa.tipo_cassa,
                ),
                _NEED_NATURA,
            )


@ordinary_body("00414", needs=CASSE | NATURES)
def natura_beside_a_rate_on_a_cassa(tally: Tally, _: OrdinaryCase) -> Iterator[Hit]:
    """No exception for TD16 is known here."""
    for number, cassa in enumerate(tally.casse, 1):
        if cassa.natura is not None and cassa.aliquota_iva != 0:
            yield Hit(
                f"{cassa_path(tally, number)}/Natura",
                say(
                    "La cassa {tipo_cassa} ha aliquota IVA {aliquota_iva} e anche la Natura {natura}.",
                    tipo_cassa=cassa.tipo_cassa,
                    aliquota_iva=rate_text(cassa.aliquota_iva),
                    natura=cassa.natura,
                ),
                _NO_NATURA,
            )


@ordinary_body("00429")
def natura_missing_in_a_riepilogo(tally: Tally, _: OrdinaryCase) -> Iterator[Hit]:
    for number, block in enumerate(tally.riepiloghi, 1):
        if block.natura is None and block.aliquota_iva == 0:
            here = riepilogo_path(tally, number)
            yield Hit(f"{here}/Natura", say("Il riepilogo ad aliquota zero non ha la Natura."), _NEED_NATURA)


@ordinary_body("00430", needs=NATURES)
def natura_beside_a_rate_in_a_riepilogo(tally: Tally, case: OrdinaryCase) -> Iterator[Hit]:
    """Riepilogo with a rate and a Natura, except in TD16 since 1/10/2022."""
    for number, block in enumerate(tally.riepiloghi, 1):
        if block.natura is None or block.aliquota_iva == 0 or _natura_allowed_beside_a_rate(tally, case):
            continue
        yield Hit(
            f"{riepilogo_path(tally, number)}/Natura",
            say(
                "Il riepilogo al {aliquota_iva} ha anche la Natura {natura}.",
                aliquota_iva=rate_text(block.aliquota_iva),
                natura=block.natura,
            ),
            _NO_NATURA,
        )


@ordinary_body("00419")
def fewer_riepiloghi_than_rates(tally: Tally, _: OrdinaryCase) -> Iterator[Hit]:
    """A pure count: blocks against distinct rates of lines and casse."""
    blocks = len(tally.riepiloghi)
    if blocks >= len(tally.rates):
        return
    rates = sorted(rate for rate, sums in tally.rates.items() if sums.charged)
    if blocks < len(rates):
        shown = ", ".join(rate_text(r) for r in rates[:20]) + (" ..." if len(rates) > 20 else "")
        yield Hit(
            f"{tally.path}/DatiBeniServizi/DatiRiepilogo",
            say(
                "I riepiloghi IVA sono {blocks}, ma le aliquote diverse in fattura sono {rates} ({shown}).",
                blocks=blocks,
                rates=len(rates),
                shown=shown,
            ),
            say("Serve un riepilogo per ogni aliquota."),
        )


def _both_ways(case: OrdinaryCase) -> bool:
    """Whether a riepilogo that no line or cassa asks for is wrong too.

    So says the tabular description since 1.8 (1/2/2024), which is of private invoices first; the Elenco dei
    controlli, of the PA, goes from lines and casse to the riepiloghi only. The emitter keeps both.
    """
    return case.strict or (case.situation.kind != "FPA12" and case.on >= V1_8)


def _charged_path(tally: Tally, uses: Uses) -> str:
    return line_path(tally, uses.line) if uses.line else cassa_path(tally, uses.cassa)


@ordinary_body("00443")
def rates_without_riepilogo(tally: Tally, case: OrdinaryCase) -> Iterator[Hit]:
    """A rate of lines or casse that no riepilogo has; the other way round see `_both_ways`."""
    for rate, sums in tally.rates.items():
        if not sums.riepilogo:
            yield Hit(
                f"{_charged_path(tally, sums)}/AliquotaIVA",
                say("L'aliquota {rate} non ha un riepilogo.", rate=rate_text(rate)),
                say("Aggiungere il riepilogo di questa aliquota, oppure correggerla."),
            )
        elif not sums.charged and _both_ways(case):
            yield Hit(
                f"{riepilogo_path(tally, sums.riepilogo)}/AliquotaIVA",
                say(
                    "C'è un riepilogo al {rate}, ma nessuna linea o cassa ha questa aliquota.",
                    rate=rate_text(rate),
                ),
                say("Togliere il riepilogo, oppure correggere l'aliquota delle linee."),
            )


@ordinary_body("00444", needs=NATURES)
def nature_without_riepilogo(tally: Tally, case: OrdinaryCase) -> Iterator[Hit]:
    """A Natura of lines or casse that no riepilogo has; the other way round see `_both_ways`."""
    for natura, uses in tally.natures.items():
        if not uses.riepilogo:
            yield Hit(
                f"{_charged_path(tally, uses)}/Natura",
                say("La Natura {natura} non ha un riepilogo.", natura=natura),
                say("Aggiungere il riepilogo di questa Natura, oppure correggerla."),
            )
        elif not uses.charged and _both_ways(case):
            yield Hit(
                f"{riepilogo_path(tally, uses.riepilogo)}/Natura",
                say(
                    "C'è un riepilogo con Natura {natura}, ma nessuna linea o cassa ha questa Natura.",
                    natura=natura,
                ),
                say("Togliere il riepilogo, oppure correggere la Natura delle linee."),
            )


@ordinary_body("00420", needs=SPLIT | NATURES)
def reverse_charge_with_split_payment(tally: Tally, _: OrdinaryCase) -> Iterator[Hit]:
    for number, block in enumerate(tally.riepiloghi, 1):
        if block.esigibilita_iva == "S" and (block.natura or "").startswith("N6"):
            yield Hit(
                f"{riepilogo_path(tally, number)}/EsigibilitaIVA",
                say(
                    "Il riepilogo con Natura {natura} (inversione contabile) ha la scissione dei"
                    " pagamenti: le due cose si escludono.",
                    natura=block.natura,
                ),
                say("Togliere la scissione (S), oppure correggere la Natura."),
            )


@ordinary_body("00424", needs=LOW_RATES)
def rate_not_in_per_cent(tally: Tally, _: OrdinaryCase) -> Hits:
    yield from each(
        tally, "rate below one", lambda here, x: _not_per_cent(f"{here}/AliquotaIVA", x.aliquota_iva)
    )
    for number, cassa in enumerate(tally.casse, 1):
        if 0 < cassa.aliquota_iva < 1:
            yield _not_per_cent(f"{cassa_path(tally, number)}/AliquotaIVA", cassa.aliquota_iva)
    for number, block in enumerate(tally.riepiloghi, 1):
        if 0 < block.aliquota_iva < 1:
            yield _not_per_cent(f"{riepilogo_path(tally, number)}/AliquotaIVA", block.aliquota_iva)


def _not_per_cent(path: str, rate: Decimal) -> Hit:
    return Hit(
        path,
        say("L'aliquota IVA {rate} non è in per cento.", rate=rate_text(rate)),
        say("Scrivere per esempio 22.00 e non 0.22 (qui forse {percent}).", percent=f"{rate * 100:.2f}"),
    )


@ordinary_body("00445", needs=NATURES)
def generic_natura(tally: Tally, _: OrdinaryCase) -> Hits:
    """Since 1/1/2021, by the date of the document: whether an older one sent today passes is not known."""
    if tally.general.data < END_OF_GENERIC or tally.natures.keys().isdisjoint(GENERIC_NATURE):
        return ()
    return _generic_natures(tally)


def _generic_natures(tally: Tally) -> Hits:
    yield from each(tally, "generic Natura", _generic_item)
    for number, cassa in enumerate(tally.casse, 1):
        if cassa.natura in GENERIC_NATURE:
            yield _generic_item(cassa_path(tally, number), cassa)
    for number, block in enumerate(tally.riepiloghi, 1):
        if block.natura in GENERIC_NATURE:
            yield _generic_item(riepilogo_path(tally, number), block)


def _generic_item(here: str, item: Any) -> Hit:
    return Hit(
        f"{here}/Natura",
        say("La Natura {natura} non è più ammessa dal 1/1/2021.", natura=item.natura),
        say("Scegliere il codice di dettaglio, per esempio {natura}.1.", natura=item.natura),
    )


@ordinary_body("00474", needs=MARKED, types="TD21")
def zero_rate_in_a_self_invoice(tally: Tally, _: OrdinaryCase) -> Hits:
    """TD21 and a line with rate zero."""
    return each(tally, "zero rate", _zero_rate) if tally.general.tipo_documento == "TD21" else ()


def _zero_rate(here: str, line: DettaglioLinee) -> Hit:
    return Hit(
        f"{here}/AliquotaIVA",
        say(
            "Nell'autofattura per splafonamento (TD21) la linea {line} ha aliquota zero.",
            line=line.numero_linea,
        ),
        say("Indicare l'aliquota con cui l'IVA va versata."),
    )


# ------------------------------------------------------------------------------- simplified invoice

_ITEM = "DatiBeniServizi"


@simplified_body("00400", needs=MARKED)
def simple_natura_missing(tally: SimpleTally, _: SimpleCase) -> Hits:
    """Only where Aliquota is given and zero."""
    return each(
        tally,
        "zero rate without Natura",
        lambda here, item: Hit(
            f"{here}/Natura",
            say(
                "Il bene o servizio «{descrizione}» ha aliquota zero ma non ha la Natura.",
                descrizione=item.descrizione[:30],
            ),
            _NEED_NATURA,
        ),
        block=_ITEM,
    )


@simplified_body("00401", needs=MARKED)
def simple_natura_beside_a_rate(tally: SimpleTally, _: SimpleCase) -> Hits:
    return each(
        tally,
        "Natura beside a rate",
        lambda here, item: Hit(
            f"{here}/Natura",
            say(
                "Il bene o servizio «{descrizione}» ha aliquota {aliquota} e anche la Natura {natura}.",
                descrizione=item.descrizione[:30],
                aliquota=rate_text(item.dati_iva.aliquota),
                natura=item.natura,
            ),
            _NO_NATURA,
        ),
        block=_ITEM,
    )


@simplified_body("00424", needs=MARKED)
def simple_rate_not_in_per_cent(tally: SimpleTally, _: SimpleCase) -> Hits:
    return each(
        tally,
        "rate below one",
        lambda here, item: _not_per_cent(f"{here}/DatiIVA/Aliquota", item.dati_iva.aliquota),
        block=_ITEM,
    )


@simplified_body("00445", needs=MARKED)
def simple_generic_natura(tally: SimpleTally, _: SimpleCase) -> Hits:
    """N2 and N3, by the date of the document."""
    if tally.general.data < END_OF_GENERIC:
        return ()
    return each(tally, "generic Natura", _generic_item, block=_ITEM)
