"""One fuzzing process: `python -m tests.fuzz.run reader --seconds 60 --seed 7`.

A saved or printed input is tried again, without the fuzzer, with `--repeat FILE` or `--base64 TEXT`.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import random
import sys
import tempfile
import time
from pathlib import Path

SECONDS = 2.0  # of the processor, for one input
MEGABYTES = 300  # of the whole process
LONGEST = 200_000  # bytes of an input that the fuzzer makes; test_large has longer ones
ENDLESS = 60  # seconds on the wall after which an input that does not end is given up


class TooMuch(AssertionError):
    """Right, but too slow or too big."""


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run", description=__doc__)
    parser.add_argument("target")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--artifacts", type=Path, default=Path("test-output/fuzz"))
    parser.add_argument("--repeat", type=Path)
    parser.add_argument("--base64")
    args = parser.parse_args(words)
    if args.repeat or args.base64:
        repeat(args.target, args.repeat.read_bytes() if args.repeat else base64.b64decode(args.base64))
        return 0
    fuzz(args.target, args.seconds, args.seed, args.artifacts)
    return 0


def repeat(name: str, data: bytes) -> None:
    """Raises what the input makes the target raise."""
    from tests.fuzz.targets import TARGETS

    watched(TARGETS[name].run, data)
    print(f"{name}: {len(data)} byte, nothing to object")


def watched(run, data: bytes) -> None:  # type: ignore[no-untyped-def]
    begun = time.process_time()
    run(data)
    spent = time.process_time() - begun
    if spent > SECONDS:
        raise TooMuch(f"{spent:.1f} s of the processor")
    if (peak := peak_megabytes()) > MEGABYTES:
        raise TooMuch(f"{peak} MB of memory")


def peak_megabytes() -> int:
    """Of this process alone (getrusage would count what its parent had before the exec); 0 where not known."""
    with contextlib.suppress(OSError), open("/proc/self/status", "rb") as status:
        for line in status:
            if line.startswith(b"VmHWM:"):
                return int(line.split()[1]) // 1024
    return 0


def fuzz(name: str, seconds: int, seed: int, artifacts: Path) -> None:
    """Does not return: libFuzzer ends the process, with a status other than 0 when it found something."""
    import atheris

    with atheris.instrument_imports(include=["fattorino"]):
        from tests.fuzz.targets import TARGETS

        target = TARGETS[name]
        seeds = target.seeds()
    artifacts.mkdir(parents=True, exist_ok=True)
    folder = tempfile.TemporaryDirectory(prefix="fattorino-fuzz-")
    for number, content in enumerate(seeds):
        Path(folder.name, f"{number:04}").write_bytes(content)

    def one(data: bytes) -> None:
        watched(target.run, data)

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        rng = random.Random(seed)
        mutant = target.mutate(data, rng) if rng.random() < 0.8 else data
        if mutant == data:
            mutant = atheris.Mutate(data, longest)
        return mutant if len(mutant) <= longest else mutant[:longest]

    options = [
        f"-seed={seed % 2**32 or 1}",
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST}",
        f"-timeout={ENDLESS}",
        # libFuzzer asks getrusage, which after an exec still tells the parent's peak: after an hour of other tests
        # in the same worker that alone is over any limit. The watch above asks for this process.
        "-rss_limit_mb=0",
        f"-artifact_prefix={artifacts}/{name}-",
        "-print_final_stats=1",
        "-len_control=0",
        "-verbosity=1",
    ]
    atheris.Setup([sys.argv[0], *options, folder.name], one, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
