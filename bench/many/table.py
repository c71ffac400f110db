"""What was measured, beside its limit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# Two runs of the same code differ by this much on a machine that does nothing else.
MARGIN = 1.15


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    Attributes:
        limit: what issue 4 allows; None where it says nothing.
        least: whether `seen` must reach the limit, instead of staying under it.
        note: what else there is to say of it.
    """

    name: str
    unit: str
    seen: float
    limit: float | None = None
    least: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How much of the limit is used up: 1 is just right."""
        if self.limit is None:
            return None
        return self.limit / self.seen if self.least else self.seen / self.limit

    @property
    def missed(self) -> bool:
        return self.ratio is not None and self.ratio > MARGIN


def written(figures: Iterable[Figure]) -> str:
    """The table, as Markdown: what is seen here is what documents quote."""
    rows = [["misura", "limite", "visto", "del limite", ""], ["---", "---:", "---:", "---:", "---"]]
    for each in figures:
        sign = "≥ " if each.least else ""
        limit = "–" if each.limit is None else f"{sign}{each.limit:g} {each.unit}"
        ratio = "–" if each.ratio is None else f"{each.ratio:.2f}{' !' if each.missed else ''}"
        rows.append([each.name, limit, f"{each.seen:.1f} {each.unit}", ratio, each.note])
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        [_cell(text, width, at) for at, (text, width) in enumerate(zip(row, widths, strict=True))]
        for row in rows
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cell(text: str, width: int, column: int) -> str:
    if text.startswith("---"):
        return "-" * max(3, width - text.count(":")) + ":" * text.count(":")
    return text.rjust(width) if column in (1, 2, 3) else text.ljust(width)
