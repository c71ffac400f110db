"""The invoices of the bench are what the issue says: valid, without findings, twelve elements a line."""

from __future__ import annotations

from datetime import date

import pytest
from lxml import etree

from bench import corpus
from fattorino.core.fatturapa import check
from tests.core.fatturapa.conftest import official_schemas  # noqa: F401 - a fixture

ON = date(2026, 11, 21)


def made(limit: int) -> list[bytes]:
    return [data for name, data in corpus.files() if len(data) < limit]


def test_none_gives_a_finding() -> None:
    for data in made(100_000)[:200]:
        assert check(data, on=ON) == []


def test_the_official_schema_accepts_each(official_schemas: dict[str, etree.XMLSchema]) -> None:  # noqa: F811
    schema = official_schemas["FatturaElettronica"]
    for data in made(1_000_000):
        schema.assertValid(etree.fromstring(data))


def test_the_same_seed_makes_the_same_bytes() -> None:
    assert corpus.invoice(20, "1/2026", 7) == corpus.invoice(20, "1/2026", 7)


def test_small_invoices_are_all_different() -> None:
    small = [data for name, data in corpus.files() if name.startswith("small/")]
    assert len(small) == len(set(small)) == 2_000


@pytest.mark.parametrize("lines", [1, 10, 10_000])
def test_a_line_has_twelve_elements_and_numbers_end_at_9999(lines: int) -> None:
    root = etree.fromstring(corpus.invoice(lines, "1/2026", 3))
    details = root.findall(".//DettaglioLinee")
    assert len(details) == lines
    assert {len(list(detail.iter())) for detail in details} == {12}
    assert max(int(detail.findtext("NumeroLinea")) for detail in details) == min(lines, 9_999)
