from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fattorino.core.errors import InputError
from fattorino.core.sdi.ftp.names import complete, is_report, parse_support_name, support_name

NODE = "01234567890"
FIVE = datetime.datetime(2013, 1, 1, 17, 0)


def test_the_official_examples():
    name = support_name("FI", NODE, FIVE, 1)
    assert name.file == "FI.01234567890.2013001.1700.001.zip"
    assert name.quadrature == "FI.01234567890.2013001.1700.001.xml"
    assert name.of_kind("EO").file == "EO.01234567890.2013001.1700.001.xml"
    assert name.of_kind("ER").file == "ER.01234567890.2013001.1700.001"
    assert support_name("FO", NODE, FIVE, 2).file == "FO.01234567890.2013001.1700.002.zip"


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("FO.12345678901.2012010.1030.001.zip.p7m.enc", "FO"),
        ("EO.12345678901.2012015.1230.001.xml.run", "EO"),
        ("ER.12345678901.2012015.1230.001.run", "ER"),
    ],
)
def test_what_sdi_has_finished_is_known_by_its_last_name(file, kind):
    found = complete(file)
    assert found is not None and found.kind == kind


@pytest.mark.parametrize(
    "file",
    [
        "FO.12345678901.2012010.1030.001.zip",
        "EO.12345678901.2012015.1230.001.xml",
        "ER.12345678901.2012015.1230.001",
        "FI.12345678901.2012015.1230.001.zip",
        "EO.12345678901.2012015.1230.001.xml.p7m.enc",
        "leggimi.txt",
        "",
    ],
)
def test_what_is_still_being_written_or_not_for_us_is_left_alone(file):
    assert complete(file) is None


@pytest.mark.parametrize(
    "name",
    [
        "FI.01234567890.2013366.1700.001.zip",
        "FI.01234567890.2013000.1700.001.zip",
        "FI.01234567890.2013001.2400.001.zip",
        "FI.01234567890.2013001.1700.000.zip",
        "FI.0123456789.2013001.1700.001.zip",
        "XX.01234567890.2013001.1700.001.zip",
        "FI.01234567890.2013001.1700.001.zip/../x",
        "FI.01234567890.2013001.1700.\u0661\u0661\u0661.zip",
        "FI.01234567890.9999366.1700.001.zip",
    ],
)
def test_other_names_are_refused(name):
    with pytest.raises(InputError):
        parse_support_name(name)


def test_a_leap_year_has_its_last_day():
    assert parse_support_name("FI.01234567890.2012366.1700.001.zip")[0].made == datetime.datetime(
        2012, 12, 31, 17
    )


def test_numbers_from_900_on_are_tests():
    assert not support_name("FI", NODE, FIVE, 899).is_test
    assert support_name("FI", NODE, FIVE, 900).is_test


@pytest.mark.parametrize(("node", "number"), [("123", 1), (NODE, 0), (NODE, 1000), ("0123456789a", 1)])
def test_a_name_that_sdi_would_not_take_is_not_made(node, number):
    with pytest.raises(InputError):
        support_name("FI", node, FIVE, number)


@given(
    st.sampled_from(["FI", "FO", "EO", "ER"]),
    st.datetimes(min_value=datetime.datetime(1000, 1, 1), max_value=datetime.datetime(9999, 12, 31)),
    st.integers(1, 999),
)
def test_a_name_is_read_as_it_was_made(kind, made, number):
    name = support_name(kind, NODE, made, number)
    assert parse_support_name(name.file) == (name, name.file.removeprefix(name.stem))


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    complete(text)
    is_report(text)


def test_daily_reports_are_known_by_name():
    assert is_report("ST.01234567890.FO.20261122.0630")
    assert is_report("ST.01234567890.EO.2026326.0630.csv")
    assert not is_report("ST.01234567890.XX.20261122.0630")
