"""Kill the worker and the web server in the middle of sends, over and over; then look whether anything is wrong.

    python -m tests.chaos.kill --seed 7 --kills 200 --documents 200 --profile calm

Real processes throughout: embedded PostgreSQL, the simulator of SdI, granian, the worker. Half of the deaths are at a
line: the n-th line of the product's own code that runs, n drawn over the lines of a whole send. The others come from
outside after a drawn pause, wherever the process may be. The profile "faulty" also lets SdI lose answers, be slow or
down, send receipts twice, late and out of order; "mixed" does so in the second half.
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
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from fattorino.config import postgres
from tests.chaos.house import House, Stuck, environment, wait_for

if TYPE_CHECKING:
    from tests.chaos.office import Office

# (kind of kill, weight)
KILLS = (("worker at a line", 45), ("worker", 25), ("web at a line", 18), ("web", 12))
FAULTS = (
    {"kind": "lost_after", "probability": 0.12},
    {"kind": "lost_before", "probability": 0.08},
    {"kind": "down", "probability": 0.05},
    {"kind": "unavailable", "probability": 0.05},
    {"kind": "slow", "probability": 0.10, "seconds": 0.7},
    {"kind": "receipt_twice", "probability": 0.25},
    {"kind": "receipt_out_of_order", "probability": 0.15, "hours": 8},
    {"kind": "receipt_late", "probability": 0.10, "hours": 12},
)
QUIET_WITHIN = 120.0


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos.kill", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--documents", type=int, default=0, help="default: as many as kills, at least 10")
    parser.add_argument("--profile", choices=("calm", "faulty", "mixed"), default="mixed")
    parser.add_argument("--web-workers", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="leave database, books and logs where they are")
    options = parser.parse_args()
    options.documents = options.documents or max(10, options.kills)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    home = Path(tempfile.mkdtemp(prefix="fattorino-chaos-"))
    home.chmod(0o755)  # root's PostgreSQL runs as another user, which must walk through
    print(
        f"seed {options.seed}, {options.kills} kills, {options.documents} documents, profile {options.profile}",
        flush=True,
    )
    for name in [n for n in os.environ if n.startswith(("FATTORINO_", "PG")) or n == "DATABASE_URL"]:
        del os.environ[name]
    os.environ |= environment(home, options.web_workers)
    server = postgres.start(home, durable=False, dies_with_parent=True)
    try:
        return Run(home, options).run()
    finally:
        server.stop()
        if options.keep:
            print(f"left in {home}")
        else:
            shutil.rmtree(home, ignore_errors=True)


class Run:
    def __init__(self, home: Path, options: argparse.Namespace) -> None:
        from fattorino.config.prepare import prepare

        self.options = options
        self.chance = random.Random(options.seed)
        self.begun = time.monotonic()
        prepare(demo=False)
        self.house = House(home)
        self.done: Counter[str] = Counter()
        self.outages: list[float] = []
        self.lines = {"worker": 1, "press": 1, "receipt": 1}
        self.reached: dict[str, float] = {}
        self.office: Office

    def run(self) -> int:
        from tests.chaos import office, verdict

        self.kinds = office.KINDS
        self.office = office.Office(self.house.url)
        wrong: list[str] = []
        with self.house.simulator_and_stable():
            try:
                for part in (self._measure, self._kill_all, self._settle):
                    part()
                    self.reached[part.__name__] = time.monotonic()
            except Stuck as error:
                wrong.append(str(error))
            books = self.house.books()
            wrong += verdict.violations(self.office, books)
        self._tell(verdict.figures(books), wrong)
        return 1 if wrong else 0

    # The course of a run ------------------------------------------------------------------------------------

    def _measure(self) -> None:
        """Send one invoice to the PA and one to a private, unkilled, and count the lines."""
        self.house.start("worker")
        self.house.wait_for_web()
        self.office.sign_in()
        web, worker = self.house.traps["web"], self.house.traps["worker"]
        documents = [self.office.write(kind) for kind in self.kinds[:2]]
        before = web.seen
        for document in documents:
            self.office.press_in_browser(document)
        self.lines["press"] = (web.seen - before) // 2
        before = web.seen
        wait_for(
            lambda: self._is_quiet() and self._receipts() >= 3,
            60,
            "the first two invoices do not arrive",
        )
        self.lines["receipt"] = (web.seen - before) // 3
        self.lines["worker"] = worker.seen // 2

    def _kill_all(self) -> None:
        kinds = [name for name, _ in KILLS]
        weights = [weight for _, weight in KILLS]
        left = self.options.documents - 2
        for number in range(self.options.kills):
            if number == {"faulty": 0, "mixed": self.options.kills // 2}.get(self.options.profile):
                self._order_faults()
            share = left // (self.options.kills - number)
            left -= share
            fresh = [self.office.write(self.chance.choice(self.kinds)) for _ in range(share)]
            kind = self.chance.choices(kinds, weights)[0]
            getattr(self, "_" + kind.replace(" ", "_"))(fresh)
            for document in fresh:
                self._make_sure_pressed(document)
            self.office.tidy_up()
            if (number + 1) % 25 == 0:
                print(f"{number + 1} kills after {time.monotonic() - self.begun:.0f} s", flush=True)

    def _order_faults(self) -> None:
        for fault in FAULTS:
            self.house.order("faults", **fault, seed=self.options.seed)

    def _settle(self) -> None:
        """No more deaths: everything must come to its end by itself, but for what an operator is asked to do."""
        for trap in self.house.traps.values():
            trap.disarm()
        self.house.order("faults", clear=True)
        self._restart("web")
        self.house.start("worker")
        for _ in range(4):
            self._wait_until(self._is_quiet)
            # Terms run out: 15 days for who keeps silent, 10 for who cannot be reached.
            self.house.order("clock", advance_hours=16 * 24)
            self._wait_until(lambda: not self._state()["waiting_steps"] and self._is_quiet())
            if not self.office.tidy_up():
                return

    def _wait_until(self, done: Callable[[], bool]) -> None:
        wait_for(done, QUIET_WITHIN, "it does not come to rest", pause=0.3)

    def _is_quiet(self) -> bool:
        from tests.chaos.verdict import unfinished

        state = self._state()
        under_way = state["waiting_messages"] or {"RICEVUTO", "CONTROLLATO"} & set(state["files"])
        return not under_way and not unfinished()

    def _state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.house.sdi.get("state").json()
        return found

    def _receipts(self) -> int:
        return sum(m["state"] == "INVIATO" for m in self.house.books()["messages"])

    # Deaths -------------------------------------------------------------------------------------------------

    def _worker_at_a_line(self, fresh: list[int]) -> None:
        self._at_a_line("worker", self.lines["worker"], fresh, in_browser=False)

    def _web_at_a_line(self, fresh: list[int]) -> None:
        # In the button of the operator, or in the receipt that SdI brings next.
        what = self.chance.choice(["press", "receipt"])
        self._at_a_line("web", self.lines[what], fresh if what == "press" else [], in_browser=True)

    def _at_a_line(self, kind: str, lines: int, fresh: list[int], *, in_browser: bool) -> None:
        trap = self.house.traps[kind]
        self.house.start("worker")
        died = len(trap.places())
        trap.arm(self.chance.randint(1, max(1, lines)))
        for document in fresh:
            self._press(document, in_browser)
        with contextlib.suppress(Stuck):
            wait_for(lambda: len(trap.places()) > died, 2.5, "no such line came", pause=0.005)
        trap.disarm()
        if len(trap.places()) > died:
            self.done[f"{kind} at a line"] += 1
            self._after(kind)
        else:
            self._kill_now(kind)

    def _worker(self, fresh: list[int]) -> None:
        self._from_outside("worker", fresh)

    def _web(self, fresh: list[int]) -> None:
        self._from_outside("web", fresh)

    def _from_outside(self, kind: str, fresh: list[int]) -> None:
        self.house.start("worker")
        for document in fresh:
            self._press(document, self.chance.random() < 0.3)
        time.sleep(self.chance.uniform(0, 1.5))
        self._kill_now(kind)

    def _kill_now(self, kind: str) -> None:
        self.house.kill(kind)
        self.done[kind] += 1
        self._after(kind)

    def _after(self, kind: str) -> None:
        if kind == "web":
            # A web process that dies alone is replaced by its own server; the whole server by its supervisor.
            self.outages.append(self.house.wait_for_web())
        else:
            wait_for(lambda: not self.house.runs("worker"), 5, "the worker does not die")
            self.house.start("worker")

    def _restart(self, kind: str) -> None:
        self.house.kill(kind)
        self._after(kind)

    # The operator -------------------------------------------------------------------------------------------

    def _press(self, document: int, in_browser: bool) -> None:
        if not in_browser:
            self.office.press(document)
            return
        with contextlib.suppress(httpx.HTTPError):
            self.office.press_in_browser(document)

    def _make_sure_pressed(self, document: int) -> None:
        """Whoever got no answer looks, and presses again if nothing was begun."""
        while not self.office.was_pressed(document):
            self.house.wait_for_web()
            self._press(document, in_browser=True)

    # Afterwards ---------------------------------------------------------------------------------------------

    def _tell(self, figures: dict[str, object], wrong: list[str]) -> None:
        places = [p for trap in self.house.traps.values() for p in trap.places()]
        print(f"killed: {', '.join(f'{n} {kind}' for kind, n in sorted(self.done.items()))}")
        print(f"lines of a send: {self.lines}; died at {len(set(places))} different lines")
        print(
            f"starts: {self.house.starts}; longest wait for the web server {max(self.outages, default=0):.1f} s"
        )
        for name, value in figures.items():
            print(f"{name}: {value}")
        spent = {name: round(at - self.begun) for name, at in self.reached.items()}
        print(f"duration: {time.monotonic() - self.begun:.0f} s, of which until {spent}")
        for line in wrong:
            print(f"WRONG: {line}")
        print(
            "all promises kept" if not wrong else f"{len(wrong)} promises broken (seed {self.options.seed})"
        )


if __name__ == "__main__":
    raise SystemExit(main())
