"""The whole product as processes on this machine: PostgreSQL, simulator, web server, worker; and their deaths."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from fattorino.config import postgres
from tests.chaos.trap import ROOT, Trap

SPEED = 7200.0  # an hour of SdI is half a second: a receipt after one second, a PA's outcome after four
UNCERTAIN_WAIT = 4.0
# Longer than a provider's receipt, late ones included, is under way on a busy machine: a day for a person.
LETTER_SILENCE = 120.0


def environment(home: Path, web_workers: int) -> dict[str, str]:
    """What the processes are told; small pauses, so that a run shows in minutes what takes hours."""
    web, simulator = free_ports(2)
    return {
        "FATTORINO_HOME": str(home),
        "FATTORINO_PGSOCKET": str(home / "run"),
        "FATTORINO_PORT": str(web),
        "FATTORINO_SIMULATOR_PORT": str(simulator),
        "FATTORINO_SIMULATOR_SPEED": str(SPEED),
        "FATTORINO_SDI_ALLOW_LOOPBACK": "1",
        "FATTORINO_ALLOWED_NETWORKS": "127.0.0.0/8",
        "FATTORINO_UNCERTAIN_WAIT": str(UNCERTAIN_WAIT),
        "FATTORINO_LETTER_SILENCE": str(LETTER_SILENCE),
        "FATTORINO_RETRY_PAUSES": "0.5,1,1,2,2,3",
        "FATTORINO_CHANNEL_TIMEOUT": "10",
        "FATTORINO_WEB_WORKERS": str(web_workers),
        "FATTORINO_STATIC_ROOT": str(home / "no-static"),
        "FATTORINO_STATIC_STORAGE": "django.contrib.staticfiles.storage.StaticFilesStorage",
        "FATTORINO_LOGIN_RATE": "1000/m/ip",
        "DJANGO_SETTINGS_MODULE": "fattorino.config.settings",
        "PYTHONUNBUFFERED": "1",
    }


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in held:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in held]


class House:
    """Needs the environment set. `worker` and `web` are process ids, 0 while none was started.

    Args:
        more: other kinds of process that are started and killed. speed: of the simulators' clocks.
    """

    # Where the node's SFTP server listens, once there is one.
    sftp_port = 0

    def __init__(self, home: Path, more: tuple[str, ...] = (), speed: float = SPEED) -> None:
        self.home = home
        self.speed = speed
        self.url = f"http://127.0.0.1:{os.environ['FATTORINO_PORT']}"
        self.pids = dict.fromkeys(("worker", "web", *more), 0)
        self.traps = {kind: Trap(home / f"{kind}.trap") for kind in self.pids if kind != "sftp"}
        self.starts = dict.fromkeys(self.pids, 0)
        self._spawned: dict[int, str] = {}
        self._used: dict[int, tuple[str, float]] = {}
        self._looked = 0.0
        self.sdi = httpx.Client(
            base_url=f"http://127.0.0.1:{os.environ['FATTORINO_SIMULATOR_PORT']}/_simulator/",
            timeout=10,
            trust_env=False,
        )

    @contextlib.contextmanager
    def simulator_and_stable(self) -> Iterator[None]:
        """The processes that are never killed, as long as this lasts; whatever runs at the end is killed."""
        with open(self.home / "simulator.log", "wb") as log:
            simulator = subprocess.Popen(
                [sys.executable, "-m", "fattorino.cli", "simulator", "sdi"],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                preexec_fn=postgres.die_with_parent(signal.SIGKILL),
            )
        try:
            with self.stable():
                wait_for(self._simulator_answers, 120, "the simulator does not answer")
                yield
        finally:
            simulator.terminate()
            simulator.wait(20)

    @contextlib.contextmanager
    def stable(self) -> Iterator[None]:
        """The process out of which the others are forked; what it forked ends with it."""
        with open(self.home / "stable.log", "wb") as log:
            self._stable = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.stable"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                preexec_fn=postgres.die_with_parent(signal.SIGKILL),
            )
        try:
            assert self._stable.stdout is not None
            if self._stable.stdout.readline() != "ready\n":
                raise RuntimeError((self.home / "stable.log").read_text())
            yield
        finally:
            for kind in self.pids:
                self.kill(kind)
            self._stable.kill()
            self._stable.wait()

    def _simulator_answers(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return self.sdi.get("state").status_code == 200
        return False

    def start(self, kind: str) -> None:
        """Start the process unless it runs."""
        if self.runs(kind):
            return
        self.pids[kind] = self.spawn(kind, *([str(self.sftp_port)] if kind == "sftp" else []))
        self.starts[kind] += 1

    def spawn(self, kind: str, *words: str) -> int:
        """A process out of the stable one; its id."""
        assert self._stable.stdin is not None and self._stable.stdout is not None
        self._stable.stdin.write(json.dumps([kind, *words]) + "\n")
        self._stable.stdin.flush()
        pid = int(self._stable.stdout.readline())
        self._spawned[pid] = kind
        return pid

    def look_at_processors(self) -> None:
        """Note how much of the processors each process has used by now; who dies unseen takes a little with it."""
        if time.monotonic() < self._looked + 2:
            return
        self._looked = time.monotonic()
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError, IndexError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                kind = self._spawned.get(int(fields[3]))  # its session's leader
                if kind:
                    ticks = int(fields[11]) + int(fields[12])
                    self._used[int(entry.name)] = (kind, ticks / os.sysconf("SC_CLK_TCK"))

    def used(self) -> dict[str, float]:
        """Seconds of processor by kind of process."""
        found: dict[str, float] = {}
        for kind, seconds in self._used.values():
            found[kind] = found.get(kind, 0.0) + seconds
        return found

    def runs(self, kind: str) -> bool:
        pid = self.pids[kind]
        if not pid:
            return False
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self, kind: str) -> bool:
        """SIGKILL to the process and its own children at once; False if it was dead already."""
        ran = self.runs(kind)
        if self.pids[kind]:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pids[kind], signal.SIGKILL)
        deadline = time.monotonic() + 5
        while self.runs(kind) and time.monotonic() < deadline:
            time.sleep(0.005)
        self.pids[kind] = 0
        return ran

    def wait_for_web(self) -> float:
        """Start the web server where it is not running, as the supervisor does; seconds until a page is served."""
        begun = time.monotonic()
        wait_for(self._web_answers, 240, "the web server does not answer")
        return time.monotonic() - begun

    def _web_answers(self) -> bool:
        # A server whose processes die too often one after the other gives up by itself.
        self.start("web")
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/accesso/login/", trust_env=False, timeout=5).status_code == 200
        return False

    def order(self, what: str, **wanted: Any) -> Any:
        """The simulator's own interface."""
        answer = self.sdi.post(what, json=wanted)
        answer.raise_for_status()
        return answer.json()

    def books(self) -> dict[str, Any]:
        found: dict[str, Any] = self.sdi.get("books").json()
        return found


class Stuck(Exception):
    """Something that had to happen did not."""


def wait_for(done: Callable[[], bool], seconds: float, why: str, pause: float = 0.05) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise Stuck(why)
        time.sleep(pause)
