"""*Registro delle modifiche* and *Esiti non attesi*, seen by those who work with them, also on a telephone."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.conftest import NARROW, Picture
from tests.journeys.pages import document_of, duplicate
from tests.journeys.product import Product
from tests.journeys.test_with_telephone import fits

# An outcome that nobody expected: of a document that has not left yet.
UNEXPECTED = """
from fattorino import clock
from fattorino.config import demo
from fattorino.organisations.queries import find_company
from fattorino.organisations.scope import company_scope
from fattorino.workflow import flows
company = find_company(demo.ORDINE["id_codice"]).pk
with company_scope(company):
    flows.report_status({document}, "RC", flows.system_actor(company, "sdi"), now=clock.now(), message="Prova")
"""


def test_a_change_is_found_again_in_the_change_log(
    page: Page, new_context: Callable[..., BrowserContext], picture: Picture
) -> None:
    page.goto("/impostazioni/gruppi/nuovo/")
    page.get_by_label("Nome").fill("Contabilità del registro")
    page.get_by_role("button", name="Salva").click()
    page.goto("/impostazioni/stati/")
    page.get_by_role("link", name="Registro delle modifiche").click()
    page.get_by_label("Tipo").select_option(label="Gruppi")
    page.get_by_role("button", name="Filtra").click()
    expect(page.locator("tbody tr").first).to_contain_text("Contabilità del registro")
    picture(page, "33-registro-delle-modifiche")
    narrow = new_context(viewport=NARROW, has_touch=True).new_page()
    narrow.goto("/impostazioni/modifiche/")
    expect(narrow.get_by_role("heading", name="Registro delle modifiche", exact=True)).to_be_visible()
    fits(narrow)
    picture(narrow, "33-stretto-registro")


def test_an_unexpected_outcome_is_marked_as_seen_with_a_note(
    product: Product, new_context: Callable[..., BrowserContext], picture: Picture
) -> None:
    writer = new_context().new_page()
    document = duplicate(writer, document_of(writer, "Fattura 2"))
    title = writer.locator("h1").inner_text().split(" del ")[0]
    product.manage("shell", "--no-imports", "-c", UNEXPECTED.format(document=document))
    page = new_context(viewport=NARROW, has_touch=True).new_page()
    page.goto("/dashboard/privati/")
    fits(page)
    page.get_by_role("link", name="Esiti non attesi").click()
    row = page.locator("tbody tr", has=page.get_by_role("link", name=title, exact=True))
    row.locator("summary").click()
    row.get_by_label("Nota (facoltativa)").fill("Sentito il cliente")
    fits(page)
    picture(page, "34-stretto-esito-da-vedere")
    row.get_by_role("button", name="Segna come visto").click()
    expect(page.locator("#notices")).to_contain_text("Esito segnato come visto")
    page.get_by_role("link", name="Visti", exact=True).click()
    expect(row).to_contain_text("Sentito il cliente")
    fits(page)
