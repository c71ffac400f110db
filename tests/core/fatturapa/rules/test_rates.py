from __future__ import annotations

import datetime
from decimal import Decimal as D

import pytest

from fattorino.core.fatturapa.draft import Cassa
from tests.core.fatturapa.drafts import (
    OFFICE,
    at,
    codes,
    fee_invoice,
    found,
    invoice,
    line,
    simple_invoice,
    spoil,
)

ZERO = D("0.00")
EXEMPT = line("100", "0", natura="N4")
CASSE = "document__dati_cassa_previdenziale"
PA = {"cessionario": OFFICE, "codice_destinatario": "UFABC1"}


def pa(*lines, **values):
    return invoice(*lines, **PA, **values)


def test_00400_natura_missing_on_a_line():
    f = invoice(EXEMPT)
    assert not codes(f)
    assert codes(spoil(f, line__natura=None)) == {"00400", "00444"}


def test_00401_natura_beside_a_rate_except_in_td16():
    f = invoice(line(), EXEMPT)
    assert "00401" in codes(spoil(f, line__natura="N4"))
    td16 = spoil(f, line__natura="N4", document__tipo_documento="TD16")
    assert "00401" not in codes(td16)


def test_00413_and_00414_the_same_on_a_cassa():
    exempt = invoice(EXEMPT, casse=(Cassa("TC01", D(4), ZERO, "N4"),))
    assert not codes(exempt)
    assert codes(spoil(exempt, **{f"{CASSE}__0__natura": None})) == {"00413"}
    taxed = invoice(line(), EXEMPT, casse=(Cassa("TC01", D(4), D(22)),))
    assert codes(spoil(taxed, **{f"{CASSE}__0__natura": "N4"})) == {"00414"}


def test_00414_has_no_exception_for_td16():
    taxed = invoice(line(), EXEMPT, casse=(Cassa("TC01", D(4), D(22)),))
    bad = spoil(taxed, document__tipo_documento="TD16", **{f"{CASSE}__0__natura": "N4"})
    assert "00414" in codes(bad)


def test_00429_natura_missing_in_a_riepilogo():
    f = invoice(EXEMPT)
    assert codes(spoil(f, riepilogo__natura=None)) == {"00429", "00444"}


def test_00430_natura_beside_a_rate_in_a_riepilogo_except_in_td16():
    f = invoice(line(), EXEMPT)
    assert codes(spoil(f, riepilogo__natura="N4")) == {"00430"}
    assert "00430" not in codes(spoil(f, riepilogo__natura="N4", document__tipo_documento="TD16"))


def test_00419_counts_riepiloghi_against_rates():
    f = invoice(line(), line("1", "10"), casse=(Cassa("TC01", D(4), D(5)),))
    assert not codes(f)
    blocks = at(f, "goods__dati_riepilogo")
    assert "00419" in codes(spoil(f, goods__dati_riepilogo=blocks[:2]))
    assert "00419" not in codes(spoil(invoice(EXEMPT), riepilogo__aliquota_iva=D("22.00")))


def test_00443_a_rate_without_riepilogo_on_both_sides_and_flows():
    for make in (invoice, pa):
        bad = spoil(make(line(), line("1", "10")), riepilogo__aliquota_iva=D("5.00"))
        assert "00443" in codes(bad) and "00443" in codes(bad, side="receiver")


def test_00443_a_riepilogo_without_lines_is_lenient_only_for_a_receiver_of_the_pa():
    for make, refused in ((invoice, True), (pa, False)):
        f = make(line())
        extra = at(spoil(f, riepilogo__aliquota_iva=D("10.00")), "riepilogo")
        zero = spoil(extra, imponibile_importo=ZERO, imposta=ZERO)
        bad = spoil(f, goods__dati_riepilogo=(at(f, "riepilogo"), zero))
        assert codes(bad) == {"00443"}
        assert ("00443" in codes(bad, side="receiver")) is refused


def test_00444_a_natura_without_riepilogo_and_the_reverse():
    for make, refused in ((invoice, True), (pa, False)):
        f = make(EXEMPT, line("1", "0", natura="N1"))
        blocks = at(f, "goods__dati_riepilogo")
        assert codes(f) == set()
        missing = spoil(f, riepilogo__natura="N4")
        assert codes(missing, side="receiver") == {"00444"}
        extra = spoil(blocks[0], natura="N5", imponibile_importo=ZERO, imposta=ZERO)
        bad = spoil(f, goods__dati_riepilogo=(*blocks, extra))
        assert codes(bad) == {"00444"}
        assert ("00444" in codes(bad, side="receiver")) is refused


