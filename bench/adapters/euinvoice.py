"""euinvoice 0.2.0: the model of EN 16931, the official schema and 31 of SdI's checks; Python 3.12 or later.

Its writer refuses CodiceArticolo and AltriDatiGestionali, so these invoices cannot be built nor written again. Its
artifacts come from the web: the bench lays the same official file (its pinned sha256) where they would lie.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from euinvoice import parse_all
from euinvoice import validate as check
from euinvoice.validation import artifacts

Task = tuple[Callable[[Any], Any], Callable[[Any], object]]


def parse() -> Task:
    return bytes, parse_all


def validate() -> Task:
    lay_schema(Path(os.environ["BENCH_SCHEMA"]))
    return bytes, lambda data: _valid(check(data))


def _valid(report: Any) -> None:
    if not report.ok:
        raise ValueError(report.findings)


def lay_schema(official: Path) -> None:
    """The official schema and the xmldsig beside it, where euinvoice keeps what it has fetched."""
    known = artifacts._packaged_manifest()
    for name, file, place in (
        ("fatturapa-xsd", official, "Schema_VFPR12_v1.2.3.xsd"),
        (
            "ubl-2_1",
            official.parent / "xmldsig-core-schema.xsd",
            "xsd/common/UBL-xmldsig-core-schema-2.1.xsd",
        ),
    ):
        source = known[name]
        target = artifacts.cache_dir() / source.name / source.version
        (target / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target / place)
        (target / artifacts.MARKER).write_text(artifacts._fingerprint(source, known))


TASKS = {"parse": parse, "validate": validate}
