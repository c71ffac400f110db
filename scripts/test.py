"""`make test`: all checks in order, up to the first that fails; the summary says what ran, what did not and why."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts import foreign

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
NO_TESTS_COLLECTED = 5


@dataclass(frozen=True)
class Stage:
    name: str
    command: list[str]
    may_be_empty: bool = False


def main(words: list[str]) -> int:
    os.chdir(ROOT)
    lint = [
        Stage("ruff check", [tool("ruff"), "check", "."]),
        Stage("ruff format", [tool("ruff"), "format", "--check", "--quiet", "."]),
        Stage("contratti di import", [tool("lint-imports"), "--no-logo"]),
        Stage("mypy", [tool("mypy"), "fattorino"]),
    ]
    if words[:1] == ["--lint"]:
        return run(lint, [])
    if words[:1] == ["--bench"]:
        invoices = Stage("fatture: limite, Fattorino e altri", [sys.executable, "-m", "bench", *words[1:]])
        many = Stage("milioni di documenti in un'azienda", [sys.executable, "-m", "bench.many"])
        burst = Stage("fatture ricevute tutte insieme", [sys.executable, "-m", "bench.burst"])
        sent = Stage("fatture fino a SdI", [sys.executable, "-m", "bench.hub"])
        return run([pytest("avvio", ["-m", "bench", "-s"], []), burst, sent, many, invoices], [])
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
    """Two at a time where there are processors for it, each with a product of its own; what kills processes alone."""
    spread = ["-n", "2", "--dist", "loadfile"] if (os.cpu_count() or 1) > 1 else []
    stages = [
        pytest("test", ["-q", "-m", "not journey and not chaos and not bench", *spread], words),
        pytest("test con processi uccisi", ["-q", "-m", "chaos"], words),
    ]
    if has_chromium:
        stages.append(pytest("percorsi nel browser", ["-q", "-m", "journey", *spread], words))
    return stages


def run(stages: list[Stage], notes: list[str], *, to_the_end: bool = False) -> int:
    """One stage after the other, up to the first that fails; `to_the_end`: all of them, for each measures by itself."""
    lines: list[str] = []
    code = 0
    for stage in stages:
        print(f"\n── {stage.name}", flush=True)
        begun = time.monotonic()
        done = subprocess.run(stage.command, check=False).returncode
        empty = stage.may_be_empty and done == NO_TESTS_COLLECTED
        verdict = "nessun test" if empty else "bene" if done == 0 else "FALLITO"
        lines.append(f"{verdict:>11}  {stage.name} ({time.monotonic() - begun:.0f} s)")
        if done and not empty:
            code = 1
        if code and not to_the_end:
            left = stages[stages.index(stage) + 1 :]
            lines += [f"{'non eseguito':>11}  {s.name}" for s in left]
            break
    print("\n── riepilogo")
    print("\n".join([*lines, *(f"{'nota':>11}  {n}" for n in notes)]), flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
