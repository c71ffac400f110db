"""Programs of others that the tests meet: a browser, a token, a mail server, a web server. Debian's, where they may be
installed; the tests that need one say so where it is missing."""

from __future__ import annotations

import os
import shutil
import subprocess

# Package, the programs any of which shows that it is there, and what is not tried out without it.
NEEDED = (
    (
        "chromium",
        ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
        "percorsi nel browser",
    ),
    ("softhsm2", ("softhsm2-util",), "firma con un dispositivo PKCS#11"),
    ("dovecot-imapd", ("dovecot",), "lettura della PEC da un server IMAP di altri"),
    ("openssh-client", ("sftp",), "SdIFtp con un client SFTP di altri"),
    ("nginx-light", ("nginx",), "porte di SdI dietro un server con certificati client"),
)
# The same browser without a window of its own, which takes a fifth less of the processors; not every system has it.
LIGHTER = {"chromium": "chromium-headless-shell"}
# Debian keeps servers where only root's path looks.
PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


def missing() -> list[tuple[str, str]]:
    """Packages that are not there, and what is not tried out without them."""
    return [
        (package, what)
        for package, programs, what in NEEDED
        if not any(shutil.which(program, path=PLACES) for program in programs)
    ]


def install() -> list[str]:
    """Install what is missing, where that is possible; a line of the summary for each that is still missing."""
    wanted = [package for package, _ in missing()]
    lighter = [package for package in LIGHTER.values() if not shutil.which(package, path=PLACES)]
    apt = shutil.which("apt-get")
    if (wanted or lighter) and apt and os.geteuid() == 0:
        print(f"Installo {', '.join([*wanted, *lighter])} per le prove ...", flush=True)
        _quietly(apt, "update", "-q")
        if lighter:
            _quietly(apt, "install", "-y", "-q", "--no-install-recommends", *lighter)
        # What the lighter one stands for is there now; where apt does not know it, the other is taken.
        if still := [package for package, _ in missing()]:
            _quietly(apt, "install", "-y", "-q", "--no-install-recommends", *still)
    return [
        f"{what} NON eseguito: installare il pacchetto {package} (apt-get install {package})"
        for package, what in missing()
    ]


def _quietly(*command: str) -> None:
    # Nothing that a package brings may start by itself: the tests start what they need.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    subprocess.run(
        command,
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
