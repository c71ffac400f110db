"""The simulator's time, read in this one place.

There are two readings. `now` is the real instant: what receipts carry, and the day on which invoices are judged,
so that a demo's dates stay those of the calendar. `elapsed` counts simulated seconds: waiting times (hours until
the receipt, days until the term expires) run on it, `speed` times faster than real time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

HOUR = 3600.0
DAY = 24 * HOUR


class Clock:
    """`speed` 0 stands still until `advance` is called: so tests drive it by hand.

    Args:
        speed: simulated seconds per real second; 3600 makes an hour of SdI a second.
        anchor: (real, simulated) seconds from which to go on counting; None begins at zero.
        source: the real time in seconds since 1970.
        moved: called with (real, simulated, speed) whenever the anchor changes, to be kept.
    """

    def __init__(
        self,
        speed: float,
        anchor: tuple[float, float] | None = None,
        source: Callable[[], float] = time.time,
        moved: Callable[[float, float, float], None] = lambda real, simulated, speed: None,
    ) -> None:
        self._source = source
        self._moved = moved
        self._lock = threading.Lock()
        # One jump is told before the next: whoever keeps the anchor must keep the last one. Not the lock of the
        # readings, for `moved` may have to wait for somebody who is reading the clock.
        self._moving = threading.Lock()
        self._real, self._simulated = anchor or (source(), 0.0)
        self.speed = speed

    def now(self) -> datetime:
        """The real instant, aware, in UTC."""
        return datetime.fromtimestamp(self._source(), UTC)

    def elapsed(self) -> float:
        """Simulated seconds since the books were opened for the first time; never goes back."""
        with self._lock:
            return self._reading()

    def set_speed(self, speed: float) -> None:
        """Raises ValueError for a negative speed."""
        if not 0 <= speed <= 1e9:
            raise ValueError("speed")
        self._rebase(0.0, speed)

    def advance(self, seconds: float) -> None:
        """Let simulated time jump. Raises ValueError backwards."""
        if not 0 <= seconds <= 1e12:
            raise ValueError("seconds")
        self._rebase(seconds, self.speed)

    def real_seconds(self, simulated: float) -> float:
        """How long a simulated span takes; for ever when the clock stands still."""
        return simulated / self.speed if self.speed else float("inf")

    def _reading(self) -> float:
        # The wall clock may be set back (NTP, a laptop waking up); waiting then pauses instead of repeating.
        return self._simulated + max(0.0, self._source() - self._real) * self.speed

    def _rebase(self, jump: float, speed: float) -> None:
        with self._moving:
            with self._lock:
                self._simulated, self._real, self.speed = self._reading() + jump, self._source(), speed
                anchor = self._real, self._simulated, speed
            self._moved(*anchor)
