"""A trap for one kind of process: it counts the lines of the product that run, and at an ordered one it dies.

The counter lies in a small file that the orderer maps too, so that a trap is set in a process that already runs, in
the middle of a send. Nothing is cleaned up on the way out: SIGKILL, as by the kernel when memory is short.
"""

from __future__ import annotations

import mmap
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ROOMS = tuple(
    f"{ROOT}/fattorino/{room}/" for room in ("organisations", "workflow", "documents", "hub", "config")
)
LEFT, SEEN = 0, 1


class Trap:
    """Two numbers in `file`: lines left until death (0: none ordered) and lines seen since the file was made."""

    def __init__(self, file: Path) -> None:
        self.deaths = file.with_suffix(".deaths")
        with open(file, "a+b") as stream:
            stream.truncate(16)
            self._cells = memoryview(mmap.mmap(stream.fileno(), 16)).cast("q")
        self._ours: dict[CodeType, bool] = {}

    # Of the orderer -----------------------------------------------------------------------------------------

    def arm(self, lines: int) -> None:
        self._cells[LEFT] = lines

    def disarm(self) -> None:
        self._cells[LEFT] = 0

    @property
    def armed(self) -> bool:
        return self._cells[LEFT] > 0

    @property
    def seen(self) -> int:
        return self._cells[SEEN]

    def places(self) -> list[str]:
        """Where processes died so far: "hub/flows/transmit.py:57"."""
        return self.deaths.read_text().splitlines() if self.deaths.exists() else []

    # Of the process that dies -------------------------------------------------------------------------------

    def watch(self) -> None:
        """From now on count in this thread and in those that start later."""
        threading.settrace(self._call)
        sys.settrace(self._call)

    def follow(self) -> None:
        """The same, but only while a death is ordered: counting costs more than most of what is counted.

        For this thread and those that it starts, from here on: called wherever something new begins.
        """
        counts = self._call if self._cells[LEFT] else None
        threading.settrace(counts)  # type: ignore[arg-type]
        sys.settrace(counts)

    def _call(self, frame: FrameType, _event: str, _argument: Any) -> Callable[..., Any] | None:
        code = frame.f_code
        ours = self._ours.get(code)
        if ours is None:
            ours = self._ours[code] = code.co_filename.startswith(ROOMS)
        return self._line if ours else None

    def _line(self, frame: FrameType, event: str, _argument: Any) -> Callable[..., Any]:
        if event == "line":
            cells = self._cells
            cells[SEEN] += 1
            if cells[LEFT]:
                cells[LEFT] -= 1
                if not cells[LEFT]:
                    self._die(frame)
        return self._line

    def _die(self, frame: FrameType) -> None:
        place = f"{frame.f_code.co_filename.removeprefix(f'{ROOT}/fattorino/')}:{frame.f_lineno}\n"
        log = os.open(self.deaths, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(log, place.encode())
        os.kill(os.getpid(), signal.SIGKILL)
