from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fattorino.core.errors import InputError
from fattorino.core.sdi import names


@pytest.mark.parametrize(
    "name",
    [
        "IT01234567890_00001.xml",
        "IT01234567890_FPA01.xml.p7m",
        "ITHVQWPH73P42H501Y_X0024.xml",
        "DE12_a.xml",
        "IT01234567890_1.zip",
        "IT05979361218_006.XML",
    ],
)
def test_names_that_sdi_takes_are_read_and_written_back(name: str) -> None:
    assert str(names.parse_invoice_name(name)) == name
    assert names.is_invoice_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "01234567890_00001.xml",
        "IT0123456789_00001.xml",  # ten characters
        "IT01234567890123456_1.xml",  # seventeen
        "IT01234567890_000001.xml",  # six
        "IT01234567890_.xml",
        "IT01234567890_00001.xml\n",
        "IT01234567890_00001.xml.p7m.p7m",
        "IT01234567890_00001.zip.p7m",
        "IT01234567890_00001.pdf",
        "../IT01234567890_00001.xml",
        "a/IT01234567890_00001.xml",
        "IT01234567890_00001.xml\x00.exe",
        "IT01234567890_\u202elmx.xml",
        "ΙΤ01234567890_00001.xml",  # Greek capitals
        "IT٠1234567890_00001.xml",  # an Arabic zero
        "IT01234567890_DF_00001.xml",
        "it01234567890_00001.xml",
    ],
)
def test_tricks_and_wrong_names_are_refused(name: str) -> None:
    assert not names.is_invoice_name(name)
    with pytest.raises(InputError) as refused:
        names.parse_invoice_name(name)
    assert "00001" in refused.value.message
    assert all(c.isprintable() for c in refused.value.message)


def test_built_names_are_checked_like_read_ones() -> None:
    assert str(names.invoice_name("IT", "01234567897", "0000A", ".xml.p7m")) == "IT01234567897_0000A.xml.p7m"
    for bad in (
        ("it", "01234567897", "1", ".xml"),
        ("IT", "01234567897", "", ".xml"),
        ("IT", "01234567897", "1", ".exe"),
    ):
        with pytest.raises(InputError):
            names.invoice_name(*bad)


def test_messages_are_named_after_the_invoice() -> None:
    assert str(names.message_name("IT01234567890_00001.xml.p7m", "RC")) == "IT01234567890_00001_RC_001.xml"
    assert (
        str(names.message_name("IT01234567890_00001.xml", "AT", "002", ".zip"))
        == "IT01234567890_00001_AT_002.zip"
    )
    read = names.parse_message_name("IT02652600210_00007_MT_002.xml")
    assert (read.fattura, read.tipo, read.progressivo) == ("IT02652600210_00007", "MT", "002")
    assert names.parse_message_name("ITHVQWPH73P42H501Y_00022_NS__001.xml").tipo == "NS"


def test_an_invalid_invoice_name_is_cut_at_36_characters() -> None:
    name = names.message_name("x" * 45 + ".xml", "NS")
    assert name.fattura == "x" * 36
    assert str(names.message_name("../../è.xml", "NS")) == "...._NS_001.xml"
    with pytest.raises(InputError):
        names.message_name("IT01234567890_1.xml", "XX")
    for bad in ("IT01234567890_00001.xml", "IT01234567890_00001_RC_0001.xml", "a/b_RC_001.xml"):
        with pytest.raises(InputError):
            names.parse_message_name(bad)


def test_progressives_count_in_base_36() -> None:
    assert [names.progressive(n) for n in (0, 1, 35, 36)] == ["00000", "00001", "0000Z", "00010"]
    assert names.next_progressive(None) == "00001"
    assert names.next_progressive("0000z") == "00010"
    assert names.next_progressive("9") == "0000A"
    for bad in ("ZZZZZ", "", "000001", "a b"):
        with pytest.raises(InputError):
            names.next_progressive(bad)


@given(st.integers(0, 36**5 - 2))
def test_the_next_progressive_is_always_one_more(number: int) -> None:
    assert names.next_progressive(names.progressive(number)) == names.progressive(number + 1)


@given(st.text(max_size=60))
def test_no_text_at_all_breaks_the_readers(text: str) -> None:
    names.is_invoice_name(text)
    assert all(c.isascii() for c in str(names.message_name(text, "NS")))
