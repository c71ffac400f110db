"""The first byte at the browser, and counts that follow by themselves: the whole product runs as it does for its users,
and is asked by HTTP."""

from __future__ import annotations

import datetime
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from bench.many import live
from bench.many.documents import drafts
from bench.many.table import Figure
from fattorino.organisations.queries import Actor

PORTS = ("FATTORINO_PORT", "FATTORINO_SIMULATOR_PORT", "FATTORINO_LIVE_PORT")
ROUNDS = 15
PAGES = [
    ("dashboard", "/dashboard/privati/", 150.0),
    ("elenco", "/entrate/", None),
    ("elenco, uno stato", "/entrate/?stato=CONSEGNATO", None),
    ("ricerca «rossi»", "/entrate/?testo=rossi", None),
]


def measure(home: Path, person: Actor, cookie: str, *, now: datetime.datetime) -> Iterator[Figure]:
    """Every page asked some times on one connection, as a browser does; the median. Then what an open page is told."""
    moved = drafts(person, live.ROUNDS + 1, now=now)
    with product(home) as port:
        browser = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for name, address, limit in PAGES:
            seen = [first_byte(browser, address, cookie) for _ in range(ROUNDS + 2)][2:]
            yield Figure(
                f"primo byte: {name}", "ms", median(seen), limit, note=f"il migliore {min(seen):.0f} ms"
            )
        browser.close()
        yield from live.measure(port, cookie, moved)


def first_byte(browser: http.client.HTTPConnection, address: str, cookie: str) -> float:
    begun = time.perf_counter()
    browser.request("GET", address, headers={"Cookie": cookie, "Accept": "text/html"})
    answer = browser.getresponse()
    seen = (time.perf_counter() - begun) * 1000
    body = answer.read()
    assert answer.status == 200 and b"</html>" in body, f"{address}: {answer.status}"
    return seen


@contextmanager
def product(home: Path) -> Iterator[int]:
    """`make run` on this data; it stops the database too."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FATTORINO", "DATABASE", "PG"))}
    ports = dict(zip(PORTS, map(str, _free_ports(len(PORTS))), strict=True))
    process = subprocess.Popen(
        [sys.executable, "-m", "fattorino.config.run"],
        stdout=subprocess.PIPE,
        text=True,
        env=kept | ports | {"FATTORINO_HOME": str(home)},
    )
    assert process.stdout
    try:
        for line in process.stdout:
            if re.search(r"è pronto", line):
                break
        else:
            raise RuntimeError("Fattorino non è partito.")
        yield int(ports[PORTS[0]])
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()


def _free_ports(number: int) -> list[int]:
    """Where nobody listens: a product may be running on this machine."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
