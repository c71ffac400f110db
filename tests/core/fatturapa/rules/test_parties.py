from __future__ import annotations

import datetime

import pytest

from fattorino.core.fatturapa import ordinaria as o
from fattorino.core.fatturapa import semplificata as s
from fattorino.core.fatturapa.rules import Situation, run
from tests.core.fatturapa.drafts import (
    FOREIGNER,
    OFFICE,
    PERSON,
    at,
    codes,
    found,
    invoice,
    simple_invoice,
    spoil,
)


def vat(code="01234567897", country="IT"):
    return o.IdFiscale(id_paese=country, id_codice=code)


PA = {"cessionario": OFFICE, "codice_destinatario": "UFABC1"}
WRONG = "01234567890"
BEFORE_1_9 = datetime.date(2025, 3, 31)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"trasmissione__id_trasmittente": vat(WRONG)}, "00300"),
        ({"seller__id_fiscale_iva": vat(WRONG)}, "00301"),
        ({"buyer__id_fiscale_iva": vat(WRONG)}, "00305"),
        ({"buyer__id_fiscale_iva": None, "buyer__codice_fiscale": "RSSMRA80A01H501X"}, "00306"),
    ],
)
def test_003xx_a_wrong_check_digit_is_a_warning(change, code):
    bad = spoil(invoice(), **change)
    assert code in codes(bad)
    assert [f.severity for f in found(bad) if f.code == code] == ["warning"]


def test_003xx_foreign_codes_are_not_looked_at():
    assert not codes(invoice(cessionario=FOREIGNER))
    assert not codes(spoil(invoice(), trasmissione__id_trasmittente=vat("1", "DE")))


def test_00302_seller_tax_code_only_to_the_pa():
    bad = {"seller__codice_fiscale": "RSSMRA80A01H501X"}
    assert "00302" in codes(spoil(invoice(**PA), **bad))
    assert "00302" not in codes(spoil(invoice(), **bad))


def test_00303_and_00304_tax_representatives():
    who = o.RappresentanteFiscale(
        dati_anagrafici=o.DatiAnagraficiRappresentante(
            id_fiscale_iva=vat(WRONG), codice_fiscale=WRONG, anagrafica=o.Anagrafica(denominazione="R")
        )
    )
    assert codes(spoil(invoice(**PA), header__rappresentante_fiscale=who)) == {"00303", "00304"}
    assert codes(spoil(invoice(), header__rappresentante_fiscale=who)) == {"00303"}
    buyers = o.RappresentanteFiscaleCessionario(id_fiscale_iva=vat(WRONG), denominazione="R")
    bad = spoil(invoice(), header__cessionario_committente__rappresentante_fiscale=buyers)
    assert codes(bad) == {"00303"}


def test_00303_on_the_simplified_invoice():
    who = s.RappresentanteFiscale(id_fiscale_iva=vat(WRONG), denominazione="R")
    f = spoil(simple_invoice(), header__cedente_prestatore__rappresentante_fiscale=who)
    assert codes(f) == {"00303"}
    other = s.AltriDatiIdentificativi(
        denominazione="X", sede=at(f, "header__cedente_prestatore__sede"), rappresentante_fiscale=who
    )
    g = spoil(simple_invoice(), header__cessionario_committente__altri_dati_identificativi=other)
    assert codes(g) == {"00303"}


def test_00306_only_without_a_vat_number():
    assert not codes(spoil(invoice(), buyer__codice_fiscale="RSSMRA80A01H501X"))


@pytest.mark.parametrize(
    ("code", "on", "warned"),
    [
        ("07643520567", datetime.date(2026, 11, 21), True),
        ("07643520567", datetime.date(2026, 5, 14), False),
        ("80012345676", datetime.date(2026, 11, 21), False),
        ("RSSMRA80A01H501U", datetime.date(2026, 11, 21), False),
    ],
)
def test_00327_only_an_11_digit_tax_code_may_be_a_vat_groups(code, on, warned):
    f = spoil(
        invoice(cessionario=PERSON), buyer__codice_fiscale=code, document__data=datetime.date(2026, 5, 1)
    )
    assert ("00327" in codes(f, on=on)) is warned


