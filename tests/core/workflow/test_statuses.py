from __future__ import annotations

import csv
from pathlib import Path

from fattorino.core.workflow.definition import Dashboard
from fattorino.core.workflow.flaws import Surroundings
from fattorino.core.workflow.lint import lint
from fattorino.core.workflow.standard import standard_workflow
from fattorino.core.workflow.statuses import STATUSES, status_label, statuses_of


def test_every_event_of_the_facts_has_its_words_and_its_dashboards(shared_data: Path) -> None:
    table = shared_data / "adempimenti" / "tables" / "eventi_stato.csv"
    wanted: dict[str, set[str]] = {}
    with table.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            wanted.setdefault(row["evento"], set()).update(row["dash"].split())
    assert {code: {str(d) for d in s.dashboards} for code, s in STATUSES.items()} == wanted


def test_the_standard_configuration_leaves_no_status_to_nobody() -> None:
    around = Surroundings(statuses={d: statuses_of(d) for d in Dashboard})
    assert [f for f in lint(standard_workflow(), around) if f.rule == "esito-di-nessuno"] == []


def test_an_unknown_status_is_called_by_its_code() -> None:
    assert status_label("RC") == "Ricevuta di consegna"
    assert status_label("XYZ") == "XYZ"
