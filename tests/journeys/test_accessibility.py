"""Everybody can use every page: axe-core finds nothing against WCAG 2.1 AA, at 1280 and at 390 px.

The visit to all pages is in two parts, in this file and in test_other_pages.py; here also what opens upon a page.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Error, Page, expect

from fattorino.config import demo
from tests.journeys.accessibility import KEPT, Findings, ask
from tests.journeys.conftest import House, Visitor, Watch
from tests.journeys.every_kind import ADMIN, INSTALLATION, OPERATOR
from tests.journeys.visit import look, tell, visit

SENDABLE = "/entrate/?dashboard=privati&stato=DA_PROCESSARE"
NOTICE = """level => document.dispatchEvent(
  new CustomEvent("notice", {detail: {level, message: "Il documento è stato salvato."}}))"""


def test_every_page_that_a_person_opens(visitor: Visitor, house: House, watch: Watch) -> None:
    visit(visitor, house, watch, 0)


def test_menus_dialogs_and_messages(visitor: Visitor, house: House, watch: Watch) -> None:
    watch.expected |= {409}
    findings = Findings()
    page = visitor(ADMIN)
    page.goto(SENDABLE)
    for menu in ("company-menu", "user-menu"):
        page.locator(f"#{menu}").click()
        expect(page.locator(f"#{menu} + .dropdown-menu")).to_be_visible()
        look(page, findings, menu, beneath=True)
        page.locator(f"#{menu}").click()
    page.get_by_role("link", name="Storia").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    look(page, findings, "history")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Cambia stato").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Nuovo stato")).to_be_visible()
    look(page, findings, "change of state")
    dialog.locator("select").evaluate("select => select.removeAttribute('required')")
    dialog.get_by_role("button", name="Cambia stato").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    look(page, findings, "change of state refused")
    page.keyboard.press("Escape")
    for level in ("success", "warning", "error"):
        page.evaluate(NOTICE, level)
    look(page, findings, "notices")
    page.locator("input[name=documento]").first.check()
    page.locator("[data-bulk-ticked]").click()
    expect(page.locator(".bulk-number")).to_be_visible()
    look(page, findings, "many documents chosen")
    page.goto("/dashboard/privati/?disponi=1")
    page.get_by_role("button", name=re.compile("^Nascondi")).first.click()
    expect(page.locator("#reset")).to_be_visible()
    look(page, findings, "gadgets arranged")
    page.locator("#reset").click()
    expect(page.locator("#reset")).to_have_count(0)
    page.goto(f"/entrate/{house['documents'][0]}/")
    expect(page.locator("#live")).to_be_visible()
    look(page, findings, "document")
    tell(findings, "opened")


def test_the_document_s_form_with_rows_results_and_errors(
    visitor: Visitor, watch: Watch, house: House
) -> None:
    watch.expected.add(422)
    findings = Findings()
    page = visitor(OPERATOR)
    page.goto("/entrate/nuovo/")
    page.get_by_text("Cassa, ritenuta e bollo").click()
    for words in ("una riga", "una cassa", "una ritenuta", "una scadenza", "un riferimento"):
        page.get_by_role("button", name=f"Aggiungi {words}").click()
    page.locator("#counterpart-search").press_sequentially("rossi")
    expect(page.locator("#counterpart-results button").first).to_be_visible()
    look(page, findings, "results")
    page.locator("#counterpart-search").fill("")
    for kind in ("pa", "estero", "privato"):
        page.locator(f'label[for="cessionario-genere-{kind}"]').click()
        findings.look(page, f"recipient {kind}")
    page.get_by_role("button", name="Salva il documento").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    look(page, findings, "errors")
    tell(findings, "form")


def test_the_tabs_of_a_state(visitor: Visitor, watch: Watch, house: House) -> None:
    watch.expected.add(422)
    findings = Findings()
    page = visitor(ADMIN)
    page.goto("/impostazioni/stati/stato/SCARTATO_SDI/#aziendali")
    page.locator("#reserved").check()
    for tab in page.get_by_role("tab").all():
        tab.click()
        look(page, findings, tab.inner_text())
    page.get_by_role("tab", name=re.compile("^Esiti")).click()
    page.locator("#event-1-status").evaluate("select => { select.value = 'RC' }")
    page.get_by_role("button", name="Salva nella bozza").click()
    expect(page.get_by_role("alert")).to_be_visible()
    look(page, findings, "errors")
    tell(findings, "state")


# A form sent as it must not be: address, what is filled in, the button.
WRONG = (
    ("/accesso/password/change/", {"oldpassword": "no", "password1": "a", "password2": "b"}, "Cambia"),
    ("/accesso/2fa/totp/activate/", {"code": "000000"}, "Attiva"),
    ("/impostazioni/gruppi/nuovo/", {}, "Salva il gruppo"),
    ("/impostazioni/stati/importa/", {}, "Leggi e confronta"),
    ("/impostazioni/stati/comuni/nuovo/", {"code": "x y"}, "Salva"),
    ("/entrate/importa/", {}, "Importa i file"),
)
REFUSED = "main [role=alert], main .ft-field-error:not(:empty), .ft-notice-error"


def test_forms_that_are_refused(visitor: Visitor, watch: Watch, house: House) -> None:
    watch.expected |= {400, 409, 422}
    findings = Findings()
    page = visitor(INSTALLATION)
    for address, values, button in WRONG:
        page.goto(address)
        if page.get_by_label("Password", exact=True).count():  # nobody at an unattended screen
            page.get_by_label("Password", exact=True).fill(demo.PASSWORD)
            page.get_by_role("button", name="Conferma").click()
        for name, value in values.items():
            page.locator(f"main [name={name}]").fill(value)
        page.get_by_role("button", name=re.compile(f"^{button}")).last.click()
        expect(page.locator(REFUSED).first).to_be_visible()
        look(page, findings, f"refused {address}")
    page.goto("/impostazioni/stati/importa/")
    page.locator("#file").set_input_files({"name": "a.yaml", "mimeType": "text/yaml", "buffer": b"["})
    page.get_by_role("button", name="Leggi").click()
    expect(page.locator("#err-file")).not_to_be_empty()
    file = page.request.get("/impostazioni/stati/esporta/").text().replace("Entro l'anno", "Mai")
    page.locator("#file").set_input_files(
        {"name": "a.yaml", "mimeType": "text/yaml", "buffer": file.encode()}
    )
    page.get_by_role("button", name="Leggi").click()
    expect(page.locator("#h-diff")).to_be_visible()
    look(page, findings, "what a file would change")
    page = visitor(None)
    page.goto("/")
    page.get_by_label("Email").fill(ADMIN)
    page.get_by_label("Password", exact=True).fill("no")
    page.get_by_role("button", name="Entra").click()
    expect(page.get_by_role("alert")).to_be_visible()
    look(page, findings, "refused sign-in")
    tell(findings, "refused")


PLANTED = {
    "color-contrast": ("<p>Non si legge</p>", "color: #aaa; background: #fff"),
    "label": ('<input type="text">', ""),
    "th-scope": ("<table><tr><th>Uno</th></tr><tr><td>1</td></tr></table>", ""),
    "same-id": ('<i id="due"></i><i id="due"></i>', ""),
    "heading-order": ("<h5>Troppo sotto</h5>", ""),
    "focus-unseen": ('<a href="/">Qui</a>', "outline: none !important; box-shadow: none !important"),
}
# Set by script: the page's policy allows no style that is written in the page.
PLANT = """([html, style]) => {
  document.querySelector("main").insertAdjacentHTML("beforeend", html);
  document.querySelector("main").lastElementChild.style.cssText = style;
}"""


@pytest.mark.parametrize("rule", PLANTED)
def test_a_planted_fault_is_found(stranger: Page, rule: str) -> None:
    """Else the tests above would prove nothing."""
    stranger.goto("/accesso/login/")
    findings = Findings()
    findings.look(stranger, "clean", focus=True)
    assert not findings.faults
    stranger.evaluate(PLANT, PLANTED[rule])
    findings.look(stranger, "planted", focus=True)
    assert [fault for fault in findings.faults if fault.startswith(f"planted: {rule} ")]


def test_axe_that_the_browser_keeps_finds_what_axe_that_is_sent_finds(stranger: Page) -> None:
    """The visit to all pages goes the one way, everything else the other."""
    told = []
    for kept in (False, True):
        if kept:
            stranger.add_init_script(KEPT)
        stranger.goto("/accesso/login/")
        assert stranger.evaluate("'axe' in window") is kept
        for planted in PLANTED.values():
            stranger.evaluate(PLANT, planted)
        findings = Findings()
        findings.look(stranger, "planted", focus=True)
        # Rule and place: the elements themselves hold what is new at each load.
        told.append(
            [
                sorted(each.split(": ")[1] for each in all_of)
                for all_of in (findings.faults, findings.undecided)
            ]
        )
    assert told[0] == told[1]
    assert len(told[0][0]) >= len(PLANTED)


def test_a_script_that_never_comes_back_is_given_up_by_name(stranger: Page) -> None:
    stranger.goto("/accesso/login/")
    with pytest.raises(Error, match="waiting for nothing stood still for 200 ms"):
        ask(stranger, "waiting for nothing", "() => new Promise(() => null)", limit=200)


def test_what_would_not_stop_by_itself_is_looked_at_in_its_end(stranger: Page) -> None:
    stranger.goto("/accesso/login/")
    stranger.evaluate(
        """() => {
          const title = document.querySelector("h1");
          title.animate([{opacity: 0.1}, {opacity: 1}], {duration: 1000, fill: "forwards"}).pause();
        }"""
    )
    findings = Findings()
    findings.look(stranger, "paused")
    assert not findings.faults
    assert stranger.locator("h1").evaluate("title => getComputedStyle(title).opacity") == "1"
