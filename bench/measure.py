"""How a figure is taken: instructions under valgrind, CPU time side by side, peak memory, cost of an import."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.environments import ROOT, Implementation

WORKER = ROOT / "bench" / "worker.py"
SHORTEST_SAMPLE = 50_000_000  # ns of CPU: below it the clock's own grain would show
VALGRIND = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]


class NotMeasured(Exception):
    """A worker ended badly; the message is the last line it wrote."""


@dataclass(frozen=True)
class Job:
    """One count: the task over the files of `case`, `lengths` are the two run lengths whose difference is taken."""

    implementation: Implementation
    task: str
    case: Path
    lengths: tuple[int, int]


def instructions(job: Job, variables: dict[str, str]) -> float:
    """Million instructions of one round of the task.

    Two runs that differ only in the number of rounds: start, import and preparation drop out. One before them
    leaves the bytecode of all that is imported, which only the first of the two would have to make.
    """
    shorter, longer = job.lengths
    _output(_worker(job, "count", "0"), variables)
    first, second = (_counted(_worker(job, "count", str(n)), variables) for n in job.lengths)
    return (second - first) / (longer - shorter) / 1e6


def all_instructions(jobs: list[Job], variables: dict[str, str]) -> Iterator[tuple[Job, float | NotMeasured]]:
    """Counts do not depend on what else the machine does, so as many run at a time as there are processors."""

    def count(job: Job) -> float | NotMeasured:
        try:
            return instructions(job, variables)
        except NotMeasured as error:
            return error

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from zip(jobs, pool.map(count, jobs), strict=True)


def start_instructions(python: Path, statement: str, variables: dict[str, str]) -> float:
    """Million instructions of a statement, over those of the bare interpreter, with the bytecode in place."""
    command = [str(python), "-c"]
    _cpu([*command, statement], variables)
    return (_counted([*command, statement], variables) - _counted([*command, "pass"], variables)) / 1e6


def first_instructions(job: Job, variables: dict[str, str]) -> float:
    """Million instructions of a process that does the task once, over those of the bare interpreter: what a program
    that is started for one file pays, expressions or schemas compiled at first use included."""
    once = _worker(job, "count", "0")
    _output(once, variables)
    bare = _counted([str(job.implementation.python), "-c", "pass"], variables)
    return (_counted(once, variables) - bare) / 1e6


def start_times(statements: list[tuple[Path, str]], variables: dict[str, str], rounds: int) -> list[float]:
    """Median CPU ms of a fresh process with the statement, over the bare interpreter's; in turn."""
    taken: list[list[float]] = [[] for _ in statements]
    for _ in range(rounds):
        for samples, (python, statement) in zip(taken, statements, strict=True):
            bare = _cpu([str(python), "-c", "pass"], variables)
            samples.append(_cpu([str(python), "-c", statement], variables) - bare)
    return [median(samples) for samples in taken]


@dataclass(frozen=True)
class Timing:
    """Median CPU ms a file; `able` of `files` could be done at all."""

    ms: float
    able: int
    files: int


def timings(
    implementations: list[Implementation], task: str, case: Path, variables: dict[str, str], rounds: int
) -> dict[str, Timing]:
    """The same task of each implementation, in turn: what the machine does meanwhile hits all alike."""
    watches = [_Stopwatch(Job(i, task, case, (0, 0)), variables) for i in implementations]
    try:
        for _ in range(rounds):
            for watch in watches:
                watch.sample()
        return {watch.job.implementation.name: watch.timing() for watch in watches if watch.able}
    finally:
        for watch in watches:
            watch.close()


def peak(job: Job, warm: Path, variables: dict[str, str], mode: str) -> float:
    """MiB that the resident set rises over what it was after the task over `warm`; median of three processes."""
    command = _worker(job, mode, str(warm))
    return median(float(json.loads(_output(command, variables))["kib"]) for _ in range(3)) / 1024


class _Stopwatch:
    """A worker that waits for the word."""

    def __init__(self, job: Job, variables: dict[str, str]) -> None:
        self.job = job
        self._process = subprocess.Popen(
            _worker(job, "time"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=variables,
        )
        told = self._told()
        self.able, self._refused = told.get("able", 0), len(told.get("refused", ()))
        self._samples: list[float] = []
        self._rounds = 1
        if self.able:
            self._rounds = max(1, SHORTEST_SAMPLE // max(1, self._ask(1)))

    def sample(self) -> None:
        if self.able:
            self._samples.append(self._ask(self._rounds) / self.able / 1e6)

    def timing(self) -> Timing:
        return Timing(median(self._samples), self.able, self.able + self._refused)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def _ask(self, rounds: int) -> int:
        assert self._process.stdin
        self._process.stdin.write(f"{rounds}\n")
        self._process.stdin.flush()
        return int(self._told()["ns"])

    def _told(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        return json.loads(line) if line else {}


def _worker(job: Job, mode: str, *words: str) -> list[str]:
    start = [str(job.implementation.python), str(WORKER), job.implementation.name, job.task, mode]
    return [*start, *words, str(job.case)]


def _counted(command: list[str], variables: dict[str, str]) -> int:
    ended = subprocess.run(
        [*VALGRIND, *command], check=False, capture_output=True, text=True, env=variables, cwd=ROOT
    )
    found = re.search(r"I\s+refs:\s+([\d,]+)", ended.stderr)
    if ended.returncode or not found:
        raise NotMeasured(_last_line(ended.stderr))
    return int(found[1].replace(",", ""))


def _output(command: list[str], variables: dict[str, str]) -> str:
    ended = subprocess.run(command, check=False, capture_output=True, text=True, env=variables, cwd=ROOT)
    if ended.returncode:
        raise NotMeasured(_last_line(ended.stderr))
    return ended.stdout


def _cpu(command: list[str], variables: dict[str, str]) -> float:
    """CPU ms, user and system, of a process from its start to its end."""
    process = subprocess.Popen(command, env=variables, cwd=ROOT, stdin=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise NotMeasured(f"{' '.join(command)}: {process.returncode}")
    return (usage.ru_utime + usage.ru_stime) * 1000


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("==")]
    return lines[-1] if lines else f"nessun messaggio ({sys.platform})"
