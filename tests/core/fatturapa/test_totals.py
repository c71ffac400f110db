from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fattorino.core.fatturapa.draft import (
    Bollo,
    Cassa,
    Discount,
    Draft,
    Line,
    Payment,
    Ritenuta,
)
from fattorino.core.fatturapa.totals import compute
from tests.core.fatturapa.drafts import line


def totals(*lines, **values):
    return compute(Draft(linee=lines, **values))


def fields(result):
    return {f.field for f in result.errors}


# ------------------------------------------------------------------- worked official examples, to the cent


def test_official_example_6_1_commercialista():
    t = totals(
        line("12600", "21", ritenuta=True),
        casse=(Cassa("TC02", D(2), D(21)),),
        ritenute=(Ritenuta("RT01", D(20), "A"),),
    )
    assert (t.casse[0].importo, t.imponibile, t.imposta) == (D("252.00"), D("12852.00"), D("2698.92"))
    assert (t.ritenuta, t.da_pagare) == (D("2520.00"), D("13030.92"))
    assert t.totale_documento == D("15550.92"), "gross of ritenuta"


def test_official_example_6_2_inps():
    t = totals(
        line("1600", "21", ritenuta=True),
        casse=(Cassa("TC22", D(4), D(21), ritenuta=True),),
        ritenute=(Ritenuta("RT01", D(20), "A"),),
    )
    assert (t.casse[0].importo, t.imponibile, t.imposta) == (D("64.00"), D("1664.00"), D("349.44"))
    assert (t.ritenute[0].base, t.ritenuta, t.da_pagare) == (D("1664.00"), D("332.80"), D("1680.64"))


def test_official_example_of_two_casse():
    t = totals(
        line("1500", "21", ritenuta=True),
        casse=(
            Cassa("TC22", D(4), D(21), ritenuta=True),
            Cassa("TC03", D(2), D(21), imponibile=D("1560.00")),
        ),
        ritenute=(Ritenuta("RT01", D(20), "A"),),
    )
    assert [c.importo for c in t.casse] == [D("60.00"), D("31.20")]
    assert (t.imponibile, t.ritenute[0].base) == (D("1591.20"), D("1560.00"))


def test_the_same_with_the_rate_of_today():
    t = totals(
        line("1600", ritenuta=True),
        casse=(Cassa("TC22", D(4), D(22), ritenuta=True),),
        ritenute=(Ritenuta("RT01", D(20), "A"),),
    )
    assert (t.imposta, t.da_pagare) == (D("366.08"), D("1697.28"))


@pytest.mark.parametrize(
    ("amounts", "imponibile", "rounding"),
    [
        (["9826.9803"], "9826.98", "-0.0003"),
        (["71.2148083"], "71.21", "-0.0048083"),
        (["0.3799995"], "0.38", "0.0000005"),
        (["10.00", "5.00"], "15.00", None),
    ],
)
def test_official_roundings_of_a_riepilogo(amounts, imponibile, rounding):
    (r,) = totals(*(line(a) for a in amounts)).riepiloghi
    assert r.imponibile_importo == D(imponibile)
    assert r.arrotondamento == (D(rounding) if rounding else None)


def test_official_utility_bill_with_split_payment_is_paid_without_tax():
    t = totals(
        line("71.2148083", "21"),
        line("0.3799995", "0", natura="N2.1"),
        esigibilita_iva="S",
        pagamenti=(Payment("MP05"),),
    )
    assert (t.imposta, t.iva_scissa, t.da_pagare) == (D("14.95"), D("14.95"), D("71.59"))
    assert t.pagamenti[0].importo == D("71.59")
    assert [r.esigibilita_iva for r in t.riepiloghi] == ["S", None]


@pytest.mark.parametrize(
    ("price", "steps", "quantity", "expected"),
    [
        ("500", [(None, "10.05"), (None, "5.25"), (None, "4.70")], "100", "48000.00"),
        ("500", [("8.50", None), ("5.15", None), ("3.00", None)], "100", "42092.05875"),
        ("500", [("8.50", None), ("5.15", "23.56"), (None, "15.00"), ("2.00", None)], "100", "41056.12"),
        ("50.158", [("5.00", "2.512")], "1000", "47646.00"),
    ],
)
def test_official_cascades_of_discounts(price, steps, quantity, expected):
    sconti = tuple(Discount("SC", D(p) if p else None, D(a) if a else None) for p, a in steps)
    t = totals(line(price, quantita=D(quantity), sconti=sconti))
    assert t.linee[0].prezzo_totale == D(expected)


