"""`fattorino sftp`: the SFTP server by which SdI visits the companies' SdIFtp nodes."""

from __future__ import annotations

import argparse
import os
from typing import Any

from fattorino.cli.i18n import _, register
from fattorino.cli.manage import manage

register(
    {
        "avvia il server SFTP che lo SdI visita (canale SdIFtp)": "start the SFTP server that SdI visits (SdIFtp)",
        "indirizzo su cui ascoltare (predefinito: 127.0.0.1)": "address to listen on (default: 127.0.0.1)",
        "porta (predefinita: FATTORINO_SFTP_PORT, o dieci più del server web)": (
            "port (default: FATTORINO_SFTP_PORT, or ten above the web server's)"
        ),
        "file con la chiave del server (predefinito: sftp/host.key tra i dati)": (
            "file with the server's key (default: sftp/host.key among the data)"
        ),
    }
)


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    summary = _("avvia il server SFTP che lo SdI visita (canale SdIFtp)")
    parser: argparse.ArgumentParser = subparsers.add_parser("sftp", help=summary, description=summary)
    parser.add_argument(
        "--host", default="127.0.0.1", help=_("indirizzo su cui ascoltare (predefinito: 127.0.0.1)")
    )
    parser.add_argument(
        "--port",
        type=int,
        default=os.environ.get("FATTORINO_SFTP_PORT")
        or str(int(os.environ.get("FATTORINO_PORT") or 8000) + 10),
        help=_("porta (predefinita: FATTORINO_SFTP_PORT, o dieci più del server web)"),
    )
    parser.add_argument(
        "--host-key",
        default="",
        help=_("file con la chiave del server (predefinito: sftp/host.key tra i dati)"),
    )
    return parser


def run(args: argparse.Namespace) -> int:
    words = ["sftp", "--host", args.host, "--port", str(args.port)]
    return manage([*words, "--host-key", args.host_key] if args.host_key else words)
