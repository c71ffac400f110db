from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fattorino.config.supervisor import Child, Supervisor

SLEEP = [sys.executable, "-c", "import time; print('eccomi', flush=True); time.sleep(60)"]
# Leaves a grandchild, and does not hear SIGTERM.
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "g = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print(g.pid, flush=True); time.sleep(60)",
]


def until(what: Callable[[], object], limit: float = 10) -> None:
    deadline = time.monotonic() + limit
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def supervise(tmp_path: Path, command: list[str]) -> tuple[Supervisor, Child, list[str]]:
    said: list[str] = []
    child = Child("Prova", command, tmp_path / "prova.log")
    return Supervisor([child], os.environ, said.append), child, said


def test_dead_child_starts_again_after_a_growing_pause_and_one_line(tmp_path: Path) -> None:
    supervisor, child, said = supervise(tmp_path, SLEEP)
    supervisor.start()
    first = child.process
    assert first is not None
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: first.poll() is not None)
    now = time.monotonic()
    supervisor.watch(now)
    assert said == [f"Prova: si è fermato (segnale 9), riparte tra 1 s. Dettagli in {child.log}"]
    supervisor.watch(now + 0.5)
    assert child.process is None
    supervisor.watch(now + 1)
    assert child.running
    assert child.process is not first
    os.kill(child.process.pid, signal.SIGKILL)  # type: ignore[union-attr]  # it runs
    until(lambda: not child.running)
    supervisor.watch(time.monotonic())
    assert "tra 2 s" in said[1]
    supervisor.stop(1)


def test_long_life_forgives_earlier_deaths(tmp_path: Path) -> None:
    supervisor, child, said = supervise(tmp_path, [sys.executable, "-c", ""])
    child.deaths = 4
    supervisor.start()
    until(lambda: not child.running)
    supervisor.watch(time.monotonic() + 1000)
    assert child.deaths == 1
    assert "codice 0" in said[0]


def test_stop_kills_the_deaf_with_their_children_within_the_limit(tmp_path: Path) -> None:
    supervisor, child, _ = supervise(tmp_path, STUBBORN)
    supervisor.start()
    until(lambda: child.last_words())
    grandchild = int(child.last_words())
    begun = time.monotonic()
    supervisor.stop(0.5)
    assert time.monotonic() - begun < 15
    until(lambda: gone(grandchild))


def test_second_request_to_stop_does_not_wait(tmp_path: Path) -> None:
    supervisor, child, _ = supervise(tmp_path, STUBBORN)
    supervisor.start()
    until(lambda: child.last_words())
    begun = time.monotonic()
    supervisor.stop(30, hurry=lambda: True)
    assert time.monotonic() - begun < 15


def test_what_a_killed_child_leaves_behind_is_killed_before_it_starts_again(tmp_path: Path) -> None:
    supervisor, child, _ = supervise(tmp_path, STUBBORN)
    supervisor.start()
    until(lambda: child.last_words())
    grandchild = int(child.last_words())
    assert child.process is not None
    child.process.kill()
    until(lambda: not child.running)
    supervisor.watch(time.monotonic())
    until(lambda: gone(grandchild))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's promise is Linux's")
def test_children_end_with_a_killed_supervisor(tmp_path: Path) -> None:
    code = (
        "import os, sys, time; from pathlib import Path;"
        "from fattorino.config.supervisor import Child, Supervisor;"
        "c = Child('Prova', [sys.executable, '-c', 'import time; time.sleep(60)'], Path(sys.argv[1]));"
        "Supervisor([c], os.environ, print).start(); print(c.process.pid, flush=True); time.sleep(60)"
    )
    log = str(tmp_path / "prova.log")
    with subprocess.Popen([sys.executable, "-c", code, log], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    until(lambda: gone(child))
