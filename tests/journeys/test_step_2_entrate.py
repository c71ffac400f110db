"""Issue step 2: the list, the form with live totals, the ricevuta."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
import zipfile

from playwright.sync_api import Locator, Page, expect

from fattorino.config import demo
from tests.journeys.conftest import Picture
from tests.journeys.pages import (
    BUTTON,
    choose_kind_of_recipient,
    document_of,
    fact,
    field,
    fill,
    party_fields,
    row,
    save,
    sign_in,
)
from tests.journeys.samples import archive, invoice_file


def test_step_2_the_list_is_filtered_totalled_and_exported(page: Page, picture: Picture) -> None:
    for number, state in (
        ("1", "Accettato dalla PA"),
        ("2", "Consegnato"),
        ("4", "Scartato da SDI"),
        ("5", "Rifiutato dalla PA"),
    ):
        document = document_of(page, f"Fattura {number}")
        expect(row(page, document).locator(".ft-state")).to_have_text(state)
    page.goto("/entrate/")
    picture(page, "02-entrate")
    fill(page, {"cliente": "weber"})
    page.get_by_role("button", name="Filtra").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator(".ft-sum")).to_contain_text(
        "1 documento Imponibile 900,00 € IVA 0,00 € Totale 900,00 €"
    )
    # After the box that chooses the document and its name.
    today = page.locator("tbody tr td").nth(2).inner_text()
    exported = csv_rows(page)
    assert [r["Cliente"] for r in exported] == ["Weber Ingenieure GmbH"]
    assert exported[0] | {"Totale": "900,00", "Data": today} == exported[0]
    sheet = page.request.get(str(page.get_by_role("link", name="Excel").get_attribute("href"))).body()
    with zipfile.ZipFile(io.BytesIO(sheet)) as book:
        assert any(b"Weber" in book.read(name) for name in book.namelist())
    page.get_by_role("link", name="Togli").click()
    for filters, expected in (
        ({"stato": "SCARTATO_SDI"}, "Scartato da SDI"),
        ({"tipo": "ricevuta"}, "Non si invia"),
        ({"numero": "6"}, "Da processare"),
        ({"testo": "Z1A2B3C4D5"}, "Accettato dalla PA"),
    ):
        page.goto("/entrate/")
        fill(page, filters)
        page.get_by_role("button", name="Filtra").click()
        expect(page.locator("tbody .ft-state", has_text=expected).first).to_be_visible()
        expect(page.locator("tbody .ft-state", has_text="Non consegnato")).to_have_count(0)
    page.goto("/entrate/?dal=2020-01-01&al=2020-12-31")
    expect(page.get_by_role("heading", name="Nessun documento con questi filtri")).to_be_visible()
    picture(page, "02-entrate-vuote")


def csv_rows(page: Page) -> list[dict[str, str]]:
    with page.expect_download() as found:
        page.get_by_role("link", name="CSV").click()
    text = found.value.path().read_text("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def test_step_2_a_long_list_is_turned_page_by_page(stranger: Page) -> None:
    page = stranger
    sign_in(page, demo.EMAIL, demo.PASSWORD)
    page.locator("#company-menu").click()
    page.get_by_role("button", name="Giulia Bianchi").click()
    buyer = dataclasses.replace(demo.ROSSI, denominazione="Cliente di molte pagine", id_codice="12345678903")
    numbers = range(1, 54)
    many = {f"{n}.xml": invoice_file(f"P{n}", seller=demo.STUDIO, buyer=buyer) for n in numbers}
    page.goto("/entrate/importa/")
    page.set_input_files(
        "#files", {"name": "molte.zip", "mimeType": "application/zip", "buffer": archive(many)}
    )
    page.get_by_role("button", name="Importa i file").click()
    expect(page.get_by_role("link", name="Tutti i 53 file")).to_be_visible()

    page.goto("/entrate/?cliente=pagine")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(50)
    expect(page.locator(".ft-sum")).to_contain_text("53 documenti Imponibile 10.600,00 €")
    first = ids(rows)
    page.get_by_role("link", name="Meno recenti").click()
    expect(rows).to_have_count(3)
    assert len({*first, *ids(rows)}) == 53
    page.get_by_role("link", name="Più recenti").click()
    expect(rows).to_have_count(50)
    assert ids(rows) == first


def ids(rows: Locator) -> list[str]:
    return rows.evaluate_all("rows => rows.map(row => row.id)")


def test_step_2_lines_are_added_by_keyboard_and_the_live_totals_are_those_saved(
    page: Page, picture: Picture
) -> None:
    page.goto("/entrate/nuovo/")
    choose_kind_of_recipient(page, "pa")
    page.get_by_label("Cerca tra i clienti già fatturati").press_sequentially("belvedere", delay=20)
    page.get_by_role("button", name="Comune di Belvedere").first.click()
    expect(field(page, "cessionario-codice_fiscale")).to_have_value(demo.COMUNE.codice_fiscale or "")
    fill(page, {"codice_ufficio": "ABC123", "causale": "Formazione del personale tecnico, anno 2026"})
    field(page, "linee-0-descrizione").focus()
    type_line(page, "Corso di aggiornamento sulla sicurezza nei cantieri", "3", "120,00", "10+5", "22")
    page.keyboard.press("Alt+n")
    type_line(page, "Dispense stampate", "10", "12,50", "", "10")
    page.keyboard.press("Alt+n")
    type_line(page, "Quota di iscrizione al convegno", "1", "90,00", "", "N4")
    fill(page, {"linee-2-riferimento_normativo": "Art. 10 DPR 633/72", "esigibilita_iva": "S"})
    page.get_by_text("Cassa, ritenuta e bollo").click()
    fill(page, {"bollo": "1", "bollo_importo": "2,00"})
    page.get_by_role("button", name="Aggiungi un riferimento").click()
    reference = {"kind": "DatiContratto", "id_documento": "CONV-2026/14", "codice_cig": "Z1A2B3C4D5"}
    fill(page, {f"riferimenti-0-{name}": value for name, value in reference.items()})
    content = b"%PDF-1.4\n% il programma del corso\n"
    page.set_input_files(
        "#allegati_file", {"name": "programma.pdf", "mimeType": "application/pdf", "buffer": content}
    )
    expect(field(page, "allegati-0-nome")).to_have_value("programma.pdf")
    # 3 x (120 - 10 % - 5 %) = 307,80; with 22 % and 10 % VAT 80,22, which the office pays to the State.
    expect(page.locator("#amount-linee-0")).to_have_text("307,80 €")
    expect(page.locator("[data-total]")).to_have_text("603,02 €")
    expect(page.locator("[data-due]")).to_have_text("522,80 €")
    expect(page.locator("#totals")).to_contain_text(re.compile(r"IVA versata dall'ente\s*−80,22 €"))
    expect(page.locator(".ft-findings [data-level=error]")).to_have_count(0)
    page.evaluate("scrollTo(0, 0)")
    picture(page, "02-totali", full_page=True)
    field(page, "linee-0-descrizione").scroll_into_view_if_needed()
    page.locator("#h-lines").evaluate("heading => heading.scrollIntoView()")
    picture(page, "03-nuovo-documento")
    save(page)
    expect(fact(page, "Imponibile e IVA")).to_have_text("522,80 € + 80,22 €")
    expect(fact(page, "Totale")).to_have_text("603,02 €")
    expect(fact(page, "Da pagare")).to_have_text("522,80 €")
    readable = page.locator("#copy")
    for words in (
        "Z1A2B3C4D5",
        "IT60 X054 2811 1010 0000 0123 456",
        "programma.pdf",
        "N4",
        "307,80",
        "67,72",
        "12,50",
        "2,00",
    ):
        expect(readable).to_contain_text(words)
    picture(page, "02-documento", full_page=True)


def type_line(page: Page, description: str, quantity: str, price: str, discounts: str, vat: str) -> None:
    """With the keyboard alone, from the description on."""
    page.keyboard.type(description)
    for text in (quantity, "", price, discounts, vat):
        page.keyboard.press("Tab")
        page.keyboard.type(text)


def test_step_2_cassa_and_ritenuta_change_what_is_paid(page: Page, picture: Picture) -> None:
    page.goto("/entrate/nuovo/")
    fill(page, {"tipo_documento": "TD06", **party_fields(demo.ROSSI), "codice_destinatario": "M5UXCR1"})
    page.get_by_text("Cassa, ritenuta e bollo").click()
    page.get_by_role("button", name="Aggiungi una ritenuta").click()
    fill(page, {"ritenute-0-tipo_ritenuta": "RT01", "ritenute-0-aliquota_ritenuta": "20"})
    fill(page, {"ritenute-0-causale_pagamento": "A"})
    page.get_by_role("button", name="Aggiungi una cassa").click()
    fill(page, {"casse-0-tipo_cassa": "TC04", "casse-0-al_cassa": "4", "casse-0-iva": "22"})
    line = {"descrizione": "Direzione lavori, primo acconto", "prezzo_unitario": "1.000,00", "ritenuta": "1"}
    fill(page, {f"linee-0-{name}": value for name, value in line.items()})
    # 1.000 + 4 % = 1.040, VAT 228,80; the ritenuta is 20 % of the fee alone.
    expect(page.locator("[data-total]")).to_have_text("1.268,80 €")
    expect(page.locator("[data-due]")).to_have_text("1.068,80 €")
    expect(page.locator("#totals")).to_contain_text(re.compile(r"Ritenuta\s*−200,00 €"))
    document = save(page)
    expect(fact(page, "Totale")).to_have_text("1.268,80 €")
    expect(fact(page, "Da pagare")).to_have_text("1.068,80 €")
    page.goto("/entrate/")
    expect(row(page, document)).to_contain_text("1.268,80 €")
    picture(page, "02-parcella-in-elenco")


def test_step_2_a_ricevuta_is_numbered_and_printed_and_the_page_says_why_it_is_not_sent(
    page: Page, picture: Picture
) -> None:
    page.goto("/entrate/nuovo/?tipo=ricevuta")
    expect(page.get_by_text("Una ricevuta non diventa fattura elettronica.")).to_be_visible()
    fill(page, party_fields(demo.MARIO))
    line = {"descrizione": "Quota annuale", "prezzo_unitario": "150", "iva": "N2.2"}
    fill(page, {f"linee-0-{name}": value for name, value in line.items()})
    fill(page, {"linee-0-riferimento_normativo": "Attività istituzionale"})
    save(page)
    expect(page.locator("h1")).to_have_text(re.compile(r"^Ricevuta \d+/R"))
    expect(page.get_by_text("Perché questa ricevuta non parte")).to_be_visible()
    expect(page.get_by_text("escluse dalla fatturazione elettronica")).to_be_visible()
    expect(page.get_by_role("button", name=BUTTON)).to_have_count(0)
    printed = page.request.get(str(page.get_by_role("link", name="Stampa (PDF)").get_attribute("href")))
    assert printed.ok and printed.body().startswith(b"%PDF-")
    picture(page, "02-ricevuta")


def test_step_2_a_note_takes_up_the_numbers_of_its_invoice(page: Page) -> None:
    document = document_of(page, "Fattura 2")
    page.goto(f"/entrate/nuovo/?da={document}")
    fill(page, {"tipo_documento": "TD04"})
    expect(page.get_by_text("A quale fattura si riferisce?")).to_be_visible()
    page.get_by_role("button", name="Aggiungi un riferimento").click()
    linked = {"kind": "DatiFattureCollegate", "id_documento": "2"}
    fill(page, {f"riferimenti-0-{name}": value for name, value in linked.items()})
    note = save(page)
    expect(page.locator("h1")).to_have_text(re.compile("^Nota di credito"))
    page.goto("/entrate/?tipo=nota_credito")
    expect(row(page, note)).to_contain_text("-427,00 €")


def test_step_2_the_form_proposes_what_is_most_often_meant(page: Page) -> None:
    """The first ritenuta ticks the lines, whoever writes may untick; a credit note refers to an invoice."""
    page.goto("/entrate/nuovo/")
    page.get_by_text("Cassa, ritenuta e bollo").click()
    page.get_by_role("button", name="Aggiungi una ritenuta").click()
    expect(page.locator("#linee-0-ritenuta")).to_be_checked()
    page.locator("#tipo_documento").select_option("TD04")
    page.get_by_role("button", name="Aggiungi un riferimento").click()
    expect(page.locator('select[name="riferimenti-0-kind"]')).to_have_value("DatiFattureCollegate")
