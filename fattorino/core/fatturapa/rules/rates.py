"""Rates and Natura: 00400 00401 00413 00414 00419 00420 00424 00429 00430 00443 00444 00445 00474."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from fattorino.core.fatturapa.ordinaria import FatturaElettronica, FatturaElettronicaBody
from fattorino.core.fatturapa.rules.engine import (
    Hit,
    Situation,
    bodies,
    casse,
    charged,
    document,
    lines,
    ordinary,
    rate_text,
    riepiloghi,
    simple_bodies,
    simplified,
    taxed,
)
from fattorino.core.fatturapa.semplificata import FatturaElettronicaSemplificata

GENERIC_NATURE = frozenset({"N2", "N3", "N6"})
END_OF_GENERIC = date(2021, 1, 1)

_NEED_NATURA = "Indicare la Natura, cioè il motivo per cui l'IVA non c'è, oppure l'aliquota giusta."
_NO_NATURA = "Togliere la Natura, oppure mettere l'aliquota a zero."


def _is_integration(body: FatturaElettronicaBody) -> bool:
    """TD16 may show the Natura of the received invoice beside the rate (since version 1.7.1)."""
    return document(body).tipo_documento == "TD16"


@ordinary("00400")
def natura_missing_on_a_line(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        for here, line in lines(path, body):
            if line.aliquota_iva == 0 and line.natura is None:
                yield Hit(
                    f"{here}/Natura",
                    f"La linea {line.numero_linea} ha aliquota IVA zero ma non ha la Natura.",
                    _NEED_NATURA,
                )


@ordinary("00401")
def natura_beside_a_rate_on_a_line(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        if _is_integration(body):
            continue
        for here, line in lines(path, body):
            if line.aliquota_iva != 0 and line.natura is not None:
                yield Hit(
                    f"{here}/Natura",
                    f"La linea {line.numero_linea} ha aliquota {rate_text(line.aliquota_iva)}"
                    f" e anche la Natura {line.natura}.",
                    _NO_NATURA,
                )


@ordinary("00413")
def natura_missing_on_a_cassa(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        for here, cassa in casse(path, body):
            if cassa.aliquota_iva == 0 and cassa.natura is None:
                yield Hit(
                    f"{here}/Natura",
                    f"La cassa {cassa.tipo_cassa} ha aliquota IVA zero ma non ha la Natura.",
                    _NEED_NATURA,
                )


@ordinary("00414")
def natura_beside_a_rate_on_a_cassa(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        for here, cassa in casse(path, body):
            if cassa.aliquota_iva != 0 and cassa.natura is not None:
                yield Hit(
                    f"{here}/Natura",
                    f"La cassa {cassa.tipo_cassa} ha aliquota IVA {rate_text(cassa.aliquota_iva)}"
                    f" e anche la Natura {cassa.natura}.",
                    _NO_NATURA,
                )


@ordinary("00429")
def natura_missing_in_a_riepilogo(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        for here, block in riepiloghi(path, body):
            if block.aliquota_iva == 0 and block.natura is None:
                yield Hit(f"{here}/Natura", "Il riepilogo ad aliquota zero non ha la Natura.", _NEED_NATURA)


@ordinary("00430")
def natura_beside_a_rate_in_a_riepilogo(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        if _is_integration(body):
            continue
        for here, block in riepiloghi(path, body):
            if block.aliquota_iva != 0 and block.natura is not None:
                yield Hit(
                    f"{here}/Natura",
                    f"Il riepilogo al {rate_text(block.aliquota_iva)} ha anche la Natura {block.natura}.",
                    _NO_NATURA,
                )


def _charged_rates(path: str, body: FatturaElettronicaBody) -> dict[Decimal, str]:
    """Each distinct rate of lines and casse, with the first place that has it."""
    rates: dict[Decimal, str] = {}
    for here, item in charged(path, body):
        rates.setdefault(item.aliquota_iva, f"{here}/AliquotaIVA")
    return rates


@ordinary("00419")
def fewer_riepiloghi_than_rates(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        rates, blocks = _charged_rates(path, body), body.dati_beni_servizi.dati_riepilogo
        if len(blocks) < len(rates):
            yield Hit(
                f"{path}/DatiBeniServizi/DatiRiepilogo",
                f"I riepiloghi IVA sono {len(blocks)}, ma le aliquote diverse in fattura sono {len(rates)}"
                f" ({', '.join(rate_text(r) for r in sorted(rates))}).",
                "Serve un riepilogo per ogni aliquota.",
            )


@ordinary("00443")
def rates_without_riepilogo(fattura: FatturaElettronica, situation: Situation) -> Iterator[Hit]:
    """The list of the PA controls goes from lines to riepiloghi only, the tabular description both ways."""
    for path, body in bodies(fattura):
        rates = _charged_rates(path, body)
        summed = {block.aliquota_iva: f"{here}/AliquotaIVA" for here, block in riepiloghi(path, body)}
        for rate, here in rates.items():
            if rate not in summed:
                yield Hit(
                    here,
                    f"L'aliquota {rate_text(rate)} non ha un riepilogo.",
                    "Aggiungere il riepilogo di questa aliquota, oppure correggerla.",
                )
        if situation.strict or situation.kind != "FPA12":
            for rate, here in summed.items():
                if rate not in rates:
                    yield Hit(
                        here,
                        f"C'è un riepilogo al {rate_text(rate)}, ma nessuna linea o cassa ha questa aliquota.",
                        "Togliere il riepilogo, oppure correggere l'aliquota delle linee.",
                    )


@ordinary("00444")
def nature_without_riepilogo(fattura: FatturaElettronica, situation: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        used: dict[str, str] = {}
        for here, item in charged(path, body):
            if item.natura is not None:
                used.setdefault(item.natura, f"{here}/Natura")
        summed = {
            block.natura: f"{here}/Natura"
            for here, block in riepiloghi(path, body)
            if block.natura is not None
        }
        for natura, here in used.items():
            if natura not in summed:
                yield Hit(
                    here,
                    f"La Natura {natura} non ha un riepilogo.",
                    "Aggiungere il riepilogo di questa Natura, oppure correggerla.",
                )
        if situation.strict or situation.kind != "FPA12":
            for natura, here in summed.items():
                if natura not in used:
                    yield Hit(
                        here,
                        f"C'è un riepilogo con Natura {natura}, ma nessuna linea o cassa ha questa Natura.",
                        "Togliere il riepilogo, oppure correggere la Natura delle linee.",
                    )


@ordinary("00420")
def reverse_charge_with_split_payment(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        for here, block in riepiloghi(path, body):
            if block.esigibilita_iva == "S" and (block.natura or "").startswith("N6"):
                yield Hit(
                    f"{here}/EsigibilitaIVA",
                    f"Il riepilogo con Natura {block.natura} (inversione contabile) ha la scissione dei"
                    " pagamenti: le due cose si escludono.",
                    "Togliere la scissione (S), oppure correggere la Natura.",
                )


@ordinary("00424")
def rate_not_in_per_cent(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        for here, item in taxed(path, body):
            if 0 < item.aliquota_iva < 1:
                yield _not_per_cent(f"{here}/AliquotaIVA", item.aliquota_iva)


def _not_per_cent(path: str, rate: Decimal) -> Hit:
    return Hit(path, f"L'aliquota IVA {rate} non è in per cento.", "Scrivere per esempio 22.00 e non 0.22.")


@ordinary("00445")
def generic_natura(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        if document(body).data < END_OF_GENERIC:
            continue
        for here, item in taxed(path, body):
            if item.natura is not None and item.natura in GENERIC_NATURE:
                yield _generic(f"{here}/Natura", item.natura)


def _generic(path: str, natura: str) -> Hit:
    return Hit(
        path,
        f"La Natura {natura} non è più ammessa dal 1/1/2021.",
        f"Scegliere il codice di dettaglio, per esempio {natura}.1.",
    )


@ordinary("00474")
def zero_rate_in_a_self_invoice(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        if document(body).tipo_documento != "TD21":
            continue
        for here, line in lines(path, body):
            if line.aliquota_iva == 0:
                yield Hit(
                    f"{here}/AliquotaIVA",
                    f"Nell'autofattura per splafonamento (TD21) la linea {line.numero_linea} ha aliquota zero.",
                    "Indicare l'aliquota con cui l'IVA va versata.",
                )


# ------------------------------------------------------------------------------- simplified invoice


@simplified("00400")
def simple_natura_missing(fattura: FatturaElettronicaSemplificata, _: Situation) -> Iterator[Hit]:
    for path, body in simple_bodies(fattura):
        for number, item in enumerate(body.dati_beni_servizi, 1):
            if item.dati_iva.aliquota == 0 and item.natura is None:
                yield Hit(
                    f"{path}/DatiBeniServizi[{number}]/Natura",
                    f"Il bene o servizio {number} ha aliquota zero ma non ha la Natura.",
                    _NEED_NATURA,
                )


@simplified("00401")
def simple_natura_beside_a_rate(fattura: FatturaElettronicaSemplificata, _: Situation) -> Iterator[Hit]:
    for path, body in simple_bodies(fattura):
        for number, item in enumerate(body.dati_beni_servizi, 1):
            if item.dati_iva.aliquota and item.natura is not None:
                yield Hit(
                    f"{path}/DatiBeniServizi[{number}]/Natura",
                    f"Il bene o servizio {number} ha aliquota {rate_text(item.dati_iva.aliquota)}"
                    f" e anche la Natura {item.natura}.",
                    _NO_NATURA,
                )


@simplified("00424")
def simple_rate_not_in_per_cent(fattura: FatturaElettronicaSemplificata, _: Situation) -> Iterator[Hit]:
    for path, body in simple_bodies(fattura):
        for number, item in enumerate(body.dati_beni_servizi, 1):
            rate = item.dati_iva.aliquota
            if rate is not None and 0 < rate < 1:
                yield _not_per_cent(f"{path}/DatiBeniServizi[{number}]/DatiIVA/Aliquota", rate)


@simplified("00445")
def simple_generic_natura(fattura: FatturaElettronicaSemplificata, _: Situation) -> Iterator[Hit]:
    for path, body in simple_bodies(fattura):
        if body.dati_generali.dati_generali_documento.data < END_OF_GENERIC:
            continue
        for number, item in enumerate(body.dati_beni_servizi, 1):
            if item.natura is not None and item.natura in GENERIC_NATURE:
                yield _generic(f"{path}/DatiBeniServizi[{number}]/Natura", item.natura)
