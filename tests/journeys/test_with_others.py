"""Several people at once, and somebody who may only look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

from fattorino.config import demo
from tests.journeys.conftest import Picture, Watch
from tests.journeys.pages import (
    BUTTON,
    document_of,
    duplicate,
    expect_state,
    fill,
    row,
    save,
    send,
    sent_name,
    sign_in,
)
from tests.journeys.product import READER, Product


def test_two_browsers_press_the_same_button_and_one_is_told_as_is_who_edits_it_meanwhile(
    page: Page,
    watch: Watch,
    new_context: Callable[..., BrowserContext],
    product: Product,
    control: Callable[..., Any],
    picture: Picture,
) -> None:
    watch.expected.update((409, 422))  # too late: while it is being sent, or already with the Hub
    document = duplicate(page, document_of(page, "Fattura 2"))
    editor = page.context.new_page()
    editor.goto(f"/entrate/{document}/modifica/")
    fill(editor, {"causale": "Troppo tardi"})
    other = new_context().new_page()
    # The other one has not heard yet of what the first does.
    other.route("**/novita/*", lambda route: route.fulfill(status=204))
    other.goto(f"/entrate/{document}/")
    control("faults", {"kind": "slow", "seconds": 4, "count": 1})
    send(page)
    send(other)
    expect(page.locator("#notices")).to_contain_text("avviato")
    told = other.locator("#notices .ft-notice-error")
    expect(told).to_be_visible()
    picture(other, "09-due-browser")
    editor.get_by_role("button", name="Salva le modifiche").click()
    expect(editor.get_by_role("alert").or_(editor.locator(".ft-notice-error")).first).to_be_visible()
    picture(editor, "09-modifica-durante-invio")
    expect_state(page, "Consegnato")
    assert product.names().count(sent_name(page)) == 1
    expect(page.locator("[aria-labelledby=h-files] .ft-files a")).to_have_count(2)  # one file, one receipt
    expect(page.locator("#copy")).not_to_contain_text("Troppo tardi")


def test_of_two_who_edit_the_same_document_the_second_to_save_is_told(
    page: Page, watch: Watch, new_context: Callable[..., BrowserContext], picture: Picture
) -> None:
    watch.expected.add(409)
    document = duplicate(page, document_of(page, "Fattura 2"))
    other = new_context().new_page()
    for each in (page, other):
        each.goto(f"/entrate/{document}/modifica/")
    fill(page, {"causale": "La prima mano"})
    fill(other, {"causale": "La seconda mano"})
    save(page, "Salva le modifiche")
    other.get_by_role("button", name="Salva le modifiche").click()
    expect(other.get_by_role("alert").first).to_be_visible()
    expect(other.locator("#causale")).to_have_value("La seconda mano")
    picture(other, "09-modifica-contesa")
    page.goto(f"/entrate/{document}/")
    expect(page.locator("#copy")).to_contain_text("La prima mano")


def test_a_reader_sees_everything_and_may_change_nothing(
    stranger: Page, watch: Watch, picture: Picture
) -> None:
    watch.expected.update((403, 409))
    page = stranger
    sign_in(page, READER, demo.PASSWORD)
    document = document_of(page, "Fattura 6")
    expect(row(page, document)).to_contain_text("Weber Ingenieure GmbH")
    expect(page.get_by_role("link", name="Nuovo documento")).to_have_count(0)
    picture(page, "10-consultazione")
    page.goto(f"/entrate/{document}/")
    expect(page.get_by_role("heading", name="Storia")).to_be_visible()
    expect(page.get_by_role("link", name="Copia in PDF")).to_be_visible()
    expect(page.get_by_role("button", name=BUTTON)).to_have_count(0)
    for words in ("Modifica", "Duplica"):
        expect(page.get_by_role("link", name=words, exact=True)).to_have_count(0)
    for address in ("/entrate/nuovo/", f"/entrate/{document}/modifica/"):
        answer = page.goto(address)
        assert answer is not None and answer.status in (403, 409)
        expect(page.get_by_text("Il ruolo di consultazione non permette")).to_be_visible()
    picture(page, "10-non-permesso")
    page.goto("/entrate/importa/")
    expect(page.get_by_text("Questo ruolo permette di consultare, non di importare.")).to_be_visible()
    page.get_by_role("button", name="Rita Lettrice").click()
    expect(page.get_by_text("onsultazione")).to_be_visible()
