"""What a finding says in English, by the compiled catalogues that the pages and the command line read too."""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from fattorino.core.texts import Text, in_language
from scripts import languages
from tests.language_scan import SMALL_WORDS

# What comes from the file stands in quotes or between angles; it may be Italian in any language.
_FROM_THE_FILE = re.compile(r"“[^”]*”|<[^>]*>|\"[^\"]*\"")

# A body's name, a code of the schema, an English word that begins like an Italian one.
_NOT_ITALIAN = re.compile(r"Agenzia delle Entrate|\bSI\b|\bnon-")


@cache
def catalogue() -> gettext.NullTranslations:
    whole = gettext.NullTranslations()
    for room in ("core", "core/fatturapa"):
        with languages.place(room).with_suffix(".mo").open("rb") as file:
            one = gettext.GNUTranslations(file)
        one.add_fallback(whole)
        whole = one
    return whole


def said(text: str) -> str:
    return in_language(text, catalogue())


def _without_codes(text: Text) -> str:
    """The English of a text without the values of one word: they are names and codes out of a file."""
    values: dict[str, object] = {}
    for name, value in text.values.items():
        if isinstance(value, Text):
            values[name] = _without_codes(value)
        else:
            values[name] = value if " " in str(value) else "..."
    words = catalogue()
    if text.plural:
        pattern = words.ngettext(text.pattern, text.plural, text.number)
    else:
        pattern = words.gettext(text.pattern) if text.pattern else ""
    return pattern.format_map(values)


def italian_left(text: str) -> str:
    """Why a text cannot be said in English, or ""."""
    if not text:
        return ""
    if not isinstance(text, Text):
        return f"lost its origin: {text!r}"
    left = SMALL_WORDS.search(_NOT_ITALIAN.sub("", _FROM_THE_FILE.sub("", _without_codes(text))))
    return f"still Italian ({left.group()}): {said(text)!r}" if left else ""


def all_said(findings: Iterable[Any]) -> list[str]:
    """The faults of messages and hints of findings (of files or of fields)."""
    texts = [text for finding in findings for text in (finding.message, finding.hint)]
    return [fault for text in texts if (fault := italian_left(text))]
