"""`make test`: all checks in order, up to the first that fails; the summary says what ran, what did not and why."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts import foreign

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
NO_TESTS_COLLECTED = 5
# More at a time wait for one another: each has a database, in the journeys a whole product.
MOST_AT_A_TIME = 4
# Where pytest writes the tests that failed, for the last lines of all.
FAILED = "FATTORINO_FAILED_TESTS"


@dataclass(frozen=True)
class Stage:
    """A command; `beside` is another that runs meanwhile and tells what it has to tell afterwards."""

    name: str
    command: list[str]
    may_be_empty: bool = False
    beside: Stage | None = None


def main(words: list[str]) -> int:
    os.chdir(ROOT)
    lint = [
        Stage("ruff check", [tool("ruff"), "check", "."]),
        Stage("ruff format", [tool("ruff"), "format", "--check", "--quiet", "."]),
        Stage(
            "mypy",
            [tool("mypy"), "fattorino"],
            beside=Stage("contratti di import", [tool("lint-imports"), "--no-logo"]),
        ),
    ]
    if words[:1] == ["--lint"]:
        return run(lint, [])
    if words[:1] == ["--bench"]:
        invoices = Stage("fatture: limite, Fattorino e altri", [sys.executable, "-m", "bench", *words[1:]])
        many = Stage("milioni di documenti in un'azienda", [sys.executable, "-m", "bench.many"])
        burst = Stage("fatture ricevute tutte insieme", [sys.executable, "-m", "bench.burst"])
        mailbox = Stage("fatture in una casella PEC", [sys.executable, "-m", "bench.mailbox"])
        sent = Stage("fatture fino a SdI", [sys.executable, "-m", "bench.hub"])
        start = pytest("avvio", ["-m", "bench", "-s"], [])
        return run([start, burst, mailbox, sent, many, invoices], [])
    notes = foreign.install()
    has_chromium = "chromium" not in {package for package, _ in foreign.missing()}
    if words[:1] == ["--soak"]:
        os.environ.setdefault("FATTORINO_MUTANTS", "50000")
        os.environ.setdefault("FATTORINO_KILLS", "200")
        os.environ.setdefault("FATTORINO_CHAOS_DOCUMENTS", "10000")
        os.environ.setdefault("FATTORINO_FUZZ_SECONDS", "600")
        os.environ.setdefault("HYPOTHESIS_PROFILE", "soak")
        return run(suites(has_chromium, words[1:]), notes)
    return run(lint + suites(has_chromium, words), notes)


def tool(name: str) -> str:
    return str(BIN / name)


def pytest(name: str, selection: list[str], words: list[str]) -> Stage:
    return Stage(name, [tool("pytest"), "--color=auto", *selection, *words], may_be_empty=True)


def suites(has_chromium: bool, words: list[str]) -> list[Stage]:
    """One more at a time than there are processors, each with a product of its own, since many tests wait: for a term,
    a page, a process. What kills processes mostly waits for them: it runs by itself beside the journeys."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # In the order of tests/conftest.py; xdist's own would end with the files that have few tests, however long.
    several = ["-n", str(min(processors + 1, MOST_AT_A_TIME)), "--dist", "loadfile", "--no-loadscope-reorder"]
    spread = several if processors > 1 else []
    rooms = pytest("test", ["-q", "-m", "not journey and not chaos and not bench", *spread], words)
    kills = pytest("test con processi uccisi", ["-q", "-m", "chaos", *only(words, "chaos")], words)
    if not has_chromium:
        return [rooms, kills]
    walks = pytest("percorsi nel browser", ["-q", "-m", "journey", *spread, *only(words, "journey")], words)
    return [rooms, replace(walks, beside=kills)] if spread else [rooms, kills, walks]


def only(words: list[str], mark: str) -> list[str]:
    """The files of this mark, so that the others are not read in vain; none where somebody has named some."""
    if any(Path(word.partition("::")[0]).exists() for word in words):
        return []
    if mark == "journey":
        return ["tests/journeys"]
    files = sorted(Path("tests").rglob("test_*.py"))
    return [str(file) for file in files if f"mark.{mark}" in file.read_text("utf-8")]


def run(stages: list[Stage], notes: list[str], *, to_the_end: bool = False) -> int:
    """One stage after the other, up to the first that fails; `to_the_end`: all of them, for each measures by itself."""
    lines: list[str] = []
    code = 0
    with tempfile.TemporaryDirectory(prefix="fattorino-make-test-") as folder:
        failed = Path(folder) / "failed"
        failed.touch()
        os.environ[FAILED] = str(failed)
        for stage in stages:
            good = [*carried_out(stage, lines)]
            code = code or int(not all(good))
            if code and not to_the_end:
                lines += [f"{'non eseguito':>11}  {s.name}" for s in stages[stages.index(stage) + 1 :]]
                break
        names = [f"{'fallito':>11}  {line}" for line in failed.read_text("utf-8").splitlines()]
    print("\n── riepilogo")
    print("\n".join([*lines, *(f"{'nota':>11}  {n}" for n in notes), *names]), flush=True)
    return code


def carried_out(stage: Stage, lines: list[str]) -> Iterator[bool]:
    """Run a stage and what stands beside it; whether each is good."""
    with contextlib.ExitStack() as open_now:
        print(f"\n── {stage.name}", flush=True)
        begun = time.monotonic()
        meanwhile = open_now.enter_context(started(stage.beside)) if stage.beside else None
        yield verdict(stage, subprocess.run(stage.command, check=False).returncode, begun, lines)
        if stage.beside and meanwhile:
            code, ended, told = meanwhile.result()
            print(f"\n── {stage.beside.name}, intanto", flush=True)
            sys.stdout.buffer.write(told)
            sys.stdout.flush()
            yield verdict(stage.beside, code, begun, lines, ended)


@contextlib.contextmanager
def started(stage: Stage) -> Iterator[Future[tuple[int, float, bytes]]]:
    """Run a command meanwhile: its exit code, when it ended, and what it said."""
    with (
        ThreadPoolExecutor(1) as pool,
        tempfile.TemporaryFile() as said,
        subprocess.Popen(stage.command, stdout=said, stderr=subprocess.STDOUT) as process,
    ):

        def end() -> tuple[int, float, bytes]:
            code, ended = process.wait(), time.monotonic()
            said.seek(0)
            return code, ended, said.read()

        try:
            yield pool.submit(end)
        finally:
            process.terminate()  # where the other one did not come to its end, nobody waits for this one


def verdict(stage: Stage, code: int, begun: float, lines: list[str], ended: float | None = None) -> bool:
    empty = stage.may_be_empty and code == NO_TESTS_COLLECTED
    word = "nessun test" if empty else "bene" if code == 0 else "FALLITO"
    lines.append(f"{word:>11}  {stage.name} ({(ended or time.monotonic()) - begun:.0f} s)")
    return code == 0 or empty


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
