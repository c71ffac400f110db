"""How long a start takes. Run by `make bench` on a machine that does nothing else."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.bench


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="fattorino-start-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("which", ["first", "second"])
def test_start_takes_less_than_15_seconds(home: Path, which: str) -> None:
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("FATTORINO", "DATABASE", "PG", "DJANGO"))
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "fattorino.config.run"],
        stdout=subprocess.PIPE,
        text=True,
        env=kept | {"FATTORINO_HOME": str(home), "FATTORINO_PORT": "18970", "FATTORINO_DEMO": "1"},
    )
    assert process.stdout
    seconds = None
    for line in process.stdout:
        if found := re.search(r"è pronto \((\d+) s\)", line):
            seconds = int(found[1])
            process.send_signal(signal.SIGINT)
    process.wait()
    print(f"{which} start: {seconds} s")
    assert seconds is not None
    assert seconds < 15
