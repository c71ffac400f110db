"""The browser of the journeys, as it was started."""

from __future__ import annotations

import contextlib

import psutil
from playwright.sync_api import Browser

SWITCH = "--disable-features="


def test_what_playwright_switches_off_stays_off(browser: Browser) -> None:
    assert browser.is_connected()
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it has ended meanwhile
            words = [word for word in process.cmdline() if word.startswith(SWITCH)]
            if process.name().startswith("chrom") and len(words) > 1:
                found.append([set(word.removeprefix(SWITCH).split(",")) for word in words])
    assert found
    # The last one counts.
    assert not [before - lists[-1] for lists in found for before in lists if before - lists[-1]]