def test_00417_buyer_without_identity_in_every_kind():
    assert codes(spoil(invoice(), buyer__id_fiscale_iva=None)) == {"00417"}
    assert codes(spoil(invoice(**PA), buyer__codice_fiscale=None)) == {"00417"}
    simple = "header__cessionario_committente__identificativi_fiscali__id_fiscale_iva"
    assert codes(spoil(simple_invoice(), **{simple: None})) == {"00417"}


def test_00313_xxxxxxx_only_for_foreign_buyers():
    assert not codes(invoice(cessionario=FOREIGNER))
    for buyer in (vat("07643520567"), None):
        f = spoil(
            invoice(cessionario=FOREIGNER), buyer__id_fiscale_iva=buyer, buyer__codice_fiscale="07643520567"
        )
        assert "00313" in codes(f)
    assert codes(spoil(simple_invoice(), trasmissione__codice_destinatario="XXXXXXX")) == {"00313"}


def test_00330_sdis_own_mailboxes():
    good = spoil(invoice(), trasmissione__pec_destinatario="studio@pec.example.it")
    assert not codes(good)
    for address in ("sdi01@pec.fatturapa.it", "SDI99@PEC.fatturapa.it"):
        assert codes(spoil(good, trasmissione__pec_destinatario=address)) == {"00330"}
        assert codes(spoil(simple_invoice(), trasmissione__pec_destinatario=address)) == {"00330"}


def test_00427_length_of_the_recipient_code():
    assert codes(spoil(invoice(), trasmissione__codice_destinatario="ABCDEF")) == {"00427"}
    assert codes(spoil(invoice(**PA), trasmissione__codice_destinatario="ABCDEFG")) == {"00427"}
    assert not codes(invoice(codice_destinatario="ABCDEFG"))


def test_00428_version_and_format():
    assert codes(spoil(invoice(), versione="FPA12")) == {"00428"}
    assert codes(spoil(invoice(**PA), versione="FPR12")) >= {"00428"}


def test_00399_a_public_name_in_a_private_format_is_a_warning():
    f = spoil(invoice(), buyer__anagrafica__denominazione="Comune di Prova")
    assert [x.severity for x in found(f) if x.code == "00399"] == ["warning"]
    assert "00399" not in codes(invoice(**PA))


@pytest.mark.parametrize("tipo", ["TD01", "TD02", "TD03", "TD06", "TD16", "TD20", "TD24", "TD25", "TD29"])
def test_00471_seller_and_buyer_must_differ(tipo):
    f = spoil(invoice(), document__tipo_documento=tipo)
    assert "00471" not in codes(f)
    assert "00471" in codes(spoil(f, buyer__id_fiscale_iva=vat()))


@pytest.mark.parametrize("tipo", ["TD04", "TD05", "TD21", "TD26", "TD27"])
def test_00471_does_not_concern_the_other_types(tipo):
    f = spoil(invoice(), document__tipo_documento=tipo, buyer__id_fiscale_iva=vat())
    assert "00471" not in codes(f)


def test_00471_list_of_the_day_and_of_the_flow():
    mine = spoil(invoice(), buyer__id_fiscale_iva=vat(), document__data=datetime.date(2021, 1, 1))
    assert "00471" not in codes(mine, on=datetime.date(2022, 9, 30))
    assert "00471" in codes(mine, on=datetime.date(2022, 10, 1))
    td29 = spoil(mine, document__tipo_documento="TD29")
    assert "00471" not in codes(td29, on=BEFORE_1_9) and "00471" in codes(td29)
    pa = spoil(invoice(**PA), buyer__id_fiscale_iva=vat())
    assert "00471" in codes(pa) and "00471" not in codes(pa, side="receiver")


def test_00471_on_the_simplified_invoice():
    buyer = "header__cessionario_committente__identificativi_fiscali__id_fiscale_iva"
    assert codes(spoil(simple_invoice(), **{buyer: vat()})) == {"00471"}
    assert not codes(spoil(simple_invoice(tipo="TD09"), **{buyer: vat()}))


