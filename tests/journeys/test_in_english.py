"""Somebody who reads English: she chooses it, keeps it, and goes back."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from fattorino.config import demo
from tests.journeys.conftest import NARROW, Picture
from tests.journeys.product import READER
from tests.journeys.test_with_telephone import fits


def sign_in_in_english(page: Page) -> None:
    page.get_by_label("Email").fill(READER)
    page.get_by_label("Password", exact=True).fill(demo.PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/accesso/login" not in url)


def choose(page: Page, language: str) -> None:
    page.get_by_role("button", name=language, exact=True).click()


def test_english_is_chosen_at_the_door_kept_after_signing_in_again_and_left(
    new_context: Callable[..., BrowserContext], picture: Picture
) -> None:
    page = new_context(storage_state=None).new_page()
    page.goto("/entrate/?q=rossi")
    choose(page, "English")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "en"
    picture(page, "12-english-sign-in")
    sign_in_in_english(page)
    expect(page.get_by_role("heading", name="Outgoing documents")).to_be_visible()
    assert page.url.endswith("/entrate/?q=rossi")
    expect(page.locator("#notices")).to_contain_text("You are signed in.")
    picture(page, "12-english-list")

    # Another browser, which nobody has told.
    other = new_context(storage_state=None, viewport=NARROW, has_touch=True).new_page()
    other.goto("/")
    other.get_by_label("Email").fill(READER)
    other.get_by_label("Password", exact=True).fill(demo.PASSWORD)
    other.get_by_role("button", name="Entra", exact=True).click()
    expect(other.get_by_role("link", name="Outgoing documents").first).to_be_visible()
    fits(other)
    picture(other, "12-english-dashboard-narrow")
    other.get_by_role("link", name="Outgoing documents").first.click()
    expect(other.get_by_role("heading", name="Outgoing documents")).to_be_visible()
    fits(other)
    picture(other, "12-english-list-narrow")
    other.locator("tbody a").first.click()
    expect(other.locator("#live")).to_be_visible()
    fits(other)
    picture(other, "12-english-document-narrow", full_page=True)

    here = other.url
    choose(other, "Italiano")
    expect(other.get_by_role("link", name="Entrate").first).to_be_visible()
    assert other.url == here
    other.locator("#user-menu").click()
    other.get_by_role("button", name="Esci").click()
    other.goto("/")
    expect(other.get_by_role("heading", name="Accesso")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Entrate", exact=True)).to_be_visible()
