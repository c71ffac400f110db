"""Counts of implementations that do not change with our code, kept in the build folder between runs.

Instructions of the limit and of the peers are the same in each run, and counting them takes most of a run's time.
What a count depends on is part of its name: adapter, worker, case, run lengths and the versions installed.
"""

from __future__ import annotations

import json
import subprocess
from functools import cache
from hashlib import sha256
from pathlib import Path

from bench.environments import ROOT
from bench.measure import WORKER, Job


class Remembered:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._counts: dict[str, float] = json.loads(file.read_text()) if file.is_file() else {}

    def get(self, job: Job) -> float | None:
        return self._counts.get(_name(job)) if _is_foreign(job) else None

    def keep(self, job: Job, count: float) -> None:
        if _is_foreign(job):
            self._counts[_name(job)] = count
            self._file.write_text(json.dumps(self._counts, indent=1))


def _is_foreign(job: Job) -> bool:
    return job.implementation.name != "ours"


def _name(job: Job) -> str:
    adapter = ROOT / "bench" / "adapters" / f"{job.implementation.name}.py"
    parts = (_digest(adapter), _digest(WORKER), _digest(job.case), _installed(job.implementation.python))
    mark = sha256(" ".join(parts).encode()).hexdigest()[:16]
    return f"{job.implementation.name} {job.task} {job.case.name} {job.lengths} {mark}"


@cache
def _digest(file: Path) -> str:
    """Of a file; of an import, which has none, the names that it imports."""
    return sha256(file.read_bytes() if file.is_file() else str(file).encode()).hexdigest()


@cache
def _installed(python: Path) -> str:
    """The interpreter's version and what is installed for it."""
    tell = (
        "import sys, importlib.metadata as m;"
        "print(sys.version, sorted((d.name, d.version) for d in m.distributions() if d.name != 'fattorino'))"
    )
    return subprocess.run([python, "-c", tell], check=True, capture_output=True, text=True).stdout
