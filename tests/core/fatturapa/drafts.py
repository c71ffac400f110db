"""Invoices for tests, all made by our own builder, and a way to spoil one value of them."""

from __future__ import annotations

import dataclasses
import datetime
import re
from decimal import Decimal
from typing import Any

from fattorino.core.fatturapa import check, write_fattura
from fattorino.core.fatturapa import semplificata as s
from fattorino.core.fatturapa.build import build
from fattorino.core.fatturapa.draft import Cassa, Draft, Line, Party, Ritenuta
from tests.core.fatturapa.english import all_said

D = Decimal
TODAY = datetime.date(2026, 11, 21)
DAY = datetime.date(2026, 11, 20)

CEDENTE = Party(
    id_paese="IT",
    id_codice="01234567897",
    denominazione="Studio Prova",
    indirizzo="Via Roma",
    numero_civico="1",
    cap="00100",
    comune="Roma",
    provincia="RM",
    nazione="IT",
    regime_fiscale="RF01",
)
CLIENT = Party(
    id_paese="IT",
    id_codice="07643520567",
    denominazione="Città & Campagna S.r.l.",
    indirizzo="Viale Po",
    cap="10100",
    comune="Torino",
    provincia="TO",
    nazione="IT",
)
PERSON = Party(
    codice_fiscale="RSSMRA80A01H501U",
    nome="Mario",
    cognome="Rossi",
    indirizzo="Via Po",
    cap="00100",
    comune="Roma",
)
FOREIGNER = Party(
    id_paese="DE",
    id_codice="123456788",
    denominazione="Muster GmbH",
    indirizzo="Hauptstr.",
    cap="D-10115",
    comune="Berlin",
    nazione="DE",
)
OFFICE = Party(
    codice_fiscale="80012345676",
    denominazione="Comune di Prova",
    indirizzo="Piazza Grande",
    cap="00100",
    comune="Prova",
    provincia="RM",
)


def line(price: str = "100.00", rate: str = "22", **values: Any) -> Line:
    return Line(descrizione="Consulenza", **{"prezzo_unitario": D(price), "aliquota_iva": D(rate), **values})


def draft(*lines: Line, **values: Any) -> Draft:
    values = {"data": DAY, "numero": "1/2026", "cessionario": CLIENT, **values}
    return Draft(linee=lines or (line(),), **values)


def invoice(*lines: Line, cedente: Party = CEDENTE, **values: Any) -> Any:
    return build(
        draft(*lines, **values),
        cedente=cedente,
        trasmittente=("IT", "01234567897"),
        progressivo_invio="00001",
    )


def fee_invoice(**values: Any) -> Any:
    """A professional's: cassa 4 % and withholding, both on one line of 100."""
    return invoice(
        line(ritenuta=True),
        casse=(Cassa("TC22", D(4), D(22), ritenuta=True),),
        ritenute=(Ritenuta("RT01", D(20), "A"),),
        **values,
    )


def simple_invoice(amount: str = "100.00", tipo: str = "TD07", regime: str = "RF01") -> Any:
    address = s.Indirizzo(indirizzo="Via Roma", cap="00100", comune="Roma", nazione="IT")
    return s.FatturaElettronicaSemplificata(
        versione="FSM10",
        fattura_elettronica_header=s.FatturaElettronicaHeader(
            dati_trasmissione=s.DatiTrasmissione(
                id_trasmittente=s.IdFiscale(id_paese="IT", id_codice="01234567897"),
                progressivo_invio="1",
                formato_trasmissione="FSM10",
                codice_destinatario="0000000",
            ),
            cedente_prestatore=s.CedentePrestatore(
                id_fiscale_iva=s.IdFiscale(id_paese="IT", id_codice="01234567897"),
                denominazione="Bar Prova",
                sede=address,
                regime_fiscale=regime,
            ),
            cessionario_committente=s.CessionarioCommittente(
                identificativi_fiscali=s.IdentificativiFiscali(
                    id_fiscale_iva=s.IdFiscale(id_paese="IT", id_codice="07643520567")
                )
            ),
        ),
        fattura_elettronica_body=(
            s.FatturaElettronicaBody(
                dati_generali=s.DatiGenerali(
                    dati_generali_documento=s.DatiGeneraliDocumento(
                        tipo_documento=tipo, divisa="EUR", data=DAY, numero="1"
                    )
                ),
                dati_beni_servizi=(
                    s.DatiBeniServizi(
                        descrizione="Pranzo", importo=D(amount), dati_iva=s.DatiIVA(aliquota=D("10.00"))
                    ),
                ),
            ),
        ),
    )


_PLACES = {
    "header": "fattura_elettronica_header",
    "body": "fattura_elettronica_body",
    "trasmissione": "fattura_elettronica_header.dati_trasmissione",
    "seller": "fattura_elettronica_header.cedente_prestatore.dati_anagrafici",
    "buyer": "fattura_elettronica_header.cessionario_committente.dati_anagrafici",
    "document": "fattura_elettronica_body.0.dati_generali.dati_generali_documento",
    "related": "fattura_elettronica_body.0.dati_generali",
    "goods": "fattura_elettronica_body.0.dati_beni_servizi",
    "line": "fattura_elettronica_body.0.dati_beni_servizi.dettaglio_linee.0",
    "riepilogo": "fattura_elettronica_body.0.dati_beni_servizi.dati_riepilogo.0",
}


def spoil(value: Any, **changes: Any) -> Any:
    """A copy with values at short paths replaced: spoil(f, line__natura="N4"); "__" parts the names."""
    for path, new in changes.items():
        first, *rest = path.split("__")
        steps = [*_PLACES.get(first, first).split("."), *rest]
        value = _replaced(value, steps, new)
    return value


def at(value: Any, path: str) -> Any:
    first, *rest = path.split("__")
    for step in [*_PLACES.get(first, first).split("."), *rest]:
        value = value[int(step)] if step.isdigit() else getattr(value, step)
    return value


def _replaced(value: Any, steps: list[str], new: Any) -> Any:
    if not steps:
        return new
    step, rest = steps[0], steps[1:]
    if re.fullmatch(r"\d+", step):
        index = int(step)
        return (*value[:index], _replaced(value[index], rest, new), *value[index + 1 :])
    return dataclasses.replace(value, **{step: _replaced(getattr(value, step), rest, new)})


def found(fattura: Any, **how: Any) -> list[Any]:
    """Findings of the written file; each can be said in English."""
    findings = check(write_fattura(fattura), **{"on": TODAY, **how})
    assert not all_said(findings)
    return findings


def codes(fattura: Any, **how: Any) -> set[str]:
    """Codes of the findings of the written file, without our own advice."""
    return {f.code for f in found(fattura, **how) if not f.code.startswith("avviso-")}


def advice(fattura: Any, **how: Any) -> set[str]:
    return {f.code for f in found(fattura, **how) if f.code.startswith("avviso-")}
