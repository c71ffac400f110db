from __future__ import annotations

from decimal import Decimal as D

import pytest

from fattorino.core.fatturapa import draft as d
from fattorino.core.fatturapa import ordinaria as o
from tests.core.fatturapa.drafts import (
    CEDENTE,
    OFFICE,
    advice,
    at,
    codes,
    fee_invoice,
    found,
    invoice,
    line,
    simple_invoice,
    spoil,
)

PA = {"cessionario": OFFICE, "codice_destinatario": "UFABC1"}
BANK = d.Payment("MP05", iban="IT60X0542811101000000123456")


def test_a_well_made_invoice_gets_no_advice():
    assert not found(invoice(pagamenti=(BANK,)))
    assert not found(fee_invoice(pagamenti=(BANK,)))


@pytest.mark.parametrize(
    ("total", "said"), [("122.00", False), ("122.01", False), ("122.02", True), ("100.00", True)]
)
def test_total_of_the_document(total, said):
    f = spoil(invoice(), document__importo_totale_documento=D(total))
    assert ("avviso-totale" in advice(f)) is said


def test_total_counts_document_discount_and_rounding():
    f = invoice(sconti=(d.Discount("SC", D(10)),))
    assert at(f, "document__importo_totale_documento") == D("109.80") and not advice(f)
    rounded = spoil(f, document__arrotondamento=D("0.20"), document__importo_totale_documento=D("110.00"))
    assert not advice(rounded)


def test_a_negative_total_wants_a_credit_note():
    assert "avviso-negativo" in advice(invoice(line("-5.00")))
    reference = d.Reference("DatiFattureCollegate", "1")
    assert not advice(invoice(line("-5.00"), tipo_documento="TD04", riferimenti=(reference,)))


def test_payments_make_total_less_withholding_and_split_tax():
    f = fee_invoice(pagamenti=(BANK,))
    place = "body__0__dati_pagamento__0__dettaglio_pagamento__0__importo_pagamento"
    assert at(f, place) == D("106.08")
    assert "avviso-pagamenti" in advice(spoil(f, **{place: D("126.88")}))
    split = invoice(esigibilita_iva="S", pagamenti=(BANK,))
    assert at(split, place) == D("100.00") and not advice(split)


@pytest.mark.parametrize("iban", [None, "IT61X0542811101000000123456"])
def test_bank_transfer_with_a_right_iban(iban):
    place = "body__0__dati_pagamento__0__dettaglio_pagamento__0__iban"
    assert "avviso-iban" in advice(spoil(invoice(pagamenti=(BANK,)), **{place: iban}))


@pytest.mark.parametrize(
    ("price", "natura", "said"), [("77.47", "N4", False), ("77.48", "N4", True), ("500.00", "N6.1", False)]
)
def test_missing_stamp_duty(price, natura, said):
    f = invoice(line(price, "0", natura=natura, riferimento_normativo="art. 10"))
    assert ("avviso-bollo" in advice(f)) is said
    assert "avviso-bollo" not in advice(
        invoice(line(price, "0", natura=natura, riferimento_normativo="x"), bollo=d.Bollo())
    )


def test_cig_is_missed_only_to_the_pa():
    assert "avviso-cig" in advice(invoice(**PA)) and "avviso-cig" not in advice(invoice())
    reference = d.Reference("DatiContratto", "1", codice_cig="Z1A2B3C4D5")
    assert "avviso-cig" not in advice(invoice(riferimenti=(reference,), **PA))


@pytest.mark.parametrize(
    ("cig", "cup", "said"),
    [
        ("Z1A2B3C4D5", None, False),
        ("Z1A2B3C4D5", "B81B17000340007", False),
        ("Z1A2B3C4D", None, True),
        ("NON DOVUTO", None, True),
        ("Z1A2B3C4D5", "B81B1700034", True),
    ],
)
def test_cig_and_cup_have_their_length(cig, cup, said):
    reference = d.Reference("DatiOrdineAcquisto", "1", codice_cig=cig, codice_cup=cup)
    assert ("avviso-cig" in advice(invoice(riferimenti=(reference,), **PA))) is said
    assert "avviso-cig" not in advice(invoice(riferimenti=(reference,)))


