"""Kill the worker in the middle of bulk runs, over and over; then look whether a document was lost or sent twice.

    python -m tests.chaos.bulk --seed 7 --kills 20 --documents 10

Half of the deaths are at a line of the product's own code, drawn over the lines of a whole run; the others come from
outside after a drawn pause. Two runs over the same documents begin together each time.
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
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from fattorino.config import postgres
from tests.chaos.house import House, Stuck, environment, wait_for

if TYPE_CHECKING:
    from tests.chaos.office import Office

SEND = "GENERA_XML_INVIA_HUB"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos.bulk", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--documents", type=int, default=8, help="in each run")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    home = Path(tempfile.mkdtemp(prefix="fattorino-chaos-"))
    home.chmod(0o755)  # root's PostgreSQL runs as another user, which must walk through
    print(f"seed {options.seed}, {options.kills} kills, runs of {options.documents} documents", flush=True)
    for name in [n for n in os.environ if n.startswith(("FATTORINO_", "PG")) or n == "DATABASE_URL"]:
        del os.environ[name]
    os.environ |= environment(home, 1)
    server = postgres.start(home, durable=False, dies_with_parent=True)
    try:
        return Run(home, options).run()
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


class Run:
    def __init__(self, home: Path, options: argparse.Namespace) -> None:
        from fattorino.config.prepare import prepare

        self.options = options
        self.chance = random.Random(options.seed)
        prepare(demo=False)
        self.house = House(home)
        self.office: Office
        self.died: Counter[str] = Counter()
        # Of each pair: the run that came first.
        self.pairs: list[tuple[int, int]] = []

    def run(self) -> int:
        from tests.chaos import office, verdict

        self.office = office.Office(self.house.url)
        self.kinds = office.KINDS[:2]
        wrong: list[str] = []
        begun = time.monotonic()
        with self.house.simulator_and_stable():
            try:
                self._measure()
                for _ in range(self.options.kills):
                    self._kill()
                self._settle()
            except Stuck as error:
                wrong.append(str(error))
            books = self.house.books()
            wrong += verdict.violations(self.office, books) + self._broken()
        places = self.house.traps["worker"].places()
        print(
            f"killed: {dict(self.died)}, at {len(set(places))} different lines; {len(self.pairs)} pairs of runs"
        )
        for name, value in verdict.figures(books).items():
            print(f"{name}: {value}")
        print(f"duration: {time.monotonic() - begun:.0f} s")
        for line in wrong:
            print(f"WRONG: {line}")
        print(
            "all promises kept" if not wrong else f"{len(wrong)} promises broken (seed {self.options.seed})"
        )
        return 1 if wrong else 0

    def _measure(self) -> None:
        """One pair unkilled, to count the lines."""
        self.house.start("worker")
        self.house.wait_for_web()
        before = self.house.traps["worker"].seen
        self._order()
        wait_for(self._all_ended, 60, "the first runs do not end")
        self.lines = self.house.traps["worker"].seen - before

    def _order(self) -> None:
        """Two runs over the same new documents."""
        from fattorino import clock
        from fattorino.organisations.scope import company_scope
        from fattorino.workflow.flows.bulk import Order, start_run

        kind = self.chance.choice(self.kinds)
        fresh = [self.office.write(kind) for _ in range(self.options.documents)]
        order = Order("PA" if kind.pa else "PR", "DA_PROCESSARE", action=SEND)
        with company_scope(self.office.company_id):
            first, second = (
                start_run(self.office.actor, order, [fresh], now=clock.now())[0] for _ in range(2)
            )
        self.pairs.append((first, second))

    def _kill(self) -> None:
        trap = self.house.traps["worker"]
        self.house.start("worker")
        at_a_line = self.chance.random() < 0.5
        died = len(trap.places())
        if at_a_line:
            trap.arm(self.chance.randint(1, self.lines))
        self._order()
        if at_a_line:
            with contextlib.suppress(Stuck):
                wait_for(lambda: len(trap.places()) > died, 5, "no such line came", pause=0.005)
            trap.disarm()
        else:
            time.sleep(self.chance.uniform(0, 1.5))
        self.died["at a line" if len(trap.places()) > died else "from outside"] += 1
        self.house.kill("worker")
        wait_for(lambda: not self.house.runs("worker"), 5, "the worker does not die")

    def _settle(self) -> None:
        """No more deaths: everything comes to its end by itself."""
        from tests.chaos.verdict import unfinished

        self.house.start("worker")
        wait_for(self._all_ended, 120, "the runs do not end", pause=0.3)
        for _ in range(2):
            wait_for(lambda: not unfinished(), 120, "it does not come to rest", pause=0.3)
            self.house.order("clock", advance_hours=16 * 24)
            time.sleep(2)
        wait_for(lambda: not unfinished(), 120, "it does not come to rest", pause=0.3)

    def _all_ended(self) -> bool:
        from fattorino.organisations.scope import system_scope
        from fattorino.workflow.models import BulkRun

        with system_scope():
            return not BulkRun.objects.filter(finished_at=None).exists()

    def _broken(self) -> list[str]:
        """Each document was sent by one run and refused to the other, and the figures say so."""
        from fattorino.organisations.scope import system_scope
        from fattorino.workflow.models import BulkItem, BulkRun

        wrong = []
        with system_scope():
            for run in BulkRun.objects.all():
                counted = Counter(BulkItem.objects.filter(run=run).values_list("outcome", flat=True))
                told = {
                    "started": run.started,
                    "done": run.done,
                    "failed": run.failed,
                    "refused": run.refused,
                }
                if {name: n for name, n in told.items() if n} != dict(counted) or run.status != "done":
                    wrong.append(
                        f"run {run.pk} is {run.status} and says {told}, its documents {dict(counted)}"
                    )
            for pair in self.pairs:
                ends: dict[int, list[str]] = {}
                for document, outcome in BulkItem.objects.filter(run__in=pair).values_list(
                    "document_id", "outcome"
                ):
                    ends.setdefault(document, []).append(outcome)
                wrong += [
                    f"document {document} of the runs {pair}: {sorted(outcomes)}"
                    for document, outcomes in ends.items()
                    if sorted(outcomes) != ["done", "refused"]
                ]
        return wrong


if __name__ == "__main__":
    raise SystemExit(main())
