"""Issue step 5: the esiti come into the list by themselves; the document's page keeps everything."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from fattorino.core.fatturapa.envelope import unwrap
from tests.journeys.conftest import Picture
from tests.journeys.pages import document_of, duplicate, expect_state, files, row, send, sent_name
from tests.journeys.product import Product

TERM_HOURS = 15 * 24


@pytest.fixture(scope="module")
def seen() -> dict[str, int]:
    """State -> a document that came to it before the eyes of the first journey, for those that follow."""
    return {}


def test_step_5_every_outcome_appears_in_the_list_without_reload(
    page: Page, control: Callable[..., Any], seen: dict[str, int], picture: Picture
) -> None:
    to_pa, to_firm, to_person = (document_of(page, f"Fattura {n}") for n in (1, 2, 3))
    documents: dict[int, str] = {}
    for source, changes, expected in (
        (to_firm, {}, "Consegnato"),
        (to_person, {}, "Non consegnato: a disposizione in area riservata"),
        (to_firm, {"codice_destinatario": "IGNOTO0"}, "Scartato da SDI"),
        (to_pa, {}, "Accettato dalla PA"),
        (to_pa, {"codice_ufficio": "RIFIUT"}, "Rifiutato dalla PA"),
        (to_pa, {"codice_ufficio": "SILENZ"}, "Consegnato alla PA, in attesa di esito"),
        (to_pa, {"codice_ufficio": "IRRAGG"}, "Mancata consegna PA: SdI ritenta"),
    ):
        documents[duplicate(page, source, changes)] = expected
    silent, unreachable = list(documents)[-2:]

    watcher = page.context.new_page()
    watcher.goto("/entrate/")
    watcher.evaluate("window.neverReloaded = true")
    for document in documents:
        expect(row(watcher, document)).to_contain_text("Da processare")
        page.goto(f"/entrate/{document}/")
        send(page)
        expect(page.locator("#notices")).to_contain_text("avviato")
    for document, label in documents.items():
        expect(row(watcher, document).locator(".ft-state")).to_have_text(label)
        expect(row(watcher, document).locator("small")).to_have_text(re.compile(r"\d{1,2} \w{3} \d\d:\d\d"))
        assert row(watcher, document).locator("circle").get_attribute("fill")
    control("clock", {"advance_hours": TERM_HOURS})
    expect(row(watcher, silent).locator(".ft-state")).to_have_text("Decorsi termini")
    expect(row(watcher, unreachable).locator(".ft-state")).to_have_text(
        re.compile("^Attestazione di trasmissione")
    )
    assert watcher.evaluate("window.neverReloaded") is True
    picture(watcher, "05-esiti-in-elenco")
    seen.update({label: document for document, label in documents.items()})


def test_step_5_the_page_keeps_history_files_receipts_and_a_readable_copy(
    page: Page, product: Product, seen: dict[str, int], picture: Picture
) -> None:
    page.goto(f"/entrate/{seen.get('Accettato dalla PA') or send_copy(page)}/")
    expect_state(page, "Accettato dalla PA")
    history = page.locator(".ft-timeline li")
    for label in ("Da processare", "Inviato, in attesa di esito", "Consegnato alla PA", "Accettato dalla PA"):
        expect(history.filter(has_text=label).first).to_be_visible()
    expect(history.filter(has_text="Laura Conti").first).to_be_visible()
    expect(page.locator("[aria-labelledby=h-files] .ft-files a", has_text="_NE_")).to_have_count(1)
    picture(page, "06-esito")
    picture(page, "06-storia", full_page=True)

    name = sent_name(page)
    xml = name.removesuffix(".p7m")
    found = files(page)
    receipts = product.receipts(name)
    assert sorted(key.split("_")[2] for key in receipts) == ["NE", "RC"]
    assert found == {name: product.got(name), xml: unwrap(product.got(name)).content, **receipts}

    number = page.locator("h1").inner_text().split()[-1]
    readable = page.locator("#copy")
    expect(readable).to_contain_text(f"n. {number} del")
    expect(readable).to_contain_text("Comune di Belvedere")
    printed = page.request.get(str(page.get_by_role("link", name="Copia in PDF").get_attribute("href")))
    assert printed.ok and printed.body().startswith(b"%PDF-") and b"pdfaid" in printed.body()


def test_step_5_a_refusal_of_the_pa_is_told_with_its_reason(
    page: Page, seen: dict[str, int], picture: Picture
) -> None:
    changes = {"codice_ufficio": "RIFIUT"}
    page.goto(f"/entrate/{seen.get('Rifiutato dalla PA') or send_copy(page, changes)}/")
    expect_state(page, "Rifiutato dalla PA")
    expect(page.locator("#live")).to_contain_text("Il CIG indicato in fattura non è corretto")
    picture(page, "06-rifiuto")


def send_copy(page: Page, changes: dict[str, str] | None = None) -> int:
    document = duplicate(page, document_of(page, "Fattura 1"), changes)
    send(page)
    return document
