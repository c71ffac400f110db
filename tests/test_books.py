"""The books name what is there: files of the tour, links, headings and pictures of README, docs and manual."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fattorino.core.workflow.standard import standard_workflow
from tests.journeys.conftest import IN_MANUAL

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "fattorino"
DOCS = ROOT / "docs"
BOOKS = sorted([ROOT / "README.md", *DOCS.rglob("*.md")])
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`]*`")
# In the tour: `room/file.py`, `room/folder/`, `file.py: function`.
_NAMED = re.compile(r"`(\w[\w./-]*(?:\.(?:py|json|md|html)|/))(?:: (\w+))?`")


def _text(book: Path) -> str:
    return _FENCED.sub("", book.read_text("utf-8"))


def _anchors(book: Path) -> set[str]:
    """GitHub's rule: lower case, no punctuation, hyphens for spaces."""
    headings = re.findall(r"^#+ (.+)$", _text(book), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: str(book.relative_to(ROOT)))
def test_every_link_of_a_book_leads_somewhere(book: Path) -> None:
    dead = []
    for link in _LINK.findall(_CODE.sub("", _text(book))):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (book.parent / path).resolve() if path else book
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            dead.append(link)
    assert dead == []


def test_every_file_and_function_of_the_tour_is_there() -> None:
    known = {path.relative_to(ROOT).as_posix() + "/" * path.is_dir() for path in _tree()}
    gone = []
    for name, function in _NAMED.findall(_text(DOCS / "tour.md")):
        found = [path for path in known if ("/" + path).endswith("/" + name)]
        inside = not function or any(
            re.search(rf"^\s*def {function}\b", (ROOT / path).read_text("utf-8"), re.MULTILINE)
            for path in found
        )
        if not found or not inside:
            gone.append(f"{name}: {function}")
    assert gone == []


def test_the_manual_shows_the_pictures_that_journeys_make() -> None:
    folder = DOCS / "manuale" / "immagini"
    shown = {
        Path(link).stem
        for book in BOOKS
        for link in _LINK.findall(_text(book))
        if link.endswith(".png") and "immagini/" in link
    }
    assert shown == set(IN_MANUAL) == {picture.stem for picture in folder.iterdir()}


def test_the_manual_calls_the_states_of_the_standard_set_as_the_pages_do() -> None:
    told = (DOCS / "manuale" / "operatore.md").read_text("utf-8")
    section = told.partition("## Gli esiti e che cosa fare")[2].partition("\n### ")[0]
    rows = set(re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE)) - {"stato"}
    assert len(rows) > 10 and rows <= {state.label for state in standard_workflow().states.values()}


def _tree() -> list[Path]:
    return [
        path
        for top in (PACKAGE, ROOT / "scripts", ROOT / "tests", DOCS)
        for path in top.rglob("*")
        if "__pycache__" not in path.parts
    ]
