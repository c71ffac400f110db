"""The looks of pages: each class of our own has a rule, each rule a class that is used, each table fits a telephone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "fattorino"
# What stands in the grid of twelve columns, whether or not a page needs each of them today.
GRID = {f"ft-{n}" for n in range(1, 13)}
# A name that ends with a hyphen is the beginning of several: class="st-way-{{ way }}".
_NAME = r"(?:ft|st)-[A-Za-z0-9-]*"


def test_every_class_of_a_page_has_a_rule() -> None:
    rules = styled()
    left = {
        name: where
        for name, where in used().items()
        if name not in rules and not (name.endswith("-") and any(rule.startswith(name) for rule in rules))
    }
    assert not left


def test_every_rule_is_of_a_class_that_a_page_uses() -> None:
    names = used()
    starts = tuple(name for name in names if name.endswith("-"))
    left = {rule for rule in styled() - names.keys() - GRID if not rule.startswith(starts)}
    assert not left


def test_every_table_of_a_page_becomes_cards_on_a_narrow_screen() -> None:
    """Else it would be scrolled sideways. The readable copy and e-mails have tables of their own."""
    apart = {"table.html", "mail.html"}
    left = [
        str(path.relative_to(PACKAGE))
        for path in own("templates/**/*.html")
        if path.name not in apart
        and re.findall(r"<table(?![^>]*ft-table-cards)|table-responsive", path.read_text("utf-8"))
    ]
    assert not left


def styled() -> set[str]:
    """The classes in our style sheets."""
    sheets = [path.read_text("utf-8") for path in own("static/**/*.css")]
    text = re.sub(r"/\*.*?\*/", "", "".join(sheets), flags=re.DOTALL)
    return set(re.findall(rf"\.({_NAME})", text))


def used() -> dict[str, str]:
    """The classes in templates, scripts and code, each with a file that has it."""
    files = [*own("templates/**/*.html"), *own("static/**/*.js"), *own("**/*.py")]
    return {
        name: str(path.relative_to(PACKAGE))
        for path in files
        for name in re.findall(rf"(?<![\w.-])({_NAME})", path.read_text("utf-8"))
    }


def own(pattern: str) -> Iterable[Path]:
    rooms = ("documents", "hub", "organisations", "web", "workflow")
    return (path for room in rooms for path in (PACKAGE / room).glob(pattern) if "vendor" not in path.parts)
