"""An administrator sets up ways to SdI and tries them; a document is carried to the portal by hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from fattorino.config import demo
from tests.journeys.conftest import NARROW, WIDE, Picture, Watch
from tests.journeys.pages import expect_state, field, new_invoice, save, send, sign_in, told_beside
from tests.journeys.product import Product
from tests.journeys.test_with_telephone import TOO_WIDE

CHANNELS = "/impostazioni/canali/"
LONG = "Casella PEC della segreteria amministrativa e della tesoreria, per le sole fatture elettroniche"[:80]


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Iterator[Page]:
    """The administrator of the other company of the demo: what is chosen here changes no other journey."""
    page = new_context(storage_state=None).new_page()
    sign_in(page, demo.OTHER_EMAIL, demo.PASSWORD)
    yield page


def test_a_channel_is_made_tried_chosen_and_switched_off(page: Page, watch: Watch, picture: Picture) -> None:
    watch.expected |= {409, 422}
    page.goto("/")
    page.get_by_role("link", name="Impostazioni", exact=True).click()
    page.get_by_role("link", name="Canali", exact=True).click()
    page.get_by_role("link", name="Nuovo canale").click()
    expect(page.locator(".st-cards > li")).to_have_count(5)
    picture(page, "50-canale-nuovo")

    # What is missing is told beside its field.
    page.get_by_role("link", name="Crea PEC").click()
    page.get_by_role("button", name="Salva il canale").click()
    expect(told_beside(page, "address")).to_contain_text("Manca")
    picture(page, "50-canale-errori", full_page=True)

    page.goto(CHANNELS + "nuovo/pec/")
    values = {"label": LONG, "address": "fatture@pec.studio.example", "password": "segretissima-42"}
    for name, value in (values | {"smtp_host": "127.0.0.1", "imap_host": "127.0.0.1"}).items():
        field(page, name).fill(value)
    # Where nobody listens.
    field(page, "smtp_port").fill("9")
    field(page, "imap_port").fill("9")
    page.get_by_role("button", name="Salva il canale").click()
    expect(page.get_by_role("heading", name=LONG)).to_be_visible()
    expect(field(page, "password")).to_have_value("")
    page.get_by_role("button", name="Prova il canale").click()
    expect(page.locator("#channel-test")).to_contain_text("non riuscito")
    picture(page, "50-canale", full_page=True)
    page.set_viewport_size(NARROW)
    assert page.evaluate(TOO_WIDE) == []
    picture(page, "50-canale-390", full_page=True)
    page.set_viewport_size(WIDE)

    page.goto(CHANNELS)
    field(page, "via-tutti").select_option(label=LONG)
    field(page, "seconda-tutti").select_option(label=LONG)
    page.get_by_role("button", name="Salva le vie").click()
    expect(told_beside(page, "via-tutti")).to_contain_text("un altro canale")
    field(page, "seconda-tutti").select_option("")
    page.get_by_role("button", name="Salva le vie").click()
    expect(page.locator("tbody")).to_contain_text("Tutti i documenti")
    picture(page, "50-canali", full_page=True)
    page.set_viewport_size(NARROW)
    assert page.evaluate(TOO_WIDE) == []
    picture(page, "50-canali-390", full_page=True)
    page.set_viewport_size(WIDE)

    # A way that documents take stays on, until they take another.
    page.get_by_role("link", name=LONG).click()
    page.get_by_role("button", name="Disattiva il canale").click()
    expect(page.locator("#notices")).to_contain_text("è la via scelta")
    page.goto(CHANNELS)
    field(page, "via-tutti").select_option("")
    page.get_by_role("button", name="Salva le vie").click()
    page.get_by_role("link", name=LONG).click()
    page.get_by_role("button", name="Disattiva il canale").click()
    expect(page.get_by_role("button", name="Elimina il canale")).to_be_visible()
    page.get_by_role("button", name="Elimina il canale").click()
    expect(page.locator("#notices")).to_contain_text("eliminato")


def test_a_document_goes_by_hand_and_its_receipt_comes_back(
    page: Page, product: Product, watch: Watch, picture: Picture
) -> None:
    watch.expected.add(422)
    page.goto(CHANNELS + "nuovo/by-hand/")
    field(page, "label").fill("Portale")
    page.get_by_role("button", name="Salva il canale").click()
    page.goto(CHANNELS)
    field(page, "via-tutti").select_option(label="Portale")
    page.get_by_role("button", name="Salva le vie").click()
    try:
        _carried(page, picture)
    finally:
        page.goto(CHANNELS)
        field(page, "via-tutti").select_option("")
        page.get_by_role("button", name="Salva le vie").click()


def _carried(page: Page, picture: Picture) -> None:
    page.goto("/a-mano/")
    expect(page.locator(".ft-empty")).to_contain_text("Niente da trasmettere")
    picture(page, "51-a-mano-vuoto")

    new_invoice(page, "privato", demo.ROSSI, {"codice_destinatario": "M5UXCR1"})
    document = save(page)
    send(page)
    box = page.locator("section", has=page.get_by_role("heading", name="A mano"))
    expect(box).to_contain_text("va caricato sul portale")
    picture(page, "51-a-mano-documento")
    with page.expect_download() as download:
        box.get_by_role("link", name=re.compile(r"\.xml")).click()
    name = download.value.suggested_filename

    page.goto("/a-mano/")
    expect(page.locator("tbody")).to_contain_text(name)
    picture(page, "51-a-mano")
    page.set_viewport_size(NARROW)
    assert page.evaluate(TOO_WIDE) == []
    picture(page, "51-a-mano-390", full_page=True)
    page.set_viewport_size(WIDE)
    page.locator("tbody").get_by_role("link", name="Trasmesso").click()
    field(page, "identificativo").fill("123456789012")
    picture(page, "51-a-mano-trasmesso")
    page.get_by_role("button", name="È stato trasmesso").click()
    page.get_by_role("link", name="Trasmessi", exact=True).click()
    expect(page.locator("tbody")).to_contain_text("123456789012")
    picture(page, "51-a-mano-trasmessi")
    page.goto(f"/a-mano/ricevuta/{document}/")
    page.get_by_role("button", name="Carica la ricevuta").click()
    expect(page.locator("#err-ricevute")).to_contain_text("Scegliere il file")
    picture(page, "51-a-mano-ricevuta")


def test_who_could_not_be_reached_is_told(page: Page, product: Product, picture: Picture) -> None:
    """An installation without mail shows the text to be copied, and keeps what was done."""
    new_invoice(page, "privato", demo.ROSSI, {"codice_destinatario": "0000000"})
    save(page)
    send(page)
    expect_state(page, "Non consegnato: a disposizione in area riservata")
    page.get_by_role("link", name="Avvisa il cliente").click()
    expect(field(page, "testo")).to_have_value(re.compile("area riservata"))
    picture(page, "52-avvisa-cliente", full_page=True)
    page.set_viewport_size(NARROW)
    assert page.evaluate(TOO_WIDE) == []
    page.set_viewport_size(WIDE)
    field(page, "come").fill("Per telefono, con il sig. Rossi")
    page.get_by_role("button", name="Segna come avvisato").click()
    expect(page.locator("#live")).to_contain_text("Cliente avvisato in altro modo: Per telefono")
