"""An administrator shapes the states: a state, its common settings, a group, lint, graph, trial, publication."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from fattorino.config import demo
from tests.journeys.conftest import NARROW, Picture, Watch
from tests.journeys.pages import field, sign_in
from tests.journeys.product import READER
from tests.journeys.samples import PNG
from tests.journeys.test_with_telephone import TOO_WIDE

STATES = "/impostazioni/stati/"
STATE = STATES + "stato/{}/"


@pytest.fixture
def signed_in(session_of: Callable[[str], Any], own_company: Callable[[str], str]) -> Any:
    """Of a company of its own: others are not told of what this one publishes."""
    return session_of(own_company("stati"))


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Leaves no draft behind: other journeys see the published states."""
    page = context.new_page()
    yield page
    page.goto(STATES)
    discard = page.locator(".st-confirm summary")
    if discard.count():
        discard.click()
        page.get_by_role("button", name="Elimina la bozza").click()


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=re.compile(f"^{name}")).first.click()


def save(page: Page) -> None:
    page.get_by_role("button", name="Salva nella bozza").click()
    page.wait_for_load_state()


def test_a_state_is_changed_checked_tried_compared_and_published(page: Page, picture: Picture) -> None:
    page.goto("/")
    page.get_by_role("link", name="Impostazioni", exact=True).click()
    expect(page.locator(".st-which")).to_contain_text("pubblicata")
    picture(page, "20-stati")
    page.get_by_role("link", name="Consegnato", exact=True).click()
    expect(page.get_by_role("tab", name="Permessi")).to_be_hidden()
    picture(page, "20-stato")
    field(page, "deadline").fill("Archiviare entro l'anno")
    tab(page, "Notifiche")
    field(page, "notice-PR").check()
    field(page, "notice-PR-0-group").select_option(label="Operatori (0 persone)")
    picture(page, "20-stato-notifiche")
    save(page)
    expect(page.locator("#notices")).to_contain_text("salvato nella bozza")
    expect(page.get_by_role("tab", name="Notifiche")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".st-which")).to_contain_text("Bozza")

    page.get_by_role("link", name="Controlla", exact=True).click()
    expect(page.locator("main")).to_contain_text("avvisa il gruppo «Operatori», che non ha utenti")
    picture(page, "20-controllo")
    page.get_by_role("link", name="Correggi «Consegnato»").click()
    expect(page.get_by_role("tab", name="Notifiche")).to_have_attribute("aria-selected", "true")
    field(page, "notice-PR-0-group").select_option(label="Amministratori (1 persona)")
    save(page)

    page.get_by_role("link", name="Confronta e pubblica").click()
    expect(page.locator("main")).to_contain_text("2 differenze")
    expect(page.locator("main")).to_contain_text("Archiviare entro l'anno")
    field(page, "nota").fill("Avvisi alla consegna")
    picture(page, "20-confronta")
    page.get_by_role("button", name="Pubblica", exact=True).click()
    expect(page.locator("#notices")).to_contain_text("Pubblicata la versione 2")
    page.get_by_role("link", name="Versioni", exact=True).click()
    expect(page.locator("tbody tr").first).to_contain_text("Avvisi alla consegna")
    page.get_by_role("link", name="Versione 1").click()
    page.get_by_role("button", name="Ripristina come bozza").click()
    expect(page.locator("main")).to_contain_text("2 differenze")


def test_permissions_show_only_with_riservato_and_the_picker_follows_the_dashboards(
    page: Page, picture: Picture
) -> None:
    page.goto(STATE.format("RIFIUTATO"))
    tab(page, "Impostazioni aziendali")
    field(page, "reserved").check()
    tab(page, "Permessi")
    picture(page, "20-stato-permessi")
    tab(page, "Stati da assegnare")
    fits = page.locator("#assegnare .st-box:visible")
    expect(fits.filter(has_text="Rifiutato chiuso")).to_have_count(1)
    expect(fits.filter(has_text="Contabilizzato")).to_have_count(0)
    picture(page, "20-stato-assegnare")
    tab(page, "Abilitazioni")
    picture(page, "20-stato-abilitazioni")
    field(page, "dashboards-PS").check()
    tab(page, "Stati da assegnare")
    # What was chosen before stays in sight, marked; saving says why it cannot stay.
    expect(fits.filter(has_text="Rifiutato chiuso")).to_have_count(1)
    expect(fits).to_have_count(2)


