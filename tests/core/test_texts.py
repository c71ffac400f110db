from __future__ import annotations

import copy
import json
import pickle

from hypothesis import given
from hypothesis import strategies as st

from fattorino.core.errors import RefusedError
from fattorino.core.texts import Text, capital, in_language, say, say_many, together

ENGLISH = {
    "{element} manca: {what}.": "{element} is missing: {what}.",
    "la data": "the date",
    "un file": "one file",
}


class English:
    def gettext(self, message: str, /) -> str:
        return ENGLISH.get(message, message)

    def ngettext(self, singular: str, plural: str, number: int, /) -> str:
        return "one file" if number == 1 else "{number} files"


def test_a_text_is_its_italian_sentence() -> None:
    text = say("{element} manca: {what}.", element="Data", what=say("la data"))
    assert text == "Data manca: la data."
    assert json.dumps(text) == '"Data manca: la data."'
    assert type(str(text)) is str


def test_a_text_is_said_again_with_its_values_in_the_other_language() -> None:
    text = say("{element} manca: {what}.", element="Data", what=say("la data"))
    assert in_language(text, English()) == "Data is missing: the date."


def test_what_has_no_origin_or_no_english_stays_italian() -> None:
    assert in_language("Data manca.", English()) == "Data manca."
    assert in_language(say("Troppi."), English()) == "Troppi."


def test_what_is_counted_has_its_own_sentence_for_one() -> None:
    assert say_many("un file", "{number} file", 1) == "un file"
    assert say_many("un file", "{number} file", 0) == "0 file"
    assert in_language(say_many("un file", "{number} file", 2), English()) == "2 files"


def test_a_label_that_begins_a_sentence_has_its_capital_in_each_language() -> None:
    text = say("{element} manca: {what}.", element=capital(say("la data")), what=capital("iban"))
    assert text == "La data manca: Iban."
    assert in_language(text, English()) == "The date is missing: Iban."
    again = pickle.loads(pickle.dumps(text))
    assert in_language(again, English()) == "The date is missing: Iban."


def test_an_error_keeps_the_origin_of_message_and_hint() -> None:
    error = RefusedError(say("{element} manca: {what}.", element="Data", what=say("la data")), "Scriverla.")
    assert str(error) == "Data manca: la data. Scriverla."
    assert in_language(error.text, English()) == "Data is missing: the date. Scriverla."
    assert str(RefusedError("Solo questo.")) == "Solo questo."


@given(st.lists(st.text(), max_size=4), st.sampled_from([" ", "; ", "{x}"]))
def test_values_with_braces_are_never_taken_for_places(parts: list[str], by: str) -> None:
    assert together(*parts, by=by) == by.join(filter(None, parts))
    assert in_language(together(*parts, by=by), English()) == by.join(filter(None, parts))
    assert say("{a}", a=by) == by


def test_a_text_survives_pickling_and_copying() -> None:
    text = together(say_many("un file", "{number} file", 2), "fine")
    for again in (pickle.loads(pickle.dumps(text)), copy.deepcopy(text)):
        assert isinstance(again, Text)
        assert in_language(again, English()) == "2 files fine"
