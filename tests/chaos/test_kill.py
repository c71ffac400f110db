"""Issue 2, part 5: kill at any moment of a send; every invoice sent once, every receipt counted once, nothing stuck.

`make test` kills a dozen times, `make soak` 200 times in each profile. FATTORINO_SEED chooses another series.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.chaos.trap import ROOT

KILLS = int(os.environ.get("FATTORINO_KILLS") or 12)
SEED = os.environ.get("FATTORINO_SEED") or "2026"


@pytest.mark.chaos
@pytest.mark.parametrize("profile", ["mixed"] if KILLS < 50 else ["calm", "faulty"])
def test_processes_killed_at_any_moment_lose_nothing_and_repeat_nothing(profile: str) -> None:
    command = [sys.executable, "-m", "tests.chaos.kill", "--seed", SEED, "--kills", str(KILLS)]
    done = subprocess.run(
        [*command, "--profile", profile],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300 + 10 * KILLS,
        check=False,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout
