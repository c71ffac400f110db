"""The figures as the tables that `make bench` prints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.corpus import SIZES
from bench.environments import Implementation
from bench.figures import COUNTED_SIZES, TASKS, Figures
from bench.measure import Timing
from bench.ratios import TARGETS, Kept

TITLES = {
    "parse": "lettura: byte → oggetti",
    "build": "scrittura: oggetti → byte",
    "validate": "controllo: byte → segnalazioni",
    "rules": "sole regole di contenuto",
    "roundtrip": "lettura e scrittura",
}
PEERS = ("a38", "mcp", "euinvoice")


def tables(figures: Figures, kept: Kept, found: list[Implementation]) -> str:
    parts = [_times(figures, found), _memory(figures, found), _starts(figures, found)]
    if figures.instructions:
        parts = [_instructions(figures, kept), _growth(kept), *parts]
    if figures.quick:
        quick, real = figures.quick
        parts.append(f"Fatture vere lette per la via breve: {quick} di {real}.")
    return "\n\n".join(parts)


def _instructions(figures: Figures, kept: Kept) -> str:
    rows = []
    for task in TASKS:
        against = "validate" if task == "rules" else task
        limit = figures.instructions.get(("limit", against, "100"))
        ours = figures.instructions.get(("ours", task, "100"))
        row = [TITLES[task], _number(limit), _number(ours), _ratio(kept, f"{task}/100"), _most(f"{task}/100")]
        for peer in PEERS:
            theirs = figures.instructions.get((peer, task, "100"))
            row.append(f"{theirs / limit:.1f}" if theirs and limit else "")
        rows.append(row)
    head = ["milioni di istruzioni, 100 righe", "limite", "Fattorino", "rapporto", "al massimo", *PEERS]
    return _table(head, rows)


def _growth(kept: Kept) -> str:
    sizes = [f"{size:,} righe".replace(",", ".") for size in COUNTED_SIZES]
    rows = [
        [
            TITLES[task],
            *(_ratio(kept, f"{task}/{size}") for size in COUNTED_SIZES),
            _ratio(kept, f"growth/{task}"),
            _most(f"growth/{task}"),
        ]
        for task in TASKS
    ]
    return _table(["rapporto di istruzioni col limite", *sizes, "esponente", "al massimo"], rows)


def _times(figures: Figures, found: list[Implementation]) -> str:
    cases = [*(str(size) for size in SIZES), "small", "real"]
    heads = [
        f"{int(c):,}".replace(",", ".") if c.isdigit() else {"small": "piccole", "real": "vere"}[c]
        for c in cases
    ]
    blocks = []
    for task in TASKS:
        rows = [
            [i.title, *(_timing(figures.times.get((i.name, task, case))) for case in cases)]
            for i in found
            if any((i.name, task, case) in figures.times for case in cases)
        ]
        blocks.append(_table([f"{TITLES[task]}, ms di CPU a fattura", *heads], rows))
    return "\n\n".join(blocks)


def _memory(figures: Figures, found: list[Implementation]) -> str:
    titles = {"objects": "oggetti", "check": "controllo", "stream": "controllo a flusso"}
    rows = []
    for i in found:
        for name, title in titles.items():
            if (i.name, name) in figures.memory:
                most = _most(f"memory/{name}") if i.name == "ours" else ""
                rows.append([f"{i.title}, {title}", f"{figures.memory[i.name, name]:.1f}", most])
    return _table(["MiB per la fattura di 10.000 righe (5,8 MB)", "visti", "al massimo"], rows)


def _starts(figures: Figures, found: list[Implementation]) -> str:
    theirs = next((millions for (who, _), (millions, _) in figures.starts.items() if who == "a38"), None)
    declared = {i.imports for i in found if i.name == "ours"}
    rows = []
    for (_, statement), (millions, ms) in figures.starts.items():
        ratio = f"{millions / theirs:.2f}" if millions and theirs else ""
        most = _most("import/of a38") if statement in declared else ""
        rows.append([f"`{statement}`", _number(millions), ratio, most, f"{ms:.0f}"])
    for i in found:
        if i.name in figures.first:
            rows.append(
                [f"{i.title}: avvio e controllo di una riga", _number(figures.first[i.name]), "", "", ""]
            )
    return _table(["oltre l'interprete nudo", "M istruzioni", "di a38", "al massimo", "ms di CPU"], rows)


def _ratio(kept: Kept, name: str) -> str:
    if name not in kept.ratios:
        return ""
    over = name in TARGETS and kept.ratios[name] > TARGETS[name]
    return f"{kept.ratios[name]:.3f}{' !' if over else ''}"


def _most(name: str) -> str:
    return f"{TARGETS[name]:g}" if name in TARGETS else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _timing(timing: Timing | None) -> str:
    if timing is None:
        return ""
    part = "" if timing.able == timing.files else f" ({timing.able} di {timing.files})"
    return f"{timing.ms:.3f}{part}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """As Markdown, aligned, so that a run can be pasted into the documentation as it is."""
    all_rows = [list(head), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in all_rows) for column in range(len(head))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]

    def line(cells: Sequence[str]) -> str:
        first, *rest = cells
        padded = [first.ljust(widths[0]), *(c.rjust(w) for c, w in zip(rest, widths[1:], strict=True))]
        return f"| {' | '.join(padded)} |"

    return "\n".join([line(all_rows[0]), line(rule), *(line(row) for row in all_rows[1:])])
