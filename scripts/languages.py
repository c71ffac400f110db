"""The catalogues of English: one for each room, next to its code.

    python scripts/languages.py [ROOM...]  bring catalogues up to the code: new texts empty, unused ones gone
    python scripts/languages.py compile    make the binary ones that Django and the command line read (make install)

Texts are Italian in the code; they are found where one of `KEYWORDS` is called and in the tags of templates.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "fattorino"
LANGUAGE = "en"
# A file belongs to the longest of these it stands under; the first takes what no other has.
ROOMS = (
    ".",
    "api",
    "core",
    "core/fatturapa",
    "core/workflow",
    "documents",
    "hub",
    "organisations",
    "web",
    "workflow",
)
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "npgettext": ((1, "c"), 2, 3),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "say": None,
    "say_many": (1, 2),
}
# The command line has dictionaries of its own (cli/i18n.py); what developers alone see is not translated.
LEFT_OUT = ("cli", "config", "simulators", "migrations", "locale", "static", "frontend", "__pycache__")

Message = tuple[str, str | tuple[str, ...], str | None]


def main(words: list[str]) -> int:
    if words == ["compile"]:
        for room in ROOMS:
            compile_room(room)
        return 0
    if unknown := set(words) - set(ROOMS):
        print(f"Stanze senza catalogo: {', '.join(sorted(unknown))}.", file=sys.stderr)
        return 2
    for room in words or ROOMS:
        update(room)
    return 0


def place(room: str) -> Path:
    return PACKAGE / room / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"


def compile_room(room: str) -> None:
    source = place(room)
    target = source.with_suffix(".mo")
    if not source.exists():
        target.unlink(missing_ok=True)
        return
    if target.exists() and target.stat().st_mtime_ns > source.stat().st_mtime_ns:
        return
    made = io.BytesIO()
    write_mo(made, read(room))
    _put(target, made.getvalue())


def read(room: str) -> Catalog:
    """The room's catalogue as it is written; empty where there is none yet."""
    file = place(room)
    if not file.exists():
        return Catalog(locale=LANGUAGE, fuzzy=False)
    with file.open("rb") as stream:
        return read_po(stream, locale=LANGUAGE, abort_invalid=True)


def update(room: str) -> None:
    """Keep what is translated and still used, add what is new, in the order of the code."""
    old = read(room)
    new = Catalog(locale=LANGUAGE, fuzzy=False, project="Fattorino", copyright_holder="Fattorino")
    for where, words, context in texts(room):
        known = old.get(words[0] if isinstance(words, tuple) else words, context)
        new.add(words, known.string if known else None, locations=[(where, 0)], context=context)
    if not len(new):
        return
    write(room, new)


def write(room: str, catalogue: Catalog) -> None:
    """Without the day it was made: a catalogue changes when a text does."""
    file = place(room)
    made = io.BytesIO()
    write_po(made, catalogue, width=110, include_lineno=False, omit_header=False, sort_by_file=False)
    lines = [line for line in made.getvalue().decode().splitlines() if not line.startswith(VOLATILE)]
    file.parent.mkdir(parents=True, exist_ok=True)
    _put(file, ("\n".join(lines[lines.index('msgid ""') :]) + "\n").encode())


def _put(file: Path, content: bytes) -> None:
    """At once: who reads meanwhile finds the old one whole."""
    new = file.with_suffix(f".{os.getpid()}.new")
    new.write_bytes(content)
    new.replace(file)


VOLATILE = ('"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By', '"Last-Translator', '"Report-Msgid')


def texts(room: str) -> Iterator[Message]:
    """Every text of the room: its file, the text (or singular and plural), its context."""
    for file in files(room):
        where = file.relative_to(ROOT).as_posix()
        code = file.read_text("utf-8")
        if file.suffix in (".html", ".txt"):
            # Its lines stand in the template's columns, which Python would take for blocks.
            code = "\n".join(line.strip() for line in templatize(code, origin=where).splitlines())
        for _, words, _, context in extract("python", io.BytesIO(code.encode()), keywords=KEYWORDS):
            if words and words != "":
                yield where, words, context


def files(room: str) -> Iterator[Path]:
    for file in sorted(PACKAGE.rglob("*")):
        inside = file.relative_to(PACKAGE)
        if file.suffix not in (".py", ".html", ".txt") or any(part in LEFT_OUT for part in inside.parts):
            continue
        if room_of(inside.as_posix()) == room:
            yield file


def room_of(inside: str) -> str:
    under = [room for room in ROOMS if inside.startswith(f"{room}/")]
    return max(under, key=len, default=".")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