def test_what_cannot_stay_so_is_told_beside_the_field_and_on_its_tab(
    page: Page, watch: Watch, picture: Picture
) -> None:
    watch.expected.add(422)
    page.goto(STATE.format("SCARTATO_SDI"))
    tab(page, "Esiti")
    page.get_by_text("Aggiungi un esito").click()
    field(page, "event-1-status").select_option("RC")
    tab(page, "Azioni")
    page.get_by_role("button", name="Salva nella bozza").click()
    expect(page.get_by_role("alert")).to_contain_text("2 impostazioni da correggere")
    expect(page.get_by_role("tab", name="Esiti")).to_have_attribute("aria-selected", "true")
    expect(field(page, "err-event-1-dashboards")).to_contain_text("almeno una dashboard")
    picture(page, "20-stato-errori", full_page=True)


def test_two_administrators_change_the_same_state_and_the_second_sees_both(
    page: Page, watch: Watch, picture: Picture
) -> None:
    watch.expected.add(409)
    other = page.context.new_page()
    for each in (page, other):
        each.goto(STATE.format("ANNULLATO"))
        tab(each, "Impostazioni aziendali")
    field(page, "deadline").fill("La prima")
    field(other, "deadline").fill("La seconda")
    save(page)
    save(other)
    expect(other.get_by_role("alert")).to_contain_text("La prima")
    expect(other.get_by_role("alert")).to_contain_text("La seconda")
    picture(other, "20-stato-conteso", full_page=True)
    save(other)
    expect(field(other, "deadline")).to_have_value("La seconda")


def test_the_keyboard_walks_the_tabs(page: Page) -> None:
    page.goto(STATE.format("CONSEGNATO"))
    page.get_by_role("tab", name="Impostazioni aziendali").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Abilitazioni")).to_be_focused()
    expect(page.locator("#abilitazioni")).to_be_visible()
    page.keyboard.press("End")
    expect(page.locator("#esiti")).to_be_visible()


def test_the_graph_is_drawn_its_boxes_lead_to_the_states_and_the_table_says_the_same(
    page: Page, picture: Picture
) -> None:
    page.goto(STATES + "grafo/?dashboard=PA")
    expect(page.locator(".st-graph a")).not_to_have_count(0)
    picture(page, "20-grafo", full_page=True)
    page.get_by_role("link", name="Mostra anche Cambia stato").click()
    expect(page.locator(".st-way-manual").first).to_be_attached()
    picture(page, "20-grafo-cambi")
    page.emulate_media(media="print")
    picture(page, "20-grafo-stampa", full_page=True)
    page.emulate_media(media="screen")
    page.locator('.st-graph a[aria-label^="Scartato da SDI"]').click()
    expect(page.locator("h1")).to_have_text("Scartato da SDI")


def test_a_trial_goes_from_entry_to_delivery_and_says_why_something_is_refused(
    page: Page, picture: Picture
) -> None:
    page.goto(STATES + "prova/?dashboard=PR")
    for words in ("«Genera XML e invia» riesce", "«Valida» riesce", "«Firma» riesce", "«Conferma» riesce"):
        page.get_by_role("link", name=words).click()
    page.get_by_role("link", name=re.compile("Arriva l'esito RC")).click()
    expect(page.locator("#h-standing")).to_have_text("Ora: Consegnato")
    page.get_by_role("link", name="Si cambia lo stato in «Da processare»").click()
    expect(page.locator(".st-refusal")).to_be_visible()
    picture(page, "20-prova", full_page=True)


def test_a_common_state_is_made_with_a_picture_and_a_colour_that_can_be_read(
    page: Page, watch: Watch, picture: Picture, tmp_path: pathlib.Path
) -> None:
    watch.expected.add(422)
    page.goto(STATES + "comuni/")
    picture(page, "20-comuni")
    page.get_by_role("link", name="Nuovo stato comune").click()
    field(page, "code").fill("DA_RIVEDERE")
    field(page, "label").fill("Da rivedere")
    field(page, "tab").fill("Da lavorare")
    field(page, "colour").fill("#ffee00")
    expect(page.locator("#contrast")).to_contain_text("non si legge")
    expect(page.locator(".st-preview .st-gadget")).to_contain_text("Da rivedere")
    page.get_by_role("button", name="Salva").click()
    expect(page.locator("#err-colour")).to_contain_text("non si legge")
    field(page, "colour").fill("#8a5a00")
    expect(page.locator("#err-colour")).to_be_empty()
    expect(page.locator("#contrast")).to_contain_text("si legge.")
    page.locator('label[for="icon-it-flag"]').click()
    picture(page, "20-comune", full_page=True)
    page.locator('label[for="image-upload"]').click()
    field(page, "immagine").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": PNG})
    page.get_by_role("button", name="Salva").click()
    expect(page.locator("#notices")).to_contain_text("salvate")
    expect(page.locator(".st-preview .st-gadget img")).to_be_visible()
    page.goto(STATES + "aggiungi/")
    picture(page, "20-aggiungi")
    page.get_by_role("button", name="Aggiungi Da rivedere").click()
    expect(page.locator("h1")).to_have_text("Da rivedere")
    page.get_by_role("button", name="Elimina lo stato").click()
    expect(page.locator("#notices")).to_contain_text("tolto dalla bozza")


