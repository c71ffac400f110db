"""The books name what is there: files of the tour, links, headings and pictures of README, docs and manual, commands;
and what tests/README says that shows a sentence."""

from __future__ import annotations

import argparse
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from fattorino.cli.main import COMMANDS
from fattorino.cli.simulator import SIMULATORS
from fattorino.core.workflow.standard import standard_workflow
from tests.journeys.conftest import IN_MANUAL

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "fattorino"
DOCS = ROOT / "docs"
SHOWN = ROOT / "tests" / "README.md"
BOOKS = sorted([ROOT / "README.md", SHOWN, *DOCS.rglob("*.md")])
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`]*`")
# In the tour: `room/file.py`, `room/folder/`, `file.py: function`.
_NAMED = re.compile(r"`(\w[\w./-]*(?:\.(?:py|json|md|html)|/))(?:: (\w+))?`")
_BLOCK = re.compile(r"^```.*?\n(.*?)^```", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^(?:sudo .*? )?(?:\.venv/bin/)?(fattorino|make|python -m) +([^#]*)")
# In tests/README: `folder`, `folder/file.py`, `file.py: test`.
_TEST = re.compile(r"`(?:tests/)?([\w/]+(?:\.py)?)(?:: (test_\w+))?`")


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


def test_everything_that_is_said_to_show_a_sentence_is_there() -> None:
    text = SHOWN.read_text("utf-8")
    known = [path.relative_to(ROOT).as_posix() for path in _tree()]
    named = _TEST.findall(text)
    assert len([test for _, test in named if test]) > 30
    gone = []
    for name, test in ((name.rstrip("/"), test) for name, test in named):
        found = [path for path in known if ("/" + path).endswith("/" + name)]
        inside = not test or any(f"def {test}(" in (ROOT / path).read_text("utf-8") for path in found)
        if ("/" in name or "." in name) and not (found and inside):
            gone.append(f"{name}: {test}")
    assert gone == []


def test_a_sentence_stands_beside_what_shows_it_or_says_what_is_missing() -> None:
    tables = SHOWN.read_text("utf-8").partition("\n## Issue 4")[2]
    rows = re.findall(r"^\| (.+?) \| (.+?) \|", tables, re.MULTILINE)
    bare = [
        sentence
        for sentence, shown in rows
        if sentence not in ("sentence", "promise") and "`" not in shown and "not shown" not in shown
    ]
    assert len(rows) > 50 and bare == []


def _commands(book: Path) -> Iterator[tuple[str, str]]:
    """Program and words of every command that a book tells, in its lines and in its blocks."""
    text = book.read_text("utf-8")
    lines = [line for block in _BLOCK.findall(text) for line in block.splitlines()]
    spans = [span.strip("`") for span in _CODE.findall(_text(book))]
    for each in lines + spans:
        if found := _COMMAND.match(each.strip()):
            yield found[1], found[2].strip()


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: str(book.relative_to(ROOT)))
def test_every_command_of_a_book_exists_with_its_options(book: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for program, words in _commands(book):
        name, *rest = words.split()
        if program == "make":
            assert name in targets, words
        elif program == "python -m":
            path = ROOT / name.replace(".", "/")
            assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), words
        else:
            assert name in COMMANDS, words
            unknown = {word for word in rest if word.startswith("--")} - _options(name, rest)
            assert not unknown, words


def _options(command: str, words: list[str]) -> set[str]:
    """What a command of ours may be told, by its own parser."""
    if command == "simulator":
        assert words[:1] == [] or words[0] in SIMULATORS, words
        return {word for word in words if word.startswith("--")}  # each simulator reads its own
    if command == "manage":
        if not words or "/" in words:
            return set()
        apps = get_commands()
        assert words[0] in apps, words
        parser: argparse.ArgumentParser = load_command_class(apps[words[0]], words[0]).create_parser(
            "manage", words[0]
        )
        return set(parser._option_string_actions)
    top = argparse.ArgumentParser()
    commands = top.add_subparsers()
    importlib.import_module(f"fattorino.cli.{command}").add_parser(commands)
    return set(commands.choices[command]._option_string_actions)


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
