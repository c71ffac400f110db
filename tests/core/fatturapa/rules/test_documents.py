from __future__ import annotations

import dataclasses
import datetime

import pytest

from fattorino.core.fatturapa import semplificata as s
from fattorino.core.fatturapa.checking import Known, SentInvoice, identities
from fattorino.core.fatturapa.draft import Reference
from fattorino.core.fatturapa.rules import Situation, run
from tests.core.fatturapa.drafts import (
    DAY,
    TODAY,
    at,
    codes,
    fee_invoice,
    invoice,
    simple_invoice,
    spoil,
)

SELLER = "IT01234567897"


def sent(numero="1/2026", data=DAY, tipo="TD01", cedente=SELLER):
    return Known(invoices=(SentInvoice(cedente, numero, data, tipo),))


@pytest.mark.parametrize(
    ("name", "used", "refused"),
    [
        ("IT01234567897_00001.xml", {"IT01234567897_00001.xml.p7m"}, True),
        ("IT01234567897_00001.xml", {"it01234567897_00001.XML"}, True),
        ("IT01234567897_00002.xml", {"IT01234567897_00001.xml"}, False),
        ("", {"IT01234567897_00001.xml"}, False),
    ],
)
def test_00002_a_name_is_used_once(name, used, refused):
    known = Known(file_name=name, used_names=frozenset(used))
    assert ("00002" in codes(invoice(), known=known)) is refused
    assert ("00002" in codes(simple_invoice(), known=known)) is refused


@pytest.mark.parametrize(
    ("size", "severity"),
    [(5_000_000, None), (5_000_001, "warning"), (5_242_880, "warning"), (5_242_881, "error")],
)
def test_00003_size_of_the_file(size, severity):
    for fattura, kind in ((invoice(), "FPR12"), (simple_invoice(), "FSM10")):
        verdicts = [v for v in run(fattura, Situation(kind, TODAY, size=size)) if v.code == "00003"]
        assert [v.severity for v in verdicts] == ([severity] if severity else [])


def test_00403_date_not_after_reception():
    assert not codes(invoice(data=TODAY))
    assert codes(invoice(data=TODAY + datetime.timedelta(days=1))) == {"00403"}
    later = spoil(
        simple_invoice(), body__0__dati_generali__dati_generali_documento__data=datetime.date(2027, 1, 1)
    )
    assert codes(later) == {"00403"}


@pytest.mark.parametrize(
    ("known", "refused"),
    [
        (Known(), False),
        (sent(), True),
        (sent(data=datetime.date(2026, 1, 1)), True),
        (sent(data=datetime.date(2025, 11, 20)), False),
        (sent(numero="1"), False),
        (sent(cedente="IT07643520567"), False),
        (sent(tipo="TD06"), True),
        (sent(tipo="TD04"), False),
    ],
)
def test_00404_same_seller_number_and_year(known, refused):
    assert ("00404" in codes(invoice(), known=known)) is refused


def test_00404_credit_notes_collide_only_with_each_other():
    note = invoice(tipo_documento="TD04")
    assert "00404" not in codes(note, known=sent())
    assert "00404" in codes(note, known=sent(tipo="TD04"))
    simple = simple_invoice(tipo="TD08")
    assert "00404" in codes(simple, known=sent("1", tipo="TD08"))
    assert "00404" not in codes(simple, known=sent("1", tipo="TD07"))


def test_00404_with_art73_counts_the_day():
    f = invoice(art73=True)
    assert "00404" not in codes(f, known=sent(data=datetime.date(2026, 1, 1)))
    assert "00404" in codes(f, known=sent())


def test_00404_issued_by_the_buyer_counts_the_buyers_code():
    f = spoil(invoice(), header__soggetto_emittente="CC")
    assert "00404" not in codes(f, known=sent())
    assert "00404" in codes(f, known=sent(cedente="IT07643520567"))
    tz = spoil(f, header__soggetto_emittente="TZ")
    assert "00404" in codes(tz, known=sent())


def test_what_was_sent_is_known_by_its_identities():
    f = invoice()
    assert identities(f) == (SentInvoice(SELLER, "1/2026", DAY, "TD01"),)
    assert codes(f, known=Known(invoices=identities(f))) == {"00404"}


def lotto(*changes):
    """The same body once for each change of its document."""
    f = invoice()
    bodies = tuple(
        at(spoil(f, **{f"document__{name}": value for name, value in change.items()}), "body__0")
        for change in changes
    )
    return dataclasses.replace(f, fattura_elettronica_body=bodies)


@pytest.mark.parametrize(
    ("second", "refused"),
    [
        ({}, True),
        ({"numero": "2"}, False),
        ({"tipo_documento": "TD04"}, False),
        ({"data": datetime.date(2025, 1, 1)}, False),
        ({"data": datetime.date(2026, 1, 1)}, True),
        ({"data": datetime.date(2026, 1, 1), "art73": "SI"}, False),
    ],
)
def test_00409_twice_in_one_lotto(second, refused):
    assert ("00409" in codes(lotto({}, second))) is refused


def test_00409_on_simplified_invoices():
    f = simple_invoice()
    assert codes(dataclasses.replace(f, fattura_elettronica_body=f.fattura_elettronica_body * 2)) == {"00409"}


def test_00411_and_00415_ritenuta_needs_its_block():
    f = fee_invoice()
    assert not codes(f)
    bare = spoil(f, document__dati_ritenuta=())
    assert codes(bare) == {"00411", "00415"}
    assert codes(spoil(bare, line__ritenuta=None)) == {"00415"}


@pytest.mark.parametrize(
    ("tipo", "day", "refused"),
    [("TD04", DAY, False), ("TD04", TODAY, True), ("TD01", TODAY, False), ("TD05", TODAY, False)],
)
def test_00418_credit_note_not_before_its_invoice(tipo, day, refused):
    f = invoice(tipo_documento=tipo, riferimenti=(Reference("DatiFattureCollegate", "9", day),))
    assert ("00418" in codes(f)) is refused


def test_00418_on_the_simplified_credit_note():
    place = "body__0__dati_generali__dati_fattura_rettificata"
    corrected = s.DatiFatturaRettificata(numero_fr="1", data_fr=TODAY, elementi_rettificati="importo")
    assert codes(spoil(simple_invoice(tipo="TD08"), **{place: corrected})) == {"00418"}
    assert not codes(spoil(simple_invoice(tipo="TD09"), **{place: corrected}))


@pytest.mark.parametrize(("number", "refused"), [("BOZZA", True), ("1", False), ("A-7/b", False)])
def test_00425_a_number_has_a_digit(number, refused):
    assert ("00425" in codes(spoil(invoice(), document__numero=number))) is refused
    simple = spoil(simple_invoice(), body__0__dati_generali__dati_generali_documento__numero=number)
    assert ("00425" in codes(simple)) is refused


def test_00404_blanks_around_a_number_make_no_other_number():
    blank = spoil(invoice(), document__numero=" 1/2026 ")
    assert identities(blank)[0].numero == "1/2026"
    assert "00404" in codes(blank, known=sent())
    assert "00404" in codes(invoice(), known=sent(numero="1/2026 "))


def test_00404_finds_its_number_among_many_and_in_a_lotto():
    two = lotto({}, {"numero": "2"})
    many = Known(invoices=tuple(SentInvoice(SELLER, str(n), DAY, "TD01") for n in range(2, 500)))
    assert codes(two, known=many) == {"00404"}
    assert not codes(two, known=Known(invoices=many.invoices[1:]))
