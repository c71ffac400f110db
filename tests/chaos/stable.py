"""A process that holds Django ready and forks the product's processes out of it, so that a restart takes no second.

Reads one word a line from standard input (`worker`, `web`) and answers with the new process's id. Each leads its own
session, as under `make run`'s supervisor, and ends when this one ends.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fattorino.config.postgres import die_with_parent
from tests.chaos.trap import Trap


def main() -> None:
    import django

    django.setup()
    import granian.server
    import granian.wsgi  # noqa: F401
    from django.db import connections
    from django.urls import get_resolver

    import fattorino.config.wsgi  # noqa: F401

    get_resolver().check()  # loads every page
    connections.close_all()
    # Nobody waits for the children here; the orderer sees that they are gone.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for line in sys.stdin:
        print(_fork(line.strip()), flush=True)


def _fork(kind: str) -> int:
    bind = die_with_parent(signal.SIGKILL)
    child = os.fork()
    if child:
        return child
    try:
        os.setsid()
        if bind:
            bind()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        home = Path(os.environ["FATTORINO_HOME"])
        log = os.open(home / f"{kind}.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        {"worker": _worker, "web": _web}[kind](home)
    finally:
        os._exit(1)


def _worker(home: Path) -> None:
    from fattorino.cli.main import main as fattorino

    Trap(home / "worker.trap").watch()
    fattorino(["worker"])


def _web(home: Path) -> None:
    """What `fattorino serve` runs, with the trap around the application."""
    from granian import Granian
    from granian.constants import Interfaces

    # Ends with the server however that ends, as supervised processes are killed together.
    Granian(
        "tests.chaos.stable:application",
        address="127.0.0.1",
        port=int(os.environ["FATTORINO_PORT"]),
        interface=Interfaces.WSGI,
        workers=int(os.environ.get("FATTORINO_WEB_WORKERS") or 1),
        blocking_threads=4,
        respawn_failed_workers=True,
        log_level="warning",
    ).serve()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
    """The product's own application; its threads are the server's, so each request sets the trap in its thread."""
    from fattorino.config.wsgi import application as product

    _web_trap().watch()
    return product(environ, start_response)


_trap: list[Trap] = []


def _web_trap() -> Trap:
    if not _trap:
        _trap.append(Trap(Path(os.environ["FATTORINO_HOME"]) / "web.trap"))
    return _trap[0]


if __name__ == "__main__":
    main()
