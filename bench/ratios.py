"""The figures worth keeping: ratios, which hold on any machine, their targets and what became of them.

`ratios.json` holds those of the last accepted run. A ratio is worse when it has risen by more than its tolerance, or
when it is beyond its target.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("ratios.json")

# Of the issue that asked for the speed: instructions at 100 lines over the limit's, exponents from 100 to 10,000
# lines, MiB for 10,000 lines, the import over a38's.
TARGETS = {
    "parse/100": 2.2,
    "build/100": 1.6,
    "validate/100": 1.5,
    "rules/100": 0.08,
    "growth/parse": 1.03,
    "growth/build": 1.03,
    "growth/validate": 1.03,
    "growth/rules": 1.03,
    "growth/roundtrip": 1.03,
    "memory/objects": 60.0,
    "memory/stream": 4.0,
    "import/of a38": 0.5,
}
# By the first word of a name: instructions are the same in each run, memory is not quite.
TOLERANCE = {"growth": 0.01, "memory": 0.15}
OTHERWISE = 0.03


@dataclass(frozen=True)
class Kept:
    """`made_with`: versions without which instruction counts cannot be compared; `ratios` by name."""

    made_with: dict[str, str]
    ratios: dict[str, float]


def exponent(few: float, many: float, lines: tuple[int, int]) -> float:
    """The slope of log cost over log lines."""
    return math.log(many / few) / math.log(lines[1] / lines[0])


def load(path: Path = FILE) -> Kept | None:
    if not path.is_file():
        return None
    read = json.loads(path.read_text())
    return Kept(read["made_with"], read["ratios"])


def save(kept: Kept, path: Path = FILE) -> None:
    rounded = {name: round(value, 4) for name, value in sorted(kept.ratios.items())}
    path.write_text(json.dumps({"made_with": kept.made_with, "ratios": rounded}, indent=2) + "\n")


def misses(ratios: dict[str, float]) -> list[str]:
    """Targets that are missed, one Italian sentence each."""
    return [
        f"{name}: {ratios[name]:.3f}, al massimo {most:g}"
        for name, most in TARGETS.items()
        if name in ratios and ratios[name] > most
    ]


def worse(now: Kept, before: Kept | None) -> list[str]:
    """What rose by more than its tolerance since `before`, one Italian sentence each.

    Counts of another interpreter or another libxml2 tell nothing about our code: then nothing is compared.
    """
    if before is None or before.made_with != now.made_with:
        return []
    return [
        f"{name}: {value:.3f}, era {before.ratios[name]:.3f}"
        for name, value in now.ratios.items()
        if name in before.ratios and value > before.ratios[name] * (1 + tolerance(name))
    ]


def tolerance(name: str) -> float:
    return TOLERANCE.get(name.partition("/")[0], OTHERWISE)
