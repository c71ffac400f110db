"""Italian and English on the command line.

The texts in the code are Italian; each command registers its English ones. A dictionary and no compiled
catalogue, because the command line must speak before anything is configured, also from a source tree. What the law
says of a file is in core's catalogues; where they are not compiled it stays Italian.
"""

from __future__ import annotations

import argparse
import gettext
import os
import re
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any, NoReturn

from fattorino.core.texts import in_language

# The rooms whose sentences the commands show.
ROOMS = ("core", "core/fatturapa")
_PACKAGE = os.path.dirname(os.path.dirname(__file__))

_english: dict[str, str] = {}


def language(environ: Mapping[str, str] | None = None) -> str:
    """`en` where the locale asks for English, else `it`. Order of the variables as in GNU gettext."""
    env = os.environ if environ is None else environ
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := env.get(name, ""):
            return "en" if value.lower().startswith("en") else "it"
    return "it"


def register(english: Mapping[str, str]) -> None:
    """Add English texts, by their Italian ones. Called once by each module at import."""
    _english.update(english)


def _(text: str) -> str:
    """The text in the user's language; the Italian one where there is no English."""
    return _english.get(text, text) if language() == "en" else text


def said(text: str) -> str:
    """A sentence of core, or one made with `say` here, in the user's language."""
    return in_language(text, _catalogue()) if language() == "en" else text


class _Registered(gettext.NullTranslations):
    """The command line's own texts, asked where no catalogue of core has one."""

    def gettext(self, message: str) -> str:
        return _english.get(message, message)


@cache
def _catalogue() -> gettext.NullTranslations:
    whole: gettext.NullTranslations = _Registered()
    for room in ROOMS:
        file = os.path.join(_PACKAGE, room, "locale", "en", "LC_MESSAGES", "django.mo")
        if os.path.exists(file):
            with open(file, "rb") as compiled:
                one = gettext.GNUTranslations(compiled)
            one.add_fallback(whole)
            whole = one
    return whole


def printable(text: str) -> str:
    """One line without the characters that would steer a terminal: names and contents come from strangers."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def named(name: str) -> str:
    """A file name letter by letter; bytes that are no UTF-8, which no text can hold, as replacement characters."""
    return os.fsencode(name).decode("utf-8", "replace")


def shown(name: str) -> str:
    """A file name that can be printed, also where it is no valid text."""
    return printable(named(name))


register(
    {
        "uso: ": "usage: ",
        "errore": "error",
        "argomenti": "arguments",
        "opzioni": "options",
        "mostra questo aiuto ed esce": "show this help and exit",
    }
)

# What argparse itself says when it is used wrongly; it knows only English.
_ARGPARSE_ITALIAN = (
    (r"the following arguments are required: (.*)", r"mancano argomenti obbligatori: \1"),
    (r"unrecognized arguments: (.*)", r"argomenti sconosciuti: \1"),
    (r"expected one argument", "serve un valore"),
    (r"expected at least one argument", "serve almeno un valore"),
    (r"invalid choice: (.*) \(choose from (.*)\)", r"valore non ammesso: \1 (ammessi: \2)"),
    (r"invalid (\w+) value: (.*)", r"valore non valido: \2"),
    (r"not allowed with argument (.*)", r"non ammesso insieme a \1"),
    (r"^argument ", "argomento "),
)


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that speaks the user's language; sub-commands made from it do so too."""

    def __init__(self, *args: Any, add_help: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "add_help": False})
        self._positionals.title = _("argomenti")
        self._optionals.title = _("opzioni")
        if add_help:
            self.add_argument("-h", "--help", action="help", help=_("mostra questo aiuto ed esce"))

    def format_usage(self) -> str:
        return self._in_language(super().format_usage())

    def format_help(self) -> str:
        return self._in_language(super().format_help())

    def error(self, message: str) -> NoReturn:
        if language() == "it":
            for pattern, italian in _ARGPARSE_ITALIAN:
                message = re.sub(pattern, italian, message)
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: {_('errore')}: {message}\n")

    @staticmethod
    def _in_language(text: str) -> str:
        return re.sub(r"\Ausage: ", _("uso: "), text)
