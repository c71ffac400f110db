"""A process that holds Django ready and forks the product's processes out of it, so that a restart takes no second.

Reads one list of words a line from standard input (`worker`, `worker 2`, `web`, `sftp` and its port, `simulator WHICH`
and its first IdentificativoSdI and options) and answers with the new process's id. Each leads its own session, as under
`make run`'s supervisor, and ends when this one ends.
"""

from __future__ import annotations

import datetime
import functools
import inspect
import json
import mmap
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fattorino.config.postgres import die_with_parent
from tests.chaos.trap import Trap

# Set where lines are counted only while a death is ordered.
FOLLOW = "FATTORINO_CHAOS_FOLLOW"
# How long before a way is asked again what became of a parcel.
ASKED_AGAIN = datetime.timedelta(seconds=2)
# How long SdI's silence about an outcome is waited for; what it refuses it may say later than that.
SILENCE = datetime.timedelta(seconds=6)


def main() -> None:
    import django

    django.setup()
    import granian.server
    import granian.wsgi  # noqa: F401 - so that what is forked has it already
    from django.db import connections
    from django.urls import get_resolver

    import tests.chaos.far_hub
    import tests.chaos.suppliers  # noqa: F401 - as above

    get_resolver().check()  # loads every page
    connections.close_all()
    # Nobody waits for the children here; the orderer sees that they are gone.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for line in sys.stdin:
        kind, *words = json.loads(line)
        print(_fork(kind, words), flush=True)


def _fork(kind: str, words: list[str]) -> int:
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
        log = os.open(home / f"{kind.replace(' ', '-')}.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        if kind.startswith("simulator "):
            _simulator(kind.removeprefix("simulator "), int(words[0]), words[1:])
        else:
            _move_clock(home)
            {"worker": _worker, "worker 2": _second, "web": _web, "sftp": _sftp}[kind](home, *words)
    except BaseException:
        # The log is the only place where it would be seen.
        traceback.print_exc()
        raise
    finally:
        os._exit(1)


def _simulator(which: str, first: int, words: list[str]) -> None:
    from fattorino.cli.main import main as fattorino
    from fattorino.simulators.sdi import books
    from tests.chaos import far_hub, suppliers

    books.FIRST_IDENTIFIER = first
    suppliers.prepare_sdi()
    if which == "far_hub":
        far_hub.main(words)
    else:
        fattorino(["simulator", which, *words])


def _move_clock(home: Path) -> None:
    """The product's clock goes wrong by what is ordered, while the machine's goes on."""
    from fattorino import clock

    real, cell = clock.now, seconds_wrong(home)
    clock.now = lambda: real() + datetime.timedelta(seconds=cell[0])


def seconds_wrong(home: Path) -> memoryview[int]:
    """One number in a file that all share: by how many seconds the product's clock is wrong."""
    with open(home / "clock.wrong", "a+b") as stream:
        stream.truncate(8)
        return memoryview(mmap.mmap(stream.fileno(), 8)).cast("q")


def _second(home: Path) -> None:
    _worker(home, "worker 2")


def _worker(home: Path, name: str = "worker") -> None:
    from procrastinate.contrib.django import app

    from fattorino.cli.main import main as fattorino
    from fattorino.hub.flows import consignments, outcome_steps

    # Small as the other pauses of a run, which are settings (house.environment).
    consignments.ASK_AGAIN = ASKED_AGAIN
    outcome_steps.SILENCE = SILENCE
    trap = Trap(home / f"{name}.trap")
    if not os.environ.get(FOLLOW):
        trap.watch()
    else:
        for task in app.tasks.values():
            if not inspect.iscoroutinefunction(task.func):
                task.func = _followed(trap, task.func)
    fattorino(["worker"])


def _followed(trap: Trap, func: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(func)
    def followed(*args: Any, **kwargs: Any) -> Any:
        trap.follow()
        return func(*args, **kwargs)

    return followed


def _sftp(home: Path, port: str) -> None:
    from django.core.management import call_command

    call_command("sftp", port=int(port))


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

    trap = _web_trap()
    if os.environ.get(FOLLOW):
        trap.follow()
    else:
        trap.watch()
    return product(environ, start_response)


_trap: list[Trap] = []


def _web_trap() -> Trap:
    if not _trap:
        _trap.append(Trap(Path(os.environ["FATTORINO_HOME"]) / "web.trap"))
    return _trap[0]


if __name__ == "__main__":
    main()
