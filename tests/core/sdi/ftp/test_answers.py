from __future__ import annotations

import contextlib
import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fattorino.core.errors import InputError
from fattorino.core.sdi.ftp.answers import Refusal, read_refusal, read_report, write_refusal
from fattorino.core.sdi.ftp.names import support_name

NAME = support_name("FI", "01234567890", datetime.datetime(2026, 11, 22, 13, 0), 1)


@pytest.mark.parametrize("phase", ["cifratura", "firma"])
def test_a_refusal_is_read_as_it_was_written(phase):
    assert read_refusal(write_refusal(Refusal(NAME, phase))) == Refusal(NAME, phase)


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfNome;Esito\r\nFI.01234567890.2026326.1300.001.zip;2\r\n",
        b'"FI.01234567890.2026326.1300.001","2"\n',
    ],
)
def test_a_refusal_is_read_in_any_column_order_and_with_headings(data):
    assert read_refusal(data) == Refusal(NAME, "firma")


@pytest.mark.parametrize(
    "data", [b"", b"FI.01234567890.2026326.1300.001.zip;9", b"altro;1", b'\0;"', bytes(range(256))]
)
def test_what_names_no_support_or_phase_is_refused(data):
    with pytest.raises(InputError):
        read_refusal(data)


def test_a_report_gives_the_supports_of_each_line():
    data = b"File;Prelievo;Esito;Fine\r\n%s;2026-11-22;%s;2026-11-22\r\n\r\n" % (
        NAME.file.encode(),
        NAME.of_kind("EO").file.encode(),
    )
    (line,) = read_report(data)
    assert line.supports == (NAME, NAME.of_kind("EO"))


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data):
    for read in (read_report, read_refusal):
        with contextlib.suppress(InputError):
            read(data)
