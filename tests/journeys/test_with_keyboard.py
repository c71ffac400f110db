"""The whole way with the keyboard alone: sign in, write, save, send."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from fattorino.config import demo
from tests.journeys.conftest import Picture
from tests.journeys.pages import BUTTON, DASHBOARD, DOCUMENT, expect_state, told_beside

MOST_TABS = 80


def tab_to(page: Page, words: str, *, backwards: bool = False) -> None:
    """Press Tab until what has the focus is called so."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
        if page.evaluate(
            """words => {
              const e = document.activeElement;
              const label = e.labels && e.labels[0] ? e.labels[0].innerText : "";
              const name = (e.getAttribute("aria-label") || label || e.innerText || "").trim();
              return name.replace(" *", "") === words;
            }""",
            words,
        ):
            return
    raise AssertionError(f"«{words}» is not reached with {MOST_TABS} tabs")


def test_keyboard_alone_signs_in_writes_saves_and_sends(stranger: Page, picture: Picture) -> None:
    page, keys = stranger, stranger.keyboard
    page.goto("/")
    tab_to(page, "Email")
    keys.type(demo.EMAIL)
    tab_to(page, "Password")
    keys.type(demo.PASSWORD)
    keys.press("Enter")
    expect(page).to_have_url(DASHBOARD)  # whichever has most to do
    tab_to(page, "Entrate")
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Entrate", exact=True)).to_be_visible()
    tab_to(page, "Nuovo documento")
    keys.press("Enter")
    expect(page.locator("#tipo_documento")).to_be_focused()

    tab_to(page, "Cerca tra i clienti già fatturati")
    keys.type("rossi costruzioni")
    expect(page.locator("#counterpart-results button").first).to_be_visible()
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(page.locator("#cessionario-comune")).to_have_value("Gallarate")
    tab_to(page, "Codice destinatario (7 caratteri)", backwards=True)
    keys.press("Control+a")
    keys.type("M5UXCR1")
    tab_to(page, "Descrizione")
    keys.type("Consulenza")
    tab_to(page, "Prezzo")
    keys.type("80,50")
    keys.press("Enter")  # the next line
    expect(page.locator("#linee-1-descrizione")).to_be_focused()
    keys.type("Spese di trasferta")
    tab_to(page, "Prezzo")
    keys.type("19,50")
    expect(page.locator("[data-total]")).to_have_text("122,00 €")
    expect(told_beside(page, "linee-1-prezzo_unitario")).to_be_empty()
    picture(page, "12-tastiera")
    tab_to(page, "Salva il documento")
    keys.press("Enter")
    page.wait_for_url(DOCUMENT)
    tab_to(page, BUTTON)
    keys.press("Enter")
    expect_state(page, "Consegnato")
