from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fattorino.core.tracciati.codelists import Code, CodeList
from fattorino.core.tracciati.values import Base64, Coded, Counter, Day, Moment, Number, Pattern, Text

AMOUNT2 = Number("Amount2DecimalType", digits=11, fewest=2, most=2, signed=True)
AMOUNT8 = Number("Amount8DecimalType", digits=11, fewest=2, most=8, signed=True)
RATE = Number("RateType", digits=3, fewest=2, most=2, maximum=Decimal("100.00"))
ASCII = Text("String20Type", 20)
LATIN = Text("String60LatinType", 60, charset="latin")


def admitted(value, text: str) -> bool:
    return value.refusal(value.normal(text)) is None


@pytest.mark.parametrize(
    "text", ["0.00", "-0.00", "12.30", " 1.00 ", "1.00\n", "00000000001.00", "99999999999.99"]
)
def test_amounts_of_two_decimals(text):
    assert admitted(AMOUNT2, text)


@pytest.mark.parametrize(
    "text", ["", "1", "1.0", "1.000", "+1.00", "1,00", ".50", "1e2", "999999999999.00", "١.00"]
)
def test_amounts_that_are_not_of_two_decimals(text):
    assert not admitted(AMOUNT2, text)


def test_a_comma_is_named_in_the_refusal():
    refusal = AMOUNT2.refusal("1.000,00")
    assert refusal is not None and "separatore" in refusal.message


def test_rates_end_at_one_hundred():
    assert admitted(RATE, "100.00") and admitted(RATE, "000.00")
    assert not admitted(RATE, "100.01") and not admitted(RATE, "-1.00")


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("1", "1.00"),
        ("1.5", "1.50"),
        ("1.123456", "1.123456"),
        ("1.1200000000", "1.12000000"),
        ("1E+3", "1000.00"),
        ("-0.5", "-0.50"),
    ],
)
def test_numbers_are_written_with_at_least_the_fewest_decimals_and_their_own_digits(number, written):
    assert AMOUNT8.text(Decimal(number)) == written


@pytest.mark.parametrize(
    "number", [Decimal("1.005"), Decimal("NaN"), Decimal("Infinity"), 1.5, "1.00", None, True]
)
def test_a_number_that_would_have_to_be_rounded_or_is_none_is_not_written(number):
    with pytest.raises(ValueError):
        AMOUNT2.text(number)


@given(st.decimals(min_value=-(10**11) + 1, max_value=10**11 - 1, places=8))
def test_what_is_written_is_admitted_and_reads_as_the_same_number(number):
    text = AMOUNT8.text(number)
    assert AMOUNT8.refusal(text) is None
    assert AMOUNT8.value(text) == number


def test_the_digits_read_are_the_digits_written():
    for text in ("10.00", "10.000", "-1.10000000", "0.50"):
        assert AMOUNT8.text(AMOUNT8.value(text)) == text


@pytest.mark.parametrize(
    ("text", "ok"),
    [
        ("A" * 20, True),
        ("A" * 21, False),
        ("", False),
        (" ", True),
        ("\x7f", True),
        ("è", False),
        ("a\nb", True),
    ],
)
def test_basic_latin_texts(text, ok):
    assert admitted(ASCII, text) is ok


@pytest.mark.parametrize(
    ("text", "ok"), [("è" * 60, True), ("è" * 61, False), ("ÿ\x80", True), ("Ā", False), ("10 €", False)]
)
def test_latin_1_texts(text, ok):
    assert admitted(LATIN, text) is ok


def test_a_character_out_of_the_set_is_named_with_its_replacement():
    refusal = LATIN.refusal("dell’ente")
    assert refusal is not None
    assert "«’» (U+2019)" in refusal.message and "«'»" in refusal.hint


def test_collapsed_text_is_measured_without_its_blanks():
    title = Text("TitoloType", 10, shortest=2, whitespace="collapse")
    assert admitted(title, "\n Dott. \t") and not admitted(title, "  a  ")


