"""The standard workflow that every new company starts from; a company then makes it its own.

`standard.json` is our own table after data/adempimenti/tables (stati_default, eventi_stato). It differs where the facts
ask for it (docs/decisions/0003): the passing states DA_VALIDARE, DA_FIRMARE and DA_CONFERMARE run by themselves, the PA
may still answer after a *mancata consegna* (sdi.md 4.1), and a late proof that SdI had the file mends ERRORE_INVIO.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from fattorino.core.workflow.definition import Workflow, workflow_from_json


@cache
def _text() -> str:
    return (files("fattorino.core.workflow") / "standard.json").read_text(encoding="utf-8")


def standard_json() -> dict[str, Any]:
    """A fresh copy of the standard configuration as JSON."""
    return dict(json.loads(_text()))


@cache
def standard_workflow() -> Workflow:
    return workflow_from_json(json.loads(_text()))
