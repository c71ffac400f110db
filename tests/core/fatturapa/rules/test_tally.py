from __future__ import annotations

import dataclasses
import decimal
import random
from collections import Counter
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fattorino.core.fatturapa import FatturaElettronica
from fattorino.core.fatturapa.rules.counting import MOST_PLACES
from fattorino.core.fatturapa.rules.tally import Tally, tally_of
from fattorino.core.money import CENT, EXACT, ZERO, after_steps, line_total, total
from tests.core.fatturapa import generated
from tests.core.fatturapa.drafts import invoice, line, spoil

FEW_RATES = [D("0.00"), D("4.00"), D("10.00"), D("22.00"), D("0.22")]
seeds = st.integers(0, 2**32)


def random_body(seed, lines=12):
    """A random body whose lines share few rates and numbers, as they do in a true invoice."""
    rng = random.Random(seed)
    body = generated.document(FatturaElettronica, rng, 0.7, most=3).fattura_elettronica_body[0]
    goods = body.dati_beni_servizi
    some = tuple(
        dataclasses.replace(
            x,
            numero_linea=rng.randint(1, lines) if rng.random() < 0.3 else n,
            aliquota_iva=rng.choice(FEW_RATES),
            prezzo_totale=rng.choice(
                [x.prezzo_totale, x.prezzo_unitario * (x.quantita or 1), x.prezzo_unitario]
            ),
        )
        for n, x in enumerate(rng.choices(goods.dettaglio_linee, k=lines), 1)
    )
    return spoil(body, dati_beni_servizi__dettaglio_linee=some)


@settings(max_examples=150, deadline=None)
@given(seeds)
def test_sums_by_rate_are_those_of_the_lines_casse_and_riepiloghi(seed):
    body = random_body(seed)
    tally = tally_of(1, body)
    lines, casse = body.dati_beni_servizi.dettaglio_linee, tally.casse
    blocks = body.dati_beni_servizi.dati_riepilogo
    assert set(tally.rates) == {x.aliquota_iva for x in (*lines, *casse, *blocks)}
    for rate, sums in tally.rates.items():
        assert sums.goods == total(x.prezzo_totale for x in lines if x.aliquota_iva == rate)
        assert sums.dues == total(x.importo_contributo_cassa for x in casse if x.aliquota_iva == rate)
        assert sums.declared == total(x.imponibile_importo for x in blocks if x.aliquota_iva == rate)
        first = next((n for n, x in enumerate(lines, 1) if x.aliquota_iva == rate), 0)
        assert sums.line == first
    gross = total(x.imponibile_importo + x.imposta for x in blocks)
    discounted = after_steps(gross, tally.general.sconto_maggiorazione)
    assert tally.gross == total([discounted, tally.general.arrotondamento or ZERO])


@settings(max_examples=150, deadline=None)
@given(seeds)
def test_marked_places_are_the_lines_that_a_loop_for_each_rule_would_find(seed):
    lines = random_body(seed).dati_beni_servizi.dettaglio_linee
    tally = tally_of(1, random_body(seed))

    def gap(x):
        return abs(x.prezzo_totale - line_total(x.prezzo_unitario, x.quantita, x.sconto_maggiorazione))

    expected = {
        "zero rate without Natura": lambda x: x.aliquota_iva == 0 and x.natura is None,
        "Natura beside a rate": lambda x: x.aliquota_iva != 0 and x.natura is not None,
        "rate below one": lambda x: 0 < x.aliquota_iva < 1,
        "generic Natura": lambda x: x.natura in ("N2", "N3", "N6"),
        "zero rate": lambda x: x.aliquota_iva == 0,
        "a cent off": lambda x: gap(x) == CENT,
        "more than a cent off": lambda x: gap(x) > CENT,
        "empty discount": lambda x: any(
            s.percentuale is None and s.importo is None for s in x.sconto_maggiorazione
        ),
    }
    for mark, wrong in expected.items():
        assert [n for n, _ in tally.places(mark)] == [n for n, x in enumerate(lines, 1) if wrong(x)], mark
    assert tally.withheld == total(x.prezzo_totale for x in lines if x.ritenuta)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 12), max_size=15))
