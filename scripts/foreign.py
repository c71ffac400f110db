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
        ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
        "percorsi nel browser",
    ),
    ("softhsm2", ("softhsm2-util",), "firma con un dispositivo PKCS#11"),
    ("dovecot-imapd", ("dovecot",), "lettura della PEC da un server IMAP di altri"),
    ("openssh-client", ("sftp",), "SdIFtp con un client SFTP di altri"),
    ("nginx-light", ("nginx",), "porte di SdI dietro un server con certificati client"),
)
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
    apt = shutil.which("apt-get")
    if wanted and apt and os.geteuid() == 0:
        print(f"Installo {', '.join(wanted)} per le prove ...", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        # Nothing that a package brings may start by itself: the tests start what they need.
        for command in (
            [apt, "update", "-q"],
            [apt, "install", "-y", "-q", "--no-install-recommends", *wanted],
        ):
            subprocess.run(
                command,
                check=False,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
    return [
        f"{what} NON eseguito: installare il pacchetto {package} (apt-get install {package})"
        for package, what in missing()
    ]
