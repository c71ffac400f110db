"""Work on a file of somebody else's in a process of its own, which gets so much time and memory and no more: what such
a file asks for is not always to be read off it, and neither the server nor a worker may be taken away by it.

The script is one file that imports what it needs and nothing of Fattorino; it reads its standard input, writes its
standard output, and has no settings. What it is given never stands in its command line, which others can read.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# The limits are set inside, before the script: between fork and exec a process with threads may do nothing of the kind.
_BEGIN = """
import resource, runpy, sys
seconds, megabytes = int(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
runpy.run_path(sys.argv[3], run_name="__main__")
"""


class TooMuchError(Exception):
    """The limits were met, or the script ended otherwise than well; `text` is its last line of error."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def run(script: Path, data: bytes, *, seconds: int, megabytes: int, wait: float) -> bytes:
    """What the script makes of `data`.

    Args:
        seconds: of processor. megabytes: of address space, which is some hundreds more than what is really used.
        wait: seconds by the clock, for a machine that has much else to do.

    Raises:
        TooMuchError: see there.
    """
    line = [sys.executable, "-I", "-c", _BEGIN, str(seconds), str(megabytes), str(script)]
    try:
        done = subprocess.run(line, input=data, capture_output=True, timeout=wait, check=False)
    except subprocess.TimeoutExpired as error:
        raise TooMuchError("timeout") from error
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise TooMuchError(last or f"ended with {done.returncode}")
    return done.stdout