@pytest.mark.parametrize(
    ("natura", "due", "refused"), [("N6.1", "S", True), ("N6.1", "I", False), ("N4", "S", False)]
)
def test_00420_reverse_charge_excludes_split_payment(natura, due, refused):
    f = spoil(invoice(line("100", "0", natura=natura)), riepilogo__esigibilita_iva=due)
    assert ("00420" in codes(f)) is refused


@pytest.mark.parametrize(
    ("rate", "refused"), [("0.22", True), ("0.99", True), ("1.00", False), ("22.00", False)]
)
def test_00424_rates_are_in_per_cent_in_lines_casse_and_riepiloghi(rate, refused):
    for place in ("line", "riepilogo", f"{CASSE}__0"):
        f = spoil(fee_invoice(), **{f"{place}__aliquota_iva": D(rate)})
        assert ("00424" in codes(f)) is refused


@pytest.mark.parametrize("natura", ["N2", "N3", "N6"])
def test_00445_generic_natura_is_over_since_2021(natura):
    old = spoil(
        invoice(EXEMPT),
        line__natura=natura,
        riepilogo__natura=natura,
        document__data=datetime.date(2020, 12, 31),
    )
    assert not codes(old)
    new = spoil(old, document__data=datetime.date(2021, 1, 1))
    assert codes(new) == {"00445"}
    assert "00445" not in codes(new, on=datetime.date(2020, 12, 31)), "not yet in force"


def test_00474_no_zero_rate_in_td21():
    mine = spoil(invoice(EXEMPT), buyer__id_fiscale_iva=at(invoice(), "seller__id_fiscale_iva"))
    assert not {"00474"} & codes(mine)
    assert codes(spoil(mine, document__tipo_documento="TD21")) == {"00474"}


def test_simplified_invoice_has_the_same_rules_on_its_own_blocks():
    f = simple_invoice()
    place = "body__0__dati_beni_servizi__0__"
    assert not codes(f)
    assert codes(spoil(f, **{f"{place}dati_iva__aliquota": ZERO})) == {"00400"}
    assert not codes(spoil(f, **{f"{place}dati_iva__aliquota": None})), "only when the rate is given"
    assert codes(spoil(f, **{f"{place}natura": "N4"})) == {"00401"}
    assert codes(spoil(f, **{f"{place}dati_iva__aliquota": D("0.10")})) == {"00424"}
    generic = spoil(f, **{f"{place}dati_iva__aliquota": ZERO, f"{place}natura": "N2"})
    assert codes(generic) == {"00445"}
    old = spoil(generic, body__0__dati_generali__dati_generali_documento__data=datetime.date(2020, 12, 31))
    assert not codes(old)


def test_00401_and_00430_td16_is_excepted_only_since_1_7_1():
    f = spoil(
        invoice(line(), EXEMPT),
        line__natura="N4",
        riepilogo__natura="N4",
        document__tipo_documento="TD16",
        document__data=datetime.date(2022, 1, 1),
    )
    assert {"00401", "00430"} <= codes(f, on=datetime.date(2022, 9, 30))
    assert not {"00401", "00430"} & codes(f, on=datetime.date(2022, 10, 1))


def test_00443_and_00444_a_receiver_looks_both_ways_only_since_1_8():
    f = spoil(invoice(line(), EXEMPT), document__data=datetime.date(2023, 1, 1))
    alone = spoil(f, goods__dettaglio_linee=at(f, "goods__dettaglio_linee")[:1])
    assert {"00443", "00444"} <= codes(alone, side="receiver", on=datetime.date(2024, 2, 1))
    assert not {"00443", "00444"} & codes(alone, side="receiver", on=datetime.date(2024, 1, 31))
    assert {"00443", "00444"} <= codes(alone, side="emitter", on=datetime.date(2024, 1, 31))


def test_00424_a_cassa_and_a_riepilogo_say_their_own_place():
    f = spoil(fee_invoice(), riepilogo__aliquota_iva=D("0.22"), **{f"{CASSE}__0__aliquota_iva": D("0.22")})
    places = [x.path.rsplit("/", 2)[1] for x in found(f) if x.code == "00424"]
    assert sorted(places) == ["DatiCassaPrevidenziale[1]", "DatiRiepilogo[1]"]
