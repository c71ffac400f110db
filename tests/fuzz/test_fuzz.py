"""Issue 3, part 5: whatever bytes come, nothing but the documented refusals, under 2 s and 300 MB.

`make test` spends FATTORINO_FUZZ_SECONDS (20) over all targets, `make soak` 600. What is found is printed and lies in
test-output/fuzz; once mended, it goes to test_found.py.
"""

from __future__ import annotations

import base64
import importlib.util
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]
SECONDS = float(os.environ.get("FATTORINO_FUZZ_SECONDS") or 20)
SEED = int(os.environ.get("FATTORINO_SEED") or random.SystemRandom().randrange(1, 10**9))
ARTIFACTS = ROOT / "test-output" / "fuzz"
# Of the processes' own talk only this is for the reader.
_STATISTICS = re.compile(r"stat::(\w+): +(\d+)")


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="skipped: no atheris here (wheels for CPython up to 3.14 on Linux x86_64 only)",
)
@pytest.mark.parametrize("name", TARGETS)
def test_no_bytes_break_a_promise_of(name: str) -> None:
    seconds = max(1, round(SECONDS / len(TARGETS)))
    command = [sys.executable, "-m", "tests.fuzz.run", name, "--seconds", str(seconds), "--seed", str(SEED)]
    print(f"seed {SEED}, {seconds} s (FATTORINO_SEED, FATTORINO_FUZZ_SECONDS)")
    before = _artifacts(name)
    done = subprocess.run(
        [*command, "--artifacts", str(ARTIFACTS)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=10 * seconds + 300,
        check=False,
    )
    statistics = dict(_STATISTICS.findall(done.stdout))
    print(f"{name}: {statistics.get('number_of_executed_units')} inputs")
    assert done.returncode == 0, _told(name, done.stdout, sorted(_artifacts(name) - before))
    assert int(statistics["number_of_executed_units"]) > 0


def _artifacts(name: str) -> set[Path]:
    return set(ARTIFACTS.glob(f"{name}-*"))


def _told(name: str, output: str, found: list[Path]) -> str:
    """The trace, the input and how to try it again."""
    lines = [line for line in output.splitlines() if not re.match(r"INFO|WARNING|#\d+|0x|stat::", line)]
    told = [f"seed {SEED}", *lines[-60:]]
    for file in found:
        told += [
            f"{file.relative_to(ROOT)}, {file.stat().st_size} bytes; to repeat:",
            f"  .venv/bin/python -m tests.fuzz.run {name} --repeat {file.relative_to(ROOT)}",
            base64.b64encode(file.read_bytes()).decode("ascii"),
        ]
    return "\n".join(told)
