"""`fattorino simulator sdi`: the other side of the line, for trying out and for tests."""

from __future__ import annotations

import argparse
import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fattorino.cli.i18n import _, register

SIMULATORS = {"csc": "fattorino.simulators.csc.server", "sdi": "fattorino.simulators.sdi.server"}

register(
    {
        "avvia un simulatore (csc: firma remota; sdi)": "start a simulator (csc: remote signature; sdi)",
        "quale simulatore; le sue opzioni seguono (--help le elenca)": (
            "which simulator; its own options follow (--help lists them)"
        ),
    }
)


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    summary = _("avvia un simulatore (csc: firma remota; sdi)")
    parser: argparse.ArgumentParser = subparsers.add_parser("simulator", help=summary, description=summary)
    parser.add_argument(
        "which",
        choices=sorted(SIMULATORS),
        help=_("quale simulatore; le sue opzioni seguono (--help le elenca)"),
    )
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def run(args: argparse.Namespace) -> int:
    main: Callable[[list[str]], int] = importlib.import_module(SIMULATORS[args.which]).main
    return main([*defaults(args.which), *args.rest])


def defaults(which: str) -> list[str]:
    """What the simulator needs to meet the product of the same environment; options given by hand come later
    and win."""
    port = int(os.environ.get("FATTORINO_PORT") or 8000)
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
