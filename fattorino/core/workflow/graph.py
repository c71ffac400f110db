"""Where to draw the states of a dashboard and the ways between them: geometry only, a template makes the SVG.

Columns are the tabs of the dashboard in the order in which documents pass them, rows the order of the gadgets. Ways run
in lanes of their own between the columns, so that no line crosses a box and each arrow can be followed on paper too.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from fattorino.core.texts import say, together
from fattorino.core.workflow.definition import Dashboard, State, Workflow
from fattorino.core.workflow.edges import Edge, Way, edges_of

BOX_WIDTH, BOX_HEIGHT = 190, 52  # pixels at 100 %
ROW_GAP, LANE, MARGIN = 26, 9, 24
TITLE = 34


@dataclass(frozen=True, slots=True)
class Box:
    """A state on the drawing; `lines` is its label broken to fit."""

    state: State
    x: int
    y: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    """All ways of one sort from a state to a state. `path` is the SVG path, `label` their names in Italian."""

    source: str
    target: str
    way: Way
    label: str
    path: str
    at: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    x: int


@dataclass(frozen=True, slots=True)
class Drawing:
    width: int
    height: int
    columns: tuple[Column, ...]
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def draw(
    workflow: Workflow, dashboard: Dashboard, *, manual: bool = True, tabs: dict[str, str] | None = None
) -> Drawing:
    """Lay out one dashboard.

    Args:
        manual: with the ways of *Cambia stato*, which are many and hide the others.
        tabs: tab of each state where the installation's common settings differ from the configuration's.
    """
    states = workflow.on(dashboard)
    tab_of = {s.code: (tabs or {}).get(s.code, s.tab) or say("Senza tab") for s in states}
    titles = list(dict.fromkeys(tab_of[s.code] for s in states))
    edges = [e for e in edges_of(workflow, dashboard) if e.source in tab_of and e.target in tab_of]
    arrows = _merged([e for e in edges if manual or e.way != "manual"])
    rows: dict[str, list[State]] = {t: [s for s in states if tab_of[s.code] == t] for t in titles}
    lanes = _lanes(arrows, tab_of, titles)
    columns, boxes, x = [], [], MARGIN
    for number, title in enumerate(titles):
        x += lanes[number] * LANE + MARGIN
        columns.append(Column(title, x))
        for row, state in enumerate(rows[title]):
            y = TITLE + MARGIN + row * (BOX_HEIGHT + ROW_GAP)
            boxes.append(Box(state, x, y, _broken(state.label)))
        x += BOX_WIDTH + MARGIN
    width = x + lanes[len(titles)] * LANE + MARGIN
    tallest = max((len(column) for column in rows.values()), default=0)
    height = TITLE + 2 * MARGIN + tallest * (BOX_HEIGHT + ROW_GAP)
    return Drawing(
        width, height, tuple(columns), tuple(boxes), _routed(arrows, boxes, columns, tab_of, titles)
    )


_Merged = tuple[str, str, Way, str]


def _merged(edges: list[Edge]) -> list[_Merged]:
    """One arrow for all ways of one sort between two states: "RC, MC". A way back to itself is not drawn."""
    labels: dict[tuple[str, str, Way], list[str]] = defaultdict(list)
    for edge in edges:
        if edge.source != edge.target:
            labels[edge.source, edge.target, edge.way].append(edge.label)
    return [
        (source, target, way, together(*dict.fromkeys(names), by=", "))
        for (source, target, way), names in labels.items()
    ]


def _gutters(arrow: _Merged, tab_of: dict[str, str], titles: list[str]) -> tuple[int, ...]:
    """The gaps between columns that the arrow uses; gap n lies before column n. Two, where it passes a column."""
    source, target = titles.index(tab_of[arrow[0]]), titles.index(tab_of[arrow[1]])
    if source == target:
        return (source + 1,)
    first, last = (source + 1, target) if source < target else (source, target + 1)
    return (first,) if first == last else (first, last)


def _lanes(arrows: list[_Merged], tab_of: dict[str, str], titles: list[str]) -> list[int]:
    counts = [0] * (len(titles) + 1)
    for arrow in arrows:
        for gutter in _gutters(arrow, tab_of, titles):
            counts[gutter] += 1
    return counts


def _routed(
    arrows: list[_Merged], boxes: list[Box], columns: list[Column], tab_of: dict[str, str], titles: list[str]
) -> tuple[Arrow, ...]:
    places = {box.state.code: box for box in boxes}
    leaving, coming = _ports(arrows, 0, places), _ports(arrows, 1, places)
    used: dict[int, int] = defaultdict(int)
    across: dict[int, int] = defaultdict(int)

    def lane(gutter: int) -> int:
        used[gutter] += 1
        begin = columns[gutter - 1].x + BOX_WIDTH if gutter else 0
        return begin + MARGIN // 2 + used[gutter] * LANE

    routed = []
    for number, (source, target, way, label) in enumerate(arrows):
        one, other = places[source], places[target]
        start, end = one.y + leaving[number], other.y + coming[number]
        lanes = [lane(gutter) for gutter in _gutters(arrows[number], tab_of, titles)]
        begin = one.x + BOX_WIDTH if lanes[0] > one.x else one.x
        finish = other.x + BOX_WIDTH if lanes[-1] > other.x else other.x
        if len(lanes) == 1:
            path, at = f"M{begin} {start}H{lanes[0]}V{end}H{finish}", (lanes[0], (start + end) // 2)
        else:
            # Past the boxes of the columns between, through the space above the target's row.
            across[other.y] += 1
            level = other.y - 4 - (across[other.y] * 4) % (ROW_GAP - 8)
            path, at = f"M{begin} {start}H{lanes[0]}V{level}H{lanes[1]}V{end}H{finish}", (lanes[0], level)
        routed.append(Arrow(source, target, way, label, path, at))
    return tuple(routed)


def _ports(arrows: list[_Merged], end: int, places: dict[str, Box]) -> dict[int, int]:
    """Where on the height of its box each arrow begins (or ends), so that no two share a point."""
    by_box: dict[str, list[int]] = defaultdict(list)
    for number, arrow in enumerate(arrows):
        by_box[arrow[end]].append(number)
    ports = {}
    for code, numbers in by_box.items():
        # Sorted by where the other end lies, which keeps neighbours from crossing.
        numbers.sort(key=lambda n: (places[arrows[n][1 - end]].y, n))
        half = BOX_HEIGHT // 2
        for rank, number in enumerate(numbers):
            step = half * (rank + 1) // (len(numbers) + 1)
            ports[number] = step + (half if end else 0) // 2 + (half // 4)
        assert code in places
    return ports


def _broken(label: str, width: int = 24, most: int = 2) -> tuple[str, ...]:
    """The label on at most two lines, at blanks; what does not fit ends in "…"."""
    lines = [""]
    for word in label.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{' '.join(lines[most - 1 :])[: width - 1].rstrip()}…"]
    return tuple(line if len(line) <= width + 4 else f"{line[: width + 3]}…" for line in lines)
