"""At 390 px, a telephone: everything is there, and nothing must be scrolled sideways."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from fattorino.config import demo
from tests.journeys.conftest import NARROW, Picture, Watch
from tests.journeys.pages import document_of, expect_state, field, fill, new_invoice, save

# What sticks out to the right, where the page as a whole can be scrolled sideways.
TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")]
    .filter((e) => e.getClientRects().length && e.getBoundingClientRect().right > width + 1)
    .map((e) => e.outerHTML.slice(0, 100));
}"""
LONG = "Associazione Intercomunale per la Valorizzazione del Territorio Montano S.r.l."


@pytest.fixture
def telephone(new_context: Callable[..., BrowserContext]) -> Page:
    return new_context(viewport=NARROW, has_touch=True).new_page()


def fits(page: Page) -> None:
    assert page.evaluate(TOO_WIDE) == []


def test_list_form_and_document_fit_a_telephone(telephone: Page, watch: Watch, picture: Picture) -> None:
    watch.expected.add(422)
    page = telephone
    page.goto("/entrate/")
    expect(page.locator("tbody tr").first).to_be_visible()
    fits(page)
    picture(page, "11-stretto-elenco", full_page=True)
    page.locator("#company-menu").click()
    fits(page)
    picture(page, "11-stretto-azienda")

    page.goto("/entrate/nuovo/")
    page.get_by_text("Cassa, ritenuta e bollo").click()
    for words in ("una riga", "una cassa", "una ritenuta", "una scadenza", "un riferimento"):
        page.get_by_role("button", name=f"Aggiungi {words}").click()
    page.get_by_role("button", name="Salva il documento").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    fits(page)
    picture(page, "11-stretto-modulo-con-errori", full_page=True)

    new_invoice(page, "privato", demo.ROSSI, {"codice_destinatario": "M5UXCR1"}, causale="x" * 80)
    # Another customer, or the name would be Rossi's for the journeys after this one.
    fill(page, {"cessionario-denominazione": LONG, "cessionario-id_codice": "12345678903"})
    expect(field(page, "cessionario-denominazione")).to_have_value(LONG)
    save(page)
    fits(page)
    picture(page, "11-stretto-nome-lungo", full_page=True)
    page.goto(f"/entrate/{document_of(page, 'Fattura 1')}/")
    expect_state(page, "Accettato dalla PA")
    fits(page)
    picture(page, "11-stretto-documento", full_page=True)
    page.goto("/entrate/")
    fits(page)
    page.goto("/entrate/importa/")
    fits(page)
    picture(page, "11-stretto-importa", full_page=True)


def test_a_scarto_fits_a_telephone(telephone: Page, picture: Picture) -> None:
    document = document_of(telephone, "Fattura 4")
    telephone.goto(f"/entrate/{document}/")
    expect(telephone.get_by_role("region", name="Che cosa correggere")).to_be_visible()
    fits(telephone)
    telephone.get_by_role("link", name="Correggi questo campo").click()
    expect(field(telephone, "codice_destinatario")).to_be_focused()
    fits(telephone)
    picture(telephone, "11-stretto-scarto")


def test_the_pages_before_signing_in_fit_a_telephone(new_context: Callable[..., BrowserContext]) -> None:
    page = new_context(viewport=NARROW, storage_state=None).new_page()
    for address in ("/", "/accesso/password/reset/"):
        page.goto(address)
        fits(page)
