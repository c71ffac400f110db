"""Work in a process of its own: it gets what it is given, and ends where its limits are."""

from __future__ import annotations

from pathlib import Path

import pytest

from fattorino.organisations import apart


def script(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "script.py"
    path.write_text(text)
    return path


def run(path: Path, data: bytes = b"", *, seconds: int = 60, megabytes: int = 1000) -> bytes:
    return apart.run(path, data, seconds=seconds, megabytes=megabytes, wait=300)


def test_it_answers_with_what_the_script_writes(tmp_path: Path) -> None:
    turned = script(tmp_path, "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read()[::-1])")
    assert run(turned, b"abc") == b"cba"


def test_it_knows_nothing_of_the_house_and_its_command_line_holds_no_data(tmp_path: Path) -> None:
    told = script(tmp_path, "import sys\nprint('fattorino' in sys.modules, sys.argv[4:])")
    assert run(told, b"secret") == b"False []\n"


@pytest.mark.parametrize(
    "text",
    ["while True: pass", "held = b'x' * (2 << 30)", "raise ValueError('broken')"],
    ids=["time", "memory", "error"],
)
def test_what_takes_more_than_its_limits_or_fails_is_told_as_such(tmp_path: Path, text: str) -> None:
    with pytest.raises(apart.TooMuchError):
        run(script(tmp_path, text), seconds=1)


def test_who_waits_too_long_is_told_so_too(tmp_path: Path) -> None:
    asleep = script(tmp_path, "import sys\nsys.stdin.close()\nimport threading\nthreading.Event().wait()")
    with pytest.raises(apart.TooMuchError, match="timeout"):
        apart.run(asleep, b"", seconds=60, megabytes=1000, wait=0.2)
