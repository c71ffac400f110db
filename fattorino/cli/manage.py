"""`fattorino manage ...`: Django's own administration commands."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from fattorino.cli.i18n import _, register
from fattorino.core.errors import SetupError

SETTINGS = "fattorino.config.settings"

register(
    {
        "comandi di amministrazione di Django (migrate, shell ...)": (
            "Django's administration commands (migrate, shell ...)"
        ),
        "comando di Django e i suoi argomenti": "Django command and its arguments",
        "La base dati non risponde": "The database does not answer",
        "Avviarla con `make run`, oppure controllare DATABASE_URL.": "Start it by `make run`, or check DATABASE_URL.",
    }
)


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    summary = _("comandi di amministrazione di Django (migrate, shell ...)")
    parser: argparse.ArgumentParser = subparsers.add_parser("manage", help=summary, description=summary)
    parser.add_argument("words", nargs=argparse.REMAINDER, help=_("comando di Django e i suoi argomenti"))
    return parser


def run(args: argparse.Namespace) -> int:
    return manage(args.words)


def manage(words: list[str]) -> int:
    """Run one command of Django. Raises SetupError when the database cannot be reached."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    from django.core.management import ManagementUtility
    from django.db.utils import OperationalError

    sys.argv[0] = "fattorino manage"
    try:
        ManagementUtility(["fattorino manage", *words]).execute()
    except OperationalError as error:
        reason = str(error).splitlines()[0]
        raise SetupError(
            f"{_('La base dati non risponde')}: {reason}.",
            _("Avviarla con `make run`, oppure controllare DATABASE_URL."),
        ) from error
    return 0
