"""The language of whoever reads: Italian, unless she chose English.

Not what her browser prefers: an Ordine's desk whose browser came in English would find the pages in another language
than the manual and than the documents they are about.
"""

from __future__ import annotations

import functools
import gettext
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

from fattorino.core.recorded import Patterns
from fattorino.core.texts import Catalogue, Text, in_language

_DJANGO = cast("Catalogue", translation)
# Where a session keeps the language somebody chose before signing in, and when (seconds since 1970).
CHOSEN = "language"
# Who comes in later than this is taken for another person, whose own choice stands.
AT_THE_DOOR = 600


def known(language: str) -> bool:
    return language in dict(settings.LANGUAGES)


def remembered(request: HttpRequest) -> str:
    """What this browser was last read in, for pages of nobody."""
    cookie = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return cookie if known(cookie) else settings.LANGUAGE_CODE


def of(request: HttpRequest) -> str:
    """The language of whoever asks for this page."""
    user = getattr(request, "user", None)
    return str(user.language) if user is not None and user.is_authenticated else remembered(request)


def said(text: str) -> str:
    """A sentence of core or of a flow in the language in force (``django.utils.translation``)."""
    return in_language(text, _DJANGO)


def recorded(text: str) -> tuple[str, bool]:
    """Words that were written down in Italian, and whether they stay so among words of another language.

    Sentences of ours are recognised by their patterns and said again; others, people's and SdI's, stay as they are.
    """
    if isinstance(text, Text):
        return said(text), False
    language = translation.get_language() or settings.LANGUAGE_CODE
    if not text or language == settings.LANGUAGE_CODE:
        return text, False
    found = _patterns(language).find(text)
    return (text, True) if found is None else (said(found), False)


@functools.cache
def _patterns(language: str) -> Patterns:
    rooms = [*settings.LOCALE_PATHS, *(Path(each.path, "locale") for each in apps.get_app_configs())]
    files = (gettext.find("django", str(room), [language]) for room in rooms)
    return Patterns(text for file in files if file for text in _texts(Path(file).read_bytes()))


def _texts(compiled: bytes) -> Iterator[str | tuple[str, str]]:
    """The texts that a catalogue translates. The library reads it too, but forgets the sentences for many."""
    order = "<" if compiled[:4] == b"\xde\x12\x04\x95" else ">"
    count, table = struct.unpack_from(f"{order}2I", compiled, 8)
    for place in range(count):
        length, at = struct.unpack_from(f"{order}2I", compiled, table + 8 * place)
        one, _, many = compiled[at : at + length].decode().partition("\0")
        yield (one, many) if many else one
