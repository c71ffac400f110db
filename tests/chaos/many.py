"""Send thousands of invoices over every way to SdI while lines break, SdI misbehaves and processes are killed.

    python -m tests.chaos.many --channel all --documents 10000 --kills 50 --seed 7

Each channel has a company, and its other side over the real protocol on loopback: SdI's web services, SdI as the
visitor of our SFTP server, a PEC provider with SdI behind it, another Hub with SdI behind it. What goes wrong is drawn
from the seed and printed before anything happens (plan.py); then the books of each SdI and the database are asked
(verdict.py, received.py). `--plan` only prints the plan. Two workers share the queue, some files are lotti, and
suppliers send invoices that are accepted or refused.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fattorino.config import postgres
from tests.chaos.house import LETTER_SILENCE, House, Stuck, environment, wait_for
from tests.chaos.plan import CHANNELS, TIMEOUT, WORKERS, Event, Plan, draw
from tests.chaos.stable import FOLLOW, seconds_wrong
from tests.chaos.trap import ROOT

if TYPE_CHECKING:
    from tests.chaos.lines import Line
    from tests.chaos.office import Kind

# Kinds of recipient, as many as office.KINDS has; that module needs Django.
RECIPIENTS = 10
# Documents of one *invio massivo*; so many are written between two looks at what is to happen.
PORTION, SLICE = 250, 10
# Longer than any pause of the product, the sweep of what was left without a job included, on a busy machine.
PATIENCE = 600.0
# SdI's hours, over all channels, after which whoever cannot be told something will never be.
MOST_HOURS = 200 * 24
# Real seconds between two visits of the channels that are visited.
COLLECTING = 2.0
# Between two times that people see to what the house leaves to them.
TIDYING = 5.0
# And between two looks of this process at how far everything is.
LOOKING = 0.2


def main() -> int:
    options = _options()
    channels = list(CHANNELS) if options.channel == "all" else options.channel.split(",")
    if not set(channels) <= set(CHANNELS):
        raise SystemExit(f"--channel: all, {', '.join(CHANNELS)}")
    if len(channels) > options.at_once:
        return max(
            _alone(channels[i : i + options.at_once]) for i in range(0, len(channels), options.at_once)
        )
    plan = draw(channels, options.documents, options.kills, options.seed, recipients=RECIPIENTS)
    print(f"seed {options.seed}, {options.kills} kills, {options.documents} files on {', '.join(channels)}")
    print("\n".join(f"  plan: {line}" for line in plan.lines()), flush=True)
    if options.plan:
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    home = Path(tempfile.mkdtemp(prefix="fattorino-chaos-"))
    home.chmod(0o755)  # root's PostgreSQL runs as another user, which must walk through
    for name in [n for n in os.environ if n.startswith(("FATTORINO_", "PG")) or n == "DATABASE_URL"]:
        del os.environ[name]
    os.environ |= environment(home, 1) | {
        "FATTORINO_CHANNEL_TIMEOUT": str(TIMEOUT),
        # The simulated provider shares the processors with all else: of many letters it answers later.
        "FATTORINO_LETTER_SILENCE": str(max(LETTER_SILENCE, 0.03 * options.documents)),
        "FATTORINO_SDI_TRUSTED_CA": str(home / "simulators"),
        FOLLOW: "1",
    }
    # With fsync: this server is killed too.
    server = postgres.start(home, dies_with_parent=True)
    try:
        return Crowd(home, plan, server, options.seed).run()
    finally:
        if server.alive():
            server.stop()
        if options.keep:
            print(f"left in {home}")
        else:
            shutil.rmtree(home, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos.many", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--channel", default="all", help=f"all, or some of {','.join(CHANNELS)}")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--documents", type=int, default=30, help="files on each channel")
    parser.add_argument("--at-once", type=int, default=len(CHANNELS), help="channels in one installation")
    parser.add_argument("--plan", action="store_true", help="only print what would go wrong")
    parser.add_argument("--keep", action="store_true", help="leave database, books and logs where they are")
    return parser.parse_args()


def _alone(channels: list[str]) -> int:
    """The same for these, in a process of their own: an installation belongs to its process."""
    words = [w for w in sys.argv[1:] if not w.startswith("--channel=")]
    if "--channel" in words:
        at = words.index("--channel")
        del words[at : at + 2]
    command = [sys.executable, "-m", "tests.chaos.many", *words, "--channel", ",".join(channels)]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


@dataclass
class Portion:
    """Of one *invio massivo*, as it grows: how many files, and the kind of each document in them."""

    files: int = 0
    kinds: dict[int, Kind] = field(default_factory=dict)


class Crowd:
    """The course of a run."""

    def __init__(self, home: Path, plan: Plan, server: postgres.Server, seed: int) -> None:
        from fattorino.config.prepare import prepare

        self.plan, self.server, self.seed = plan, server, seed
        self.begun = time.monotonic()
        prepare(demo=False)
        self.house = House(home, ("worker 2", *(["sftp"] if "sdiftp" in plan.courses else [])))
        self.wrong_by = seconds_wrong(home)
        self.lines: list[Line] = []
        self.written: Counter[str] = Counter()
        self.ordered: Counter[str] = Counter()
        self.fresh: dict[str, Portion] = {}
        # The worker that was killed last: the other one goes on alone until something else happens.
        self.resting = ""
        self.done: Counter[str] = Counter()
        self.by_hand = 0
        self.outages: list[float] = []
        self.reached: dict[str, float] = {}
        self._ended = threading.Event()

    def run(self) -> int:
        from tests.chaos import lines, received, reported, verdict

        wrong: list[str] = []
        with self.house.stable():
            collector = threading.Thread(target=self._collect, name="collector")
            try:
                self.lines = [lines.Line(name, self.house) for name in self.plan.courses]
                collector.start()
                for part in (self._open, self._send_all, self._settle):
                    part()
                    self.reached[part.__name__.strip("_")] = time.monotonic()
            except Stuck as error:
                wrong.append(f"{error}: {'; '.join(verdict.unfinished()[:10])}")
            finally:
                self._ended.set()
                if collector.is_alive():
                    collector.join()
            self.house.look_at_processors()
            books = {line.name: line.books() for line in self.lines}
            wrong += verdict.violations_of([(line.office, books[line.name]) for line in self.lines])
            for line in self.lines:
                wrong += received.violations(line, self.plan.courses[line.name], books[line.name])
                wrong += reported.violations(line)
        self._tell(verdict.figures(*books.values()), wrong)
        return 1 if wrong else 0

    def _collect(self) -> None:
        """Somebody who presses *Raccogli adesso* all the time: the product's own minute is long for a run."""
        from django.db import Error, connections

        while not self._ended.wait(COLLECTING):
            for line in self.lines:
                try:
                    line.collect()
                except Error:
                    connections.close_all()
        connections.close_all()

    # The course of a run ------------------------------------------------------------------------------------

    def _open(self) -> None:
        self.house.start("worker")
        for line in self.lines:
            line.wait_until_there()
            line.open_office()
            line.order_faults(self.plan.courses[line.name])
        self._all_alive()
        self.outages.append(self.house.wait_for_web())

    def _send_all(self) -> None:
        """Documents are ordered as those before them arrive; what the plan says happens when its count is reached."""
        events = list(self.plan.events)
        moved, before, tidied = time.monotonic(), -1, time.monotonic()
        while events or any(not self._is_ordered(line) for line in self.lines):
            self._all_alive()
            counts = {line.name: line.arrived() for line in self.lines}
            arrived = sum(counts.values())
            if arrived != before:
                moved, before = time.monotonic(), arrived
            for line in self.lines:
                self._go_on(line, counts[line.name])
            while events and events[0].after <= arrived:
                self._happen(events.pop(0))
            if time.monotonic() - tidied > TIDYING:
                self._tidy_up()
                tidied = time.monotonic()
            if time.monotonic() - moved > PATIENCE:
                raise Stuck(f"nothing comes to SdI any more after {arrived} files")
            time.sleep(LOOKING)

    def _is_ordered(self, line: Line) -> bool:
        return self.ordered[line.name] == len(self.plan.courses[line.name].recipients)

    def _go_on(self, line: Line, arrived: int) -> None:
        """Write some documents; when a portion of them is there, an *invio massivo* for each dashboard. Suppliers send
        theirs meanwhile."""
        from tests.chaos.office import KINDS

        course = self.plan.courses[line.name]
        portion = min(PORTION, max(5, len(course.recipients) // 4))
        written = self.written[line.name]
        fresh = self.fresh.setdefault(line.name, Portion())
        until = min(written + min(SLICE, portion - fresh.files), len(course.recipients))
        for recipient, bodies in zip(
            course.recipients[written:until], course.bodies[written:until], strict=True
        ):
            kind = KINDS[recipient]
            ids = line.office.write_lotto(kind, bodies) if bodies > 1 else [line.office.write(kind)]
            fresh.kinds |= dict.fromkeys(ids, kind)
            fresh.files += 1
        self.written[line.name] = until
        while line.supplied * len(course.recipients) < until * len(course.received):
            line.supply()
        whole = fresh.files == portion or until == len(course.recipients)
        if fresh.files and whole and arrived >= self.ordered[line.name] - portion:
            line.office.press_many(fresh.kinds)
            self.ordered[line.name] += fresh.files
            self.fresh[line.name] = Portion()

    def _settle(self) -> None:
        """No more deaths and faults: all must come to its end by itself, but for what a person is asked to do."""
        from tests.chaos import suppliers

        for trap in self.house.traps.values():
            trap.disarm()
        for line in self.lines:
            line.calm(self.plan.courses[line.name])
        self.resting = ""
        for _ in range(6):
            self._wait_until_quiet()
            while self._tidy_up():
                self._wait_until_quiet()
            # Terms run out: for who keeps silent, 10 days for who cannot be reached.
            for line in self.lines:
                line.advance((suppliers.TERM_DAYS + 1) * 24)
            self._wait_until_quiet(steps=True)
            if not self._tidy_up():
                return

    def _wait_until_quiet(self, *, steps: bool = False) -> None:
        """Until nothing moves any more; as long as something moves nobody is in a hurry.

        Where only SdI's own time stands between us and what it will say next, that time passes at once.
        """
        moved, before, passed = time.monotonic(), "", 0
        while True:
            self._all_alive()
            late, ours = self._late(steps), self._ours()
            if not late and not ours:
                return
            for line in late if not ours else ():
                line.advance(12)
                passed += 12
            now = repr(ours)
            if late and not ours or now != before:
                moved, before = time.monotonic(), now
            if time.monotonic() - moved > PATIENCE or passed > MOST_HOURS:
                raise Stuck("it does not come to rest")
            time.sleep(0.5)

    def _late(self, steps: bool) -> list[Line]:
        """Those whose SdI still has something to say or to judge."""
        found = []
        for line in self.lines:
            state = line.state()
            judging = any(state["files"].get(each) for each in ("RICEVUTO", "CONTROLLATO"))
            if state["waiting_messages"] or judging or (steps and state["waiting_steps"]):
                found.append(line)
        return found

    def _ours(self) -> list[str]:
        """What waits on our side."""
        from tests.chaos.verdict import arrived_here, unfinished

        # What lies in a mailbox or a folder nobody here knows of before it was looked into.
        here = arrived_here()
        sent = {
            "messages": sum(line.told() for line in self.lines),
            "refusals": sum(line.refusals() for line in self.lines),
            "invoices": sum(line.supplied for line in self.lines),
        }
        missing = [f"{n} {what} sent, {here[what]} here" for what, n in sent.items() if n > here[what]]
        return [*missing, *unfinished()]

    def _tidy_up(self) -> int:
        """What people do whom the house asks: send again what certainly was not sent, correct what SdI refused, answer
        what suppliers sent."""
        done = sum(line.office.tidy_up() for line in self.lines)
        done += sum(line.office.answer(self.plan.courses[line.name].received) for line in self.lines)
        self.by_hand += done
        return done

    def _all_alive(self) -> None:
        """As the supervisor does, but for a worker that is left dead for a while as long as the other one lives."""
        self.house.look_at_processors()
        for kind in self.house.pids:
            if kind != self.resting:
                self.house.start(kind)

    # What happens -------------------------------------------------------------------------------------------

    def _happen(self, event: Event) -> None:
        lines = {line.name: line for line in self.lines}
        self.resting = ""
        match event.what:
            case "fault":
                lines[event.of].order_fault(event.kind)
            case "SdI's clock":
                lines[event.of].advance(event.number)
            case "our clock":
                self.wrong_by[0] = int(event.number)
            case _:
                self._kill(event)
        name = f"{event.of} at a line" if event.what == "kill" and event.number else event.of
        self.done[" ".join(filter(None, [event.what, name if event.what == "kill" else ""]))] += 1

    def _kill(self, event: Event) -> None:
        if event.of == "postgres":
            self._kill_postgres()
        elif event.number and not self.house.traps[event.of].armed:
            # It dies when it has run so many lines, however long that takes it; meanwhile the run goes on.
            self.house.traps[event.of].arm(int(event.number))
            return
        else:
            self.house.kill(event.of)
            self.resting = event.of if event.of in WORKERS else ""
        if event.of in ("web", "postgres"):
            self.outages.append(self.house.wait_for_web())
        self._all_alive()
        print(f"{event} ({time.monotonic() - self.begun:.0f} s)", flush=True)

    def _kill_postgres(self) -> None:
        """The server and all that it started, at once, as by the kernel when memory is short."""
        from django.db import connections

        children = _children(self.server.pid)
        for pid in [self.server.pid, *children]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        connections.close_all()
        wait_for(lambda: not self.server.alive(), 60, "PostgreSQL does not die")
        wait_for(lambda: not any(map(_lives, children)), 60, "PostgreSQL's processes do not die")
        self.server.renew()

    # Afterwards ---------------------------------------------------------------------------------------------

    def _tell(self, figures: dict[str, object], wrong: list[str]) -> None:
        all_places = [p for trap in self.house.traps.values() for p in trap.places()]
        places = set(all_places)
        print(f"happened: {', '.join(f'{n} {what}' for what, n in sorted(self.done.items()))}")
        print(f"died at {len(places)} different lines ({len(all_places)} times); starts: {self.house.starts}")
        print(f"longest wait for the web server {max(self.outages, default=0):.1f} s")
        print(f"left to a person and done by one: {self.by_hand}")
        for name, value in figures.items():
            print(f"{name}: {value}")
        used = ", ".join(f"{kind} {seconds:.0f}" for kind, seconds in sorted(self.house.used().items()))
        print(f"seconds of processor: {used}, this process {time.process_time():.0f}")
        spent = {name: round(at - self.begun) for name, at in self.reached.items()}
        print(f"duration: {time.monotonic() - self.begun:.0f} s, of which until {spent}")
        for line in wrong:
            print(f"WRONG: {line}")
        print("all promises kept" if not wrong else f"{len(wrong)} promises broken (seed {self.seed})")


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
