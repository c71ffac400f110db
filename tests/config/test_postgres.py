from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from fattorino.config import postgres, postgres_place
from fattorino.core.errors import SetupError

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root drops privileges")


@pytest.fixture
def home() -> Iterator[Path]:
    """Not tmp_path: pytest closes its folders to other users, and root's PostgreSQL is another user."""
    folder = Path(tempfile.mkdtemp(prefix="fattorino-pg-"))
    folder.chmod(0o755)
    yield folder / "home"
    postgres.stop(folder / "home") if (folder / "home" / "postgres").exists() else None
    shutil.rmtree(folder, ignore_errors=True)


def ask(socket: Path, query: str, user: str = "fattorino") -> object:
    with psycopg.connect(host=str(socket), user=user, dbname="fattorino", autocommit=True) as link:
        answer = link.execute(query.encode())
        row = answer.fetchone() if answer.description else None
    return row[0] if row else None


def test_application_role_is_no_superuser_owns_its_database_and_may_make_test_databases(home: Path) -> None:
    server = postgres.start(home, durable=False)
    assert (
        ask(
            server.socket, "select rolsuper or rolbypassrls or rolcreaterole from pg_roles where rolname=user"
        )
        is False
    )
    assert ask(server.socket, "select rolcreatedb from pg_roles where rolname=user") is True
    assert (
        ask(server.socket, "select datdba::regrole::text from pg_database where datname='fattorino'")
        == "fattorino"
    )
    assert (
        ask(
            server.socket,
            "select datcollate || ' ' || pg_encoding_to_char(encoding) from pg_database where datname='fattorino'",
        )
        == "C.UTF-8 UTF8"
    )
    assert ask(server.socket, "show data_checksums") == "on"
    assert ask(server.socket, "show listen_addresses") == ""


def test_data_survive_a_stop_and_a_second_start_joins_the_first(home: Path) -> None:
    first = postgres.start(home, durable=False)
    ask(first.socket, "create table kept as select 7 as n")
    joined = postgres.start(home)
    assert (joined.pid, joined.process) == (first.pid, None)
    first.stop()
    assert not postgres.status(home).running
    assert postgres.stop(home) is False
    again = postgres.start(home, durable=False)
    assert again.pid != first.pid
    assert ask(again.socket, "select n from kept") == 7


def test_nobody_else_may_enter_the_socket_folder(home: Path) -> None:
    server = postgres.start(home, durable=False)
    assert server.socket.stat().st_mode & 0o007 == 0
    assert server.place.data.stat().st_mode & 0o077 == 0


def test_two_starts_at_once_make_one_server(home: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from fattorino.config import postgres;"
        "print(postgres.start(Path(sys.argv[1]), durable=False).pid)"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(home)], stdout=subprocess.PIPE, text=True)
        for _ in "ab"
    ]
    pids = {process.communicate(timeout=60)[0].strip() for process in both}
    assert pids == {str(postgres.status(home).pid)}


def test_pid_file_left_by_a_crash_is_stale_even_when_its_number_lives_again(home: Path) -> None:
    server = postgres.start(home, durable=False)
    assert server.process is not None
    os.kill(server.pid, signal.SIGKILL)
    server.process.wait()
    left = server.place.data / "postmaster.pid"
    left.write_text(left.read_text().replace(str(server.pid), str(os.getpid()), 1))
    assert not postgres.status(home).running
    assert postgres.start(home, durable=False).pid != server.pid


def test_creation_cut_half_way_leaves_nothing_that_looks_like_data(home: Path) -> None:
    server = postgres.start(home, durable=False)
    server.stop()
    server.place.data.rename(server.place.base / "data.new")
    (server.place.base / "data.new" / "PG_VERSION").unlink()
    assert postgres.start(home, durable=False).alive()
    assert not (server.place.base / "data.new").exists()