def test_a_pattern_must_match_the_whole_text_and_blanks_get_their_own_hint():
    country = Pattern("NazioneType", re.compile("[A-Z]{2}"), "due lettere maiuscole")
    assert admitted(country, "IT") and not admitted(country, "IT\n") and not admitted(country, "ITA")
    refusal = country.refusal(" IT")
    assert refusal is not None and "spazi" in refusal.message


def test_codes_outside_the_list_are_refused_with_the_list():
    yes = Coded("Type", CodeList("X", (Code("SI", "sì"), Code("NO", "no"))))
    assert yes.refusal("SI") is None
    refusal = yes.refusal("si")
    assert refusal is not None and "SI, NO" in refusal.hint


@pytest.mark.parametrize(
    ("text", "ok"),
    [("1", True), ("+1", True), ("0009999", True), ("0", False), ("-1", False), ("1.0", False)],
)
def test_counters(text, ok):
    assert admitted(Counter("NumeroLineaType", 1, 9999), text) is ok


def test_a_counter_of_ten_thousand_digits_is_refused_and_does_not_raise():
    counter = Counter("NumeroLineaType", 1, 9999)
    assert counter.refusal("9" * 10_000)
    with pytest.raises(ValueError):
        counter.value("9" * 10_000)


@pytest.mark.parametrize(
    ("text", "ok"),
    [
        ("2024-02-29", True),
        ("2023-02-29", False),
        (" 2024-01-01\n", True),
        ("2024-01-01Z", True),
        ("2024-01-01+14:00", True),
        ("2024-01-01+14:01", False),
        ("0000-01-01", False),
        ("-0044-03-15", False),  # the schema knows these years, we do not
        ("12000-01-01", False),
        ("01/02/2024", False),
        ("", False),
    ],
)
def test_dates(text, ok):
    assert admitted(Day("xs:date"), text) is ok


@pytest.mark.parametrize(
    ("text", "ok"), [("1969-12-31", False), ("1970-01-01", True), ("-2000-01-01", False)]
)
def test_the_date_of_an_invoice_is_not_before_1970(text, ok):
    assert admitted(Day("DataFatturaType", date(1970, 1, 1)), text) is ok


def test_a_date_is_read_without_its_zone():
    assert Day("xs:date").value("2024-01-31+02:00") == date(2024, 1, 31)
    with pytest.raises(ValueError):
        Day("xs:date").text(datetime(2024, 1, 1))


def test_moments_keep_their_zone():
    moment = Moment("xs:dateTime")
    rome = timezone(timedelta(hours=2))
    assert moment.value("2012-10-22T16:46:12.000+02:00") == datetime(2012, 10, 22, 16, 46, 12, tzinfo=rome)
    assert moment.value("2012-10-22T16:46:12") == datetime(2012, 10, 22, 16, 46, 12)
    assert moment.value("2012-10-22T24:00:00Z") == datetime(2012, 10, 23, tzinfo=UTC)
    with pytest.raises(ValueError):
        moment.value("9999-12-31T24:00:00")
    assert moment.refusal("2012-10-22T24:00:01") and moment.refusal("2012-10-22 16:46:12")


@given(st.datetimes())
def test_moments_are_read_as_they_were_written(when):
    moment = Moment("xs:dateTime")
    assert moment.refusal(moment.text(when)) is None
    assert moment.value(moment.text(when)) == when


@given(st.binary(max_size=200))
def test_base64_is_read_as_it_was_written(data):
    base64 = Base64("xs:base64Binary")
    text = base64.text(data)
    assert base64.refusal(text) is None and base64.value(text) == data


@pytest.mark.parametrize(
    "text", ["QR==", "QUF=", "QQ=", "Q", "QQ==QQ==", "QU-B", "QUFè", "=", "QUFB=", "QUFB===="]
)
def test_broken_base64_is_refused(text):
    assert not admitted(Base64("xs:base64Binary"), text)
