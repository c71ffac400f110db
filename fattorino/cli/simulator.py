"""`fattorino simulator WHICH`: the other side of the line, for trying out and for tests."""

from __future__ import annotations

import argparse
import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fattorino.cli.i18n import Parser, _, register

SIMULATORS = {
    "csc": "fattorino.simulators.csc.server",
    "hub": "fattorino.simulators.hub.server",
    "pec": "fattorino.cli.simulator_pec",
    "sdi": "fattorino.simulators.sdi.server",
    "sdiftp": "fattorino.simulators.sdi.visits",
}

# How far the ports of each lie above the web server's, so that several installations do not meet.
PORTS = {
    "sdiftp": {"--sftp-port": 10, "--port": 11},
    "pec": {"--port": 12, "--smtp-port": 13, "--imap-port": 14},
}

register(
    {
        "avvia un simulatore (csc: firma remota; hub; sdi; sdiftp; pec: gestore e sdi)": (
            "start a simulator (csc: remote signature; hub; sdi; sdiftp; pec: provider and sdi)"
        ),
        "quale simulatore; le sue opzioni seguono (--help le elenca)": (
            "which simulator; its own options follow (--help lists them)"
        ),
        "Un Sistema di Interscambio simulato, su questa macchina.": ("A simulated SdI, on this machine."),
        "Un Sistema di Interscambio simulato che visita con SFTP il server di un nodo SdIFtp. "
        "Alla prima partenza scrive nella cartella dei libri le chiavi da caricare nella pagina "
        "del canale.": (
            "A simulated SdI that visits the server of an SdIFtp node by SFTP. "
            "At the first start it writes into the folder of its books the keys to be uploaded on "
            "the channel page."
        ),
        "Un servizio di firma remota simulato, su questa macchina.": (
            "A simulated remote signature service, on this machine."
        ),
        "indirizzo, solo di questa macchina (127.0.0.1)": "address, of this machine only (127.0.0.1)",
        "porta dei servizi web e dei comandi (%(default)s)": (
            "port of the web services and of the commands (%(default)s)"
        ),
        "porta (8002)": "port (8002)",
        "Il Digital Hub di un intermediario, simulato su questa macchina.": (
            "The Digital Hub of an intermediary, simulated on this machine."
        ),
        "porta (8015)": "port (8015)",
        "cartella dei file e degli eventi": "folder of the files and events",
        "cartella delle chiavi di prova": "folder of the trial keys",
        "cartella dei libri": "folder of the books",
        "secondi dello SdI per ogni secondo (3600)": "seconds of SdI for each second (3600)",
        "base degli indirizzi di chi trasmette, per le ricevute": (
            "base of the transmitter's addresses, for receipts"
        ),
        "codice del nodo, 11 caratteri": "code of the node, 11 characters",
        "server SFTP del nodo (127.0.0.1)": "SFTP server of the node (127.0.0.1)",
        "porta del server SFTP del nodo (8010)": "port of the node's SFTP server (8010)",
        "utente con cui ci si presenta (sdi)": "user to log in as (sdi)",
        "password di quell'utente": "password of that user",
        "file con la chiave privata SSH, al posto della password": (
            "file with the SSH private key, in place of the password"
        ),
        "PEM: con cui il nodo firma": "PEM: with which the node signs",
        "PEM: per cui si cifra verso il nodo": "PEM: for which what goes to the node is encrypted",
        "visita le cartelle dei flussi di test": "visit the folders of the test flows",
        "minuti dello SdI tra due visite (10)": "minutes of SdI between two visits (10)",
    }
)


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    summary = _("avvia un simulatore (csc: firma remota; hub; sdi; sdiftp; pec: gestore e sdi)")
    parser: argparse.ArgumentParser = subparsers.add_parser("simulator", help=summary, description=summary)
    parser.add_argument(
        "which",
        choices=sorted(SIMULATORS),
        help=_("quale simulatore; le sue opzioni seguono (--help le elenca)"),
    )
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def run(args: argparse.Namespace) -> int:
    main: Callable[..., int] = importlib.import_module(SIMULATORS[args.which]).main
    return main([*defaults(args.which), *args.rest], speaking=_Speaking)


class _Speaking(Parser):
    """For simulators, which know nothing of this package: their help in the user's language."""

    def __init__(self, *args: Any, description: str = "", **kwargs: Any) -> None:
        super().__init__(*args, description=_(description), **kwargs)

    def add_argument(self, *args: Any, **kwargs: Any) -> argparse.Action:
        if help_text := kwargs.get("help"):
            kwargs["help"] = _(help_text)
        return super().add_argument(*args, **kwargs)


def defaults(which: str) -> list[str]:
    """What the simulator needs to meet the product of the same environment; options given by hand come later
    and win."""
    port = int(os.environ.get("FATTORINO_PORT") or 8000)
    if which in PORTS:
        given = {name: str(port + offset) for name, offset in PORTS[which].items()}
        if speed := os.environ.get("FATTORINO_SIMULATOR_SPEED"):
            given["--speed"] = speed
        return [word for pair in given.items() for word in pair] + ["--data", str(_data(which))]
    if which != "sdi":
        return ["--data", str(_data(which))]
    own = os.environ.get("FATTORINO_SIMULATOR_PORT") or str(port + 1)
    words = {
        "--port": own,
        "--data": str(_data(which)),
        "--deliver-to": f"http://127.0.0.1:{port}/{which}",
    }
    if speed := os.environ.get("FATTORINO_SIMULATOR_SPEED"):
        words["--speed"] = speed
    return [word for pair in words.items() for word in pair]


def _data(which: str) -> Path:
    home = Path(os.environ.get("FATTORINO_HOME") or Path(__file__).resolve().parents[2] / "var")
    return home / "simulators" / which
