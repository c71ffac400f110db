"""The price of reading, writing and checking an invoice of 100 lines, in instructions, as ratios to libxml2's.

The same counts as `make bench`, few and with wide margins, so that a rise shows on the day it comes.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from bench import corpus, environments, measure, ratios
from bench.environments import Implementation
from bench.figures import made_with
from bench.measure import Job

MARGIN = 1.15
TASKS = ("parse", "build", "validate", "rules")
HERE = Path(sys.executable)
LIMIT = Implementation("limit", "", HERE, "")
OURS = Implementation("ours", "", HERE, "")

pytestmark = pytest.mark.skipif(
    not shutil.which("valgrind"), reason="skipped: valgrind is not installed, nothing counts instructions"
)


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], float]:
    official = environments.schema()
    if official is None:
        pytest.skip("skipped: no official schema to hold the check against")
    case = tmp_path_factory.mktemp("corpus") / "lines.xml"
    case.write_bytes(corpus.invoice(100, "100/2026", corpus.SEED + 100))
    jobs = [Job(LIMIT, task, case, (2, 12)) for task in ("parse", "build", "validate")]
    jobs += [Job(OURS, task, case, (2, 12)) for task in TASKS]
    counted = dict(measure.all_instructions(jobs, environments.variables(official)))
    failed = [error for error in counted.values() if isinstance(error, measure.NotMeasured)]
    assert not failed
    return {(job.implementation.name, job.task): count for job, count in counted.items()}  # type: ignore[misc]


@pytest.mark.parametrize("task", TASKS)
def test_100_lines_cost_no_more_than_was_promised(task: str, counts: dict[tuple[str, str], float]) -> None:
    ratio = counts["ours", task] / counts["limit", "validate" if task == "rules" else task]
    name = f"{task}/100"
    assert ratio <= ratios.TARGETS[name] * MARGIN
    before = ratios.load()
    if before and before.made_with == made_with():
        assert ratio <= before.ratios[name] * MARGIN
