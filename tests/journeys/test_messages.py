"""SdI's messages: a forged one waits for a person, who looks at it, matches it, or files it away."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
from playwright.sync_api import BrowserContext, Locator, Page, expect

from fattorino.config import demo
from fattorino.core.sdi import messages, soap
from fattorino.core.sdi.message_io import write_message
from tests.journeys.conftest import NARROW, Picture, Watch
from tests.journeys.pages import expect_state, new_invoice, row, save, send, sent_name, until
from tests.journeys.product import Product
from tests.journeys.test_with_telephone import fits

ACCEPTED = "Accettato dalla PA"


def knock(product: Product, name: str, number: int, *, file: str) -> None:
    """Somebody at SdI's door with a message that SdI never signed."""
    content = write_message(
        messages.NotificaDecorrenzaTermini(
            identificativo_sdi=str(700_000 + number),
            nome_file=file,
            message_id=str(number),
            descrizione="Scaduti",
        )
    )
    payload = soap.FileSdI(str(700_000 + number), name, content)
    call = soap.build_request(soap.TRASMISSIONE_FATTURE["DT"], payload)
    answer = httpx.post(f"{product.address}/sdi/trasmissione", content=call.body, headers=call.headers)
    assert answer.status_code == 202


def wait_for(page: Page, address: str, name: str) -> Locator:
    """The message of this name, once the worker has read it."""
    page.goto(address)
    link = page.get_by_role("link", name=name, exact=True)
    until(page, lambda: link.count() > 0)
    return link


def test_a_forged_message_waits_for_a_person(
    page: Page,
    product: Product,
    picture: Picture,
    watch: Watch,
    new_context: Callable[..., BrowserContext],
) -> None:
    watch.expected |= {422}
    new_invoice(page, "pa", demo.COMUNE, {"codice_ufficio": "ABC123"})
    document = save(page)
    send(page)
    expect_state(page, ACCEPTED)
    file = sent_name(page)
    stem = file.split(".")[0]
    knock(product, f"{stem}_DT_901.xml", 901, file=file)
    waiting = wait_for(page, "/messaggi/da-abbinare/", f"{stem}_DT_901.xml")
    page.goto(f"/entrate/{document}/")
    expect_state(page, ACCEPTED)  # what nobody has signed moves nothing

    page.goto("/messaggi/")
    expect(page.get_by_role("link", name=f"{stem}_RC_001.xml")).to_be_visible()
    picture(page, "60-messaggi", full_page=True)
    page.get_by_role("link", name=re.compile("Da abbinare")).click()
    expect(waiting).to_be_visible()
    picture(page, "60-da-abbinare", full_page=True)
    waiting.click()
    expect(page.locator("main")).to_contain_text("Non è provato che il messaggio venga da SdI")
    picture(page, "60-messaggio", full_page=True)
    page.get_by_role("button", name="Metti da parte").click()
    expect(page.locator("#err-motivo")).to_contain_text("Scrivere perché")

    telephone = new_context(viewport=NARROW, has_touch=True).new_page()
    for address in ("/messaggi/", "/messaggi/da-abbinare/", "/messaggi/attese/", page.url):
        telephone.goto(address)
        fits(telephone)
    picture(telephone, "60-messaggio-telefono", full_page=True)

    page.get_by_role("button", name="Abbina", exact=True).click()
    page.wait_for_url(f"**/entrate/{document}/")
    expect(page.get_by_role("region", name="Da SdI")).to_contain_text(f"{stem}_DT_901.xml")
    picture(page, "60-documento", full_page=True)
    page.goto("/entrate/")
    expect(row(page, document)).to_be_visible()


def test_what_belongs_to_nobody_is_filed_away_with_a_reason(
    page: Page, product: Product, watch: Watch, picture: Picture
) -> None:
    watch.expected |= {422}
    name = "IT99999999999_00001_DT_950.xml"
    knock(product, name, 950, file="IT99999999999_00001.xml")
    link = wait_for(page, "/messaggi/di-nessuno/", name)
    link.click()
    picture(page, "60-di-nessuno", full_page=True)
    page.get_by_role("button", name="Assegna").click()
    expect(page.locator("#err-destinataria")).to_contain_text("Scegliere l'azienda")
    page.get_by_role("textbox", name="Motivo").fill("Ricevuta di un altro programma")
    page.get_by_role("button", name="Metti da parte").click()
    expect(page.locator("#notices")).to_contain_text("Messaggio archiviato")
    expect(page.get_by_role("link", name=name, exact=True)).to_have_count(0)
