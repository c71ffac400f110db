from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fattorino.core.fatturapa.format_check import DOCUMENTS
from fattorino.core.tracciati import record_of
from fattorino.core.tracciati.plain import plain_reader
from fattorino.core.tracciati.values import Base64, Counter, Day, Moment, Number, Text, Value
from fattorino.core.tracciati.written import WRITTEN
from tests.core.fatturapa.mutants_tree import VALUES
from tests.core.fatturapa.strategies import spellings


def values_of(cls: type) -> set[Value]:
    """Every value type of a format."""
    record = record_of(cls)
    found = {line.value for line in (*record.fields, *record.attributes) if line.value is not None}
    return found.union(*(values_of(line.record) for line in record.fields if line.record is not None))


TYPES = sorted(set().union(*map(values_of, DOCUMENTS.values())), key=repr)


def agrees(value: Value, raw: str) -> bool:
    """What the reader decides is what the type says; whether it decided."""
    found = plain_reader(value)(raw)
    if found is None:
        return False
    assert value.normal(raw) == raw or value.space == "replace", raw
    assert value.refusal(value.normal(raw)) is None, raw
    assert found == value.value(raw) and not isinstance(found, WRITTEN)
    assert value.text(found) == raw
    return True


@pytest.mark.parametrize("value", TYPES, ids=lambda value: value.xsd)
def test_what_is_read_plainly_is_what_the_type_reads(value):
    decided = [agrees(value, raw) for raw in VALUES]
    assert not all(decided)


@given(st.sampled_from(TYPES), st.data())
def test_what_is_not_read_plainly_is_odd(value, data):
    raw = data.draw(spellings(value))
    blanks_inside = value.space == "collapse" and " " in raw
    assert agrees(value, raw) or isinstance(value.value(raw), WRITTEN) or blanks_inside


@given(st.sampled_from(TYPES), st.text(max_size=30))
def test_any_text_is_read_as_the_type_reads_it_or_left(value, raw):
    agrees(value, raw)


@pytest.mark.parametrize(
    ("value", "raw", "expected"),
    [
        (Number("N", 3, 2, 2), "10.50", Decimal("10.50")),
        (Number("N", 3, 2, 2), "010.50", None),
        (Number("N", 3, 2, 2), "-1.00", None),
        (Number("N", 3, 2, 2, maximum=Decimal(100)), "100.01", None),
        (Counter("C", 1, 9), "9", 9),
        (Counter("C", 1, 9), "10", None),
        (Day("D"), "2026-01-31", date(2026, 1, 31)),
        (Day("D"), "2026-W05-6", None),
        (Day("D", date(1970, 1, 1)), "1969-12-31", None),
        (Moment("M"), "2026-01-31T10:30:00", datetime(2026, 1, 31, 10, 30)),
        (Moment("M"), "2026-01-31T10:30:00Z", None),
        (Base64("B"), "QQ==", b"A"),
        (Base64("B"), "QR==", None),
        (Base64("B"), "", b""),
        (Text("T", 3, charset="latin"), "èè", "èè"),
        (Text("T", 3), "è", None),
        (Text("T", 3, whitespace="collapse"), "a b", None),
    ],
)
def test_plain_readers(value, raw, expected):
    assert plain_reader(value)(raw) == expected


def test_a_type_of_values_that_is_not_known_is_a_mistake_of_the_programmer():
    with pytest.raises(TypeError):
        plain_reader(Value("x"))
