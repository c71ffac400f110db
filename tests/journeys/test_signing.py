"""The company's signature: the key's page, and a file that is signed outside."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from fattorino.config import demo
from fattorino.core.fatturapa.cades import sign_cades
from fattorino.hub.signing.pkcs12 import load_pkcs12
from fattorino.hub.signing.test_ca import Holder, issue, make_ca
from tests.journeys.conftest import NARROW, Picture
from tests.journeys.pages import expect_state, files, new_invoice, save, send
from tests.journeys.test_with_telephone import TOO_WIDE

PAGE = "/impostazioni/firma/"


@pytest.fixture(scope="module")
def key() -> bytes:
    now = datetime.now(UTC)
    return issue(make_ca(at=now), Holder("Laura", "Conti", "VRDLCU82D25L219V"), "giusta", at=now)


def upload(page: Page, key: bytes, password: str) -> None:
    page.goto(PAGE)
    page.locator("#file").set_input_files(
        {"name": "firma.p12", "mimeType": "application/x-pkcs12", "buffer": key}
    )
    page.get_by_label("Password del file").fill(password)
    page.get_by_role("button", name="Salva la chiave").click()


def test_a_company_without_a_key_signs_outside_then_gives_one(
    page: Page, key: bytes, picture: Picture, new_context: Callable[..., BrowserContext], watch: object
) -> None:
    watch.expected.add(422)  # type: ignore[attr-defined]
    page.goto("/")
    page.get_by_role("link", name="Impostazioni", exact=True).click()
    page.get_by_role("link", name="Firma delle fatture").click()
    expect(page.get_by_role("heading", name="Chiave in uso")).to_be_visible()
    picture(page, "50-firma")
    page.get_by_role("button", name="Prova la firma").click()
    expect(page.locator("#key-state")).to_contain_text("firma.")
    page.get_by_text("Togliere la chiave").click()
    page.get_by_role("button", name="Togli la chiave").click()
    expect(page.locator("#key-state")).to_contain_text("non ha una chiave di firma")

    new_invoice(page, "pa", demo.COMUNE, {"codice_ufficio": "ABC123"})
    save(page)
    send(page)
    expect_state(page, "Da firmare")
    expect(page.locator("#outside-file")).to_be_visible()
    picture(page, "50-firma-fuori", full_page=True)
    address = page.url
    (name, content), *others = [(n, c) for n, c in files(page).items() if n.endswith(".xml")]
    assert not others
    opened = load_pkcs12(key, "giusta")
    signed = sign_cades(content, opened.certificate, opened.sign, datetime.now(UTC), chain=opened.chain)
    wrong = sign_cades(content + b" ", opened.certificate, opened.sign, datetime.now(UTC))
    for file in (wrong, signed):
        page.locator("#outside-file").set_input_files(
            {"name": f"{name}.p7m", "mimeType": "application/pkcs7-mime", "buffer": file}
        )
        page.get_by_role("button", name="Consegna il file firmato").click()
        if file is wrong:
            expect(page.locator("#notices")).to_contain_text("non è identico")
            picture(page, "50-firma-rifiutata")
            page.goto(address)
    expect(page.locator("#live .ft-state")).not_to_have_text("Da firmare")
    assert files(page)[f"{name}.p7m"] == signed

    upload(page, key, "sbagliata")
    expect(page.get_by_role("alert")).to_contain_text("password")
    picture(page, "50-firma-password")
    upload(page, key, "giusta")
    expect(page.locator("#key-state")).to_contain_text("TINIT-VRDLCU82D25L219V")


@pytest.mark.parametrize("kind", ["pkcs12", "pkcs11", "csc"])
def test_the_page_fits_a_telephone(
    new_context: Callable[..., BrowserContext], kind: str, picture: Picture
) -> None:
    page = new_context(viewport=NARROW).new_page()
    page.goto(f"{PAGE}?tipo={kind}")
    assert page.evaluate(TOO_WIDE) == []
    picture(page, f"50-firma-390-{kind}", full_page=True)
