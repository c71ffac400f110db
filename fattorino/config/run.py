"""`make run`: everything on one machine, under one supervisor.

PostgreSQL (unless DATABASE_URL names one), migrations and demo, then web server, worker and the simulator of SdI.
Whatever keeps it from starting is told in one line.
"""

from __future__ import annotations

import fcntl
import http.client
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

from fattorino.config import postgres
from fattorino.config.postgres_place import reason
from fattorino.config.supervisor import Child, Supervisor
from fattorino.core.errors import FattorinoError, SetupError

ROOM = 100 * 2**20
WEB_LIMIT = 90.0
STOP_LIMIT = 8.0


@dataclass(frozen=True, slots=True)
class Options:
    """What the environment says."""

    home: Path
    host: str
    port: int
    simulator_port: int
    demo: bool
    database_url: str
    live_port: int = 0  # 0: no live channel, pages ask by themselves
    live_port_given: bool = False

    @property
    def address(self) -> str:
        return f"http://{'127.0.0.1' if self.host in ('0.0.0.0', '::') else self.host}:{self.port}"


def read_options(environ: Mapping[str, str]) -> Options:
    """Raises SetupError: a port that is none."""
    port = _port(environ, "FATTORINO_PORT", 8000)
    live = environ.get("FATTORINO_LIVE_PORT", "").strip()
    return Options(
        home=postgres.home_folder(),
        host=environ.get("FATTORINO_HOST") or "127.0.0.1",
        port=port,
        simulator_port=_port(environ, "FATTORINO_SIMULATOR_PORT", port + 1),
        demo=environ.get("FATTORINO_DEMO") == "1",
        database_url=environ.get("DATABASE_URL", "").strip(),
        live_port=0 if live == "0" else _port(environ, "FATTORINO_LIVE_PORT", port + 2),
        live_port_given=bool(live),
    )


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    given = environ.get(name, "").strip()
    if not given:
        return default
    if not given.isdigit() or not 0 < int(given) < 65536:
        raise SetupError(f"{name}={given} non è una porta.", "Indicare un numero da 1 a 65535.")
    return int(given)


def main() -> int:
    try:
        return Run(read_options(os.environ)).run()
    except FattorinoError as error:
        _say(f"Fattorino non parte. {error}")
        return 1
    except OSError as error:
        # The disk or the rights failed where no check had looked: still one line for whoever started it.
        _say(f"Fattorino non parte. {error.filename or 'Sistema'}: {reason(error)}.")
        return 1


def _say(text: str) -> None:
    try:
        print(text, flush=True)
    except OSError:
        return  # the terminal is gone; the logs stay


