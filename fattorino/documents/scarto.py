"""A scarto, told to whoever must correct it: SdI's words, what they mean, and the field where the remedy is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_LINE = re.compile(r"/DettaglioLinee\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Told:
    """`message` is what SdI or our check said; `field` a name of the draft ("linee.1.aliquota_iva") or ""."""

    code: str
    message: str
    meaning: str
    remedy: str
    field: str


def tell(findings: list[dict[str, Any]]) -> list[Told]:
    """Each finding of the history in plain words; one that says the same as another is told once."""
    told: dict[tuple[str, str], Told] = {}
    if not findings:
        return []
    from fattorino.core.fatturapa.rules.explain import explain

    for finding in findings:
        code = str(finding.get("code") or "")
        message = str(finding.get("message") or "")
        explanation = explain(code) if code else None
        field = str(finding.get("field") or (explanation.field if explanation else "") or "")
        entry = Told(
            code=code,
            message=message,
            meaning=explanation.plain if explanation else "",
            remedy=str(finding.get("hint") or "") or (explanation.remedy if explanation else ""),
            field=_with_line(field, str(finding.get("path") or "")),
        )
        told.setdefault((code, message), entry)
    return list(told.values())


def _with_line(field: str, path: str) -> str:
    """A rule speaks of "linee.aliquota_iva"; the path of the finding knows which line."""
    group, _, name = field.partition(".")
    match = _LINE.search(path)
    if group == "linee" and match and name and not name[0].isdigit():
        return f"linee.{int(match[1]) - 1}.{name}"
    return field
