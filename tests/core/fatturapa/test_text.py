from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fattorino.core.fatturapa.text import replaced_signs, transliterate, without_accents


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("100 € – “prova” dell’Ordine…", '100 EUR - "prova" dell\'Ordine...'),
        ("prima\r\nseconda\tterza", "prima seconda terza"),
        ("Perche\u0301 è così", "Perché è così"),
        ("a\u200bb\u2009c", "ab c"),
        ("Šimić", "Šimić"),
    ],
)
def test_signs_with_a_customary_equivalent_are_replaced_and_letters_are_not_guessed(typed, written):
    assert transliterate(typed) == written


def test_what_was_replaced_is_told():
    assert replaced_signs("5 €", "5 EUR") == "€ → EUR"
    assert replaced_signs("a\nb", "a b") == "" and replaced_signs("a", "a") == ""


def test_a_plain_letter_is_suggested():
    assert (without_accents("Š"), without_accents("ł")) == ("S", "")


@given(st.text())
def test_transliterating_twice_changes_nothing_more(text):
    once = transliterate(text)
    assert transliterate(once) == once
