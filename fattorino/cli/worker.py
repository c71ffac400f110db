"""`fattorino worker`: takes the jobs that web pages and receipts have left in the database."""

from __future__ import annotations

import argparse
from typing import Any

from fattorino.cli.i18n import _, register
from fattorino.cli.manage import manage

register(
    {
        "esegue i lavori in coda (firma, invio, ricevute ...)": "run the queued jobs (signing, sending, receipts ...)",
        "quanti lavori insieme (predefinito: 4)": "how many jobs at once (default: 4)",
        "secondi concessi ai lavori in corso quando viene fermato (predefinito: 6)": (
            "seconds left to running jobs when it is stopped (default: 6)"
        ),
    }
)


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    summary = _("esegue i lavori in coda (firma, invio, ricevute ...)")
    parser: argparse.ArgumentParser = subparsers.add_parser("worker", help=summary, description=summary)
    parser.add_argument(
        "-c", "--concurrency", type=int, default=4, help=_("quanti lavori insieme (predefinito: 4)")
    )
    parser.add_argument(
        "--grace",
        type=float,
        default=6,
        help=_("secondi concessi ai lavori in corso quando viene fermato (predefinito: 6)"),
    )
    return parser


def run(args: argparse.Namespace) -> int:
    # The checks of a project open every page and every interface: a third of the time in which nobody works after a
    # worker has died. The start of the product and its tests make them.
    words = ["--concurrency", str(args.concurrency), "--shutdown-graceful-timeout", str(args.grace)]
    return manage(["procrastinate", "--skip-checks", "worker", *words])
