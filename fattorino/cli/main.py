"""`fattorino COMMAND`: each command is a module of this folder with `add_parser(subparsers)` and `run(args) -> int`.

Exit codes: 0 fine, 1 findings or refusals, 2 wrong use. Only the module of the command in use is loaded, so that
`fattorino check` never pays for Django.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from types import ModuleType
from typing import Any

from fattorino.cli.i18n import Parser, _, register, said
from fattorino.core.errors import FattorinoError

COMMANDS = (
    "serve",
    "worker",
    "live",
    "check",
    "unwrap",
    "render",
    "schema",
    "send",
    "simulator",
    "sftp",
    "manage",
)

register(
    {
        "La scrivania della fatturazione elettronica.": "The e-invoicing desk.",
        "comandi": "commands",
        "COMANDO": "COMMAND",
        "mostra la versione ed esce": "show the version and exit",
        "Codici d'uscita: 0 tutto bene, 1 rilievi o rifiuti, 2 uso sbagliato.": (
            "Exit codes: 0 fine, 1 findings or refusals, 2 wrong use."
        ),
        "interrotto": "interrupted",
    }
)


def main(argv: list[str] | None = None) -> int:
    """Entry point of the console script. Returns the exit code."""
    words = sys.argv[1:] if argv is None else argv
    wanted = (words[0],) if words and words[0] in COMMANDS else COMMANDS
    try:
        args = _parser(wanted).parse_args(words)
        return int(args.run(args))
    except FattorinoError as error:
        print(f"fattorino: {said(error.text)}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # `fattorino check ... | head`: the reader has left; what remains in the buffer has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print(f"fattorino: {_('interrotto')}", file=sys.stderr)
        return 130


def _parser(wanted: tuple[str, ...]) -> argparse.ArgumentParser:
    parser = Parser(
        prog="fattorino",
        description=_("La scrivania della fatturazione elettronica."),
        epilog=_("Codici d'uscita: 0 tutto bene, 1 rilievi o rifiuti, 2 uso sbagliato."),
    )
    parser.add_argument("--version", action=_ShowVersion, nargs=0, help=_("mostra la versione ed esce"))
    commands = parser.add_subparsers(title=_("comandi"), metavar=_("COMANDO"), required=True, dest="command")
    for name in wanted:
        module = _load(f"fattorino.cli.{name}")
        if module is not None:
            module.add_parser(commands)
            commands.choices[name].set_defaults(run=module.run)
    return parser


def _load(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name:
            return None
        raise


class _ShowVersion(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_rest: Any) -> None:
        # Loaded here: it takes longer than everything else that happens before a command runs.
        import importlib.metadata

        try:
            version = f"fattorino {importlib.metadata.version('fattorino')}"
        except importlib.metadata.PackageNotFoundError:  # run from a source tree that was not installed
            version = "fattorino"
        print(version)
        parser.exit()
