from __future__ import annotations

import dataclasses
import datetime
import io
from decimal import Decimal

import pikepdf
import pytest

from fattorino.core.fatturapa.draft import Bollo, Discount, Draft, Line, Party, Payment
from fattorino.core.fatturapa.totals import compute
from fattorino.documents.readable import render_ricevuta_html, render_ricevuta_pdf

ORDINE = Party(
    id_paese="IT",
    id_codice="01234567897",
    denominazione="Ordine degli Ingegneri di Esempio",
    indirizzo="Via della Libertà",
    numero_civico="1",
    cap="00100",
    comune="Roma",
    provincia="RM",
    nazione="IT",
    email="segreteria@ordine.example",
)
QUOTA = Draft(
    data=datetime.date(2026, 12, 31),
    causale=("Quota di iscrizione 2026",),
    linee=(
        Line(
            descrizione="Quota annuale 2026",
            quantita=Decimal("1"),
            prezzo_unitario=Decimal("1250.00"),
            aliquota_iva=Decimal("0"),
            natura="N2.2",
            riferimento_normativo="Art. 4 DPR 633/72",
            sconti=(Discount("SC", Decimal("10")),),
            data_inizio_periodo=datetime.date(2026, 1, 1),
            data_fine_periodo=datetime.date(2026, 12, 31),
        ),
    ),
    bollo=Bollo(),
    condizioni_pagamento="TP02",
    pagamenti=(Payment(modalita_pagamento="MP05", iban="IT60X0542811101000000123456"),),
    cessionario=Party(nome="Ada", cognome="Rossi <b>", codice_fiscale="RSSDAA80A41H501X", comune="Roma"),
)


def page(draft: Draft = QUOTA, numero: str = "12/R", **options) -> str:
    return render_ricevuta_html(draft, compute(draft), ORDINE, numero, **options)


def test_a_ricevuta_says_that_it_is_no_invoice(text_of):
    text = text_of(page())
    assert "Questa ricevuta non è una fattura" in text
    assert "non viene trasmessa al Sistema di Interscambio" in text
    assert "Ricevuta n. 12/R del 31/12/2026" in text


@pytest.mark.parametrize(
    "part",
    [
        "Ordine degli Ingegneri di Esempio",
        "Via della Libertà, 1",
        "IT01234567897",
        "Ada Rossi <b>",
        "RSSDAA80A41H501X",
        "Quota di iscrizione 2026",
        "dal 01/01/2026 al 31/12/2026",
        "-10%",
        "N2.2",
        "Art. 4 DPR 633/72",
        "1.125,00 €",
        "IT60 X054 2811 1010 0000 0123 456",
    ],
)
def test_a_ricevuta_shows_what_was_written(part, text_of):
    assert part in text_of(page())


def test_a_ricevuta_without_vat_has_no_vat_table(text_of):
    line = Line(
        descrizione="Diritti di segreteria", prezzo_unitario=Decimal("5.00"), aliquota_iva=Decimal("0")
    )
    text = text_of(page(dataclasses.replace(QUOTA, linee=(line,), bollo=None, pagamenti=())))
    assert "Riepilogo IVA" not in text
    assert "Totale 5,00 €" in text


def test_a_half_filled_draft_is_drawn_too(text_of):
    assert "Ricevuta n. 1" in text_of(page(Draft(linee=(Line(),), pagamenti=(Payment(),)), "1"))


def test_a_ricevuta_is_a_pdf_a_2a_with_the_same_bytes_each_time(created):
    first = render_ricevuta_pdf(QUOTA, compute(QUOTA), ORDINE, "12/R", created)
    assert first == render_ricevuta_pdf(QUOTA, compute(QUOTA), ORDINE, "12/R", created)
    with pikepdf.open(io.BytesIO(first)) as pdf:
        assert pdf.open_metadata()["pdfaid:part"] == "2"
        assert str(pdf.docinfo.Title) == "Ricevuta n. 12/R del 31/12/2026"
