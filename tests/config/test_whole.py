"""The whole product as `make run` starts it, with its real database, web server, worker and simulator."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fattorino.config import postgres

pytestmark = pytest.mark.chaos


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Not tmp_path: root's PostgreSQL runs as another user, which must walk through."""
    folder = Path(tempfile.mkdtemp(prefix="fattorino-whole-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


class Running:
    def __init__(self, home: Path, port: int, **more: str) -> None:
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith(("FATTORINO", "DATABASE", "PG", "DJANGO"))
        }
        self.home, self.port = home, port
        self.output = home / "output.txt"
        with open(self.output, "wb") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "fattorino.config.run"],
                stdout=stream,
                stderr=subprocess.STDOUT,
                env=kept
                | {"FATTORINO_HOME": str(home), "FATTORINO_PORT": str(port), "FATTORINO_DEMO": "1"}
                | more,
            )
        until(lambda: "è pronto" in self.said() or self.process.poll() is not None, 120)
        assert self.process.poll() is None, self.said()

    def said(self) -> str:
        return self.output.read_text()

    def child(self, words: str) -> int:
        """The pid of the supervisor's child whose command line holds these words."""
        for entry in Path("/proc").iterdir():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == self.process.pid and words in (entry / "cmdline").read_bytes().decode():
                    return int(entry.name)
            except (OSError, ValueError, IndexError):
                continue
        raise AssertionError(f"nessun processo {words}")

    def stop(self, number: int = signal.SIGINT) -> float:
        begun = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(timeout=30)
        return time.monotonic() - begun


def until(what: Callable[[], object], limit: float) -> None:
    deadline = time.monotonic() + limit
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def free_port() -> int:
    """One of two neighbours: the simulator takes the next."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            try:
                two.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
            return bool(page.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def companies(home: Path) -> int:
    import psycopg

    # As the server's administrator: the product's own role sees only the company in use.
    with psycopg.connect(host=str(postgres.socket_folder(home)), user="postgres", dbname="fattorino") as link:
        row = link.execute("select count(*) from organisations_company").fetchone()
    assert row
    return int(row[0])


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's promise is Linux's")
def test_starts_heals_stops_cleanly_and_finds_its_data_again(home: Path) -> None:
    first = Running(home, free_port())
    try:
        assert re.search(r"http://127\.0\.0\.1:\d+/", first.said())
        assert first.said().count("http://") == 1
        assert "password" in first.said()
        made = companies(home)
        assert made > 0

        for words in ("granian", "worker", "simulator", "postgres"):
            os.kill(first.child(words), signal.SIGKILL)
        until(lambda: first.said().count("riparte") >= 4, 20)
        until(lambda: answers(first.port), 60)
        until(lambda: answers_at_all(first.port + 1), 60)
    finally:
        taken = first.stop()
    assert first.process.returncode == 0
    assert taken < 15
    assert first.said().rstrip().splitlines()[-1].startswith("Fermato.")
    assert not postgres.status(home).running
    assert not answers_at_all(first.port)

    second = Running(home, first.port)
    try:
        assert companies(home) == made
        second.process.kill()
        second.process.wait()
        until(lambda: not postgres.status(home).running, 20)
        until(lambda: not answers_at_all(second.port), 20)
    finally:
        second.process.kill()


def answers_at_all(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_with_database_url_that_postgresql_is_used_and_none_is_started(home: Path) -> None:
    theirs, ours = home / "Altrui", home / "nostra"
    for folder in (theirs, ours):
        folder.mkdir(mode=0o755)
    server = postgres.start(theirs, dies_with_parent=True)
    try:
        host = urllib.parse.quote(str(server.socket), safe="")
        running = Running(ours, free_port(), DATABASE_URL=f"postgresql://fattorino@{host}/fattorino")
        running.stop()
        assert not postgres.status(ours).running and not (ours / "postgres").exists()
        assert companies(theirs) == 2
    finally:
        server.stop()
