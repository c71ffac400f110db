"""How long something takes: the database's process (what others take of the machine is not in it), or the caller."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from django.db import connection

from fattorino.organisations.scope import company_scope

ROUNDS = 5
MOVES = 20


def best(company_id: int, work: Callable[[], Any]) -> float:
    """Milliseconds of the database's process, the best of some rounds: a page is read, nothing is written."""
    return min(_rounds(company_id, work, ROUNDS))


def typical(company_id: int, work: Callable[[], Any]) -> float:
    """The same, the median: for what writes, where no round is like the other. The commit is in it."""
    return median(_rounds(company_id, work, MOVES))


def _rounds(company_id: int, work: Callable[[], Any], rounds: int) -> list[float]:
    seen = []
    for _ in range(rounds + 1):
        begun = worked()
        with company_scope(company_id):
            work()
        seen.append((worked() - begun) / 1_000_000)
    return seen[1:]  # the first one meets plans and pages that nobody has asked for yet


def worked() -> int:
    """Nanoseconds that the database has worked for this connection; of the clock, where the kernel does not tell."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        row = cursor.fetchone()
    assert row is not None
    try:
        return int(Path(f"/proc/{row[0]}/schedstat").read_text().split()[0])
    except OSError:
        return time.perf_counter_ns()
