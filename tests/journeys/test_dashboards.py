"""Issue part 2: the dashboards, their counts that follow by themselves, and how a person arranges them."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Locator, Page, expect

from fattorino.config import demo
from tests.journeys.conftest import NARROW, PATIENCE, Picture, Watch
from tests.journeys.pages import DASHBOARD, document_of, duplicate, expect_state, row, send, sign_in
from tests.journeys.product import Product
from tests.journeys.test_with_telephone import fits

PRIVATE = "/dashboard/privati/"


def gadget(page: Page, code: str) -> Locator:
    return page.locator(f'[role=tabpanel] [data-count="{code}"]')


def number(page: Page, code: str) -> int:
    return int(gadget(page, code).inner_text().replace(".", ""))


def follows(page: Page, code: str, expected: int) -> None:
    """The gadget comes to show the number, without a reload; how soon is for a machine that does nothing else."""
    expect(gadget(page, code)).to_have_text(str(expected))


def test_the_dashboard_follows_what_happens_without_a_reload(page: Page, picture: Picture) -> None:
    page.goto("/")
    expect(page).to_have_url(DASHBOARD)
    page.goto(PRIVATE)
    expect(page.locator("[data-dashboard]")).to_have_attribute("data-channel", "live")
    page.evaluate("window.neverReloaded = true")
    before, delivered = number(page, "DA_PROCESSARE"), number(page, "CONSEGNATO")
    picture(page, "09-dashboard")

    other = page.context.new_page()
    source = document_of(other, "Fattura 2")
    document = duplicate(other, source)
    follows(page, "DA_PROCESSARE", before + 1)
    send(other)
    expect_state(other, "Consegnato")
    follows(page, "CONSEGNATO", delivered + 1)
    follows(page, "DA_PROCESSARE", before)
    expect(page.locator("[data-announce]")).to_contain_text(re.compile(r"\w+: \d+"))
    assert page.evaluate("window.neverReloaded") is True
    assert document


def test_where_the_live_channel_does_not_answer_the_page_asks_by_itself(
    new_context: Callable[..., BrowserContext], product: Product
) -> None:
    context = new_context()
    context.route(f"**:{product.live_port}/**", lambda route: route.abort())
    page = context.new_page()
    page.goto(PRIVATE)
    expect(page.locator("[data-dashboard]")).to_have_attribute("data-channel", "poll")
    before = number(page, "DA_PROCESSARE")
    other = context.new_page()
    duplicate(other, document_of(other, "Fattura 2"))
    follows(page, "DA_PROCESSARE", before + 1)


def test_signing_out_elsewhere_is_told_on_the_open_dashboard(
    new_context: Callable[..., BrowserContext],
) -> None:
    context = new_context(storage_state=None)
    page, other = context.new_page(), context.new_page()
    sign_in(page, demo.EMAIL, demo.PASSWORD)
    expect(page.locator("[data-dashboard]")).to_have_attribute("data-channel", "live")
    other.goto(PRIVATE)
    other.get_by_role("button", name="Laura Conti").click()
    other.get_by_role("button", name="Esci").click()
    expect(other.get_by_role("heading", name="Accesso")).to_be_visible()
    page.bring_to_front()
    expect(page.locator("#notices")).to_contain_text("La sessione è finita", timeout=3 * PATIENCE)


def test_the_keyboard_arranges_gadgets_for_oneself(page: Page, picture: Picture) -> None:
    page.goto(PRIVATE)
    page.get_by_role("link", name="Disponi i gadget").click()
    titles = page.locator("[role=tabpanel]:not([hidden]) .ft-gadget-title")
    first, second = titles.nth(0).inner_text(), titles.nth(1).inner_text()
    button = page.get_by_role("button", name=f"Sposta «{first}» dopo")
    button.focus()
    page.keyboard.press("Enter")
    expect(titles.nth(1)).to_have_text(first)
    expect(button).to_be_focused()  # and can be pressed again
    page.get_by_role("button", name=f"Metti «{second}» in evidenza").click()
    page.get_by_role("button", name=f"Nascondi «{first}»").click()
    expect(page.locator(".ft-gadget-hidden .ft-gadget-title")).to_have_text(first)
    picture(page, "12-dashboard-disposizione")
    page.get_by_role("link", name="Fine").click()
    expect(page.get_by_role("region", name="In evidenza")).to_contain_text(second)
    expect(page.locator(".ft-gadget-title", has_text=first)).to_have_count(0)
    expect(page.get_by_text("1 gadget nascosto")).to_be_visible()

    page.get_by_role("link", name="Disponi i gadget").click()
    page.get_by_role("button", name="Torna alla disposizione dell'azienda").click()
    expect(titles.nth(0)).to_have_text(first)
    expect(page.locator(".ft-gadget-hidden")).to_have_count(0)


def test_a_gadget_is_dragged_to_another_place(page: Page) -> None:
    page.goto(f"{PRIVATE}?disponi=1")
    gadgets = page.locator("[role=tabpanel]:not([hidden]) .ft-gadget")
    first = gadgets.nth(0).get_attribute("data-code")
    gadgets.nth(0).drag_to(gadgets.nth(2))
    expect(page.get_by_role("button", name="Torna alla disposizione dell'azienda")).to_be_visible()
    expect(gadgets.nth(2)).to_have_attribute("data-code", str(first))
    page.reload()
    expect(gadgets.nth(2)).to_have_attribute("data-code", str(first))
    page.get_by_role("button", name="Torna alla disposizione dell'azienda").click()
    expect(gadgets.nth(0)).to_have_attribute("data-code", str(first))


def test_a_gadget_opens_its_list_where_each_row_is_worked(page: Page, watch: Watch, picture: Picture) -> None:
    watch.expected.add(409)
    document = duplicate(page, document_of(page, "Fattura 2"))
    other = duplicate(page, document)
    page.goto(PRIVATE)
    page.locator("[role=tabpanel] .ft-gadget-card", has_text="Da processare").click()
    expect(page.get_by_role("heading", name="Da processare")).to_be_visible()
    mine = row(page, document)
    page.evaluate("window.neverReloaded = true")
    picture(page, "10-elenco-del-gadget")

    mine.get_by_role("link", name="Storia").click()
    expect(page.get_by_role("dialog")).to_contain_text("Laura Conti")
    picture(page, "12-storia-dalla-riga")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

    mine.get_by_role("link", name="Cambia stato").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Nuovo stato").select_option(label="Annullato (mai trasmesso)")
    dialog.locator("select").evaluate("select => { select.removeAttribute('required'); select.value = '' }")
    dialog.get_by_role("button", name="Cambia stato").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Scegliere lo stato")
    dialog.get_by_label("Nuovo stato").select_option(label="Annullato (mai trasmesso)")
    dialog.get_by_label("Motivo").fill("Prova")
    picture(page, "12-cambia-stato")
    dialog.get_by_role("button", name="Cambia stato").click()
    expect(mine.locator(".ft-state")).to_have_text("Annullato (mai trasmesso)")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(mine.get_by_role("button")).to_have_count(0)

    row(page, other).get_by_role("button", name="Genera XML e invia").click()
    expect(page.locator("#notices")).to_contain_text("avviato per Fattura")
    expect(row(page, other).locator(".ft-state")).to_have_text("Consegnato")
    assert page.evaluate("window.neverReloaded") is True


def test_tabs_are_walked_with_the_arrows_and_kept_in_the_address(page: Page) -> None:
    page.goto(PRIVATE)
    tabs = page.get_by_role("tab")
    tabs.nth(0).focus()
    page.keyboard.press("ArrowRight")
    expect(tabs.nth(1)).to_be_focused()
    expect(tabs.nth(1)).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("tabpanel")).to_have_count(1)
    chosen = tabs.nth(1).inner_text()
    page.reload()
    expect(page.get_by_role("tab", selected=True)).to_have_text(chosen)


def test_sincronizza_says_what_was_brought(page: Page, picture: Picture) -> None:
    page.goto(PRIVATE)
    page.get_by_role("button", name="Sincronizza").click()
    expect(page.locator("#notices")).to_contain_text(re.compile(r"\d+ esiti? applicat[oi], \d+ in attesa"))
    page.goto("/dashboard/esiti-non-attesi/")
    expect(page.get_by_role("heading", name="Esiti non attesi", exact=True)).to_be_visible()
    picture(page, "12-esiti-non-attesi")


def test_the_dashboards_fit_a_telephone(new_context: Callable[..., BrowserContext], picture: Picture) -> None:
    page = new_context(viewport=NARROW, has_touch=True).new_page()
    for slug in ("pa", "privati", "passive", "lipe", "dati-fatture"):
        page.goto(f"/dashboard/{slug}/")
        expect(page.get_by_role("tab").first).to_be_visible()
        fits(page)
    page.goto(f"{PRIVATE}?disponi=1")
    fits(page)
    picture(page, "11-stretto-dashboard-disposizione", full_page=True)
    page.goto(PRIVATE)
    picture(page, "11-stretto-dashboard", full_page=True)
    page.goto("/dashboard/esiti-non-attesi/")
    fits(page)
    page.goto("/entrate/?dashboard=privati")
    fits(page)
    page.get_by_role("link", name="Storia").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    fits(page)
    picture(page, "11-stretto-storia")
