from __future__ import annotations

import dataclasses
import random
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from fattorino.core import xml
from fattorino.core.fatturapa.format_check import DOCUMENTS
from fattorino.core.fatturapa.ordinaria import DettaglioLinee, FatturaElettronica
from fattorino.core.tracciati import emit, walk
from fattorino.core.tracciati.quick_write import write_quick
from fattorino.core.tracciati.written import WrittenDate, WrittenDecimal
from tests.core.fatturapa import generated

SIMPLE = dataclasses.replace(
    generated.document(FatturaElettronica, random.Random(7), 0.0, 1), sistema_emittente=None
)


def with_line(**values: Any) -> FatturaElettronica:
    (body,) = SIMPLE.fattura_elettronica_body
    goods = body.dati_beni_servizi
    line = dataclasses.replace(goods.dettaglio_linee[0], **values)
    goods = dataclasses.replace(goods, dettaglio_linee=(line,))
    return dataclasses.replace(
        SIMPLE, fattura_elettronica_body=(dataclasses.replace(body, dati_beni_servizi=goods),)
    )


def with_general(**values: Any) -> FatturaElettronica:
    (body,) = SIMPLE.fattura_elettronica_body
    general = dataclasses.replace(body.dati_generali.dati_generali_documento, **values)
    general = dataclasses.replace(body.dati_generali, dati_generali_documento=general)
    return dataclasses.replace(
        SIMPLE, fattura_elettronica_body=(dataclasses.replace(body, dati_generali=general),)
    )


def test_lines_of_every_make_are_written_side_by_side():
    """More sets of optional children than the writer makes functions for."""
    rng = random.Random(5)
    lines = tuple(generated.document(DettaglioLinee, rng, 0.5, 2) for _ in range(400))
    (body,) = SIMPLE.fattura_elettronica_body
    goods = dataclasses.replace(body.dati_beni_servizi, dettaglio_linee=lines)
    document = dataclasses.replace(
        SIMPLE, fattura_elettronica_body=(dataclasses.replace(body, dati_beni_servizi=goods),)
    )
    assert write_quick(document) == emit(document)[0] != b""
    spoilt = dataclasses.replace(lines[-1], prezzo_totale=None)
    goods = dataclasses.replace(goods, dettaglio_linee=(*lines, spoilt))
    body = dataclasses.replace(body, dati_beni_servizi=goods)
    assert write_quick(dataclasses.replace(SIMPLE, fattura_elettronica_body=(body,))) is None


@pytest.mark.parametrize("cls", DOCUMENTS.values(), ids=DOCUMENTS)
def test_the_quick_way_writes_byte_for_byte_what_the_long_way_writes(cls):
    rng = random.Random(77)
    for _ in range(80):
        document = dataclasses.replace(generated.document(cls, rng, rng.random(), 3), sistema_emittente=None)
        assert write_quick(document) == emit(document)[0]


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (with_line(descrizione="<a> & \"b\" 'c' ]]> è"), "&lt;a&gt; &amp; \"b\" 'c' ]]&gt; è"),
        (with_line(descrizione="&amp;"), "&amp;amp;"),
        (with_line(descrizione="a\n\tb\x7f\x80\x85\xa0"), "a\n\tb\x7f\x80\x85\xa0"),
        (with_line(quantita=Decimal(3), prezzo_unitario=Decimal("0.5")), "<Quantita>3.00<"),
        (with_line(quantita=3), "<Quantita>3.00<"),
        (with_line(prezzo_unitario=Decimal("0E-8")), "<PrezzoUnitario>0.00000000<"),
        (with_line(prezzo_unitario=Decimal("-0.00")), "<PrezzoUnitario>-0.00<"),
        (with_line(prezzo_unitario=Decimal("1E+3")), "<PrezzoUnitario>1000.00<"),
    ],
)
def test_odd_but_admitted_values_are_still_quick(document, text):
    data = write_quick(document)
    assert data == emit(document)[0]
    assert text in data.decode()


@pytest.mark.parametrize(
    "document",
    [
        with_line(descrizione=""),
        with_line(descrizione=None),
        with_line(descrizione=5),
        with_line(descrizione="x" * 1001),
        with_line(descrizione="10 €"),
        with_line(descrizione="a\x00b"),
        with_line(descrizione="a\x01b"),
        with_line(unita_misura="\x01"),
        with_line(unita_misura=""),
        with_line(unita_misura="\x00"),
        with_line(quantita="1.00"),
        with_line(quantita=1.5),
        with_line(quantita=True),
        with_line(quantita=Decimal("-1.00")),
        with_line(quantita=Decimal("0.123456789")),
        with_line(quantita=Decimal("NaN")),
        with_line(numero_linea=True),
        with_line(numero_linea=0),
        with_line(numero_linea=10_000),
        with_line(numero_linea=Decimal(5)),
        with_line(numero_linea="5"),
        with_line(aliquota_iva=Decimal("100.01")),
        with_line(natura="N0"),
        with_line(data_inizio_periodo="2026-01-01"),
        with_line(data_inizio_periodo=datetime(2026, 1, 1)),
        with_general(divisa="EUR</Divisa><Divisa>EUR"),
        with_general(tipo_documento="TD01</TipoDocumento><TipoDocumento>TD01"),
        with_general(data=date(1969, 12, 31)),
        with_general(causale=("",)),
        with_general(causale=(None,)),
        dataclasses.replace(SIMPLE, fattura_elettronica_body=()),
        dataclasses.replace(SIMPLE, versione="1.1"),
        dataclasses.replace(SIMPLE, versione=None),
    ],
)
def test_what_the_long_way_refuses_the_quick_way_does_not_write(document):
    assert write_quick(document) is None
    data, problems = emit(document)
    assert problems and not data


@pytest.mark.parametrize(
    "document",
    [
        with_line(descrizione="a\rb"),
        with_line(quantita=WrittenDecimal(Decimal("7.50"), "007.50")),
        with_general(data=WrittenDate(date(2026, 1, 31), "2026-01-31Z")),
        dataclasses.replace(SIMPLE, sistema_emittente='a"<&>'),
    ],
)
def test_what_has_a_spelling_of_its_own_is_for_the_long_way(document):
    assert write_quick(document) is None
    data, problems = emit(document)
    assert data and not problems
    assert walk(xml.parse(data), FatturaElettronica).value == document
