"""A state tells its group: the bell, the list, the e-mail, and what everybody chooses for herself."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from fattorino.config import demo
from tests.journeys.conftest import NARROW, PATIENCE, Picture, Watch
from tests.journeys.own import COMPANIES
from tests.journeys.pages import expect_state, field, new_invoice, save, send, until
from tests.journeys.product import Product
from tests.journeys.test_with_telephone import fits
from tests.workflow.postbox import PostBox, subject_of, text_of

SENT = "Consegnato"
EMAIL = COMPANIES["avvisi"].email


@pytest.fixture(scope="module")
def post_office(product: Product) -> Iterator[PostBox]:
    box = PostBox(product.mail_port)
    box.start()
    yield box
    box.stop()


@pytest.fixture
def signed_in(session_of: Callable[[str], Any], own_company: Callable[[str], str]) -> Any:
    """Of a company of its own: here the notices are counted."""
    return session_of(own_company("avvisi"))


def bell(page: Page, words: str | re.Pattern[str]) -> None:
    """The bell comes to say this, without a reload."""
    expect(page.locator("#bell")).to_contain_text(words, timeout=2 * PATIENCE)


def hers(box: PostBox) -> list[EmailMessage]:
    """What has come for this company's person: the others of the product have mail of their own."""
    return [mail for mail in list(box.mails) if EMAIL in str(mail["To"])]


def come(box: PostBox, number: int) -> list[EmailMessage]:
    """Her mails, once there are so many."""
    deadline = time.monotonic() + 120
    while len(hers(box)) < number and time.monotonic() < deadline:
        time.sleep(0.2)
    assert len(hers(box)) == number, [subject_of(mail) for mail in box.mails]
    return hers(box)


def configured(page: Page) -> None:
    """The state tells the administrators, by mail too; whichever journey comes first says so."""
    page.goto("/impostazioni/stati/")
    page.get_by_role("link", name=SENT, exact=True).click()
    page.get_by_role("tab", name=re.compile("^Notifiche")).first.click()
    if field(page, "notice-PR").is_checked():
        return
    field(page, "notice-PR").check()
    field(page, "notice-PR-0-group").select_option(label="Amministratori (1 persona)")
    field(page, "notice-PR-0-medium").select_option("mail")
    page.get_by_role("button", name="Salva nella bozza").click()
    page.wait_for_load_state()
    page.get_by_role("link", name="Confronta e pubblica").click()
    page.get_by_role("button", name="Pubblica", exact=True).click()
    expect(page.locator("#notices")).to_contain_text("Pubblicata la versione")


def all_read(page: Page) -> None:
    page.goto("/avvisi/?mostra=non-letti")
    if page.get_by_role("button", name="Segna tutti come letti").count():
        page.get_by_role("button", name="Segna tutti come letti").click()
    bell(page, "nessuno da leggere")


def invoice_sent(page: Page) -> int:
    new_invoice(page, "privato", demo.ROSSI, {"codice_destinatario": "M5UXCR1"})
    document = save(page)
    send(page)
    return document


def test_an_outcome_reaches_the_bell_the_list_and_the_mailbox(
    page: Page, post_office: PostBox, picture: Picture
) -> None:
    configured(page)
    all_read(page)
    before = len(hers(post_office))
    document = invoice_sent(page)
    watcher = page.context.new_page()
    watcher.clock.install()
    watcher.goto("/entrate/")
    watcher.evaluate("window.neverReloaded = true")
    # A page that the channel tells asks for the bell only when its number has changed, never by the clock.
    expect(watcher.locator("html")).to_have_attribute("data-line", "open")
    asked: list[int] = []
    watcher.on(
        "response", lambda answer: asked.append(answer.status) if "/campanella/" in answer.url else None
    )
    expect_state(page, SENT)
    bell(watcher, "1 da leggere")
    expect(watcher.locator("#bell-told")).to_have_text(re.compile("1 da leggere"))
    assert watcher.evaluate("window.neverReloaded")
    watcher.clock.run_for(11_000)
    watcher.wait_for_timeout(1_000)  # what it asked for by the clock would have been answered
    assert set(asked) == {200}
    picture(watcher, "30-campanella")

    watcher.locator("#bell").click()
    expect(watcher.locator("tbody tr").first).to_contain_text(SENT)
    expect(watcher.locator("tbody tr").first).to_have_class("ft-unread")
    picture(watcher, "30-avvisi", full_page=True)
    watcher.locator("tbody tr").first.get_by_role("link").click()
    watcher.wait_for_url(f"**/entrate/{document}/")
    bell(watcher, "nessuno da leggere")

    mail = come(post_office, before + 1)[-1]
    assert subject_of(mail).endswith(SENT)
    link = re.search(r"http://\S+/avvisi/\d+/", text_of(mail))
    assert link, text_of(mail)
    page.goto(link[0])
    page.wait_for_url(f"**/entrate/{document}/")


def test_one_chooses_a_digest_and_sees_the_post_at_390_px(
    new_context: Callable[..., BrowserContext], watch: Watch, post_office: PostBox, picture: Picture
) -> None:
    watch.expected.add(422)
    page = new_context(viewport=NARROW, has_touch=True).new_page()
    page.goto("/avvisi/")
    fits(page)
    picture(page, "30-stretto-avvisi", full_page=True)
    page.get_by_role("link", name="Preferenze").click()
    page.get_by_label("Un riepilogo al giorno").check()
    fits(page)
    picture(page, "30-stretto-preferenze", full_page=True)
    page.get_by_role("button", name="Salva").click()
    expect(page.locator("#notices")).to_contain_text("Preferenza salvata")
    expect(page.get_by_label("Un riepilogo al giorno")).to_be_checked()
    page.get_by_label("Subito").check()
    page.get_by_role("button", name="Salva").click()
    expect(page.get_by_label("Subito")).to_be_checked()
    page.goto("/avvisi/posta/")
    until(page, lambda: page.get_by_text("Tutto parte regolarmente").count() > 0)
    fits(page)
    picture(page, "30-stretto-posta", full_page=True)


def test_an_address_that_the_server_refuses_is_shown_to_the_administrator(
    page: Page, post_office: PostBox, picture: Picture
) -> None:
    configured(page)
    post_office.rcpt[EMAIL] = f"550 5.1.1 <{EMAIL}>: Recipient address rejected: User unknown"
    invoice_sent(page)
    expect_state(page, SENT)
    page.goto("/avvisi/")
    until(page, lambda: page.get_by_text("non raggiungono una persona").count() > 0)
    picture(page, "30-avvisi-indirizzo", full_page=True)
    page.get_by_role("link", name="Vedere che cosa fare").click()
    expect(page.locator("tbody")).to_contain_text("User unknown")
    picture(page, "30-posta")
    post_office.rcpt.clear()
    before = len(hers(post_office))
    page.get_by_role("button", name="Riprova").click()
    expect(page.locator("main")).to_contain_text("Nessuno.")
    come(post_office, before + 1)


def test_the_list_is_worked_by_keyboard(page: Page, picture: Picture) -> None:
    configured(page)
    all_read(page)
    invoice_sent(page)
    expect_state(page, SENT)
    bell(page, "1 da leggere")
    page.goto("/entrate/")
    page.locator("#bell").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/avvisi/")
    page.get_by_role("link", name=re.compile("^Da leggere")).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/avvisi/?mostra=non-letti")
    buttons = page.get_by_role("button", name=re.compile("^Segna come letto"))
    buttons.first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Nessun avviso da leggere")).to_be_visible()
    picture(page, "30-avvisi-vuoto")
