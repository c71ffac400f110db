"""Everybody can use every page: the second part of the visit that test_accessibility.py begins."""

from __future__ import annotations

from tests.journeys.conftest import House, Visitor, Watch
from tests.journeys.visit import PARTS, visit


def test_every_other_page_that_a_person_opens(visitor: Visitor, house: House, watch: Watch) -> None:
    assert PARTS == 2
    visit(visitor, house, watch, 1)