def test_own_example_of_two_rates():
    t = totals(line("2.50", quantita=D(10)), line("100", "10"))
    assert [(r.imponibile_importo, r.imposta) for r in t.riepiloghi] == [
        (D("25.00"), D("5.50")),
        (D("100.00"), D("10.00")),
    ]
    assert t.totale_documento == D("140.50")


# ------------------------------------------------------------------------------------------ the rules


def test_one_riepilogo_for_each_rate_and_natura():
    t = totals(
        line("1"),
        line("2", "10"),
        line("3", "0", natura="N4", riferimento_normativo="art. 10"),
        line("4", "0", natura="N4", riferimento_normativo="art. 10 n. 18"),
        line("5", "0", natura="N1"),
    )
    assert [(r.aliquota_iva, r.natura) for r in t.riepiloghi] == [
        (D(22), None),
        (D(10), None),
        (D(0), "N1"),
        (D(0), "N4"),
    ]
    assert t.riepiloghi[3].riferimento_normativo == "art. 10; art. 10 n. 18"


def test_tax_is_of_the_sum_not_the_sum_of_the_taxes_of_the_lines():
    assert totals(*[line("0.02")] * 10).imposta == D("0.04")


def test_cassa_is_not_due_on_expenses_in_the_clients_name():
    t = totals(line("100"), line("50", "0", natura="N1"), casse=(Cassa("TC01", D(4), D(22)),))
    assert t.casse[0].importo == D("4.00")


def test_withholding_on_half_of_the_fee():
    t = totals(line("1000", ritenuta=True), ritenute=(Ritenuta("RT02", D(23), "R", D(50)),))
    assert t.ritenuta == D("115.00")


def test_two_withholdings_on_the_same_base():
    t = totals(
        line("1000", ritenuta=True),
        ritenute=(Ritenuta("RT02", D(23), "R", D(50)), Ritenuta("RT04", D("8.5"), "R")),
    )
    assert (t.ritenuta, t.da_pagare) == (D("200.00"), D("1020.00"))


def test_document_discount_lowers_the_total_and_not_the_taxable_amount():
    t = totals(line("100"), sconti=(Discount("SC", D(10)), Discount("MG", importo=D("1.00"))))
    assert (t.imponibile, t.totale_documento, t.sconto_documento) == (D("100.00"), D("110.80"), D("-11.20"))


def test_recharged_stamp_duty_is_a_line_of_natura_n1():
    t = totals(line("100", "0", natura="N4"), bollo=Bollo(addebitato=True))
    assert [x.prezzo_totale for x in t.linee] == [D("100.00"), D("2.00")]
    assert t.linee[1].index is None and t.linee[1].line.natura == "N1"
    assert (t.bollo, t.totale_documento) == (D("2.00"), D("102.00"))


def test_own_stamp_duty_is_not_in_the_total():
    t = totals(line("100", "0", natura="N4"), bollo=Bollo())
    assert (t.bollo, t.totale_documento) == (D("2.00"), D("100.00"))


@pytest.mark.parametrize(("price", "warned"), [("77.47", False), ("77.48", True)])
def test_missing_stamp_duty_is_noticed_above_the_threshold(price, warned):
    t = totals(line(price, "0", natura="N2.2"))
    assert ("bollo" in {f.field for f in t.warnings}) is warned


def test_payments_without_amount_share_the_rest_and_the_last_takes_the_cents():
    t = totals(
        line("100", "0", natura="N4"), pagamenti=(Payment("MP01", importo=D("0.01")), *[Payment("MP05")] * 3)
    )
    assert [p.importo for p in t.pagamenti] == [D("0.01"), D("33.33"), D("33.33"), D("33.33")]
    t = totals(line("100", "0", natura="N4"), pagamenti=(Payment("MP05"),) * 3)
    assert [p.importo for p in t.pagamenti] == [D("33.33"), D("33.33"), D("33.34")]


@pytest.mark.parametrize("amounts", [["100.00"], ["50.00", "50.00"], ["200.00", None]])
def test_payments_that_do_not_make_the_amount_due_are_a_warning(amounts):
    t = totals(line("100"), pagamenti=tuple(Payment("MP05", importo=a and D(a)) for a in amounts))
    assert any(f.field.startswith("pagamenti.") for f in t.warnings) and not t.errors


