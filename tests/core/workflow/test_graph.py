"""The drawing shows every state and every way, and nothing lies on something else."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fattorino.core.workflow.definition import Dashboard, Workflow
from fattorino.core.workflow.edges import edges_of
from fattorino.core.workflow.graph import BOX_HEIGHT, BOX_WIDTH, Drawing, draw
from fattorino.core.workflow.standard import standard_workflow
from tests.core.workflow.configurations import configuration

FLOW = standard_workflow()


def points(path: str) -> list[tuple[int, int]]:
    """The corners of a path of M, H and V."""
    x = y = 0
    corners = []
    for letter, first, second in re.findall(r"([MHV])(-?\d+)(?: (-?\d+))?", path):
        x, y = (
            (int(first), int(second))
            if letter == "M"
            else (int(first), y)
            if letter == "H"
            else (x, int(first))
        )
        corners.append((x, y))
    return corners


def check(flow: Workflow, dashboard: Dashboard, drawing: Drawing) -> None:
    places = {b.state.code: b for b in drawing.boxes}
    assert set(places) == {s.code for s in flow.on(dashboard)}
    wanted = {
        (e.source, e.target, e.way)
        for e in edges_of(flow, dashboard)
        if e.source != e.target and e.source in places and e.target in places
    }
    assert {(a.source, a.target, a.way) for a in drawing.arrows} == wanted
    assert len({(b.x, b.y) for b in drawing.boxes}) == len(drawing.boxes)
    for arrow in drawing.arrows:
        corners = points(arrow.path)
        for (x, y), code in ((corners[0], arrow.source), (corners[-1], arrow.target)):
            box = places[code]
            assert x in (box.x, box.x + BOX_WIDTH) and box.y < y < box.y + BOX_HEIGHT, arrow
        for x, y in corners:
            assert 0 <= x <= drawing.width and 0 <= y <= drawing.height, arrow
        for (x1, y1), (x2, y2) in zip(corners, corners[1:], strict=False):
            for box in drawing.boxes:
                across = min(x1, x2) < box.x + BOX_WIDTH and max(x1, x2) > box.x
                assert not (across and min(y1, y2) < box.y + BOX_HEIGHT and max(y1, y2) > box.y), (arrow, box)


@pytest.mark.parametrize("dashboard", list(Dashboard))
def test_the_standard_configuration_is_drawn_whole_and_no_line_crosses_a_state(dashboard: Dashboard) -> None:
    check(FLOW, dashboard, draw(FLOW, dashboard))


@given(st.integers(0, 2**32), st.sampled_from(list(Dashboard)))
def test_any_configuration_is_drawn_whole(seed: int, dashboard: Dashboard) -> None:
    flow = configuration(random.Random(seed))
    check(flow, dashboard, draw(flow, dashboard))


def test_cambia_stato_can_be_left_out_and_ways_between_the_same_states_share_an_arrow() -> None:
    drawing = draw(FLOW, Dashboard.ACTIVE_PRIVATE, manual=False)
    assert not any(a.way == "manual" for a in drawing.arrows)
    labels = [a.label for a in drawing.arrows if (a.source, a.target) == ("IN_ATTESA_ESITO", "CONSEGNATO")]
    assert labels == ["RC"]


def test_a_long_label_is_broken_and_cut() -> None:
    drawing = draw(FLOW, Dashboard.ACTIVE_PRIVATE)
    (box,) = [b for b in drawing.boxes if b.state.code == "MANCATA_CONSEGNA"]
    assert len(box.lines) == 2 and box.lines[-1].endswith("…")
    assert all(len(line) <= 28 for line in box.lines)


def test_the_installations_tabs_decide_the_columns() -> None:
    tabs = {s.code: "Tutto" for s in FLOW.states.values()}
    drawing = draw(FLOW, Dashboard.LIPE, tabs=tabs)
    assert [c.title for c in drawing.columns] == ["Tutto"]