class Run:
    def __init__(self, options: Options) -> None:
        self.options = options
        self.live_port = options.live_port
        self._signals = 0
        self._wake, self._waker = os.pipe()

    def run(self) -> int:
        """Start all, stay until a signal, stop all. Raises SetupError when it cannot start."""
        begun = time.monotonic()
        self._listen()
        with self._only_one():
            self._check_machine()
            server = None if self.options.database_url else self._start_database()
            try:
                self._serve(server, begun)
            finally:
                if server is not None:
                    server.stop()
        _say(f"Fermato. I dati restano in {self.options.home}")
        return 0

    def _serve(self, server: postgres.Server | None, begun: float) -> None:
        environment = self._environment(server)
        words = self._prepare(environment)
        if self._signals:
            return
        supervisor = Supervisor(self._children(), environment, _say)
        try:
            supervisor.start()
            if self._wait_for_web(supervisor):
                self._greet(words, time.monotonic() - begun)
                self._stay(supervisor, server)
        finally:
            if self._signals:
                _say("\nFattorino si ferma ...")
            supervisor.stop(STOP_LIMIT, hurry=lambda: self._signals > 1)

    def _listen(self) -> None:
        os.set_blocking(self._waker, False)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # nohup asks to stay; a shell's `&` also ignores SIGINT, but whoever sends it means it
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._asked_to_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to wake up

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1

    def _pause(self, seconds: float) -> None:
        """Sleep, but wake at once on a signal or a child's death."""
        ready, _, _ = select.select([self._wake], [], [], seconds)
        if ready:
            os.read(self._wake, 512)

    def _only_one(self) -> IO[str]:
        try:
            self.options.home.mkdir(parents=True, exist_ok=True)
            lock = open(self.options.home / "fattorino.lock", "a+")  # noqa: SIM115 - held until the end
        except OSError as error:
            raise SetupError(
                f"La cartella dati {self.options.home} non si può usare: {reason(error)}.",
                "Scegliere una cartella sua con FATTORINO_HOME.",
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            pid, _, address = lock.read().strip().partition(" ")
            lock.close()
            raise SetupError(
                f"È già in funzione su questi dati: {address or self.options.home} (processo {pid or '?'})."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()} {self.options.address}\n")
        lock.flush()
        return lock

    def _check_machine(self) -> None:
        home = self.options.home
        free = shutil.disk_usage(home).free
        if free < ROOM:
            raise SetupError(
                f"Disco quasi pieno: in {home} restano {free // 2**20} MB.",
                "Liberare spazio o scegliere un altro disco con FATTORINO_HOME.",
            )
        (home / "log").mkdir(exist_ok=True)
        _check_port(self.options.host, self.options.port, "FATTORINO_PORT")
        if self.options.demo:
            _check_port("127.0.0.1", self.options.simulator_port, "FATTORINO_SIMULATOR_PORT")
        if self.live_port:
            self._check_live_port()

    def _check_live_port(self) -> None:
        try:
            _check_port(self.options.host, self.live_port, "FATTORINO_LIVE_PORT")
        except SetupError:
            if self.options.live_port_given:
                raise
            # Nobody asked for this port, and pages do without the channel.
            _say(
                f"La porta {self.live_port} è occupata: i conteggi si aggiornano ogni due secondi invece che subito."
                " Per il canale immediato indicarne una libera con FATTORINO_LIVE_PORT."
            )
            self.live_port = 0

    def _start_database(self) -> postgres.Server:
        server = postgres.start(self.options.home, dies_with_parent=True)
        if server.place.base != Path(os.path.realpath(self.options.home)) / "postgres":
            _say(f"I dati di PostgreSQL stanno in {server.place.base} ({self.options.home} gli è preclusa).")
        return server

    def _environment(self, server: postgres.Server | None) -> dict[str, str]:
        environment = dict(os.environ)
        environment |= {
            "FATTORINO_HOME": str(self.options.home),
            "FATTORINO_HOST": self.options.host,
            "FATTORINO_PORT": str(self.options.port),
            "FATTORINO_SIMULATOR_PORT": str(self.options.simulator_port),
            "FATTORINO_LIVE_PORT": str(self.live_port),
            "PYTHONUNBUFFERED": "1",
        }
        if server is not None:
            environment["FATTORINO_PGSOCKET"] = str(server.socket)
        return environment

    def _prepare(self, environment: Mapping[str, str]) -> str:
        log = self.options.home / "log" / "prepare.log"
        with open(log, "wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "fattorino.config.prepare"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stream,
                env=environment,
                start_new_session=True,
                preexec_fn=postgres.die_with_parent(signal.SIGTERM),
            )
            while process.poll() is None:
                self._pause(1.0)
                if self._signals:
                    process.terminate()
            output = process.communicate()[0].decode().strip()
        if self._signals:
            return ""
        if process.returncode == 1 and output and len(output.splitlines()) == 1:
            raise SetupError(output)
        if process.returncode:
            reason = next((line for line in reversed(log.read_text().splitlines()) if line.strip()), "")
            raise SetupError(f"La base dati non è stata preparata: {reason.strip()}.", f"Dettagli in {log}.")
        return output

    def _children(self) -> list[Child]:
        logs = self.options.home / "log"
        command = [sys.executable, "-m", "fattorino.cli"]
        children = [
            Child("Server web", [*command, "serve"], logs / "web.log"),
            Child("Lavori", [*command, "worker"], logs / "worker.log"),
        ]
        if self.live_port:
            children.append(Child("Canale dei conteggi", [*command, "live"], logs / "live.log"))
        if self.options.demo:
            children.append(Child("Simulatore SdI", [*command, "simulator", "sdi"], logs / "simulator.log"))
        return children

    def _wait_for_web(self, supervisor: Supervisor) -> bool:
        """True when pages are served; False when asked to stop before."""
        web = supervisor.children[0]
        deadline = time.monotonic() + WEB_LIMIT
        while not self._signals:
            supervisor.watch(time.monotonic())
            if web.running and _answers(self.options):
                return True
            if web.deaths >= 3 or time.monotonic() > deadline:
                raise SetupError(f"Il server web non risponde: {web.last_words()}", f"Dettagli in {web.log}.")
            self._pause(0.1)
        return False

    def _greet(self, words: str, seconds: float) -> None:
        _say(f"\n  Fattorino è pronto ({seconds:.0f} s):  {self.options.address}/\n")
        for line in words.splitlines():
            _say(f"  {line}")
        _say("\n  Ctrl-C per fermarlo. Registri in " + str(self.options.home / "log"))

    def _stay(self, supervisor: Supervisor, server: postgres.Server | None) -> None:
        not_before = 0.0
        while not self._signals:
            self._pause(1.0)
            now = time.monotonic()
            if server is not None and now >= not_before and not server.alive() and not self._signals:
                not_before = now + 5
                _say(f"PostgreSQL si è fermato, riparte. Dettagli in {server.place.log}")
                try:
                    server.renew()
                except FattorinoError as error:
                    _say(f"{error} Nuovo tentativo tra 5 s.")
            supervisor.watch(now)


def _check_port(host: str, port: int, name: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if isinstance(error, PermissionError):
                raise SetupError(
                    f"La porta {port} è riservata al sistema.", f"Sceglierne una da 1024 in su con {name}."
                ) from error
            raise SetupError(
                f"La porta {port} è già occupata da un altro programma.",
                f"Liberarla o sceglierne un'altra, per esempio: make run {name}={port + 10}",
            ) from error


def _answers(options: Options) -> bool:
    host, _, port = options.address.removeprefix("http://").rpartition(":")
    link = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=5)
    try:
        link.request("GET", "/", headers={"Host": f"localhost:{port}"})
        return link.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


if __name__ == "__main__":
    sys.exit(main())
