"""Finds Italian that cannot be said in English: ``python -m tests.language_scan [room]`` lists it for whoever writes.

A Python literal counts as Italian by the small words of the language, so a label of one word ("Salva") is found only
by the test that reads every page in both languages; in templates every letter outside a translation tag counts.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from scripts import languages

SMALL_WORDS = re.compile(
    r"\b(?:il|gli|un|una|di|del|della|dei|delle|degli|dello|al|alla|ai|alle|dal|dalla|nel|nella|nei|nelle|per|con|"
    r"non(?!-)|che|è|sono|da|manca|mancano|più|deve|devono|può|si|senza|già|questa|questo|ogni|tra)\b",
    re.IGNORECASE,
)
SAYING = frozenset(languages.KEYWORDS)
# What the official table of a record format says of an element or of the whole is quoted (core/tracciati).
DECLARING = frozenset({"E", "A", "Root"})
# What a flow records keeps its words, and files are for programs and accountants: both are Italian for everybody.
KEPT = frozenset({"audit", "table_file"})
# A regular expression looks for words, it says none.
MATCHING = frozenset({"compile"})
LOGGING = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
# Words of the trade, names and formats that are the same in every language.
SAME = re.compile(
    r"\b(?:Fattorino|FatturaPA|EUPL|PDF|XML|CSV|XLSX|YAML|ZIP|HTML|SVG|Excel|SdI|SDI|SDICoop|SdIFtp|PEC|IBAN|BIC|CIG|CUP|CAP|"
    r"LIPE|IPA|IVA|PA|TD\d\d|RF\d\d|FPA12|FPR12|FSM10|p7m|e-mail|password|Password|dashboard|Dashboard|MB|kB|px|id)\b"
    r"|&\w+;"
)
READ_ALOUD = frozenset({"title", "alt", "placeholder", "aria-label", "data-text", "data-confirm", "summary"})

# Texts that stay Italian: official words that the field knows only so, each with its reason.
_LAW = "the words of the law with which a refusal to an Italian supplier begins"
OFFICIAL: dict[str, str] = {
    "CA Agenzia delle Entrate": "the name of an authority, as it stands in certificates",
    "Fattorino CA di prova (senza valore legale)": "the name of an authority, written into certificates",
    "Nello stato dal": "a heading of exports, which programs and the accountant read",
    "Imposta di bollo assolta in modo virtuale": "a line of the invoice itself, which the buyer reads in Italian",
    "Suggerimenti per la compilazione 1.6": "the title of an official document",
    "Operazione non posta in essere in favore del destinatario (DM 132/2020, lett. a)": _LAW,
    "Omessa o errata indicazione del CIG o del CUP (DM 132/2020, lett. b)": _LAW,
    "Omessa o errata indicazione del codice di repertorio (DM 132/2020, lett. c)": _LAW,
    "Omessa o errata indicazione di AIC e quantitativo (DM 132/2020, lett. d)": _LAW,
    "Omessa o errata indicazione della determina d'impegno (DM 132/2020, lett. e)": _LAW,
}
# Files and folders whose readers are not users of the pages, each with its reason.
ITALIAN = {
    "fattorino/documents/passive/integration_draft.py": "what is written into a document for SdI, in Italian",
    "fattorino/documents/readable": "the copy of an Italian invoice, for whoever receives it",
    "fattorino/documents/templates/documents/readable": "the same copy, drawn",
    "fattorino/hub/letter_texts.py": "letters to customers, who read them beside their Italian invoice",
    "fattorino/workflow/live/app.py": "answers to a script, which looks at their number",
    "fattorino/core/fatturapa/rules/table.py": "the official texts of the controls, quoted with formula and source",
    "fattorino/core/tracciati/schema.py": "the annotations of a published schema, words of an official table",
    "fattorino/organisations/rls.py": "SQL, whose refusals stand in the database's own log",
    "fattorino/core/tracciati/table.py": "the reference page of an Italian record format, made for the documentation",
}


def python(file: Path) -> Iterator[tuple[int, str]]:
    """Literals with Italian words that no keyword of the catalogues wraps: line and text."""
    tree = ast.parse(file.read_text("utf-8"))
    if "api" in file.parts:
        _without_descriptions(tree)
    yield from _within(tree)


def _without_descriptions(tree: ast.AST) -> None:
    """What the contract of the API says of a field is for developers, in one language as the API's names are."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            node.keywords = [keyword for keyword in node.keywords if keyword.arg != "description"]


