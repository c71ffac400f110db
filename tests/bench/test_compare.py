"""When a run of the bench counts as worse."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import ratios
from bench.ratios import Kept

MADE_WITH = {"python": "3.11.7", "lxml": "6.1.3"}


def kept(**found: float) -> Kept:
    return Kept(MADE_WITH, {name.replace("_", "/"): value for name, value in found.items()})


def test_three_percent_more_instructions_are_no_news() -> None:
    assert ratios.worse(kept(parse_100=2.06), kept(parse_100=2.0)) == []


def test_more_than_three_percent_more_instructions_are_told() -> None:
    assert ratios.worse(kept(parse_100=2.07), kept(parse_100=2.0)) == ["parse/100: 2.070, era 2.000"]


def test_growth_has_a_narrower_tolerance_and_memory_a_wider_one() -> None:
    assert ratios.worse(
        kept(growth_parse=1.02, memory_objects=57.0), kept(growth_parse=1.0, memory_objects=50.0)
    ) == ["growth/parse: 1.020, era 1.000"]


def test_other_versions_are_not_compared_but_still_held_to_the_targets() -> None:
    now = Kept({"python": "3.14.0"}, {"parse/100": 9.0})
    assert ratios.worse(now, kept(parse_100=2.0)) == []
    assert ratios.misses(now.ratios) == ["parse/100: 9.000, al massimo 2.2"]


def test_a_ratio_at_its_target_is_within_it() -> None:
    assert ratios.misses({"parse/100": 2.2, "memory/stream": 4.0}) == []


def test_the_exponent_of_what_is_linear_is_one_and_of_what_is_quadratic_two() -> None:
    assert ratios.exponent(5.0, 500.0, (100, 10_000)) == pytest.approx(1)
    assert ratios.exponent(5.0, 50_000.0, (100, 10_000)) == pytest.approx(2)


def test_what_is_saved_is_loaded_again(tmp_path: Path) -> None:
    file = tmp_path / "ratios.json"
    assert ratios.load(file) is None
    ratios.save(kept(parse_100=2.12345), file)
    assert ratios.load(file) == kept(parse_100=2.1235)
