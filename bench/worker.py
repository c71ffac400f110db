"""Does one task of one implementation, in a process of its own: ``worker.py IMPLEMENTATION TASK MODE [N] PATH``.

PATH is a file or a folder of files. Modes:
  count N   the task once for warming and N times more; the caller counts instructions from outside
  time      for each number on standard input: that many rounds, answered with the CPU nanoseconds of one
  memory    WARM PATH: once, after WARM and a reset of the peak; answers how far the resident set rose, in KiB
  stream    as memory, but `do` is given the path: nothing of the file is held before
Standard output holds one JSON object a line. It runs in the peers' environments: standard library only.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Case = tuple[Callable[[Any], object], list[Any]]


def main(words: list[str]) -> None:
    implementation, task, mode, *rest = words
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    ready, do = importlib.import_module(f"bench.adapters.{implementation}").TASKS[task]()
    path = Path(rest[-1])
    if mode in ("memory", "stream"):
        warm = Path(rest[0])
        # What is made once for all files (expressions, schemas) is no memory of this one.
        do(ready(warm.read_bytes()) if mode == "memory" else warm)
        say(kib=_rise(do, ready(path.read_bytes()) if mode == "memory" else path))
        return
    files = sorted(path.glob("*")) if path.is_dir() else [path]
    things, refused = _able(ready, do, [file.read_bytes() for file in files], try_all=mode == "time")
    if mode == "count":
        _rounds(do, things, 1 + int(rest[0]))
    else:
        say(able=len(things), refused=refused)
        for line in sys.stdin:
            say(ns=_timed(do, things, int(line)))


def say(**values: object) -> None:
    print(json.dumps(values), flush=True)


def _able(
    ready: Callable[[Any], Any], do: Callable[[Any], object], files: list[bytes], *, try_all: bool
) -> tuple[list[Any], list[str]]:
    """What the implementation can do, and why not for the rest (real files only; ours must refuse none)."""
    things, refused = [], []
    for data in files:
        try:
            thing = ready(data)
            if try_all:
                do(thing)
            things.append(thing)
        except Exception as error:  # whatever a peer raises is its refusal of the file, told in the table
            if not try_all:
                raise
            refused.append(f"{type(error).__name__}: {error}"[:200])
    return things, refused


def _rounds(do: Callable[[Any], object], things: list[Any], rounds: int) -> None:
    for _ in range(rounds):
        for thing in things:
            do(thing)


def _timed(do: Callable[[Any], object], things: list[Any], rounds: int) -> int:
    begun = time.process_time_ns()
    _rounds(do, things, rounds)
    return (time.process_time_ns() - begun) // rounds


def _rise(do: Callable[[Any], object], thing: Any) -> int:
    gc.collect()
    with contextlib.suppress(OSError):  # not on every kernel; then the peak since the start counts, no less
        Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    kept = do(thing)
    after = _status("VmHWM")
    del kept
    return after - before


def _status(field: str) -> int:
    found = re.search(rf"^{field}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    if not found:
        raise OSError(f"no {field} in /proc/self/status")
    return int(found[1])


if __name__ == "__main__":
    main(sys.argv[1:])
