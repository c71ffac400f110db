"""What axe-core finds on a page, and what it does not look for: one line for each fault."""

from __future__ import annotations

import importlib.resources
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page

# The whole of WCAG 2.1, levels A and AA, as far as a program can tell.
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
# Good practice that we keep to beyond that, and the size of what is touched (WCAG 2.2).
MORE = (
    "empty-table-header",
    "heading-order",
    "landmark-one-main",
    "landmark-unique",
    "page-has-heading-one",
    "region",
    "scope-attr-valid",
    "skip-link",
    "tabindex",
    "target-size",
)
AXE = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
# For a page that is to see many addresses (`page.add_init_script`): the browser keeps axe and brings it to each of them
# by itself. Sending half a megabyte every time costs as much as going there. What lies in a frame is left alone, as
# where axe is sent.
KEPT = f"if (window === window.top) {{\n{AXE}\n}}"
_RUN = """async ([tags, more]) => {
  const rules = Object.fromEntries(more.map((id) => [id, {enabled: true}]));
  const found = await axe.run(document, {
    runOnly: {type: "tag", values: tags}, rules, resultTypes: ["violations", "incomplete"],
  });
  const why = (node) => node.any.concat(node.all, node.none).map((check) => check.message).join("; ");
  const told = (results) => results.flatMap((rule) => rule.nodes.map(
    (node) => `${rule.id} ${node.target.join(" ")}: ${why(node)} ${node.html.slice(0, 200)}`));
  return {violations: told(found.violations), incomplete: told(found.incomplete)};
}"""
# Column headers without a scope, and one id given twice, of which axe asks nothing.
_OWN = """() => {
  const told = (what, elements) => [...elements].map((e) => what + " " + e.outerHTML.slice(0, 160));
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  return [
    ...told("th-scope", document.querySelectorAll("th:not([scope])")),
    ...ids.filter((id, place) => ids.indexOf(id) !== place).map((id) => "same-id " + id),
  ];
}"""
# What still moves or fades has the colours of neither end: it is brought to its end, for what is paused, or waits for
# a frame that a hidden page never draws, would not come there by itself. One that ends may begin another.
_STILL = """async () => {
  const moving = () => document.getAnimations()
    .filter((each) => each.effect.getComputedTiming().endTime !== Infinity && each.playState !== "finished");
  for (let turns = 0; turns < 50; turns++) {
    const all = moving();
    if (!all.length) return;
    all.forEach((each) => each.finish());
    await new Promise((go_on) => setTimeout(go_on));
  }
  throw new Error("always moves: " + moving().map((each) => each.effect.target.outerHTML.slice(0, 160)).join(" "));
}"""
# What has the focus must look different from what has not.
_FOCUS = """() => {
  const look = (e) => [e, e.parentElement, e.closest("label")].filter(Boolean).map((each) => {
    const s = getComputedStyle(each);
    const border = parseFloat(s.borderBottomWidth) ? s.borderColor : "";
    return [s.outlineStyle, s.outlineWidth, s.outlineColor, s.boxShadow, border, s.backgroundColor].join();
  }).join("|");
  const before = document.activeElement;
  const bad = [];
  const all = "a[href], button, input, select, textarea, summary, [tabindex='0']";
  for (const each of document.querySelectorAll(all)) {
    if (!each.checkVisibility() || each.disabled || each.type === "hidden" || each.tabIndex < 0) continue;
    if (document.activeElement) document.activeElement.blur();
    const quiet = look(each);
    each.focus({focusVisible: true, preventScroll: true});
    if (document.activeElement === each && look(each) === quiet)
      bad.push("focus-unseen " + each.outerHTML.slice(0, 160));
  }
  if (before && before !== document.body) before.focus({preventScroll: true});
  return bad;
}"""
# Milliseconds for one of these: the slowest takes one second on a slow machine.
LIMIT = 60_000
_WITHIN = """(given) => Promise.race([
  (%s)(given),
  new Promise((_, refuse) => setTimeout(() => refuse(new Error("%s stood still for %d ms")), %d)),
])"""


def ask(page: Page, step: str, script: str, given: Any = None, *, limit: int = LIMIT) -> Any:
    """What a script answers in the page. `page.evaluate` alone would wait for it for ever.

    Raises:
        playwright.sync_api.Error: it did not end in time; the message names the step.
    """
    return page.evaluate(_WITHIN % (script, step, limit, limit), given)


@dataclass
class Findings:
    """What was looked at, and what was found there."""

    faults: list[str] = field(default_factory=list)
    # What axe could not decide by itself: kept for somebody to read.
    undecided: set[str] = field(default_factory=set)
    looks: int = 0

    def look(self, page: Page, name: str, *, focus: bool = False, beneath: bool = False) -> None:
        """Look at the page as it stands now.

        `beneath`: something lies open upon it, and what it covers in part cannot be meant to be touched.

        The scripts come by the debugger's way, which the page's own policy (CSP) does not concern.
        """
        self.looks += 1
        # At its end, where a bar that sticks to the bottom of the window covers nothing of the page.
        ask(page, "scrolling", "() => window.scrollTo(0, document.body.scrollHeight)")
        ask(page, "what moves", _STILL)
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE)
        # Bootstrap Italia shows no focus to who works with the mouse, until a key is pressed.
        page.keyboard.press("Shift")
        found: dict[str, Any] = ask(page, "axe", _RUN, [list(TAGS), list(MORE)])
        told = found["violations"] + ask(page, "ids and headers", _OWN)
        told += ask(page, "focus", _FOCUS) if focus else []
        covered = [each for each in told if beneath and "is partially obscured" in each]
        self.faults += [f"{name}: {each}" for each in told if each not in covered]
        self.undecided |= {f"{name}: {each}" for each in found["incomplete"]}
