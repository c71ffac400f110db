"""A table of very many rows as lines of one pitch: what typesets a table cell by cell takes 140 KB of memory for a row,
and for a line of plain text a hundredth of that. Nothing is left out."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from .view import Cell, Column, Fact, Table

# Rows and notes from which a table becomes a listing: ten pages of it are read as a table, a hundred are searched.
MOST = 500
WIDTH = 116  # characters of a line on the page, as copia.typ sets it
_WIDEST = 22  # of a column of figures or codes
_GAP, _INDENT = "  ", "       "
_TOGETHER = 50  # rows below one line of titles


def is_long(table: Table) -> bool:
    """Whether the table is to be listed."""
    return sum(1 + sum(len(cell.notes) for cell in row) for row in table.rows) > MOST


def listing(table: Table) -> list[str]:
    """The table in pieces of some rows, each below the titles."""
    widths = _widths(table)
    titles = _line(table.columns, widths, [column.title for column in table.columns])
    rule = ["-" * WIDTH]
    pieces = []
    for start in range(0, len(table.rows), _TOGETHER):
        rows = table.rows[start : start + _TOGETHER]
        lines = [line for row in rows for line in _row(table.columns, widths, row)]
        pieces.append("\n".join([*titles, *rule, *lines]))
    return pieces


def _widths(table: Table) -> list[int]:
    """As wide as the widest value; what is left belongs to the columns of text."""
    found = []
    for at, column in enumerate(table.columns):
        widest = max((len(row[at].text) for row in table.rows), default=0)
        found.append(min(max(widest, len(column.title)), _WIDEST))
    texts = [at for at, column in enumerate(table.columns) if column.kind == "text"]
    others = sum(width for at, width in enumerate(found) if at not in texts)
    left = WIDTH - others - len(_GAP) * (len(found) - 1)
    for at in texts:
        found[at] = max(left // len(texts), _WIDEST)
    return found


def _row(columns: tuple[Column, ...], widths: list[int], row: tuple[Cell, ...]) -> Iterator[str]:
    yield from _line(columns, widths, [cell.text for cell in row])
    for cell in row:
        for note in cell.notes:
            yield from textwrap.wrap(
                _said(note), WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT + _GAP
            )


def _said(note: Fact) -> str:
    return f"{note.label}: {note.value}" + (f" ({note.name})" if note.name else "")


def _line(columns: tuple[Column, ...], widths: list[int], texts: list[str]) -> list[str]:
    """The cells of one row side by side; a text longer than its column goes on below."""
    cells = [
        [text] if len(text) <= width else textwrap.wrap(text, width)
        for text, width in zip(texts, widths, strict=True)
    ]
    lines = []
    for at in range(max((len(cell) for cell in cells), default=0)):
        parts = [
            part.rjust(width) if column.kind == "number" else part.ljust(width)
            for column, width, part in (
                (column, width, cell[at] if at < len(cell) else "")
                for column, width, cell in zip(columns, widths, cells, strict=True)
            )
        ]
        lines.append(_GAP.join(parts).rstrip())
    return lines
