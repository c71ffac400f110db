"""`make test`: what it tells in its last lines, and that no killing test is left out."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scripts import test as make_test
from scripts.test import Stage
from tests import conftest

ROOT = Path(__file__).parents[2]


def python(name: str, statement: str, beside: Stage | None = None) -> Stage:
    return Stage(name, [sys.executable, "-c", statement], beside=beside)


def names(test: str) -> str:
    """A process that names a failed test as pytest does, and fails."""
    return (
        f"import os, sys; open(os.environ[{make_test.FAILED!r}], 'a').write({test!r} + chr(10)); sys.exit(1)"
    )


def test_the_last_lines_name_each_failed_test_with_its_seed(capfd: pytest.CaptureFixture[str]) -> None:
    stages = [
        python("prima", "print('fatto')"),
        python("seconda", names("tests/a.py::test_b FATTORINO_SEED=7")),
        python("terza", "print('mai')"),
    ]
    assert make_test.run(stages, ["manca un programma"]) == 1
    told = capfd.readouterr().out
    assert "mai\n" not in told
    last = told.partition("── riepilogo\n")[2].splitlines()
    assert [line.split()[0] for line in last] == ["bene", "FALLITO", "non", "nota", "fallito"]
    assert last[-1].endswith("tests/a.py::test_b FATTORINO_SEED=7")


@pytest.mark.parametrize("which", ["stage", "beside"])
def test_of_two_stages_side_by_side_each_tells_its_own_end(
    which: str, capfd: pytest.CaptureFixture[str]
) -> None:
    bad, good = names("tests/c.py::test_d"), "print('detto intanto')"
    beside = python("intanto", bad if which == "beside" else good)
    first = python("prima", bad if which == "stage" else good, beside)
    assert make_test.run([first, python("dopo", "print('mai')")], []) == 1
    told = capfd.readouterr().out
    assert "mai\n" not in told and "detto intanto" in told
    last = told.partition("── riepilogo\n")[2]
    assert last.count("FALLITO") == 1 and last.count("bene") == 1
    assert last.splitlines()[-1].strip() == "fallito  tests/c.py::test_d"


def test_pytest_writes_the_names_that_the_summary_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports: dict[str, list[Any]] = {
        "passed": [SimpleNamespace(nodeid="a", user_properties=[("seed", "FATTORINO_SEED=1")])],
        "failed": [SimpleNamespace(nodeid="tests/b.py::test_c", user_properties=[("seed", "S=2")])],
        "error": [SimpleNamespace(nodeid="tests/d.py")],  # could not be collected: has no properties
    }
    told: list[str] = []
    reporter: Any = SimpleNamespace(getreports=lambda kind: reports[kind], write_line=told.append)
    monkeypatch.setenv(make_test.FAILED, str(tmp_path / "failed"))
    conftest.pytest_terminal_summary(reporter)
    assert told == ["FATTORINO_SEED=1", "S=2"]
    assert (tmp_path / "failed").read_text() == "tests/b.py::test_c S=2\ntests/d.py\n"


def test_every_killing_test_and_every_journey_has_its_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    marked = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("test_*.py")
        if any(line.strip().startswith("@pytest.mark.chaos") for line in path.read_text("utf-8").splitlines())
    }
    assert marked and marked <= set(make_test.only([], "chaos"))
    assert make_test.only(["-k", "uno"], "journey") == ["tests/journeys"]
    # Who names a file is asked for no other.
    assert make_test.only(["tests/chaos/test_many.py::test_x"], "chaos") == []
    stages = [stage for each in make_test.suites(True, []) for stage in (each, each.beside) if stage]
    marks = {stage.command[stage.command.index("-m") + 1] for stage in stages}
    assert marks == {"not journey and not chaos and not bench", "journey", "chaos"}


def test_what_is_busy_longest_begins_first_and_each_file_keeps_its_order() -> None:
    here = ROOT / "tests"
    missing = [name for name in conftest.LONGEST if not (here / name).is_file()]
    assert not missing
    names = ["a.py", "b.py", conftest.LONGEST[3], "b.py", conftest.LONGEST[2], conftest.LONGEST[3]]
    items: list[Any] = [SimpleNamespace(path=here / name, number=n) for n, name in enumerate(names)]
    assert [each.number for each in conftest.longest_first(items)] == [4, 2, 5, 1, 3, 0]
    for stage in make_test.suites(True, []):
        spread = "-n" in stage.command
        assert ("--no-loadscope-reorder" in stage.command) == spread
