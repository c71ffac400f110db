"""Issue step 6: a scarto is explained, leads to its field, and one click sends again."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from fattorino.config import demo
from tests.journeys.conftest import Picture
from tests.journeys.pages import BUTTON, expect_state, field, fill, new_invoice, save, send, sent_name
from tests.journeys.product import Product


def test_step_6_a_scarto_is_explained_corrected_and_sent_again_under_a_new_name(
    page: Page, product: Product, picture: Picture
) -> None:
    new_invoice(page, "privato", demo.ROSSI, {"codice_destinatario": "IGNOTO0"})
    save(page)
    title = page.locator("h1").inner_text()
    send(page)
    expect_state(page, "Scartato da SDI")
    told = page.get_by_role("region", name="Che cosa correggere")
    expect(told).to_contain_text("00311")
    expect(told).to_contain_text("codice destinatario")
    refused_name = sent_name(page)
    picture(page, "07-scarto")
    told.get_by_role("link", name="Correggi questo campo").click()

    expect(field(page, "codice_destinatario")).to_be_focused()
    expect(page.get_by_role("region", name="Che cosa correggere")).to_contain_text("00311")
    picture(page, "07-campo-da-correggere")
    fill(page, {"codice_destinatario": "M5UXCR1"})
    save(page, "Salva le modifiche")
    expect(page.locator("h1")).to_have_text(title)  # the number stays
    page.get_by_role("button", name=BUTTON).click()
    expect_state(page, "Consegnato")
    expect(page.locator("[aria-labelledby=h-files] .ft-files a", has_text="_RC_")).to_have_count(1)
    assert len(product.receipts(refused_name)) == 1
    sent = [
        name
        for name in product.names()
        if name in page.locator("[aria-labelledby=h-files] .ft-files").inner_text()
    ]
    assert len(sent) == 2 and sent[0] == refused_name
    assert [list(product.receipts(name))[0].split("_")[2] for name in sent] == ["NS", "RC"]
    picture(page, "07-corretto")
