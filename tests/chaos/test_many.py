"""Issue 5, part 5: thousands of invoices, SdI that fails, and SIGKILL of worker, web server and PostgreSQL.

`make test` sends a hundred, `make soak` ten thousand. FATTORINO_SEED chooses another series.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.chaos.trap import ROOT

DOCUMENTS = int(os.environ.get("FATTORINO_CHAOS_DOCUMENTS") or 100)
KILLS = max(6, DOCUMENTS // 200)
SEED = os.environ.get("FATTORINO_SEED") or "2026"


@pytest.mark.chaos
def test_of_many_invoices_none_is_lost_and_none_sent_twice_whoever_dies() -> None:
    command = [sys.executable, "-m", "tests.chaos.many", "--seed", SEED, "--kills", str(KILLS)]
    done = subprocess.run(
        [*command, "--documents", str(DOCUMENTS)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=500 + 2 * DOCUMENTS,
        check=False,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout
