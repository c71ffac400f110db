from __future__ import annotations

import pytest

from fattorino.core.fatturapa import ordinaria as o
from fattorino.core.fatturapa import semplificata as s
from fattorino.core.fatturapa.draft import Cassa
from tests.core.fatturapa.drafts import (
    FOREIGNER,
    OFFICE,
    PERSON,
    D,
    advice,
    at,
    found,
    invoice,
    line,
    simple_invoice,
    spoil,
)

PA = {"cessionario": OFFICE, "codice_destinatario": "UFABC1"}
BUYER = "header__cessionario_committente"
IDS = f"{BUYER}__identificativi_fiscali"
WRONG_CODE = "01234567890"
EXEMPT = line("50", "0", natura="N4", riferimento_normativo="art. 10 n. 18 DPR 633/72")


def vat(code="07643520567", country="IT"):
    return o.IdFiscale(id_paese=country, id_codice=code)


@pytest.mark.parametrize(
    ("country", "code", "said"),
    [
        ("DE", "XXXXXXX", False),
        ("DE", "0000000", True),
        ("DE", "ABCDEFG", True),
        ("IT", "0000000", False),
        ("SM", "2R4GTO8", False),
        ("SM", "XXXXXXX", False),
        ("SM", "0000000", True),
        ("DE", "2R4GTO8", True),
    ],
)
def test_avviso_estero_a_foreign_buyer_has_an_address_of_its_own(country, code, said):
    f = spoil(invoice(), buyer__id_fiscale_iva=vat("12345", country), trasmissione__codice_destinatario=code)
    assert ("avviso-estero" in advice(f)) is said
    simple = spoil(
        simple_invoice(),
        trasmissione__codice_destinatario=code,
        **{f"{IDS}__id_fiscale_iva": vat("1", country)},
    )
    assert ("avviso-estero" in advice(simple)) is said


def test_avviso_estero_spares_a_foreigner_established_in_italy_and_the_pa():
    f = spoil(invoice(cessionario=FOREIGNER), trasmissione__codice_destinatario="ABCDEFG")
    assert "avviso-estero" in advice(f)
    here = at(f, "header__cedente_prestatore__sede")
    assert "avviso-estero" not in advice(spoil(f, **{f"{BUYER}__stabile_organizzazione": here}))
    who = o.RappresentanteFiscaleCessionario(id_fiscale_iva=vat(), denominazione="R")
    assert "avviso-estero" not in advice(spoil(f, **{f"{BUYER}__rappresentante_fiscale": who}))
    assert "avviso-estero" not in advice(spoil(invoice(**PA), buyer__id_fiscale_iva=vat("1", "DE")))


def test_avviso_scissione_is_for_persons_and_foreigners():
    split = invoice(esigibilita_iva="S")
    assert "avviso-scissione" not in advice(split), "a company may be on the lists of the ministry"
    assert "avviso-scissione" in advice(invoice(esigibilita_iva="S", cessionario=PERSON))
    assert "avviso-scissione" in advice(invoice(esigibilita_iva="S", cessionario=FOREIGNER))
    assert "avviso-scissione" not in advice(invoice(cessionario=PERSON))
    assert "avviso-scissione" not in advice(invoice(esigibilita_iva="S", **PA))


@pytest.mark.parametrize(
    ("law", "said"),
    [
        ("art. 10 n. 18 DPR 633/72", True),
        ("Esente art.10, comma 1, n.18) DPR 633/1972", True),
        ("articolo 10 DPR 633/72 numero 19", True),
        ("Art 10 c. 1 nr 18", True),
        ("art. 10 DPR 633/72", False),
        ("art. 10 n. 20 DPR 633/72", False),
        ("art. 100 n. 18", False),
        (None, False),
    ],
)
def test_avviso_sanitaria_by_the_law_of_the_exemption(law, said):
    f = spoil(invoice(EXEMPT, cessionario=PERSON), riepilogo__riferimento_normativo=law)
    assert ("avviso-sanitaria" in advice(f)) is said


def test_avviso_sanitaria_by_register_and_fund():
    f = invoice(cessionario=PERSON)
    assert "avviso-sanitaria" not in advice(f)
    assert "avviso-sanitaria" in advice(spoil(f, seller__albo_professionale="Ordine degli Psicologi"))
    assert "avviso-sanitaria" not in advice(spoil(f, seller__albo_professionale="Ordine degli Avvocati"))
    assert "avviso-sanitaria" in advice(invoice(cessionario=PERSON, casse=(Cassa("TC21", D(2), D(22)),)))
    assert "avviso-sanitaria" not in advice(invoice(cessionario=PERSON, casse=(Cassa("TC22", D(4), D(22)),)))


def test_avviso_sanitaria_is_about_patients_only():
    doctor = {"seller__albo_professionale": "Ordine dei Medici"}
    assert "avviso-sanitaria" not in advice(spoil(invoice(), **doctor)), "a company"
    assert "avviso-sanitaria" not in advice(spoil(invoice(**PA), **doctor)), "an office"
    colleague = spoil(invoice(cessionario=PERSON), buyer__id_fiscale_iva=vat(), **doctor)
    assert "avviso-sanitaria" not in advice(colleague), "with a VAT number"


@pytest.mark.parametrize("code", [WRONG_CODE, "RSSMRA80A01H501X"])
def test_avviso_codice_fiscale_where_no_control_looks(code):
    """Of 11 digits as of 16 characters; 00302 and 00306 say the other cases."""
    seller = spoil(invoice(), seller__codice_fiscale=code)
    assert [x.path[-14:] for x in found(seller) if x.code == "avviso-codice-fiscale"] == ["/CodiceFiscale"]
    buyer = spoil(invoice(), buyer__codice_fiscale=code)
    assert "avviso-codice-fiscale" in advice(buyer)
    simple = spoil(simple_invoice(), header__cedente_prestatore__codice_fiscale=code)
    assert "avviso-codice-fiscale" in advice(simple)
    ids = s.IdentificativiFiscali(id_fiscale_iva=vat(), codice_fiscale=code)
    assert "avviso-codice-fiscale" in advice(spoil(simple_invoice(), **{IDS: ids}))


def test_avviso_codice_fiscale_does_not_repeat_00302_and_00306():
    pa = found(spoil(invoice(**PA), seller__codice_fiscale=WRONG_CODE))
    assert "00302" in {x.code for x in pa} and "avviso-codice-fiscale" not in {x.code for x in pa}
    alone = found(spoil(invoice(cessionario=PERSON), buyer__codice_fiscale=WRONG_CODE))
    assert "00306" in {x.code for x in alone} and "avviso-codice-fiscale" not in {x.code for x in alone}
    assert "avviso-codice-fiscale" not in advice(spoil(invoice(), seller__codice_fiscale="01234567897"))