def _within(node: ast.AST) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    if isinstance(node, ast.Assign) and all(_is_columns(target) for target in node.targets):
        return
    if isinstance(node, ast.Call):
        called = node.func
        name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
        if name in DECLARING or name in KEPT or name in MATCHING:
            return
        if name in SAYING:
            # The values of a sentence are looked at, its pattern is in the catalogue.
            for keyword in node.keywords:
                yield from _within(keyword.value)
            return
        if (
            name in LOGGING
            and isinstance(called, ast.Attribute)
            and getattr(called.value, "id", "") in ("log", "logger")
        ):
            return
    text, line = _literal(node)
    if text is not None:
        if SMALL_WORDS.search(text) and " " in text.strip():
            yield line, text
        return
    for child in ast.iter_child_nodes(node):
        yield from _within(child)


def _is_columns(target: ast.expr) -> bool:
    """The headings of a file (see KEPT), wherever they are written."""
    return isinstance(target, ast.Name) and target.id.lower().endswith("columns")


def _literal(node: ast.AST) -> tuple[str | None, int]:
    if isinstance(node, ast.JoinedStr):
        parts = [str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values]
        return "".join(parts), node.lineno
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value, node.lineno
    return None, 0


_BLOCKS = re.compile(
    r"{%\s*(blocktranslate|blocktrans)\b.*?{%\s*end\1\s*%}|{#.*?#}|{%\s*comment.*?endcomment\s*%}", re.DOTALL
)
_TAGS = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
SILENT_TAGS = tuple(
    f"{{% {name} " for name in ("translate", "trans", "extends", "include", "url", "load", "static")
)
# A text given to one of our own tags: {% field form "name" "Label" %}, or as a filter's argument.
_ITALIAN_ARGUMENT = re.compile(r'(?<!_\()"([^"]*[a-zà-ù] [^"]*)"')


def template(file: Path) -> Iterator[tuple[int, str]]:
    """Letters of a template that stand outside of translation tags: line and text."""
    code = file.read_text("utf-8")
    code = _BLOCKS.sub(_blank, code)
    for tag in _TAGS.finditer(code):
        if tag.group().startswith(SILENT_TAGS):
            continue
        for argument in _ITALIAN_ARGUMENT.finditer(tag.group()):
            if SMALL_WORDS.search(argument[1]):
                yield code.count("\n", 0, tag.start()) + 1, argument[1]
    reader = _Letters()
    reader.feed(_TAGS.sub(_blank, code))
    yield from reader.found


def _blank(match: re.Match[str]) -> str:
    return " " + "\n" * match.group().count("\n")


class _Letters(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[tuple[int, str]] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style"):
            self.silent += 1
        for name, value in attrs:
            if name in READ_ALOUD and value:
                self._look(value)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self.silent -= 1

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self._look(data)

    def _look(self, text: str) -> None:
        left = SAME.sub("", text)
        if re.search(r"[A-Za-zà-ù]{2}", left):
            self.found.append((self.getpos()[0], " ".join(text.split())))


def room(name: str) -> Iterator[str]:
    """What a room still says in Italian only, as ``file:line: text``."""
    for file in languages.files(name):
        path = file.relative_to(languages.ROOT).as_posix()
        if any(path == each or path.startswith(f"{each}/") for each in ITALIAN):
            continue
        found = python(file) if file.suffix == ".py" else template(file)
        for line, text in found:
            if text not in OFFICIAL:
                yield f"{file.relative_to(languages.ROOT)}:{line}: {text!r}"


if __name__ == "__main__":
    for each in sys.argv[1:] or languages.ROOMS:
        print("\n".join(room(each)))