def test_server_ends_with_a_killed_parent(home: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from fattorino.config import postgres;"
        "print(postgres.start(Path(sys.argv[1]), durable=False, dies_with_parent=True).pid, flush=True);"
        "time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(home)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert int(parent.stdout.readline()) == postgres.status(home).pid
        parent.kill()
    deadline = time.monotonic() + 10
    while postgres.status(home).running and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not postgres.status(home).running


def test_data_of_another_major_version_are_refused_in_one_line(home: Path) -> None:
    server = postgres.start(home, durable=False)
    server.stop()
    (server.place.data / "PG_VERSION").write_text("13\n")
    with pytest.raises(SetupError, match=r"sono di PostgreSQL 13, qui c'è PostgreSQL 18") as caught:
        postgres.start(home)
    assert "\n" not in str(caught.value)


def test_folder_with_foreign_files_is_never_overwritten(home: Path) -> None:
    (home / "postgres" / "data").mkdir(parents=True)
    (home / "postgres" / "data" / "tesi.odt").write_text("anni di lavoro")
    if os.geteuid() == 0:
        os.chown(home / "postgres" / "data", 65534, 65534)
    with pytest.raises(SetupError, match="non è vuota"):
        postgres.start(home)
    assert (home / "postgres" / "data" / "tesi.odt").exists()


def test_full_disk_is_told_in_one_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "ROOM_TO_CREATE", 2**62)
    with pytest.raises(SetupError, match="Disco quasi pieno"):
        postgres.start(home)


def test_disk_filled_during_start_is_told_in_one_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(
        'LOG:  starting\nFATAL:  could not write lock file "postmaster.pid": No space left on device\n'
    )
    assert str(postgres._explained(log, 0, "PostgreSQL non si è avviato")).startswith(
        "PostgreSQL non si è avviato: il disco è pieno."
    )


def test_unknown_failure_shows_the_servers_last_complaint(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("LOG:  x\nFATAL:  something new\nLOG:  y\n")
    assert "FATAL:  something new" in str(postgres._explained(log, 0, "PostgreSQL non si è avviato"))


def test_long_folder_gets_a_short_socket(home: Path) -> None:
    deep = home / ("lungo" * 20)
    server = postgres.start(deep, durable=False)
    assert (deep / "run").is_symlink()
    assert len(os.fsencode(server.socket)) <= postgres_place.SOCKET_LIMIT
    assert postgres.socket_folder(deep) == server.socket
    assert ask(postgres.socket_folder(deep), "select 1") == 1
    server.stop()
    shutil.rmtree(server.socket)


@root_only
def test_root_moves_data_out_of_a_closed_folder_and_leaves_its_rights(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = home.parent / "store"
    monkeypatch.setattr(postgres_place, "ROOT_STORE", store)
    closed = home.parent / "closed"
    closed.mkdir(mode=0o700)
    server = postgres.start(closed / "home", durable=False)
    try:
        assert server.place.data.is_relative_to(store)
        assert ask(postgres.socket_folder(closed / "home"), "select 1") == 1
        assert closed.stat().st_mode & 0o777 == 0o700
    finally:
        server.stop()
    shutil.rmtree(store)
    with pytest.raises(SetupError, match="che non c'è più"):
        postgres.start(closed / "home")


@root_only
def test_root_copies_programs_that_the_other_user_cannot_run(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = postgres_place._can

    def closed_venv(account: postgres_place.Account, test: str, path: Path) -> bool:
        return "site-packages" not in str(path) and real(account, test, path)

    monkeypatch.setattr(postgres_place, "_can", closed_venv)
    server = postgres.start(home, durable=False)
    assert server.place.bin.is_relative_to(home)
    assert ask(server.socket, "select 1") == 1


@root_only
def test_ordinary_user_is_told_whose_data_these_are(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = postgres.start(home, durable=False).place.account.name
    postgres.stop(home)
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    with pytest.raises(SetupError, match=f"appartengono all'utente {owner}, non a 4242"):
        postgres.start(home)
    monkeypatch.undo()


@root_only
def test_secrets_of_the_application_do_not_reach_the_server(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FATTORINO_SECRET_KEY", "segretissimo")
    monkeypatch.setenv("PGDATA", "/altrove")
    server = postgres.start(home, durable=False)
    assert b"segretissimo" not in Path(f"/proc/{server.pid}/environ").read_bytes()
