"""A scarto, told to whoever must correct it: SdI's words, what they mean, and the field where the remedy is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fattorino.core.fatturapa.draft import Draft
from fattorino.core.fatturapa.draft_check import field_of_path
from fattorino.core.fatturapa.rules.explain import explain


@dataclass(frozen=True, slots=True)
class Told:
    """`message` is what SdI or our check said; `field` a name of the draft ("linee.1.aliquota_iva") or ""."""

    code: str
    message: str
    meaning: str
    remedy: str
    field: str
    is_error: bool = True


def tell(findings: list[dict[str, Any]], draft: Draft | None = None) -> list[Told]:
    """Each finding of the history in plain words; one that says the same as another is told once."""
    told: dict[tuple[str, str], Told] = {}
    for finding in findings:
        code = str(finding.get("code") or "")
        message = str(finding.get("message") or "")
        explanation = explain(code) if code.isdecimal() else None  # our own remarks explain themselves
        # The path knows which line; SdI's own words have no path, then the code alone leads to the field.
        field = str(finding.get("field") or field_of_path(str(finding.get("path") or ""), draft))
        entry = Told(
            code=code if explanation else "",
            message=message,
            meaning=explanation.plain if explanation and not _same(explanation.plain, message) else "",
            remedy=str(finding.get("hint") or "") or (explanation.remedy if explanation else ""),
            field=field or (explanation.field if explanation else ""),
            is_error=finding.get("severity") != "warning",
        )
        told.setdefault((code, message), entry)
    return list(told.values())


def _same(one: str, other: str) -> bool:
    """Whether two sentences say the same, but for their end and their capitals."""
    return one.rstrip(". ").casefold() == other.rstrip(". ").casefold()
