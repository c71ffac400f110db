from __future__ import annotations

import re
import time
import typing

from hypothesis import given
from hypothesis import strategies as st

from fattorino.core.fatturapa import fields

EMAIL = typing.get_args(fields.EmailContatti)[1]
OFFICIAL = re.compile(r"[^\n\r]+@[^\n\r]+[.]+[^\n\r]+")  # EmailContattiType; "." as XML Schema means it


@given(st.text("a@.\n", max_size=12))
def test_the_address_of_contacts_is_what_the_official_pattern_says(text):
    assert bool(EMAIL.pattern.fullmatch(text)) == bool(OFFICIAL.fullmatch(text))


def test_no_address_takes_long_to_refuse():
    begun = time.process_time()
    for text in ("@" * 85 + "." * 170 + "\n", "@" * 128 + "." * 127 + "\r", "a@" * 128):
        assert EMAIL.refusal(text) is not None
    assert time.process_time() - begun < 5