def test_00471_and_00472_leave_a_buyer_with_only_a_tax_code_to_the_registry():
    f = spoil(invoice(cessionario=PERSON), buyer__codice_fiscale="01234567897")
    assert not {"00471", "00472"} & codes(f)
    assert "00472" not in codes(spoil(f, document__tipo_documento="TD27"))


@pytest.mark.parametrize("tipo", ["TD21", "TD27"])
def test_00472_seller_and_buyer_must_be_the_same(tipo):
    f = spoil(invoice(), document__tipo_documento=tipo)
    assert codes(f) == {"00472"}
    assert not codes(spoil(f, buyer__id_fiscale_iva=vat()))


@pytest.mark.parametrize(
    ("tipo", "country", "refused"),
    [
        ("TD17", "IT", True),
        ("TD18", "IT", True),
        ("TD19", "IT", True),
        ("TD28", "IT", True),
        ("TD17", "DE", False),
        ("TD01", "IT", False),
        ("TD29", "IT", False),
        ("TD29", "DE", True),
        ("TD17", "OO", False),
        ("TD19", "OO", False),
        ("TD18", "OO", True),
        ("TD01", "OO", True),
    ],
)
def test_00473_country_of_the_seller(tipo, country, refused):
    f = spoil(invoice(), document__tipo_documento=tipo, seller__id_fiscale_iva=vat("99999", country))
    assert ("00473" in codes(f)) is refused


def test_00473_follows_the_days_of_the_list():
    td28 = spoil(invoice(), document__tipo_documento="TD28", document__data=datetime.date(2021, 1, 1))
    assert "00473" not in codes(td28, on=datetime.date(2022, 9, 30))
    foreign = spoil(td28, document__tipo_documento="TD29", seller__id_fiscale_iva=vat("1", "DE"))
    assert "00473" not in codes(foreign, on=BEFORE_1_9)


@pytest.mark.parametrize("tipo", ["TD16", "TD17", "TD18", "TD19", "TD20", "TD22", "TD23", "TD28", "TD29"])
def test_00475_buyer_needs_a_vat_number(tipo):
    f = spoil(invoice(cessionario=PERSON), document__tipo_documento=tipo)
    assert "00475" in codes(f)
    assert "00475" not in codes(spoil(f, buyer__id_fiscale_iva=vat("07643520567")))
    assert "00475" not in codes(spoil(f, document__tipo_documento="TD01"))


def test_00476_one_of_the_two_is_italian():
    f = invoice(cessionario=FOREIGNER)
    assert not codes(f)
    assert codes(spoil(f, seller__id_fiscale_iva=vat("1", "FR"))) == {"00476"}
    assert not codes(spoil(f, seller__id_fiscale_iva=vat("1", "FR"), document__data=datetime.date(2021, 1, 1)),
                     on=datetime.date(2022, 9, 30))  # fmt: skip
    buyer = "header__cessionario_committente__identificativi_fiscali__id_fiscale_iva"
    simple = spoil(
        simple_invoice(), header__cedente_prestatore__id_fiscale_iva=vat("1", "FR"), **{buyer: vat("2", "DE")}
    )
    assert codes(simple) == {"00476"}


IDS = "header__cessionario_committente__identificativi_fiscali"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"trasmissione__id_trasmittente": vat(WRONG)}, "00300"),
        ({"header__cedente_prestatore__id_fiscale_iva": vat(WRONG)}, "00301"),
        ({f"{IDS}__id_fiscale_iva": vat(WRONG)}, "00305"),
        ({IDS: s.IdentificativiFiscali(codice_fiscale="RSSMRA80A01H501X")}, "00306"),
        ({IDS: s.IdentificativiFiscali(codice_fiscale="07643520567")}, "00327"),
        # The schema refuses these two before the rule is asked.
        ({"trasmissione__codice_destinatario": "ABCDEF"}, "00427"),
        ({"versione": "FPR12"}, "00428"),
    ],
)
def test_the_simplified_invoice_has_the_same_controls(change, code):
    bad = spoil(simple_invoice(), **change)
    situation = Situation("FSM10", datetime.date(2026, 11, 21))
    assert {v.code for v in run(bad, situation)} == {code}
    assert not run(simple_invoice(), situation)
