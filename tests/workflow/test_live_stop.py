"""`fattorino live` as a process: told to stop it lets its open pages go, and is gone within a second."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

from fattorino.config import demo
from tests.desk import Desk, make_desk
from tests.workflow.test_live import session_of

pytestmark = pytest.mark.django_db(transaction=True)
START = 60.0  # seconds; the machine of the tests may be busy
PAGES = 5


@pytest.fixture
def office(transactional_db: None) -> Desk:
    return make_desk(demo.ORDINE, "laura@ordine.example")


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def process(office: Desk, port: int) -> Iterator[subprocess.Popen[bytes]]:
    place = connection.settings_dict
    host, name = quote(str(place["HOST"]), safe=""), place["NAME"]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "DATABASE_URL"))}
    started = subprocess.Popen(
        [sys.executable, "-m", "fattorino.cli", "live", "--port", str(port)],
        env=kept
        | {
            "DATABASE_URL": f"postgresql://fattorino@{host}/{name}",
            "FATTORINO_SECRET_KEY": settings.SECRET_KEY,
        },
        stderr=subprocess.PIPE,
    )
    yield started
    if started.poll() is None:
        started.kill()
    started.wait()


def opened(port: int, cookie: str, company: int) -> http.client.HTTPResponse:
    """An open page, as soon as the channel answers."""
    until = time.monotonic() + START
    while True:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=START)
        try:
            line.request("GET", f"/conteggi?azienda={company}", headers={"Cookie": f"sessionid={cookie}"})
            break
        except ConnectionRefusedError:
            assert time.monotonic() < until, "the channel does not start"
            time.sleep(0.1)
    answer = line.getresponse()
    assert answer.status == 200
    return answer


def test_it_stops_within_seconds_though_pages_are_open(
    office: Desk, port: int, process: subprocess.Popen[bytes]
) -> None:
    cookie = session_of(office.actor.user_id or 0)
    pages = [opened(port, cookie, office.company.pk) for _ in range(PAGES)]
    for page in pages:
        while b"conteggi" not in page.readline():
            pass
    told = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=START)
    took = time.monotonic() - told
    _out, said = process.communicate()
    # Nobody was killed, and every page was brought to its end, which is no end of the session.
    assert b"Killing" not in said and process.returncode == 0, said
    assert all(b"fine" not in page.read() for page in pages)
    assert took < 10.0, took
