"""Everybody can use every page: axe-core finds nothing against WCAG 2.1 AA, at 1280 and at 390 px.

The pages come from the resolver, so a new one is looked at as soon as it exists; what is not a page (files, parts,
addresses that only take a form) is left out by what it answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.urls import get_resolver
from playwright.sync_api import BrowserContext, Error, Page, expect

from fattorino.config import demo
from tests.addresses import arguments, fill, walk
from tests.journeys.accessibility import Findings, ask
from tests.journeys.conftest import NARROW, PICTURES, WIDE, Watch
from tests.journeys.every_kind import (
    ADMIN,
    EMPTY,
    FULL,
    INSTALLATION,
    NEWBORN,
    NOWHERE,
    OPERATOR,
    SECRET,
    TWO_STEPS,
)
from tests.journeys.pages import sign_in, totp
from tests.journeys.product import Product

House = dict[str, Any]
SENDABLE = "/entrate/?dashboard=privati&stato=DA_PROCESSARE"
NOTICE = """level => document.dispatchEvent(
  new CustomEvent("notice", {detail: {level, message: "Il documento è stato salvato."}}))"""
Visitor = Callable[[str | None], Page]


@pytest.fixture(scope="session")
def house(product: Product) -> House:
    """Numbers of something of every kind."""
    words = "from tests.journeys.every_kind import furnish; furnish()"
    made: House = json.loads(product.manage("shell", "--no-imports", "-c", words).splitlines()[-1])
    return made


@pytest.fixture
def visitor(new_context: Callable[..., BrowserContext], sessions: dict[str, Any]) -> Visitor:
    """A page of the browser of this person, or of nobody."""

    def come(email: str | None) -> Page:
        page = new_context(storage_state=sessions.get(email or "")).new_page()
        if email and email not in sessions:
            sign_in(page, email, demo.PASSWORD)
            if email == TWO_STEPS:
                page.locator("input[name=code]").fill(totp(SECRET))
                page.get_by_role("button", name="Entra").click()
                page.wait_for_url("**/dashboard/**")
            sessions[email] = page.context.storage_state()
        return page

    return come


def fillings(house: House, names: frozenset[str]) -> list[dict[str, Any]]:
    """Values for the arguments of an address."""
    if names == {"document_id"}:
        return [{"document_id": each} for each in house["documents"] + house["received"]]
    if names == {"document_id", "file_id"}:
        return [{"document_id": house["sent"], "file_id": house["file_id"]}]
    if names == {"document_id", "number"}:
        return [{"document_id": house["received"][0], "number": 1}]
    if names == {"channel_id", "report_id"}:
        return [{name: house[name] for name in names}]
    if names == {"outcome_id"}:
        return [{"outcome_id": house["outcome_id"]}]
    if names in ({"brought_id"}, {"reception_id"}):
        return [{name: house[name] for name in names}]
    if names == {"dashboard"}:
        return [{"dashboard": each} for each in ("pa", "privati", "passive", "lipe", "dati-fatture")]
    several = {"run_id": house["runs"], "import_id": house["imports"], "code": ["CONSEGNATO", "ORFANO"]}
    several |= {"number": [1, 2], "look": ["CONSEGNATO"], "notice_id": [house["notice_id"]]}
    several |= {"message_id": house["messages"]}
    several |= {"channel_id": [*house["channels"], house["channel_id"]], "submission_id": [house["carried"]]}
    several |= {"webhook_id": house["hooks"], "name": [house["handed"]]}
    several |= {"way": ["sdicoop", "sdiftp", "pec", "intermediary", "by-hand"]}
    several |= {"group": [house["group"]], "kind": ["csv"], "sha256": [house["sha256"]]}
    if len(names) == 1 and names <= several.keys():
        (name,) = names
        return [{name: each} for each in several[name]]
    if names <= {"key", "uidb36"}:
        return [{"key": "abc-def", "uidb36": "1"}]
    pytest.fail(
        f"An address has the arguments {sorted(names)}: add to `fillings` what this company has of them."
    )


# Pages that look different when they are asked for something, by their routes.
ASKED = {
    "entrate/": ("?dashboard=privati&stato=SCARTATO_SDI", "?testo=nonesiste", "?dal=x&al=2026-02-30"),
    "entrate/invio-massivo/": ("?dashboard=privati&stato=DA_PROCESSARE",),
    "entrate/nuovo/": ("?tipo=TD04", "?tipo=ricevuta"),
    "passive/": ("?segno=non_lette", "?testo=nonesiste", "?dal=x&al=2026-02-30"),
    "passive/arrivi/": ("?esito=unreadable", "?esito=own"),
    "dashboard/esiti-non-attesi/": ("?mostra=conservati",),
    "avvisi/": ("?mostra=non-letti",),
    "messaggi/": ("?stato=to_match", "?testo=nonesiste", "?dal=x&al=2026-02-30"),
    "messaggi/<int:message_id>/": ("?cerca=nonesiste", "?cerca=1"),
    "messaggi/attese/": ("?mostra=scadute",),
    "impostazioni/canali/<int:channel_id>/arrivi/": ("?esito=set_aside",),
    "impostazioni/canali/<int:channel_id>/rapporti/": ("?mostra=aperti",),
    "invio-massivo/<int:run_id>/": ("?esito=refused",),
    "impostazioni/stati/": ("?dashboard=PR",),
    "impostazioni/stati/versioni/": ("?da=1&a=2",),
    "impostazioni/stati/prova/": ("?dashboard=PR",),
    "impostazioni/stati/grafo/": ("?dashboard=PR&cambi=1",),
}


def addresses(house: House) -> Iterator[tuple[str, str]]:
    """Route and address of everything that the resolver knows."""
    for route, pattern in walk(get_resolver().url_patterns):
        names = arguments(pattern)
        for values in fillings(house, names) if names else [{}]:
            path = "/" + fill(route, values)
            yield route, path
            for query in ASKED.get(route, ()):
                yield route, path + query


# What differs between two people's pages, and neither of them sees; the menus are looked at by themselves.
UNSEEN = r'<input type="hidden"[^>]*>|<nav.*?</nav>|<footer.*?</footer>'


@dataclass
class Walk:
    """One walk of several people through all pages; what was looked at once is not looked at again."""

    house: House
    findings: Findings = field(default_factory=Findings)
    seen: set[str] = field(default_factory=set)
    titles: dict[str, set[str]] = field(default_factory=dict)
    found: set[str] = field(default_factory=set)

    def go(self, page: Page, who: str, *, plain: bool = False) -> None:
        """Visit all addresses; with `plain` only those into which nothing is filled."""
        for route, path in addresses(self.house):
            if plain and (f"/{route}" != path):
                continue
            answer = page.request.get(path, max_redirects=0)
            if answer.status != 404:
                self.found.add(route)
            content = answer.text() if "text/html" in answer.headers.get("content-type", "") else ""
            if "<!doctype html>" not in content[:200].lower() or self._known(content):
                continue
            page.goto(path)
            if answer.ok:
                self.titles.setdefault(page.title(), set()).add(route)
            look(page, self.findings, f"{who} {path}")

    def _known(self, content: str) -> bool:
        """Whether somebody has seen this page."""
        _, _, main = content.replace(_company(FULL), "").replace(_company(EMPTY), "").partition("<main")
        main = re.sub(UNSEEN, "", main, flags=re.DOTALL)
        if main in self.seen:
            return True
        self.seen.add(main)
        return False


def _company(party: dict[str, Any]) -> str:
    return str(party["denominazione"])


def look(page: Page, findings: Findings, name: str, *, beneath: bool = False) -> None:
    """At both widths; at the narrow one with all unfolded that the page keeps folded."""
    findings.look(page, f"{name} at 1280", focus=True, beneath=beneath)
    page.set_viewport_size(NARROW)
    page.locator("details:not([open]) > summary").evaluate_all("all => all.forEach((each) => each.click())")
    findings.look(page, f"{name} at 390", beneath=beneath)
    page.set_viewport_size(WIDE)


def tell(findings: Findings, name: str) -> None:
    """Nothing may be wrong; what axe cannot decide is written down for somebody to read."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    undecided = "\n".join(sorted(findings.undecided))
    (PICTURES / f"accessibility-{name}.txt").write_text(f"{findings.looks} looks\n{undecided}\n")
    assert not findings.faults, "\n".join(findings.faults)


def test_every_page_that_a_person_opens(visitor: Visitor, house: House, watch: Watch) -> None:
    watch.expected |= {400, 403, 404, 405, 409}
    walk_through = Walk(house)
    for who in (INSTALLATION, ADMIN, OPERATOR, TWO_STEPS, NOWHERE, None):
        walk_through.go(visitor(who), who or "nobody")
    walk_through.go(visitor(NEWBORN), "empty", plain=True)
    tell(walk_through.findings, "pages")
    filled = {route for route, _ in addresses(house) if "<" in route}
    missing = filled - walk_through.found
    assert not missing, f"Not found by anybody; `fillings` should hold what exists: {sorted(missing)}"
    same = {title: routes for title, routes in walk_through.titles.items() if len(routes) > 1}
    assert not same, f"Pages of one title: {same}"


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
