from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from fattorino.cli import main as cli
from fattorino.cli import simulator
from fattorino.core.errors import SetupError


def test_help_lists_the_commands_in_the_users_language(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for language, heading, words in (("it_IT.UTF-8", "comandi:", "avvia il solo server web"),
                                     ("en_GB.UTF-8", "commands:", "start the web server alone")):  # fmt: skip
        monkeypatch.setenv("LANGUAGE", language)
        with pytest.raises(SystemExit) as stop:
            cli.main(["--help"])
        assert stop.value.code == 0
        shown = capsys.readouterr().out
        assert heading in shown
        assert words in shown
        for command in ("serve", "worker", "simulator", "manage"):
            assert command in shown


@pytest.mark.parametrize("words", [[], ["fattura.xml"], ["serve", "--port", "tanto"], ["simulator", "pec2"]])
def test_wrong_use_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(words)
    assert stop.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_known_error_is_one_line_and_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_args: object) -> int:
        raise SetupError("Il disco è pieno.", "Liberare spazio.")

    monkeypatch.setattr("fattorino.cli.serve.run", refuse)
    assert cli.main(["serve"]) == 1
    assert capsys.readouterr().err == "fattorino: Il disco è pieno. Liberare spazio.\n"


def test_one_command_does_not_load_the_others() -> None:
    code = (
        "import sys; from fattorino.cli.main import main\n"
        "try: main(['serve', '--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in sys.modules if m in ('django', 'lxml', 'fattorino.cli.manage')])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.endswith("[]\n")


def test_missing_command_module_does_not_break_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "COMMANDS", ("manca", "serve"))
    with pytest.raises(SystemExit) as stop:
        cli.main(["--help"])
    assert stop.value.code == 0


def test_simulator_meets_the_product_of_the_same_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given: list[str] = []
    fake = SimpleNamespace(main=lambda words, speaking: given.extend(words) or 0)
    monkeypatch.setattr("importlib.import_module", lambda name: fake)
    monkeypatch.setenv("FATTORINO_PORT", "9100")
    monkeypatch.delenv("FATTORINO_SIMULATOR_PORT", raising=False)
    monkeypatch.delenv("FATTORINO_SIMULATOR_SPEED", raising=False)
    monkeypatch.setenv("FATTORINO_HOME", str(tmp_path))
    assert simulator.run(SimpleNamespace(which="sdi", rest=["--port", "7"])) == 0  # type: ignore[arg-type]
    assert given == [
        "--port", "9101", "--data", str(tmp_path / "simulators" / "sdi"),
        "--deliver-to", "http://127.0.0.1:9100/sdi", "--port", "7",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("which", "ports"),
    [
        ("sdiftp", ["--sftp-port", "9110", "--port", "9111"]),
        ("pec", ["--port", "9112", "--smtp-port", "9113", "--imap-port", "9114"]),
    ],
)
def test_the_other_lines_have_ports_of_their_own_beside_the_product(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, which: str, ports: list[str]
) -> None:
    monkeypatch.setenv("FATTORINO_PORT", "9100")
    monkeypatch.setenv("FATTORINO_SIMULATOR_SPEED", "60")
    monkeypatch.setenv("FATTORINO_HOME", str(tmp_path))
    data = ["--data", str(tmp_path / "simulators" / which)]
    assert simulator.defaults(which) == [*ports, "--speed", "60", *data]


def test_a_simulators_help_speaks_the_users_language(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for language, word in (("en", "mailbox and password"), ("it", "casella e password")):
        monkeypatch.setenv("LANGUAGE", language)
        with pytest.raises(SystemExit) as stop:
            simulator.run(SimpleNamespace(which="pec", rest=["--help"]))  # type: ignore[arg-type]
        assert stop.value.code == 0
        assert word in " ".join(capsys.readouterr().out.split())


def test_database_that_is_down_is_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fattorino.cli", "manage", "showmigrations"],
        capture_output=True,
        text=True,
        env={
            "FATTORINO_HOME": str(tmp_path),
            "FATTORINO_SECRET_KEY": "x",
            "PATH": "/usr/bin:/bin",
            "LANG": "it_IT",
        },
        check=False,
    )
    assert done.returncode == 1
    assert "La base dati non risponde" in done.stderr
    assert "Traceback" not in done.stderr