def test_missing_stamp_duty_on_a_simplified_invoice():
    place = "body__0__dati_beni_servizi__0__"
    exempt = {f"{place}natura": "N4", f"{place}dati_iva__aliquota": D("0.00")}
    assert "avviso-bollo" in advice(spoil(simple_invoice("77.48"), **exempt))
    assert "avviso-bollo" not in advice(spoil(simple_invoice("77.47"), **exempt))
    stamped = {"body__0__dati_generali__dati_generali_documento__bollo_virtuale": "SI"}
    assert "avviso-bollo" not in advice(spoil(simple_invoice("77.48"), **exempt, **stamped))


def test_contribution_and_withholding_arithmetic():
    f = fee_invoice()
    cassa = "document__dati_cassa_previdenziale__0__importo_contributo_cassa"
    assert "avviso-cassa" in advice(spoil(f, **{cassa: D("5.00")}))
    ritenuta = "document__dati_ritenuta__0__importo_ritenuta"
    assert "avviso-ritenuta" in advice(spoil(f, **{ritenuta: D("30.00")}))
    assert "avviso-ritenuta" not in advice(spoil(f, **{ritenuta: D("10.40")})), (
        "half a fee may be withheld upon"
    )


def test_withholding_with_split_payment():
    assert "avviso-ritenuta" in advice(fee_invoice(esigibilita_iva="S"))


def test_line_numbers_are_unique():
    f = invoice(line(), line())
    assert "avviso-linee" in advice(spoil(f, goods__dettaglio_linee__1__numero_linea=1))


def test_a_natura_has_its_law():
    assert "avviso-norma" in advice(invoice(line("5", "0", natura="N4")))
    assert not advice(invoice(line("5", "0", natura="N4", riferimento_normativo="art. 10 DPR 633/72")))


def test_regime_forfettario_has_no_vat():
    assert "avviso-regime" in advice(spoil(invoice(), seller__regime_fiscale="RF19"))
    assert "avviso-regime" not in advice(
        spoil(
            invoice(line("5", "0", natura="N2.2", riferimento_normativo="x")), seller__regime_fiscale="RF19"
        )
    )
    assert CEDENTE.regime_fiscale == "RF01"


def test_a_credit_note_names_its_invoice():
    assert "avviso-collegata" in advice(invoice(tipo_documento="TD04"))


def test_pec_beside_a_code_and_address_of_td29():
    both = spoil(invoice(codice_destinatario="ABCDEFG"), trasmissione__pec_destinatario="a@pec.example.it")
    assert "avviso-destinatario" in advice(both)
    td29 = spoil(invoice(codice_destinatario="ABCDEFG"), document__tipo_documento="TD29")
    assert "avviso-destinatario" in advice(td29)
    assert "avviso-destinatario" not in advice(spoil(td29, trasmissione__codice_destinatario="0000000"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("08060120341234567-000001", False),
        ("08060120341234567/000001", False),
        ("0806012034123456-000001", True),
        (None, True),
    ],
)
def test_00477_shape_of_the_protocol_of_a_declaration(text, said):
    block = o.AltriDatiGestionali(tipo_dato="INTENTO", riferimento_testo=text)
    exempt = line("5", "0", natura="N3.5", riferimento_normativo="art. 8")
    f = spoil(invoice(exempt), line__altri_dati_gestionali=(block,))
    assert codes(f) == ({"00477"} if said else set())
    assert all(x.severity == "warning" for x in found(f))
    to_pa = spoil(invoice(exempt, **PA), line__altri_dati_gestionali=(block,))
    assert "00477" not in codes(to_pa)
