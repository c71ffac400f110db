from __future__ import annotations

import dataclasses
import datetime
from decimal import Decimal as D

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fattorino.core.errors import RefusedError
from fattorino.core.fatturapa import check, codes, read_fattura, write_fattura
from fattorino.core.fatturapa import draft as d
from fattorino.core.fatturapa.build import build, try_build
from tests.core.fatturapa.drafts import (
    CEDENTE,
    CLIENT,
    DAY,
    FOREIGNER,
    OFFICE,
    PERSON,
    TODAY,
    draft,
    invoice,
    line,
)

WHO = {"cedente": CEDENTE, "trasmittente": ("IT", "01234567897"), "progressivo_invio": "00001"}


def body(fattura):
    return fattura.fattura_elettronica_body[0]


def document(fattura):
    return body(fattura).dati_generali.dati_generali_documento


def refused(the_draft, **who):
    with pytest.raises(RefusedError) as refusal:
        build(the_draft, **{**WHO, **who})
    return refusal.value.fields


def test_a_plain_invoice_says_what_the_draft_says():
    f = invoice(line("2.50", quantita=D(10), unita_misura="ore"), causale=("Consulenza",))
    assert f.versione == "FPR12"
    assert document(f).importo_totale_documento == D("30.50")
    (row,) = body(f).dati_beni_servizi.dettaglio_linee
    assert (row.quantita, row.prezzo_totale, row.aliquota_iva) == (D("10.00"), D("25.00"), D("22.00"))
    assert read_fattura(write_fattura(f)).fattura == f


def test_to_an_office_the_format_is_fpa12():
    f = invoice(cessionario=OFFICE, codice_destinatario="ufabc1")
    assert (f.versione, f.fattura_elettronica_header.dati_trasmissione.codice_destinatario) == (
        "FPA12",
        "UFABC1",
    )


def test_a_foreign_address_has_cap_zeros_and_no_province():
    f = invoice(cessionario=dataclasses.replace(FOREIGNER, provincia="BE"))
    sede = f.fattura_elettronica_header.cessionario_committente.sede
    assert (sede.cap, sede.provincia, sede.nazione) == ("00000", None, "DE")
    assert f.fattura_elettronica_header.dati_trasmissione.codice_destinatario == "XXXXXXX"


def test_codes_are_written_in_capitals_without_blanks():
    seller = dataclasses.replace(CEDENTE, provincia="rm", id_paese="it", telefono="+39 06 1234.56789")
    f = invoice(cedente=seller, pagamenti=(d.Payment("MP05", iban="it60 x054 2811 1010 0000 0123 456"),))
    party = f.fattura_elettronica_header.cedente_prestatore
    assert (party.sede.provincia, party.contatti.telefono) == ("RM", "06123456789")
    (payment,) = body(f).dati_pagamento[0].dettaglio_pagamento
    assert payment.iban == "IT60X0542811101000000123456"


def test_terms_follow_the_number_of_payments():
    one, two = (invoice(pagamenti=(d.Payment("MP05"),) * n) for n in (1, 2))
    assert body(one).dati_pagamento[0].condizioni_pagamento == "TP02"
    assert body(two).dati_pagamento[0].condizioni_pagamento == "TP01"


def test_references_go_to_their_blocks():
    refs = (
        d.Reference("DatiContratto", "C1", codice_cig="z1a2b3c4d5"),
        d.Reference("DatiFattureCollegate", "12", datetime.date(2026, 1, 2)),
        d.Reference("DatiContratto", "C2"),
    )
    generali = body(invoice(riferimenti=refs)).dati_generali
    assert [r.id_documento for r in generali.dati_contratto] == ["C1", "C2"]
    assert generali.dati_contratto[0].codice_cig == "Z1A2B3C4D5"
    assert generali.dati_fatture_collegate[0].data == datetime.date(2026, 1, 2)


def test_stamp_duty_and_its_line():
    f = invoice(line("100", "0", natura="N4"), bollo=d.Bollo(addebitato=True))
    assert document(f).dati_bollo.importo_bollo == D("2.00")
    rows = body(f).dati_beni_servizi.dettaglio_linee
    assert [(r.numero_linea, r.natura, r.prezzo_totale) for r in rows] == [
        (1, "N4", D("100.00")),
        (2, "N1", D("2.00")),
    ]


