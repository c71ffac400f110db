"""An end for whatever waits for a browser: Playwright gives none to scripts in a page, nor to closing a window."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import psutil


@contextlib.contextmanager
def no_longer_than(seconds: float) -> Iterator[None]:
    """When the time is over every browser of this process is ended: who waits for one is told so, and says where."""
    watchdog = threading.Timer(seconds, _stop_browsers)
    watchdog.daemon = True
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()


def _stop_browsers() -> None:
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if process.name().startswith(("chrom", "google-chrome")):
                process.kill()
