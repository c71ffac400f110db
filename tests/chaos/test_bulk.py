"""Issue 4, part 2: *Invio massivo* survives restarts, and two runs over the same documents do no harm.

`make test` kills a few times, `make soak` many more. FATTORINO_SEED chooses another series.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.chaos.trap import ROOT

KILLS = max(5, int(os.environ.get("FATTORINO_KILLS") or 12) // 3)
SEED = os.environ.get("FATTORINO_SEED") or "2026"


@pytest.mark.chaos
def test_a_worker_killed_in_the_middle_of_a_run_loses_nothing_and_repeats_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.bulk", "--seed", SEED, "--kills", str(KILLS)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=400 + 20 * KILLS,
        check=False,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout
