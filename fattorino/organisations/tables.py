"""A table of a page as a file: small enough to be made at once. Long lists are streamed by their own views."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.http import HttpResponse

from fattorino.organisations.pages import download
from fattorino.organisations.spreadsheet import Cell, write_xlsx

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def table_file(
    kind: str, name: str, title: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> HttpResponse:
    """The table as a download. `kind` is "xlsx", or anything else for CSV; `name` is without extension."""
    if kind == "xlsx":
        out = io.BytesIO()
        write_xlsx(out, title, columns, rows)
        return download(out.getvalue(), f"{name}.xlsx", XLSX)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([csv_text(cell) for cell in row] for row in rows)
    # The mark by which an Italian spreadsheet knows UTF-8.
    return download(b"\xef\xbb\xbf" + text.getvalue().encode(), f"{name}.csv", "text/csv; charset=utf-8")


def csv_text(cell: Cell) -> str:
    """A cell as an Italian spreadsheet reads it; a text that it would run as a formula is marked as text."""
    if cell is None:
        return ""
    if isinstance(cell, int):
        return f"{'-' if cell < 0 else ''}{abs(cell) // 100},{abs(cell) % 100:02}"
    if isinstance(cell, Decimal):
        return str(cell).replace(".", ",")
    if not isinstance(cell, str):
        return cell.strftime("%d/%m/%Y")
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
