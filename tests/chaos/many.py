"""Send thousands of invoices in bulk runs while SdI misbehaves and worker, web server and PostgreSQL are killed.

    python -m tests.chaos.many --seed 7 --kills 40 --documents 10000

All faults of the channel are on from the beginning: answers lost before and after the file was taken, 503, EI02, slow
answers, receipts twice, late and out of order. Then it is looked at what SdI has: each invoice exactly once, every
receipt applied. The plan (what is written, who dies when, the series of faults) comes from the seed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fattorino.config import postgres
from tests.chaos import kill
from tests.chaos.house import Stuck, environment, wait_for

if TYPE_CHECKING:
    from tests.chaos.office import Kind

KILLS = (("worker at a line", 30), ("worker", 25), ("web at a line", 10), ("web", 10), ("postgres", 25))
# Lines of the product in a turn of the worker: deaths are drawn over so many sends.
SENDS = 20


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos.many", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--documents", type=int, default=120)
    parser.add_argument("--keep", action="store_true", help="leave database, books and logs where they are")
    options = parser.parse_args()
    options.profile = "faulty"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    home = Path(tempfile.mkdtemp(prefix="fattorino-chaos-"))
    home.chmod(0o755)  # root's PostgreSQL runs as another user, which must walk through
    print(f"seed {options.seed}, {options.kills} kills, {options.documents} documents", flush=True)
    for name in [n for n in os.environ if n.startswith(("FATTORINO_", "PG")) or n == "DATABASE_URL"]:
        del os.environ[name]
    os.environ |= environment(home, 1)
    # With fsync: this server is killed too.
    server = postgres.start(home, dies_with_parent=True)
    try:
        return Crowd(home, options, server).run()
    finally:
        if server.alive():
            server.stop()
        if options.keep:
            print(f"left in {home}")
        else:
            shutil.rmtree(home, ignore_errors=True)


class Crowd(kill.Run):
    """The course of `kill`, with bulk runs in the place of single presses, and with PostgreSQL among the dead."""

    def __init__(self, home: Path, options: argparse.Namespace, server: postgres.Server) -> None:
        self.server = server
        super().__init__(home, options)

    def _kill_all(self) -> None:
        self._order_faults()
        names, weights = [name for name, _ in KILLS], [weight for _, weight in KILLS]
        left = self.options.documents - 2
        for number in range(self.options.kills):
            share = left // (self.options.kills - number)
            left -= share
            self._order([self.chance.choice(self.kinds) for _ in range(share)])
            kind = self.chance.choices(names, weights)[0]
            self._until_some_went(self.chance.random() * share)
            getattr(self, "_" + kind.replace(" ", "_"))([])
            print(f"{number + 1} kills after {time.monotonic() - self.begun:.0f} s", flush=True)

    def _order(self, kinds: list[Kind]) -> None:
        """New documents, and a run for those of each dashboard."""
        from fattorino import clock
        from fattorino.organisations.scope import company_scope
        from fattorino.workflow.flows.bulk import Order, start_run

        fresh = {document: kind for kind in kinds for document in [self.office.write(kind)]}
        for dashboard, pa in (("PA", True), ("PR", False)):
            ids = [document for document, kind in fresh.items() if kind.pa is pa]
            if ids:
                order = Order(dashboard, "DA_PROCESSARE", action="GENERA_XML_INVIA_HUB")
                with company_scope(self.office.company_id):
                    start_run(self.office.actor, order, [ids], now=clock.now())

    def _until_some_went(self, some: float) -> None:
        """Bulk runs go before what they send: without this all would die while files are made, none on its way."""
        from fattorino.hub.models import Transmission
        from fattorino.organisations.scope import system_scope

        def tried() -> int:
            with system_scope():
                return Transmission.objects.count()

        self.house.start("worker")
        until = tried() + some
        with contextlib.suppress(Stuck):
            wait_for(lambda: tried() >= until, 60, "nothing goes", pause=0.02)

    def _worker_at_a_line(self, fresh: list[int]) -> None:
        self._at_a_line("worker", self.lines["worker"] * SENDS, fresh, in_browser=False)

    def _web_at_a_line(self, fresh: list[int]) -> None:
        self._at_a_line("web", self.lines["receipt"] * SENDS, fresh, in_browser=False)

    def _postgres(self, fresh: list[int]) -> None:
        """The server and all that it started, at once, as by the kernel when memory is short."""
        from django.db import connections

        self.house.start("worker")
        time.sleep(self.chance.uniform(0, 1.5))
        children = _children(self.server.pid)
        for pid in [self.server.pid, *children]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        connections.close_all()
        wait_for(lambda: not self.server.alive(), 10, "PostgreSQL does not die")
        wait_for(lambda: not any(map(_lives, children)), 10, "PostgreSQL's processes do not die")
        self.server.renew()
        self.done["postgres"] += 1
        # Who could not go on without it is started again, as the supervisor does.
        self.outages.append(self.house.wait_for_web())
        self.house.start("worker")

    def _wait_until(self, done: Callable[[], bool]) -> None:
        def see() -> bool:
            self.house.start("worker")
            return done()

        wait_for(see, kill.QUIET_WITHIN + self.options.documents / 4, "it does not come to rest", pause=1.0)


def _children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            number = int(entry.name)
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(number)
    return found


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


if __name__ == "__main__":
    raise SystemExit(main())
