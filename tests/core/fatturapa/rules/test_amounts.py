from __future__ import annotations

import datetime
from decimal import Decimal as D

import pytest

from fattorino.core.fatturapa.draft import Discount
from tests.core.fatturapa.drafts import DAY, at, codes, found, invoice, line, simple_invoice, spoil

SIDES = ("emitter", "receiver")


def verdicts(fattura, code):
    """Whether the emitter's and the receiver's check say the code."""
    return tuple(code in codes(fattura, side=side) for side in SIDES)


@pytest.mark.parametrize(
    ("tax", "refused"),
    [
        ("22.00", (False, False)),
        ("22.01", (True, False)),
        ("21.99", (True, False)),
        ("22.02", (True, True)),
        ("21.98", (True, True)),
    ],
)
def test_00421_tax_of_the_riepilogo(tax, refused):
    assert verdicts(spoil(invoice(), riepilogo__imposta=D(tax)), "00421") == refused


def test_00421_rounds_half_up_before_comparing():
    f = invoice(line("554.75"), line("100", "10"))
    assert at(f, "riepilogo__imposta") == D("122.05")
    assert verdicts(f, "00421") == (False, False)


@pytest.mark.parametrize(
    ("amount", "refused"),
    [
        ("100.99", (False, False)),
        ("101.00", (True, False)),
        ("99.00", (True, False)),
        ("101.01", (True, True)),
        ("98.99", (True, True)),
    ],
)
def test_00422_taxable_amount_of_a_rate(amount, refused):
    f = spoil(invoice(), riepilogo__imponibile_importo=D(amount))
    assert verdicts(f, "00422") == refused


def test_00422_counts_arrotondamento_and_casse_and_all_blocks_of_a_rate():
    f = invoice(line("100", "0", natura="N4"), line("50", "0", natura="N1"))
    swapped = spoil(f, riepilogo__imponibile_importo=D("100.00"))
    blocks = at(swapped, "goods__dati_riepilogo")
    moved = spoil(f, goods__dati_riepilogo=(blocks[0], spoil(blocks[1], imponibile_importo=D("50.00"))))
    assert verdicts(moved, "00422") == (False, False), "the key is the rate, not the Natura"
    rounded = spoil(
        invoice(), riepilogo__imponibile_importo=D("110.00"), riepilogo__arrotondamento=D("10.00")
    )
    assert verdicts(rounded, "00422") == (False, False)


@pytest.mark.parametrize(
    ("declared", "refused"),
    [
        ("42092.05875", (False, False)),
        ("42092.05", (False, False)),
        ("42092.06", (False, False)),
        ("42092.07", (True, True)),
        ("42092.04", (True, True)),
        ("42092.06875", (True, False)),
    ],
)
def test_00423_official_case_2_with_its_tolerance(declared, refused):
    steps = tuple(Discount("SC", D(p)) for p in ("8.50", "5.15", "3.00"))
    f = invoice(line("500", quantita=D(100), sconti=steps))
    assert verdicts(spoil(f, line__prezzo_totale=D(declared)), "00423") == refused


@pytest.mark.parametrize(
    ("price", "quantity", "steps", "declared", "refused"),
    [
        ("0.030987", "22633.00", [], "701.34", (True, True)),
        ("568.60", "0.975", [], "554.38", (False, False)),
        ("814.65", "1.30", [], "1059.05", (False, False)),
        ("50.158", "1000.00", [("5.00", "2.512")], "47646.00", (False, False)),
        ("50.158", "1000.00", [("5.00", "2.512")], "47650.10", (True, True)),
        ("100.00", None, [("0.00", None)], "100.00", (False, False)),
        ("100.00", None, [(None, "-10.00")], "90.00", (False, False)),
    ],
)
def test_00423_cases_from_the_field(price, quantity, steps, declared, refused):
    sconti = tuple(Discount("SC", p and D(p), a and D(a)) for p, a in steps)
    f = invoice(line(price, quantita=quantity and D(quantity), sconti=sconti))
    assert verdicts(spoil(f, line__prezzo_totale=D(declared)), "00423") == refused


def test_00423_says_the_numbers():
    f = spoil(invoice(line("2.50", quantita=D(10))), line__prezzo_totale=D("30.00"))
    (finding,) = [x for x in found(f) if x.code == "00423"]
    assert "30,00" in finding.message and "2,50 × 10,00 fa 25,00" in finding.message
    assert finding.path == "/FatturaElettronicaBody[1]/DatiBeniServizi/DettaglioLinee[1]/PrezzoTotale"
    assert finding.line is not None and finding.is_error


def test_thousands_of_discounts_do_not_break_the_check():
    f = invoice(line(sconti=(Discount("MG", D(100)),)))
    many = at(f, "line__sconto_maggiorazione") * 3000
    assert "00423" in codes(spoil(f, line__sconto_maggiorazione=many))


def test_00437_and_00438_a_discount_needs_a_percentage_or_an_amount():
    f = invoice(line(sconti=(Discount("SC", D(10)),)), sconti=(Discount("SC", importo=D(1)),))
    assert not codes(f)
    empty = spoil(at(f, "line__sconto_maggiorazione__0"), percentuale=None)
    assert "00438" in codes(spoil(f, line__sconto_maggiorazione=(empty,)))
    assert codes(spoil(f, document__sconto_maggiorazione=(empty,))) == {"00437"}


@pytest.mark.parametrize(
    ("amount", "regime", "on", "refused"),
    [
        ("400.00", "RF01", DAY, False),
        ("400.01", "RF01", DAY, True),
        ("400.01", "RF19", DAY, False),
        ("400.01", "RF20", DAY, False),
        ("400.01", "RF19", datetime.date(2025, 3, 31), True),
    ],
)
def test_00460_limit_of_the_simplified_invoice(amount, regime, on, refused):
    f = spoil(simple_invoice(amount, regime=regime), body__0__dati_generali__dati_generali_documento__data=on)
    assert ("00460" in codes(f, on=on)) is refused


def test_00460_does_not_concern_a_correction():
    from fattorino.core.fatturapa import semplificata as s

    corrected = s.DatiFatturaRettificata(numero_fr="1", data_fr=DAY, elementi_rettificati="importo")
    f = spoil(simple_invoice("500.00"), body__0__dati_generali__dati_fattura_rettificata=corrected)
    assert "00460" not in codes(f)
