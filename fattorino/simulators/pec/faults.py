"""Faults of a provider, ordered one by one; whoever keeps them elsewhere gives another `strike`."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Literal

Fault = Literal[
    "cut_before_data",
    "cut_in_data",
    "cut_after_data",
    "busy",
    "refused",
    "login",
    "slow",
    "not_accepted",
    "not_delivered",
    "receipt_lost",
    "receipt_twice",
    "receipt_late",
    "mailbox_down",
    "mailbox_cut",
]


@dataclass
class Faults:
    """Ordered faults, each struck once, oldest first. Thread-safe.

    Attributes:
        seconds: how long a slow answer takes.
    """

    waiting: list[Fault] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    seconds: float = 1.0

    def order(self, *faults: Fault) -> None:
        with self.lock:
            self.waiting += faults

    def strike(self, *kinds: Fault) -> Fault | None:
        with self.lock:
            if self.waiting and self.waiting[0] in kinds:
                return self.waiting.pop(0)
            return None
