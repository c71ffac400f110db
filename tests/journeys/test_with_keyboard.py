"""The whole way with the keyboard alone: sign in, write, save, send; and where the focus is when the page changes."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from fattorino.config import demo
from tests.journeys.conftest import Picture
from tests.journeys.pages import (
    BUTTON,
    DASHBOARD,
    DOCUMENT,
    expect_state,
    new_invoice,
    row,
    save,
    told_beside,
)

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


# Changes the state of a document as another person would, from a page that is not this one.
_CHANGED_ELSEWHERE = """async ([path, state]) => {
  const headers = { "HX-Request": "true" };
  const dialog = new DOMParser().parseFromString(await (await fetch(path, { headers })).text(), "text/html");
  const values = new FormData(dialog.querySelector("form"));
  values.set("stato", state);
  return (await fetch(path, { method: "POST", headers, body: values })).status;
}"""


def _changed_elsewhere(page: Page, document: int, state: str) -> None:
    assert page.evaluate(_CHANGED_ELSEWHERE, [f"/entrate/{document}/riga/stato/", state]) == 200


def test_the_focus_stays_in_a_row_and_in_a_page_that_are_drawn_anew(page: Page) -> None:
    new_invoice(page, "privato", demo.ROSSI, {"codice_destinatario": "M5UXCR1"})
    document = save(page)
    page.goto("/entrate/")
    here = row(page, document)
    here.get_by_role("link", name="Storia").focus()
    here.evaluate("row => { row.dataset.old = '1'; }")
    _changed_elsewhere(page, document, "TRASMESSO_MANUALE")
    expect(page.locator(f"#row-{document}:not([data-old])")).to_contain_text("Trasmesso fuori procedura")
    expect(here.get_by_role("link", name="Storia")).to_be_focused()

    page.goto(f"/entrate/{document}/")
    tab_to(page, "Cambia stato")
    page.keyboard.press("Enter")
    tab_to(page, "Motivo (resta nella storia)")
    page.keyboard.type("sbagliato client")
    _changed_elsewhere(page, document, "ANNULLATO")
    expect_state(page, "Annullato (mai trasmesso)")
    expect(page.locator("#live")).to_be_focused()  # the form is gone: nothing changes the state any more


def test_what_one_writes_stays_where_the_page_is_drawn_anew(page: Page) -> None:
    new_invoice(page, "privato", demo.ROSSI, {"codice_destinatario": "M5UXCR1"})
    document = save(page)
    tab_to(page, "Cambia stato")
    page.keyboard.press("Enter")
    tab_to(page, "Motivo (resta nella storia)")
    page.keyboard.type("spedita dal commercial")
    _changed_elsewhere(page, document, "TRASMESSO_MANUALE")
    expect_state(page, "Trasmesso fuori procedura")
    expect(page.locator("#state-reason")).to_be_focused()
    page.keyboard.type("ista")
    expect(page.locator("#state-reason")).to_have_value("spedita dal commercialista")


def test_a_channel_is_tried_with_the_keyboard_and_its_answer_has_the_focus(page: Page) -> None:
    page.goto("/impostazioni/canali/")
    tab_to(page, "Simulatore di SdI")
    page.keyboard.press("Enter")
    expect(page.locator("#channel-test")).to_be_visible()
    tab_to(page, "Prova il canale")
    page.locator("#channel-test").evaluate("part => { part.dataset.old = '1'; }")
    page.keyboard.press("Enter")
    expect(page.locator("#channel-test:not([data-old])")).to_contain_text("Ultima prova")
    expect(page.locator("#channel-test")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Prova il canale")).to_be_focused()
