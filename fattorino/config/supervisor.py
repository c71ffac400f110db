"""Keep a few processes running: start, notice a death, start again after a pause, stop all within a limit.

Each child leads its own session, so that a Ctrl-C on the terminal reaches only the supervisor and a child's own
children can be killed with it; and each gets SIGTERM from the kernel if the supervisor itself is killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fattorino.config.postgres import die_with_parent, keep_log_short

PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
# A child that has run this long has recovered: its next death counts as the first.
STEADY = 60.0


@dataclass(slots=True)
class Child:
    """`title` is the Italian name for messages; `log` receives standard output and error."""

    title: str
    command: Sequence[str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    started: float = 0.0
    deaths: int = 0
    restart_at: float = 0.0

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def last_words(self) -> str:
        """The last line of the log that says something, for a message."""
        if not self.log.exists():
            return ""
        lines = self.log.read_bytes()[-4000:].decode("utf-8", "replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


class Supervisor:
    """Call `watch` often from the main thread (the kernel ties children to the thread that made them)."""

    def __init__(
        self, children: Sequence[Child], environment: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        self.children = children
        self._environment = dict(environment)
        self._say = say

    def start(self) -> None:
        for child in self.children:
            self._spawn(child)

    def watch(self, now: float) -> None:
        """Notice deaths and start again what is due; `now` is monotonic, in seconds."""
        for child in self.children:
            if child.process is None:
                if now >= child.restart_at:
                    self._spawn(child)
            elif child.process.poll() is not None:
                self._bury(child, now)

    def stop(self, limit: float, hurry: Callable[[], bool] = lambda: False) -> None:
        """Ask all to end; kill what still runs after `limit` seconds or when `hurry()` becomes true."""
        for child in self.children:
            if child.running and child.process is not None:
                child.process.terminate()
        deadline = time.monotonic() + limit
        while any(c.running for c in self.children) and time.monotonic() < deadline and not hurry():
            time.sleep(0.05)
        for child in self.children:
            if child.process is not None:
                if child.running:
                    self._say(f"{child.title}: non ha finito in tempo ed è stato interrotto.")
                _kill_family(child.process.pid)
                child.process.wait()
                child.process = None

    def _spawn(self, child: Child) -> None:
        keep_log_short(child.log)
        with open(child.log, "ab") as log:
            child.process = subprocess.Popen(
                child.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        child.started = time.monotonic()

    def _bury(self, child: Child, now: float) -> None:
        process = child.process
        assert process is not None
        _kill_family(process.pid)  # what a killed server leaves behind would hold its port
        child.deaths = 1 if now - child.started > STEADY else child.deaths + 1
        pause = PAUSES[min(child.deaths, len(PAUSES)) - 1]
        child.process = None
        child.restart_at = now + pause
        how = f"segnale {-process.returncode}" if process.returncode < 0 else f"codice {process.returncode}"
        self._say(f"{child.title}: si è fermato ({how}), riparte tra {pause:.0f} s. Dettagli in {child.log}")


def _kill_family(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
