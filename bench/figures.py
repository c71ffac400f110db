"""Takes all figures, in an order that lets nothing wait for a quiet machine but the CPU times."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path

from lxml import etree

from bench import measure, ratios
from bench.corpus import SIZES
from bench.environments import BUILD, CORPUS, Implementation
from bench.measure import Job, NotMeasured, Timing
from bench.remembered import Remembered

TASKS = ("parse", "build", "validate", "rules", "roundtrip")
COUNTED_SIZES = (1, 100, 10_000)
FEW, MANY = 100, 10_000
# Warm rounds are cheap for small invoices, the first 16 of which go the long way; for 10,000 lines one round more than
# the first is plenty.
LENGTHS = {1: (40, 140), 100: (3, 13), 10_000: (1, 2)}
PEERS_LENGTHS = (1, 3)
# a38 needs 10 s a round at 10,000 lines and the other peers are linear too: theirs end at 1,000.
PEERS_LARGEST = 1_000
# What each can do at all (see the adapters).
CANNOT = {
    ("limit", "rules"),
    ("a38", "rules"),
    ("mcp", "rules"),
    ("mcp", "roundtrip"),
    ("euinvoice", "rules"),
    ("euinvoice", "build"),
    ("euinvoice", "roundtrip"),
}

Note = Callable[[str], None]
Cell = tuple[str, str, str]
"""Implementation, task, case."""


@dataclass
class Figures:
    """By implementation and the rest: millions of instructions, CPU times, MiB, the cost of an import (millions of
    instructions, CPU ms), millions of instructions of a process that checks one invoice."""

    instructions: dict[Cell, float] = field(default_factory=dict)
    times: dict[Cell, Timing] = field(default_factory=dict)
    memory: dict[tuple[str, str], float] = field(default_factory=dict)
    starts: dict[tuple[str, str], tuple[float | None, float]] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)
    quick: tuple[int, int] | None = None


def lines(size: int) -> Path:
    return CORPUS / f"lines_{size:05d}.xml"


def can(implementation: Implementation, task: str, official: Path | None) -> bool:
    schema_needed = task == "validate" and implementation.name in ("limit", "euinvoice")
    return (implementation.name, task) not in CANNOT and (official is not None or not schema_needed)


def count(
    found: list[Implementation],
    official: Path | None,
    env: dict[str, str],
    figures: Figures,
    note: Note,
) -> None:
    jobs = {}
    for implementation, task, size in product(found, TASKS, COUNTED_SIZES):
        ours = implementation.name in ("limit", "ours")
        if can(implementation, task, official) and (ours or size == FEW):
            lengths = LENGTHS[size] if ours else PEERS_LENGTHS
            jobs[Job(implementation, task, lines(size), lengths)] = (implementation.name, task, str(size))
    remembered = Remembered(BUILD / "counts.json")
    known = {job: millions for job in jobs if (millions := remembered.get(job)) is not None}
    figures.instructions |= {jobs[job]: millions for job, millions in known.items()}
    for job, counted in measure.all_instructions([job for job in jobs if job not in known], env):
        if isinstance(counted, NotMeasured):
            note(f"{job.implementation.title}, {job.task}: non contato ({counted})")
        else:
            remembered.keep(job, counted)
            figures.instructions[jobs[job]] = counted


def clock(
    found: list[Implementation],
    official: Path | None,
    real: Path | None,
    env: dict[str, str],
    figures: Figures,
    rounds: int,
) -> None:
    cases = [(str(size), lines(size)) for size in SIZES] + [("small", CORPUS / "small-200")]
    for task in TASKS:
        for name, path in [*cases, *([("real", real)] if real and task in ("parse", "validate") else [])]:
            large = name.isdigit() and int(name) > PEERS_LARGEST
            able = [i for i in found if can(i, task, official) and (not large or i.name in ("limit", "ours"))]
            taken = measure.timings(able, task, path, env, 3 if large else rounds)
            figures.times |= {(who, task, name): timing for who, timing in taken.items()}


def weigh(found: list[Implementation], env: dict[str, str], figures: Figures, note: Note) -> None:
    """Peak memory for the largest invoice: its objects, and checking it in one go and as a stream."""
    for i in found:
        tasks = [("objects", "parse", "memory")]
        if i.name == "ours":
            tasks += [("check", "validate", "memory"), ("stream", "stream", "stream")]
        for name, task, mode in tasks:
            try:
                job = Job(i, task, lines(MANY), (0, 1))
                figures.memory[i.name, name] = measure.peak(job, lines(1), env, mode)
            except NotMeasured as error:
                note(f"memoria di {i.title}, {task}: non misurata ({error})")


def start(
    found: list[Implementation],
    official: Path | None,
    env: dict[str, str],
    figures: Figures,
    *,
    counting: bool,
    rounds: int,
) -> None:
    """What importing each costs over the bare interpreter, and a process that checks one invoice of one line."""
    wanted = [(i, statement) for i in found for statement in dict.fromkeys((i.imports, i.loads or i.imports))]
    times = measure.start_times([(i.python, statement) for i, statement in wanted], env, rounds)
    remembered = Remembered(BUILD / "counts.json")

    def counted(job: Job, take: Callable[[], float]) -> float:
        known = remembered.get(job)
        millions = take() if known is None else known
        remembered.keep(job, millions)
        return millions

    for (i, statement), ms in zip(wanted, times, strict=True):
        millions = None
        if counting:
            take = partial(measure.start_instructions, i.python, statement, env)
            millions = counted(Job(i, "import", Path(statement), (0, 1)), take)
        figures.starts[i.name, statement] = (millions, ms)
    for i in found if counting else []:
        if can(i, "validate", official):
            job = Job(i, "validate", lines(1), (0, 0))
            figures.first[i.name] = counted(job, partial(measure.first_instructions, job, env))


def kept(figures: Figures) -> ratios.Kept:
    """The ratios of a run, ready to be compared or written."""
    found: dict[str, float] = {}
    counted = figures.instructions
    for task, size in product(TASKS, COUNTED_SIZES):
        # Content rules have no limit of their own: they are held against parse + schema.
        limit = counted.get(("limit", "validate" if task == "rules" else task, str(size)))
        ours = counted.get(("ours", task, str(size)))
        if limit and ours:
            found[f"{task}/{size}"] = ours / limit
    for task in TASKS:
        few, many = (counted.get(("ours", task, str(size))) for size in (FEW, MANY))
        if few and many:
            found[f"growth/{task}"] = ratios.exponent(few, many, (FEW, MANY))
    found |= {f"memory/{name}": mib for (who, name), mib in figures.memory.items() if who == "ours"}
    theirs = next((counted for (who, _), (counted, _) in figures.starts.items() if who == "a38"), None)
    ours_two = [millions for (who, _), (millions, _) in figures.starts.items() if who == "ours"]
    for name, millions in zip(("import/of a38", "import/all of a38"), ours_two, strict=False):
        if millions and theirs:
            found[name] = millions / theirs
    if "limit" in figures.first and "ours" in figures.first:
        found["first/check"] = figures.first["ours"] / figures.first["limit"]
    return ratios.Kept(made_with(), found)


def made_with() -> dict[str, str]:
    """What instruction counts depend on beside our code."""
    return {
        "machine": platform.machine(),
        "python": platform.python_version(),
        "lxml": etree.__version__,
        "libxml2": ".".join(map(str, etree.LIBXML_VERSION)),
    }
