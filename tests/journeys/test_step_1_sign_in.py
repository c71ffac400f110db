"""Issue step 1: sign-in, the second factor, the company in use."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from fattorino.config import demo
from tests.journeys.conftest import Picture
from tests.journeys.own import PERSON
from tests.journeys.pages import DASHBOARD, sign_in, totp


def test_step_1_a_wrong_password_is_told_and_the_right_one_enters(stranger: Page, picture: Picture) -> None:
    stranger.goto("/entrate/")
    expect(stranger.get_by_role("heading", name="Accesso")).to_be_visible()
    picture(stranger, "01-accesso")
    sign_in_wrongly(stranger)
    message = stranger.get_by_role("alert")
    expect(message).to_contain_text(re.compile("password", re.IGNORECASE))
    expect(stranger.get_by_label("Email")).to_have_value(demo.EMAIL)
    picture(stranger, "01-password-sbagliata")
    sign_in(stranger, demo.EMAIL, demo.PASSWORD)
    expect(stranger).to_have_url(DASHBOARD)
    stranger.get_by_role("button", name="Laura Conti").click()
    stranger.get_by_role("button", name="Esci").click()
    stranger.goto("/entrate/")
    expect(stranger.get_by_role("heading", name="Accesso")).to_be_visible()


def sign_in_wrongly(page: Page) -> None:
    page.get_by_label("Email").fill(demo.EMAIL)
    page.get_by_label("Password", exact=True).fill("non è questa")
    page.get_by_role("button", name="Entra").click()


def test_step_1_a_second_factor_is_taken_up_and_asked_for_at_the_next_sign_in(
    new_context: Callable[..., BrowserContext], own_company: Callable[[str], str], picture: Picture
) -> None:
    email = own_company("porta")
    page = new_context(storage_state=None).new_page()
    sign_in(page, email, demo.PASSWORD)
    page.get_by_role("button", name=PERSON).click()
    page.get_by_role("link", name="Accesso in due passaggi").click()
    page.get_by_role("link", name="Attiva", exact=True).click()
    page.get_by_label("Password", exact=True).fill(demo.PASSWORD)  # nobody at an unattended screen
    page.get_by_role("button", name="Conferma").click()
    secret = page.locator("code.ft-secret").inner_text()
    picture(page, "01-secondo-passaggio-attivazione")
    page.locator("input[name=code]").fill("000000")
    page.get_by_role("button", name="Attiva").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.locator("input[name=code]").fill(totp(secret))
    page.get_by_role("button", name="Attiva").click()
    expect(page.get_by_role("heading", name="Codici di recupero")).to_be_visible()

    other = new_context(storage_state=None).new_page()
    sign_in(other, email, demo.PASSWORD)
    expect(other.get_by_role("heading", name="Secondo passaggio")).to_be_visible()
    picture(other, "01-secondo-passaggio")
    other.goto("/entrate/")  # a password alone opens nothing
    expect(other.get_by_role("heading", name="Secondo passaggio")).to_be_visible()
    other.locator("input[name=code]").fill(totp(secret))
    other.get_by_role("button", name="Entra").click()
    expect(other).to_have_url(DASHBOARD)


def test_step_1_the_company_in_use_is_always_visible_and_is_switched(
    stranger: Page, picture: Picture
) -> None:
    page = stranger
    sign_in(page, demo.EMAIL, demo.PASSWORD)
    name = page.locator("header .ft-company-name")
    ordine = demo.ORDINE["denominazione"]
    for address in ("/entrate/", "/entrate/nuovo/", "/entrate/importa/", "/accesso/2fa/"):
        page.goto(address)
        expect(name).to_be_visible()
        expect(name).to_have_text(ordine)
    page.goto("/entrate/?cliente=weber")
    expect(page.get_by_role("cell", name="Weber Ingenieure GmbH").first).to_be_visible()
    page.locator("#company-menu").click()
    page.get_by_role("button", name="Giulia Bianchi").click()
    expect(name).to_have_text("Giulia Bianchi")
    page.goto("/entrate/?cliente=rossi")
    expect(page.get_by_role("cell", name="Rossi Costruzioni S.r.l.").first).to_be_visible()
    page.goto("/entrate/?cliente=weber")
    expect(page.get_by_role("heading", name="Nessun documento con questi filtri")).to_be_visible()
    expect(page.get_by_role("cell", name="Weber Ingenieure GmbH")).to_have_count(0)
    page.locator("#company-menu").click()
    picture(page, "01-azienda")
    page.get_by_role("button", name=ordine).last.click()
    expect(name).to_have_text(ordine)