def test_who_issues_in_the_sellers_name():
    f = build(
        draft(),
        **WHO,
        terzo_intermediario=d.Party(denominazione="Terzo", id_paese="IT", id_codice="07643520567"),
    )
    assert f.fattura_elettronica_header.soggetto_emittente == "TZ"


def test_typographic_signs_are_replaced_and_reported():
    attempt = try_build(draft(dataclasses.replace(line(), descrizione="Servizio – 5 €")), **WHO)
    assert attempt.fattura.fattura_elettronica_body[0].dati_beni_servizi.dettaglio_linee[0].descrizione == (
        "Servizio - 5 EUR"
    )
    (warning,) = [f for f in attempt.findings if f.field == "linee.0.descrizione"]
    assert not warning.is_error and "€ → EUR" in warning.message


def test_a_letter_that_the_schema_does_not_admit_is_refused_with_a_suggestion():
    fields = refused(draft(cessionario=dataclasses.replace(CLIENT, denominazione="Šimić & C.")))
    assert "«S»" in fields["cessionario.denominazione"]


def test_a_text_with_something_to_say_is_told_of_every_time_and_one_that_was_right_only_where_it_was():
    signs = draft(dataclasses.replace(line(), descrizione="Servizio – 5 €"))
    assert try_build(signs, **WHO) == try_build(signs, **WHO)
    assert [f.field for f in try_build(signs, **WHO).findings].count("linee.0.descrizione") == 1
    name = "Un nome che sta bene e non è una provincia"
    fine = draft(cessionario=dataclasses.replace(CLIENT, denominazione=name))
    assert not [f for f in try_build(fine, **WHO).findings if f.is_error]
    elsewhere = dataclasses.replace(CLIENT, denominazione=name, comune=name, provincia=name)
    assert "cessionario.provincia" in refused(draft(cessionario=elsewhere))


def test_control_characters_are_refused():
    assert "linee.0.descrizione" in refused(draft(dataclasses.replace(line(), descrizione="a\x07b")))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"data": None}, "data"),
        ({"numero": None}, "numero"),
        ({"numero": "BOZZA"}, "numero"),
        ({"numero": "x" * 21 + "1"}, "numero"),
        ({"numero": "1/à"}, "numero"),
        ({"data": datetime.date(1969, 12, 31)}, "data"),
        ({"tipo_documento": "TD99"}, "tipo_documento"),
        ({"divisa": "EURO"}, "divisa"),
        ({"causale": ("ok", "x" * 201)}, "causale.1"),
        ({"cessionario": dataclasses.replace(CLIENT, cap="123")}, "cessionario.cap"),
        ({"cessionario": dataclasses.replace(CLIENT, comune=None)}, "cessionario.comune"),
        (
            {"cessionario": dataclasses.replace(CLIENT, denominazione=None, nome="Anna")},
            "cessionario.cognome",
        ),
        ({"cessionario": dataclasses.replace(CLIENT, codice_fiscale="123")}, "cessionario.codice_fiscale"),
        ({"riferimenti": (d.Reference("DatiContratto"),)}, "riferimenti.0.id_documento"),
        (
            {"riferimenti": (d.Reference("DatiContratto", "1", riferimento_numero_linea=(0,)),)},
            "riferimenti.0.riferimento_numero_linea.0",
        ),
        ({"pagamenti": (d.Payment("MP05", iban="123"),)}, "pagamenti.0.iban"),
        ({"pagamenti": (d.Payment("MP99"),)}, "pagamenti.0.modalita_pagamento"),
        ({"condizioni_pagamento": "TP9", "pagamenti": (d.Payment("MP05"),)}, "condizioni_pagamento"),
        ({"allegati": (d.Attachment("a.pdf", sha256="f" * 64),)}, "allegati.0.nome"),
        ({"casse": (d.Cassa("TC99", D(4), D(22)),)}, "casse.0.tipo_cassa"),
        ({"ritenute": (d.Ritenuta("RT01", D(20), "F"),)}, "ritenute.0.causale_pagamento"),
        ({"linee": (d.Line(prezzo_unitario=D(1), aliquota_iva=D(22)),)}, "linee.0.descrizione"),
        ({"linee": (line(codice_valore="1"),)}, "linee.0.codice_tipo"),
        ({"linee": (line(rate="0", natura="N9"),)}, "linee.0.natura"),
        (
            {"linee": (line(), line(rate="0", natura="N4", riferimento_normativo="x" * 101))},
            "linee.1.riferimento_normativo",
        ),
        ({"codice_destinatario": "XXXXXXX"}, "codice_destinatario"),
    ],
)
def test_what_the_schema_would_refuse_is_refused_beside_its_field(change, field):
    assert field in refused(dataclasses.replace(draft(), **change))


