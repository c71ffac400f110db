from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fattorino.config.run import Options, Run, read_options
from fattorino.core.errors import SetupError


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FATTORINO", "DATABASE", "PG"))}
    return subprocess.run(
        [sys.executable, "-m", "fattorino.config.run"],
        capture_output=True,
        text=True,
        env=kept | environment,
        timeout=60,
        check=False,
    )


def assert_one_line(done: subprocess.CompletedProcess[str], words: str) -> None:
    assert done.returncode == 1
    assert done.stderr == ""
    assert len(done.stdout.strip().splitlines()) == 1
    assert done.stdout.startswith("Fattorino non parte. ")
    assert words in done.stdout


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_port_in_use_is_one_line(tmp_path: Path, busy_port: int) -> None:
    done = run(FATTORINO_HOME=str(tmp_path), FATTORINO_PORT=str(busy_port))
    assert_one_line(done, f"La porta {busy_port} è già occupata")
    assert f"FATTORINO_PORT={busy_port + 10}" in done.stdout


@pytest.mark.parametrize("wrong", ["ottomila", "0", "70000", "-1"])
def test_port_that_is_none_is_one_line(tmp_path: Path, wrong: str) -> None:
    assert_one_line(run(FATTORINO_HOME=str(tmp_path), FATTORINO_PORT=wrong), "non è una porta")


def test_second_run_on_the_same_data_says_where_the_first_is(tmp_path: Path) -> None:
    with open(tmp_path / "fattorino.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4711 http://127.0.0.1:8000\n")
        lock.flush()
        done = run(FATTORINO_HOME=str(tmp_path))
    assert_one_line(done, "È già in funzione su questi dati: http://127.0.0.1:8000 (processo 4711)")


def test_home_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert_one_line(run(FATTORINO_HOME=str(tmp_path / "file" / "home")), "non si può usare")


def test_database_that_does_not_answer_is_one_line_without_its_password(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    done = run(
        FATTORINO_HOME=str(tmp_path),
        FATTORINO_PORT=str(free),
        DATABASE_URL=f"postgresql://fattorino:segreta@127.0.0.1:{free}/fattorino",
    )
    assert_one_line(done, "La base dati non risponde")
    assert "segreta" not in done.stdout


def test_defaults() -> None:
    options = read_options({})
    assert (options.port, options.simulator_port, options.demo) == (8000, 8001, False)
    assert (options.live_port, options.live_port_given) == (8002, False)
    assert options.address == "http://127.0.0.1:8000"


def test_address_for_people_when_listening_everywhere() -> None:
    options = Options(Path("/x"), "0.0.0.0", 80, 81, demo=False, database_url="")
    assert options.address == "http://127.0.0.1:80"


def test_wrong_port_names_its_variable() -> None:
    with pytest.raises(SetupError, match="FATTORINO_SIMULATOR_PORT=x"):
        read_options({"FATTORINO_SIMULATOR_PORT": "x"})


def test_the_live_channel_is_switched_off_by_port_0() -> None:
    assert read_options({"FATTORINO_LIVE_PORT": "0"}).live_port == 0


def test_a_busy_port_of_the_live_channel_stops_nothing_unless_it_was_asked_for(
    tmp_path: Path, busy_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").mkdir()
    asked_for = Options(tmp_path, "127.0.0.1", 1, 2, False, "", live_port=busy_port, live_port_given=True)
    with pytest.raises(SetupError, match="FATTORINO_LIVE_PORT"):
        Run(asked_for)._check_live_port()
    by_itself = Run(replace(asked_for, live_port_given=False))
    by_itself._check_live_port()
    assert by_itself.live_port == 0 and "ogni due secondi" in capsys.readouterr().out
    assert [child.title for child in by_itself._children()] == ["Server web", "Lavori"]
    assert len(Run(replace(asked_for, live_port=busy_port))._children()) == 3
