"""Flows and days of every control, against a second list written from the official documents by hand."""

from __future__ import annotations

import ast
import datetime
import pathlib

import pytest

from fattorino.core.errors import FormatError
from fattorino.core.fatturapa.rules.engine import in_force
from fattorino.core.fatturapa.rules.own import OWN
from fattorino.core.fatturapa.rules.table import CONTROLS
from tests.core.fatturapa.drafts import found, invoice, spoil

KINDS = {"A": "FPA12", "R": "FPR12", "S": "FSM10"}
LONG_AGO = datetime.date(2019, 7, 29)
TODAY = datetime.date(2026, 11, 21)

# Flow, first day (none: older than 30/7/2019), local. Elenco dei controlli 2.0, Allegato A 1.6.1, tabular descriptions.
FLOWS = """
00002 ARS
00003 ARS
00300 ARS          part
00301 ARS          part
00302 A            part
00303 ARS          part
00304 A            part
00305 ARS          part
00306 ARS          part
00313 RS  2019-07-30
00327 RS  2026-05-15 part
00330 RS  2019-07-30
00399 R            part
00400 ARS
00401 ARS
00403 ARS
00404 ARS
00409 ARS
00411 AR
00413 AR
00414 AR
00415 AR
00417 ARS
00418 ARS
00419 AR
00420 AR
00421 AR
00422 AR
00423 AR
00424 ARS
00425 ARS
00427 ARS
00428 ARS
00429 AR
00430 AR
00437 AR
00438 AR
00443 AR  2020-10-01
00444 AR  2020-10-01
00445 ARS 2021-01-01
00460 S
00471 ARS 2020-10-01
00472 AR  2020-10-01
00473 AR  2020-10-01
00474 AR  2020-10-01
00475 AR  2022-10-01
00476 ARS 2022-10-01
00477 R   2024-02-01 part
"""


def rows():
    for text in FLOWS.strip().splitlines():
        code, flows, *rest = text.split()
        days = [datetime.date.fromisoformat(word) for word in rest if word != "part"]
        yield pytest.param(code, flows, days[0] if days else None, "part" in rest, id=code)


def codes_in_force(kind, on):
    return {rule.code for rule, _severity in in_force(kind, on)}


@pytest.mark.parametrize(("code", "flows", "since", "part"), list(rows()))
def test_a_control_is_asked_in_its_flows_from_its_first_day_on(code, flows, since, part):
    for letter, kind in KINDS.items():
        assert (code in codes_in_force(kind, TODAY)) is (letter in flows)
        before = since - datetime.timedelta(days=1) if since else None
        assert before is None or code not in codes_in_force(kind, before)
        assert since is None or (code in codes_in_force(kind, since)) is (letter in flows)
        assert since is not None or (code in codes_in_force(kind, LONG_AGO)) is (letter in flows)
        severities = {severity for rule, severity in in_force(kind, TODAY) if rule.code == code}
        assert severities <= {"warning" if part else "error"}


def test_the_second_list_is_complete():
    listed = {text.split()[0] for text in FLOWS.strip().splitlines()}
    assert listed == {rule.code for kind in KINDS.values() for rule, _ in in_force(kind, TODAY)} - OWN.keys()


def _codes_of_tests(*folders: pathlib.Path) -> set[str]:
    """Codes that stand in the name or among the strings of a test function."""
    found: set[str] = set()
    for folder in folders:
        for file in folder.glob("test_*.py"):
            if file.name == pathlib.Path(__file__).name:
                continue
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                    texts = [x.value for x in ast.walk(node) if isinstance(x, ast.Constant)]
                    found |= {str(text) for text in texts} | set(node.name.split("_"))
    return found


def test_every_code_that_can_be_decided_has_a_test():
    here = pathlib.Path(__file__).parent
    tested = _codes_of_tests(here, here.parent, here.parent.parent, here.parent.parent / "sdi")
    wanted = {c.code for c in CONTROLS.values() if c.local != "no"} | OWN.keys()
    # RF03 left the schema: 00200 comes first.
    assert wanted - tested - {"00459"} == set()


def test_00459_is_the_schemas_business_now():
    with pytest.raises(FormatError, match="RF03"):
        found(spoil(invoice(), seller__regime_fiscale="RF03"))
