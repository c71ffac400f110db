from __future__ import annotations

from fattorino.core.fatturapa import Finding


def test_findings_sort_by_line_and_those_on_the_whole_file_come_first():
    late = Finding("00200", "error", "/A", 9, "m")
    early = Finding("00423", "warning", "/B", 2, "m")
    whole = Finding("00404", "error", "", None, "m")
    assert sorted([late, early, whole]) == [whole, early, late]
    assert late.is_error and not early.is_error
