from __future__ import annotations

import re
from pathlib import Path

from fattorino.core.fatturapa.rules import OPTIONAL

PAGE = Path(__file__).parents[2] / "docs" / "manuale" / "controllo.md"


def test_the_manual_lists_every_warning_that_can_be_switched_off() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert dict(rows) == OPTIONAL
    assert [code for code, _ in rows] == sorted(OPTIONAL)
