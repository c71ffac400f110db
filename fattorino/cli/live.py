"""`fattorino live`: the live channel of the dashboards alone (granian, ASGI)."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from fattorino.cli.i18n import _, register

APPLICATION = "fattorino.config.asgi_live:application"

register(
    {
        "avvia il solo canale dei conteggi che si aggiornano da soli": "start the channel of live counts alone",
        "indirizzo su cui ascoltare (predefinito: 127.0.0.1)": "address to listen on (default: 127.0.0.1)",
        "porta (predefinita: FATTORINO_LIVE_PORT, o due più del server web)": (
            "port (default: FATTORINO_LIVE_PORT, or two above the web server's)"
        ),
    }
)


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    summary = _("avvia il solo canale dei conteggi che si aggiornano da soli")
    parser: argparse.ArgumentParser = subparsers.add_parser("live", help=summary, description=summary)
    parser.add_argument(
        "--host",
        default=os.environ.get("FATTORINO_HOST") or "127.0.0.1",
        help=_("indirizzo su cui ascoltare (predefinito: 127.0.0.1)"),
    )
    parser.add_argument(
        "--port",
        type=int,
        default=os.environ.get("FATTORINO_LIVE_PORT")
        or str(int(os.environ.get("FATTORINO_PORT") or 8000) + 2),
        help=_("porta (predefinita: FATTORINO_LIVE_PORT, o due più del server web)"),
    )
    return parser


def run(args: argparse.Namespace) -> int:
    options = {
        "--interface": "asgi",
        "--host": args.host,
        "--port": args.port,
        "--workers": 1,  # one process knows all open pages, and counts them
        "--backlog": 4096,
        "--workers-kill-timeout": 1,  # open pages would keep it for ever; they connect again by themselves
        "--log-level": "warning",
    }
    words = [str(word) for pair in options.items() for word in pair]
    # This process becomes the server: one process less, and signals reach it directly.
    os.execv(
        sys.executable, [sys.executable, "-m", "granian", *words, "--respawn-failed-workers", APPLICATION]
    )
