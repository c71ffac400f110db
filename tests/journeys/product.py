"""The real product as `make run` starts it, in a folder and on ports of its own; beside it the simulator's books."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pathlib
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from fattorino.config import demo
from fattorino.config.postgres import die_with_parent

ROOT = pathlib.Path(__file__).resolve().parents[2]
START_LIMIT = 300.0
STOP_LIMIT = 60.0
# Two simulated hours until the receipt and six more until a PA answers: half a second and two.
SPEED = 14_400
READER = "consulta@ordine.example"
# The tests' own settings, which the product must not inherit.
_FOREIGN = ("FATTORINO_", "DJANGO_", "DATABASE_URL", "PYTEST_")


@dataclass
class Product:
    """One running product. `home` must be walkable for the user that PostgreSQL runs as."""

    home: pathlib.Path
    port: int = field(default_factory=lambda: free_port())
    simulator_port: int = field(default_factory=lambda: free_port())
    # Where it hands over its mail; nobody is there unless a journey opens a post office.
    mail_port: int = field(default_factory=lambda: free_port())
    live_port: int = field(default_factory=lambda: free_port())
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> pathlib.Path:
        return self.home / "run.log"

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        return kept | {
            "FATTORINO_HOME": str(self.home),
            "FATTORINO_PORT": str(self.port),
            "FATTORINO_SIMULATOR_PORT": str(self.simulator_port),
            "FATTORINO_LIVE_PORT": str(self.live_port),
            "FATTORINO_SIMULATOR_SPEED": str(SPEED),
            "FATTORINO_DEMO": "1",
            "FATTORINO_SMTP_HOST": "127.0.0.1",
            "FATTORINO_SMTP_PORT": str(self.mail_port),
            "FATTORINO_SMTP_TLS": "no",
            "FATTORINO_FROM": "fattorino@ordine.example",
            "FATTORINO_LOGIN_RATE": "300/m/ip",
        }

    def start(self) -> None:
        """What `make run` does after installing; returns when it has told its address."""
        assets = [sys.executable, str(ROOT / "scripts" / "assets.py")]
        subprocess.run(assets, cwd=ROOT, env=self.environment(), check=True)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "fattorino.config.run"],
                cwd=ROOT,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A Ctrl-C on the tests' terminal is for the tests; they then stop the product themselves.
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        deadline = time.monotonic() + START_LIMIT
        while "Fattorino è pronto" not in self.said():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the product did not start:\n{self.said()}")
            time.sleep(0.1)

    def said(self) -> str:
        return self.log.read_text("utf-8") if self.log.exists() else ""

    def stop(self) -> None:
        """Ctrl-C; asserts that everything ended, said so, and left its ports."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGTERM)  # the second one hurries
            self.process.wait(STOP_LIMIT)
            raise AssertionError(f"the product did not stop within {STOP_LIMIT} s:\n{self.said()}") from None
        assert code == 0 and "Fermato." in self.said(), f"the product ended with {code}:\n{self.said()}"
        assert not [port for port in (self.port, self.simulator_port, self.live_port) if answers(port)]
        assert "Traceback" not in self.said()

    def kill(self) -> None:
        """Whatever is left after a failed start or stop; does nothing after a good one."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(STOP_LIMIT)

    def manage(self, *words: str, answer: str = "") -> str:
        """`fattorino manage ...` beside the running product; `answer` goes to its standard input."""
        return subprocess.run(
            [sys.executable, "-m", "fattorino.cli", "manage", *words],
            cwd=ROOT,
            env=self.environment(),
            input=answer,
            text=True,
            capture_output=True,
            check=True,
        ).stdout

    def add_people(self) -> None:
        """Somebody who may only read, beside the people of the demo."""
        words = ("user", READER, "Rita Lettrice", demo.ORDINE["id_codice"], "reader")
        self.manage(*words, answer=f"{demo.PASSWORD}\n")

    def tracebacks(self) -> list[str]:
        """What the processes should not have written into their logs."""
        return [
            f"{path.name}: {path.read_text('utf-8', 'replace')[-3000:]}"
            for path in sorted((self.home / "log").glob("*.log"))
            if "Traceback" in path.read_text("utf-8", "replace")
        ]

    # The simulated SdI ------------------------------------------------------------------------------------

    def control(self, what: str, wanted: dict[str, Any] | None = None) -> Any:
        """The simulator's JSON endpoints: `control("state")` asks, `control("clock", {...})` orders."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.simulator_port}/_simulator/{what}",
            data=None if wanted is None else json.dumps(wanted).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def got(self, name: str) -> bytes:
        """The file that SdI took under this name; exactly one."""
        with self._books() as books:
            rows = books.execute("select content from file where nome_file = ?", [name]).fetchall()
        assert len(rows) == 1, f"{name}: taken {len(rows)} times"
        return bytes(rows[0][0])

    def names(self) -> list[str]:
        with self._books() as books:
            return [row[0] for row in books.execute("select nome_file from file order by id")]

    def receipts(self, name: str) -> dict[str, bytes]:
        """File name -> bytes of every message that SdI sent about the file of this name."""
        with self._books() as books:
            rows = books.execute(
                "select m.nome_file, m.content from message m join file f on f.id = m.file_id"
                " where f.nome_file = ? and m.side = 'trasmissione' and m.state = 'INVIATO'",
                [name],
            )
            return {row[0]: bytes(row[1]) for row in rows}

    def _books(self) -> contextlib.closing[sqlite3.Connection]:
        path = self.home / "simulators" / "sdi" / "sdi.sqlite3"
        return contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
