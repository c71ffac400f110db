from __future__ import annotations

import dataclasses
import datetime
from decimal import Decimal

import pytest

from fattorino.core.fatturapa.ordinaria import FatturaElettronica
from fattorino.core.fatturapa.semplificata import FatturaElettronicaSemplificata
from fattorino.documents.readable import formats, model, render_html, sections


def written(value: object) -> list[str]:
    """The ways in which the copy may write a value."""
    if isinstance(value, Decimal):
        return [formats.number(value, least=2), formats.number(value), formats.percent(value)]
    if isinstance(value, str) and value == "SI":
        return ["sì", "assolto in modo virtuale"]
    return [formats.plain(value), formats.iban(str(value))]


@pytest.mark.parametrize("cls", [FatturaElettronica, FatturaElettronicaSemplificata])
def test_every_value_of_a_completely_filled_invoice_is_shown(cls, filled, text_of):
    fattura, leaves = filled(cls)
    text = text_of(render_html(fattura))
    missing = [v for v in leaves if not any(" ".join(w.split()) in text for w in written(v))]
    assert not missing
    assert len(leaves) > 60


@pytest.mark.parametrize("cls", [FatturaElettronica, FatturaElettronicaSemplificata])
def test_every_known_block_has_a_section_of_its_own(cls, filled):
    fattura, _ = filled(cls)
    assert model.copy_of(fattura).rest == ()


def test_a_block_without_section_appears_under_its_official_name(invoice, monkeypatch, text_of):
    monkeypatch.setattr(model, "vehicle_facts", lambda body: None)
    copy = model.copy_of(invoice)
    names = {fact.name: fact.label for group in copy.rest for fact in group.facts}
    assert set(names) == {"Data", "TotalePercorso"}
    assert all(names.values())
    text = text_of(render_html(invoice))
    assert "TotalePercorso" in text
    assert invoice.fattura_elettronica_body[0].dati_veicoli.totale_percorso in text


def test_a_value_forgotten_by_a_section_appears_too(invoice, monkeypatch):
    real = sections.facts_of
    monkeypatch.setattr(
        sections, "facts_of", lambda block, names: real(block, [n for n in names if n != "abi"])
    )
    names = [fact.name for group in model.copy_of(invoice).rest for fact in group.facts]
    assert names == ["ABI"]


def test_every_body_of_a_lotto_is_shown(whole):
    copy = model.copy_of(whole)
    assert copy.title == "Lotto di 2 documenti"
    assert [b.number for b in copy.bodies] == [
        b.dati_generali.dati_generali_documento.numero for b in whole.fattura_elettronica_body
    ]


def test_the_same_object_at_two_places_is_shown_at_both(invoice):
    header = invoice.fattura_elettronica_header
    shared = header.cedente_prestatore.sede
    buyer = dataclasses.replace(header.cessionario_committente, sede=shared)
    fattura = dataclasses.replace(
        invoice, fattura_elettronica_header=dataclasses.replace(header, cessionario_committente=buyer)
    )
    copy = model.copy_of(fattura)
    assert copy.seller.address == copy.buyer.address != ()


def _document(fattura, **changes):
    body = fattura.fattura_elettronica_body[0]
    document = dataclasses.replace(body.dati_generali.dati_generali_documento, **changes)
    general = dataclasses.replace(body.dati_generali, dati_generali_documento=document)
    body = dataclasses.replace(body, dati_generali=general)
    return dataclasses.replace(fattura, fattura_elettronica_body=(body,))


def test_a_missing_total_is_calculated_and_says_so(invoice):
    fattura = _document(
        invoice, divisa="EUR", importo_totale_documento=None, arrotondamento=None, sconto_maggiorazione=()
    )
    body = fattura.fattura_elettronica_body[0]
    (summary,) = body.dati_beni_servizi.dati_riepilogo
    total = next(row for row in model.copy_of(fattura).bodies[0].totals if row.strong)
    assert total.label == "Totale documento (calcolato)"
    assert total.value == formats.money(summary.imponibile_importo + summary.imposta)


def test_a_total_that_a_document_discount_makes_uncertain_is_not_called_a_total(invoice):
    fattura = _document(invoice, importo_totale_documento=None)
    labels = [row.label for row in model.copy_of(fattura).bodies[0].totals]
    assert "Imponibile più imposta" in labels


def test_a_currency_other_than_euro_is_written_with_its_code(invoice):
    fattura = _document(invoice, divisa="USD")
    assert model.copy_of(fattura).bodies[0].totals[0].value.endswith("\u00a0USD")


def test_an_unknown_code_is_shown_as_it_is(invoice):
    fattura = _document(invoice, tipo_documento="TD99")
    copy = model.copy_of(fattura)
    assert copy.title.startswith("Documento TD99 n. ")
    assert copy.bodies[0].head[0].value == "TD99"


def test_a_date_of_the_document_stands_in_the_title(invoice):
    fattura = _document(invoice, data=datetime.date(2026, 12, 31), numero="7/B", tipo_documento="TD04")
    assert model.copy_of(fattura).title == "Nota di credito n. 7/B del 31/12/2026"


def test_a_preview_says_that_nothing_was_sent(invoice, text_of):
    assert "non ancora inviata" in text_of(render_html(invoice, preview=True))
    assert "l'originale è il file XML trasmesso" in text_of(render_html(invoice))
