from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fattorino.core.colours import TEXT, contrast, is_colour, readable
from fattorino.core.workflow.standard import standard_workflow

COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


def test_the_guidelines_own_examples() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # just too light
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@given(COLOURS, COLOURS)
def test_contrast_does_not_depend_on_the_order(one: str, other: str) -> None:
    assert contrast(one, other) == contrast(other, one) >= 1


@given(COLOURS)
def test_the_readable_colour_can_be_read_and_is_the_same_where_it_could(colour: str) -> None:
    assert contrast(readable(colour), "#ffffff") >= TEXT
    assert readable(readable(colour)) == readable(colour)


@pytest.mark.parametrize("text", ["", "red", "#fff", "#12345g", "1e7d32", "#1e7d32 "])
def test_what_is_no_colour_is_none(text: str) -> None:
    assert not is_colour(text)
    with pytest.raises(ValueError):
        contrast(text, "#ffffff")


def test_every_colour_of_the_standard_states_can_be_read() -> None:
    for state in standard_workflow().states.values():
        assert contrast(state.colour, "#ffffff") >= TEXT, state.code
