"""Invoices of suppliers that the simulated SdI brings: accepted, refused, expired, posted; on a telephone too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from fattorino import clock
from fattorino.config import demo
from fattorino.core.fatturapa import write_fattura
from fattorino.core.fatturapa.build import build
from fattorino.core.fatturapa.draft import Draft, Line, Party, draft_from_json
from fattorino.core.sdi import soap
from tests.documents.received import SUPPLIER
from tests.journeys.conftest import NARROW, Picture, Watch
from tests.journeys.pages import sign_in, until
from tests.journeys.product import SPEED, Product
from tests.journeys.samples import signed
from tests.journeys.test_with_telephone import fits

OFFICE, CODE = "UFPASS", "PASSIV1"
LONG = "Associazione Intercomunale per la Valorizzazione del Territorio Montano S.r.l."
# Fifteen days are some minutes: whoever answers in a moment is in time, also on a slow machine.
SLOWLY = 3600
BEHIND = 120_000  # the worker may have other things to do


@pytest.fixture
def line(product: Product, control: Callable[..., Any]) -> Iterator[Callable[..., None]]:
    """A supplier somewhere sends an invoice to the company of the demo, through SdI."""
    control("clock", {"speed": SLOWLY})
    for key in (OFFICE, CODE):
        wanted = {"key": key, "behaviour": "channel", "url": f"{product.address}/sdi/ricezione"}
        control("recipients", wanted)

    def send(numero: str, *, pa: bool = True, seller: Party = SUPPLIER) -> None:
        content = _invoice(numero, OFFICE if pa else CODE, seller)
        name = f"IT01234567897_{numero.replace('/', '')}.xml"
        if pa:
            content, name = signed(content), f"{name}.p7m"
        request = soap.build_request(soap.RICEVI_FILE, soap.FileSdIBase(name, content))
        address = f"http://127.0.0.1:{product.simulator_port}/ricevi_file"
        assert httpx.post(address, content=request.body, headers=request.headers).status_code == 200

    yield send
    for key in (OFFICE, CODE):
        control("recipients", {"key": key, "behaviour": ""})
    control("clock", {"speed": SPEED})


def _invoice(numero: str, code: str, seller: Party) -> bytes:
    buyer = replace(draft_from_json({"cessionario": demo.ORDINE}).cessionario, regime_fiscale=None)
    draft = Draft(
        numero=numero,
        data=clock.day(clock.now()),
        causale=("Fornitura di cancelleria",),
        linee=(Line("Carta per stampanti", None, None, Decimal(100), aliquota_iva=Decimal(22)),),
        cessionario=buyer,
        codice_destinatario=code,
    )
    made = build(draft, cedente=seller, trasmittente=("IT", "01234567897"), progressivo_invio=numero[:10])
    return write_fattura(made)


def open_invoice(page: Page, numero: str) -> None:
    """Wait for it in the panel and open it."""
    page.goto("/passive/")
    link = page.get_by_role("link", name=f"Fattura {numero}", exact=True)
    until(page, lambda: link.count() > 0)
    link.first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Fattura {numero}")


def stands(page: Page, label: str) -> None:
    expect(page.locator("#live .ft-state").first).to_have_text(label, timeout=BEHIND)


def test_an_invoice_arrives_is_read_and_accepted(
    page: Page, line: Callable[..., None], picture: Picture
) -> None:
    line("PA/1")
    open_invoice(page, "PA/1")
    stands(page, "Ricevuto, da accettare o rifiutare")
    expect(page.locator("#h-signature + ul")).to_contain_text("firma integra")
    expect(page.locator("#copy")).to_contain_text("Carta per stampanti")
    picture(page, "61-passiva", full_page=True)
    page.goto("/passive/")
    picture(page, "60-passive")
    open_invoice(page, "PA/1")
    page.get_by_role("link", name="Accetta o rifiuta").click()
    page.get_by_label("Accetta la fattura").check()
    page.get_by_role("button", name="Continua").click()
    page.get_by_role("button", name="Conferma l'accettazione").click()
    stands(page, "Accettato")
    expect(page.locator("#h-outcomes + ul")).to_contain_text("Registrato da SdI")


def test_a_refusal_states_its_cause_and_reaches_sdi(
    page: Page, line: Callable[..., None], picture: Picture, watch: Watch
) -> None:
    watch.expected.add(422)
    line("PA/2")
    open_invoice(page, "PA/2")
    page.get_by_role("link", name="Accetta o rifiuta").click()
    page.get_by_label("Rifiuta la fattura").check()
    page.get_by_role("button", name="Continua").click()
    expect(page.locator("#err-causa")).to_contain_text("Scegliere la causa")
    page.get_by_label(re.compile("CIG o CUP")).check()
    page.locator("#dettaglio").fill("Il CIG Z1234567AB non è di questo ente.")
    picture(page, "62-risposta", full_page=True)
    page.get_by_role("button", name="Continua").click()
    expect(page.locator("blockquote")).to_contain_text("lett. b): Il CIG Z1234567AB")
    page.get_by_role("button", name="Conferma il rifiuto").click()
    stands(page, "Rifiutato (fornitore notificato)")


def test_when_nobody_answers_the_term_expires(
    page: Page, line: Callable[..., None], control: Callable[..., Any]
) -> None:
    line("PA/3")
    open_invoice(page, "PA/3")
    stands(page, "Ricevuto, da accettare o rifiutare")
    control("clock", {"advance_hours": 16 * 24})
    stands(page, "Decorsi termini senza esito")


def test_a_private_recipient_reads_what_there_is_instead(
    page: Page, line: Callable[..., None], picture: Picture
) -> None:
    line("PR/1", pa=False)
    open_invoice(page, "PR/1")
    page.get_by_text("Perché non si può accettare o rifiutare").click()
    expect(page.get_by_text("nota di credito (TD04)")).to_be_visible()
    picture(page, "63-privati")
    page.get_by_role("button", name="Invia a gestionale").click()
    stands(page, "Da contabilizzare")
    page.get_by_role("link", name="Contabilizza").click()
    page.locator("#protocollo").fill("A/123")
    page.get_by_role("button", name="Contabilizza").click()
    stands(page, "Contabilizzato")
    expect(page.get_by_text("protocollo A/123").first).to_be_visible()


def test_of_two_people_the_second_is_told(
    page: Page, line: Callable[..., None], new_context: Callable[..., BrowserContext], watch: Watch
) -> None:
    watch.expected.add(409)
    line("PA/4")
    open_invoice(page, "PA/4")
    answer = page.url + "risposta/"
    other = new_context(storage_state=None).new_page()
    sign_in(other, demo.EMAIL, demo.PASSWORD)
    for each in (page, other):
        each.goto(answer)
        each.get_by_label("Accetta la fattura").check()
        each.get_by_role("button", name="Continua").click()
    page.get_by_role("button", name="Conferma l'accettazione").click()
    expect(page).to_have_url(re.compile(r"/passive/\d+/$"))
    other.get_by_role("button", name="Conferma l'accettazione").click()
    expect(other.get_by_role("alert")).to_be_visible()


def test_everything_fits_a_telephone(page: Page, line: Callable[..., None], picture: Picture) -> None:
    line("PA/5", seller=replace(SUPPLIER, denominazione=LONG))
    open_invoice(page, "PA/5")
    page.set_viewport_size(NARROW)
    fits(page)
    picture(page, "64-passiva-stretta", full_page=True)
    page.get_by_role("link", name="Accetta o rifiuta").click()
    fits(page)
    picture(page, "64-risposta-stretta", full_page=True)
    page.goto("/passive/")
    fits(page)
    picture(page, "64-passive-stretto", full_page=True)
