"""A visit to every page: the addresses come from the resolver, so a new page is looked at as soon as it exists; what is
no page (files, parts, addresses that only take a form) is left out by what it answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.urls import get_resolver
from playwright.sync_api import Page

from tests.addresses import arguments, fill, walk
from tests.journeys.accessibility import KEPT, Findings
from tests.journeys.conftest import NARROW, PICTURES, WIDE, House, Visitor, Watch
from tests.journeys.every_kind import (
    ADMIN,
    EMPTY,
    FULL,
    INSTALLATION,
    NEWBORN,
    NOWHERE,
    OPERATOR,
    TWO_STEPS,
)

# The visit is the longest of the journeys: in parts, each in a file of its own, two windows share it.
PARTS = 2


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


def addresses(house: House, part: int) -> Iterator[tuple[str, str]]:
    """Route and address of everything in this part of what the resolver knows."""
    # Neighbours are of one kind, some dear and some cheap: every other one evens that out.
    for route, pattern in list(walk(get_resolver().url_patterns))[part::PARTS]:
        names = arguments(pattern)
        for values in fillings(house, names) if names else [{}]:
            path = "/" + fill(route, values)
            yield route, path
            for query in ASKED.get(route, ()):
                yield route, path + query


# Doors of programs, to which it is all one who has signed in.
DOORS = ("api/", "sdi/")
# What differs between two people's pages, and neither of them sees; the menus are looked at by themselves.
UNSEEN = r'<input type="hidden"[^>]*>|<nav.*?</nav>|<footer.*?</footer>'


@dataclass
class Walk:
    """One walk of several people through a part of all pages; what was looked at once is not looked at again."""

    house: House
    part: int
    findings: Findings = field(default_factory=Findings)
    seen: set[str] = field(default_factory=set)
    titles: dict[str, set[str]] = field(default_factory=dict)
    found: set[str] = field(default_factory=set)
    # Routes that were found and are no pages, whoever asks: doors of programs, and what only takes a form.
    no_pages: set[str] = field(default_factory=set)

    def go(self, page: Page, who: str, *, plain: bool = False) -> None:
        """Visit the part's addresses; with `plain` only those into which nothing is filled."""
        page.add_init_script(KEPT)
        for route, path in addresses(self.house, self.part):
            if route in self.no_pages or (plain and (f"/{route}" != path)):
                continue
            answer = page.request.get(path, max_redirects=0)
            if answer.status != 404:
                self.found.add(route)
                if answer.status == 405 or route.startswith(DOORS):
                    self.no_pages.add(route)
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


def visit(visitor: Visitor, house: House, watch: Watch, part: int) -> None:
    """Everybody visits this part of the pages; nothing may be wrong with any, and each address must be there."""
    watch.expected |= {400, 403, 404, 405, 409}
    walk_through = Walk(house, part)
    for who in (INSTALLATION, ADMIN, OPERATOR, TWO_STEPS, NOWHERE, None):
        walk_through.go(visitor(who), who or "nobody")
    walk_through.go(visitor(NEWBORN), "empty", plain=True)
    tell(walk_through.findings, f"pages-{part + 1}")
    filled = {route for route, _ in addresses(house, part) if "<" in route}
    missing = filled - walk_through.found
    assert not missing, f"Not found by anybody; `fillings` should hold what exists: {sorted(missing)}"
    same = {title: routes for title, routes in walk_through.titles.items() if len(routes) > 1}
    assert not same, f"Pages of one title: {same}"


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