def test_a_group_is_made_named_by_a_state_and_then_not_deleted(page: Page, picture: Picture) -> None:
    page.goto("/impostazioni/gruppi/")
    page.get_by_role("link", name="Nuovo gruppo").click()
    field(page, "nome").fill("Contabilità")
    page.get_by_role("checkbox", name=re.compile("Laura Conti")).check()
    picture(page, "20-gruppo")
    page.get_by_role("button", name="Salva il gruppo").click()
    picture(page, "20-gruppi")
    page.goto(STATE.format("CONTABILIZZATO") + "#notifiche")
    field(page, "notice-PS").check()
    field(page, "notice-PS-0-group").select_option(label="Contabilità (1 persona)")
    save(page)
    page.goto("/impostazioni/gruppi/")
    page.get_by_role("link", name="Contabilità", exact=True).click()
    expect(page.locator("main")).to_contain_text("lo indicano gli stati Contabilizzato")


def test_a_file_is_exported_and_its_changes_are_shown_before_they_are_applied(
    page: Page, picture: Picture
) -> None:
    page.goto(STATES)
    with page.expect_download() as download:
        page.get_by_role("link", name="Esporta (YAML)").click()
    text = pathlib.Path(download.value.path()).read_text("utf-8")
    changed = text.replace("deadline", "deadline").replace(
        "termine: rispondere di nuovo entro gli stessi 15 giorni dalla consegna", "termine: subito"
    )
    assert changed != text
    page.goto(STATES + "importa/")
    field(page, "file").set_input_files(
        {"name": "stati.yaml", "mimeType": "application/yaml", "buffer": changed.encode()}
    )
    page.get_by_role("button", name="Leggi e confronta").click()
    expect(page.locator("main")).to_contain_text("1 differenza")
    picture(page, "20-importa")
    page.get_by_role("button", name="Applica alla bozza").click()
    expect(page.locator("h1")).to_have_text("Confronta e pubblica")
    expect(page.locator("main")).to_contain_text("subito")


def test_the_settings_fit_a_telephone(new_context: Callable[..., BrowserContext], picture: Picture) -> None:
    page = new_context(viewport=NARROW, has_touch=True).new_page()
    addresses = {
        "stati": STATES,
        "stato": STATE.format("DA_PROCESSARE"),
        "controlla": STATES + "controlla/",
        "prova": STATES + "prova/?dashboard=PA&e=ok&e=hub:NS",
        "grafo": STATES + "grafo/",
        "versioni": STATES + "versioni/?da=1&a=1",
        "confronta": STATES + "confronta/",
        "importa": STATES + "importa/",
        "comuni": STATES + "comuni/",
        "comune": STATES + "comuni/SCARTATO_SDI/",
        "gruppi": "/impostazioni/gruppi/",
        "gruppo": "/impostazioni/gruppi/nuovo/",
    }
    for name, address in addresses.items():
        page.goto(address)
        assert page.evaluate(TOO_WIDE) == [], name
        picture(page, f"21-stretto-{name}", full_page=True)
    page.goto(STATE.format("DA_PROCESSARE"))
    for tab_name in ("Abilitazioni", "Notifiche", "Azioni", "Stati da assegnare", "Esiti"):
        tab(page, tab_name)
        assert page.evaluate(TOO_WIDE) == [], tab_name
        picture(page, f"21-stretto-stato-{tab_name.lower().replace(' ', '-')}", full_page=True)


def test_who_does_not_administer_is_not_offered_the_settings(stranger: Page, watch: Watch) -> None:
    watch.expected.add(403)
    sign_in(stranger, READER, demo.PASSWORD)
    expect(stranger.get_by_role("link", name="Impostazioni", exact=True)).to_have_count(0)
    stranger.goto(STATES)
    expect(stranger.locator("main")).to_contain_text("Permesso mancante")
