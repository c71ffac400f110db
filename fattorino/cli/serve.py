"""`fattorino serve`: the web server alone (granian, WSGI)."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from fattorino.cli.i18n import _, register

APPLICATION = "fattorino.config.wsgi:application"

register(
    {
        "avvia il solo server web": "start the web server alone",
        "indirizzo su cui ascoltare (predefinito: 127.0.0.1)": "address to listen on (default: 127.0.0.1)",
        "porta (predefinita: FATTORINO_PORT o 8000)": "port (default: FATTORINO_PORT or 8000)",
        "processi (predefinito: quanti i processori, al massimo 2)": "processes (default: the processors, at most 2)",
    }
)


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    summary = _("avvia il solo server web")
    parser: argparse.ArgumentParser = subparsers.add_parser("serve", help=summary, description=summary)
    parser.add_argument(
        "--host",
        default=os.environ.get("FATTORINO_HOST") or "127.0.0.1",
        help=_("indirizzo su cui ascoltare (predefinito: 127.0.0.1)"),
    )
    parser.add_argument(
        "--port",
        type=int,
        default=os.environ.get("FATTORINO_PORT") or "8000",
        help=_("porta (predefinita: FATTORINO_PORT o 8000)"),
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=os.environ.get("FATTORINO_WEB_WORKERS") or str(min(2, os.cpu_count() or 1)),
        help=_("processi (predefinito: quanti i processori, al massimo 2)"),
    )
    return parser


def run(args: argparse.Namespace) -> int:
    os.environ["FATTORINO_PORT"] = str(args.port)
    options = {
        "--interface": "wsgi",
        "--host": args.host,
        "--port": args.port,
        "--workers": args.workers,
        "--blocking-threads": 4,
        "--workers-kill-timeout": 8,  # stopping waits for the request in hand, but not for ever
        "--log-level": "warning",
    }
    words = [str(word) for pair in options.items() for word in pair]
    # This process becomes the server: one process less, and signals reach it directly.
    os.execv(
        sys.executable, [sys.executable, "-m", "granian", *words, "--respawn-failed-workers", APPLICATION]
    )