def test_the_first_number_used_twice_is_found_in_any_order(numbers):
    one = invoice().fattura_elettronica_body[0].dati_beni_servizi.dettaglio_linee[0]
    tally = Tally(1)
    for number in numbers:  # one at a time, as a stream hands them over
        tally.count((dataclasses.replace(one, numero_linea=number),))
    twice = [n for n, x in enumerate(numbers) if x in numbers[:n]]
    assert (tally.repeated is None) is not bool(twice)
    assert tally.repeated is None or tally.repeated[0] == twice[0] + 1


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(1, 5))
def test_lines_may_come_in_any_portions(seed, size):
    body = random_body(seed)
    lines = body.dati_beni_servizi.dettaglio_linee
    whole, parts = tally_of(1, body), Tally(1)
    with decimal.localcontext(EXACT):
        for start in range(0, len(lines), size):
            parts.count(lines[start : start + size])
        parts.close(spoil(body, dati_beni_servizi__dettaglio_linee=()))
    assert {m: (p.kept, p.count) for m, p in parts.marked.items()} == {
        m: (p.kept, p.count) for m, p in whole.marked.items()
    }
    assert [(g.rate, g.natura, g.first, g.amount) for g in parts.groups] == [
        (g.rate, g.natura, g.first, g.amount) for g in whole.groups
    ]
    assert (parts.gross, parts.repeated, parts.withheld) == (whole.gross, whole.repeated, whole.withheld)


@pytest.mark.parametrize(
    ("price", "quantity"),
    [
        ("12345678901.12345678", "123456789012.12345678"),
        ("99999999999.99999999", "999999999999.99999999"),
        ("-0.00000001", "0.00000001"),
    ],
)
def test_products_of_all_admitted_digits_are_exact(price, quantity):
    """39 digits, where Python's usual context rounds at 28; the totals are longer than the format admits."""
    one = invoice().fattura_elettronica_body[0].dati_beni_servizi.dettaglio_linee[0]
    whole = int(price.replace(".", "")) * int(quantity.replace(".", ""))
    exact = decimal.Context(prec=80).scaleb(D(whole), -16)
    tiny = D("0.0000000000000001")
    for declared, marks in (
        (exact, []),
        (EXACT.add(exact, CENT), ["a cent off"]),
        (EXACT.subtract(exact, CENT), ["a cent off"]),
        (EXACT.add(exact, EXACT.subtract(CENT, tiny)), []),
        (EXACT.subtract(exact, EXACT.add(CENT, tiny)), ["more than a cent off"]),
    ):
        tally = Tally(1)
        with decimal.localcontext(EXACT):
            tally.count(
                (
                    dataclasses.replace(
                        one, prezzo_unitario=D(price), quantita=D(quantity), prezzo_totale=declared
                    ),
                )
            )
        assert list(tally.marked) == marks


def test_sums_of_many_long_amounts_are_exact():
    amount = D("99999999999.99999999")
    body = invoice(line()).fattura_elettronica_body[0]
    one = dataclasses.replace(body.dati_beni_servizi.dettaglio_linee[0], prezzo_totale=amount)
    tally = tally_of(1, spoil(body, dati_beni_servizi__dettaglio_linee=(one,) * 9999))
    assert tally.rates[D("22.00")].goods == D("999899999999999.99990001")


def test_a_tally_of_a_file_wrong_everywhere_stays_small():
    body = invoice(line()).fattura_elettronica_body[0]
    one = dataclasses.replace(body.dati_beni_servizi.dettaglio_linee[0], prezzo_totale=D("1.00"), natura="N2")
    tally = tally_of(1, spoil(body, dati_beni_servizi__dettaglio_linee=(one,) * 5000))
    assert Counter(len(places.kept) for places in tally.marked.values()) == {MOST_PLACES: len(tally.marked)}
    assert {places.count for places in tally.marked.values()} == {5000}