# ---------------------------------------------------------------------------------- half-filled drafts


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (Draft(), "linee"),
        (Draft(linee=(Line(),)), "linee.0.prezzo_unitario"),
        (Draft(linee=(Line(),)), "linee.0.aliquota_iva"),
        (Draft(linee=(line("NaN"),)), "linee.0.prezzo_unitario"),
        (Draft(linee=(line("sNaN"),)), "linee.0.prezzo_unitario"),
        (Draft(linee=(line("1E+30"),)), "linee.0.prezzo_unitario"),
        (Draft(linee=(line("0.123456789"),)), "linee.0.prezzo_unitario"),
        (Draft(linee=(line(quantita=D(-1)),)), "linee.0.quantita"),
        (Draft(linee=(line("99999999999", quantita=D(10)),)), "linee.0.prezzo_unitario"),
        (Draft(linee=(line(rate="101"),)), "linee.0.aliquota_iva"),
        (Draft(linee=(line(rate="22.123"),)), "linee.0.aliquota_iva"),
        (Draft(linee=(line(rate="0.22"),)), "linee.0.aliquota_iva"),
        (Draft(linee=(line(rate="0"),)), "linee.0.natura"),
        (Draft(linee=(line(natura="N4"),)), "linee.0.natura"),
        (Draft(linee=(line(sconti=(Discount(),)),)), "linee.0.sconti.0.percentuale"),
        (Draft(linee=(line(sconti=(Discount("XX", D(1)),)),)), "linee.0.sconti.0.tipo"),
        (Draft(linee=(line(),), sconti=(Discount(),)), "sconti.0.percentuale"),
        (Draft(linee=(line(ritenuta=True),)), "ritenute"),
        (Draft(linee=(line(),), casse=(Cassa("TC01", D(4), D(22), ritenuta=True),)), "ritenute"),
        (Draft(linee=(line(),), casse=(Cassa(),)), "casse.0.al_cassa"),
        (Draft(linee=(line(),), casse=(Cassa("TC01", D(4), D(0)),)), "casse.0.natura"),
        (Draft(linee=(line(),), casse=(Cassa("TC01", D(4), D(22), "N4"),)), "casse.0.natura"),
        (Draft(linee=(line(),), ritenute=(Ritenuta(),)), "ritenute.0.aliquota_ritenuta"),
        (Draft(linee=(line(),), pagamenti=(Payment(),)), "pagamenti.0.modalita_pagamento"),
        (Draft(linee=(line(),), pagamenti=(Payment("MP05", importo=D("NaN")),)), "pagamenti.0.importo"),
        (Draft(linee=(line(),), bollo=Bollo(D("-1"))), "bollo.importo"),
        (Draft(linee=(line(),), esigibilita_iva="X"), "esigibilita_iva"),
    ],
)
def test_a_wrong_or_missing_number_is_bound_to_its_field(draft, field):
    assert field in fields(compute(draft))


def test_integration_td16_may_show_natura_beside_the_rate():
    assert not totals(line(natura="N6.3"), tipo_documento="TD16").errors
    assert totals(line(natura="N6.3"), tipo_documento="TD01").errors


def test_a_ricevuta_needs_no_rate():
    t = compute(Draft(tipo_documento="", linee=(Line(descrizione="Quota", prezzo_unitario=D("150")),)))
    assert not t.errors and t.totale_documento == D("150.00")


any_number = st.one_of(
    st.none(), st.decimals(), st.sampled_from([D("1E+1000"), D("-0"), D("NaN"), D("sNaN"), D("Infinity")])
)
any_discount = st.builds(
    Discount, tipo=st.sampled_from(["SC", "MG", ""]), percentuale=any_number, importo=any_number
)
any_discounts = st.lists(any_discount, max_size=3).map(tuple)
any_draft = st.builds(
    Draft,
    tipo_documento=st.sampled_from(["TD01", "TD16", ""]),
    esigibilita_iva=st.sampled_from(["I", "S", "?"]),
    linee=st.lists(
        st.builds(
            Line,
            quantita=any_number,
            prezzo_unitario=any_number,
            aliquota_iva=any_number,
            sconti=any_discounts,
            ritenuta=st.booleans(),
        ),
        max_size=3,
    ).map(tuple),
    sconti=any_discounts,
    casse=st.lists(
        st.builds(
            Cassa, al_cassa=any_number, aliquota_iva=any_number, ritenuta=st.booleans(), imponibile=any_number
        ),
        max_size=2,
    ).map(tuple),
    ritenute=st.lists(
        st.builds(Ritenuta, aliquota_ritenuta=any_number, percentuale_imponibile=st.decimals()), max_size=2
    ).map(tuple),
    bollo=st.one_of(st.none(), st.builds(Bollo, importo=any_number, addebitato=st.booleans())),
    pagamenti=st.lists(st.builds(Payment, importo=any_number), max_size=3).map(tuple),
)


@given(any_draft)
def test_no_draft_makes_compute_raise(draft):
    t = compute(draft)
    assert t.da_pagare == t.totale_documento - t.iva_scissa - t.ritenuta