def test_the_sellers_own_data_are_checked_too():
    fields = refused(draft(), cedente=dataclasses.replace(CEDENTE, regime_fiscale="RF03", cap=None))
    assert {"cedente.regime_fiscale", "cedente.cap"} <= fields.keys()


def test_attachments_are_found_by_their_digest_and_limited():
    one = d.Attachment("verbale.pdf", sha256="a" * 64)
    f = build(draft(allegati=(one,)), **WHO, allegati={"a" * 64: b"%PDF"})
    assert (body(f).allegati[0].attachment, body(f).allegati[0].formato_attachment) == (b"%PDF", "PDF")
    with pytest.raises(RefusedError) as refusal:
        build(draft(allegati=(one,)), **WHO, allegati={"a" * 64: b"x" * 3_600_000})
    assert "allegati" in refusal.value.fields


# --------------------------------------------------------- any draft that builds passes every check of SdI

amounts = st.decimals(min_value=-99999, max_value=99999, places=4, allow_nan=False)
quantities = st.one_of(st.none(), st.decimals(min_value=0, max_value=9999, places=3))
rates = st.sampled_from([("22", None), ("10", None), ("4", None), ("5", None)])
nature = st.sampled_from([("0", n) for n in codes.NATURA.values if n not in ("N2", "N3", "N6")])
latin = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_categories=["C"]), max_size=59
).map("x{}".format)  # a text of blanks alone is no text
steps = st.lists(
    st.builds(
        d.Discount,
        tipo=st.sampled_from(["SC", "MG"]),
        percentuale=st.decimals(min_value=0, max_value=100, places=2),
        importo=st.one_of(st.none(), st.decimals(min_value=0, max_value=50, places=3)),
    ),
    max_size=4,
).map(tuple)


@st.composite
def rows(draw):
    rate, natura = draw(st.one_of(rates, nature))
    return d.Line(
        descrizione=draw(latin),
        quantita=draw(quantities),
        prezzo_unitario=draw(amounts),
        sconti=draw(steps),
        aliquota_iva=D(rate),
        natura=natura,
        riferimento_normativo=draw(st.one_of(st.none(), latin)),
        ritenuta=draw(st.booleans()),
    )


@st.composite
def valid_drafts(draw):
    buyer, code = draw(
        st.sampled_from(
            [(CLIENT, ""), (CLIENT, "M5UXCR1"), (PERSON, ""), (OFFICE, "UFABC1"), (FOREIGNER, "")]
        )
    )
    fee = draw(st.booleans())
    cassa_rate, cassa_natura = draw(st.one_of(rates, nature))
    return d.Draft(
        tipo_documento=draw(st.sampled_from(["TD01", "TD02", "TD04", "TD05", "TD06", "TD24", "TD26"])),
        data=DAY,
        numero=str(draw(st.integers(1, 99999))),
        linee=draw(st.lists(rows(), min_size=1, max_size=6).map(tuple)),
        sconti=draw(steps),
        casse=(d.Cassa("TC22", D(4), D(cassa_rate), cassa_natura, ritenuta=fee),)
        if draw(st.booleans())
        else (),
        ritenute=(d.Ritenuta("RT01", D(20), "A", draw(st.sampled_from([D(100), D(50), D("33.33")]))),),
        bollo=draw(st.sampled_from([None, d.Bollo(), d.Bollo(addebitato=True)])),
        esigibilita_iva=draw(st.sampled_from(["I", "D", "S"])),
        pagamenti=draw(st.sampled_from([(), (d.Payment("MP01"),), (d.Payment("MP05"),) * 3])),
        cessionario=buyer,
        codice_destinatario=code,
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(valid_drafts())
def test_an_invoice_that_was_built_passes_every_check(the_draft):
    attempt = try_build(the_draft, **WHO)
    assume(not attempt.totals.errors)
    assert attempt.fattura is not None, [f for f in attempt.findings if f.is_error]
    data = write_fattura(attempt.fattura)
    for side in ("emitter", "receiver"):
        assert not [f for f in check(data, on=TODAY, side=side) if f.is_error]
    assert not [
        f for f in check(data, on=TODAY) if f.code in ("avviso-totale", "avviso-pagamenti", "avviso-cassa")
    ]
