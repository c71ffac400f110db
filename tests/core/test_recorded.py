"""A stored sentence is recognised by its pattern, wholly or not at all."""

from __future__ import annotations

import datetime
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fattorino.core.recorded import Patterns
from fattorino.core.texts import in_language, say, together

ENGLISH = {
    "Documento inserito.": "Document entered.",
    "Consegnata": "Delivered",
    "La fattura è emessa.": "The invoice is issued.",
    "{label}. {explanation}": "{label}. {explanation}",
    "Importato il documento {number} del {date:%d/%m/%Y}.": "Document {number} of {date:%d/%m/%Y} imported.",
    "Così com'è, però, SdI lo scarterebbe: {fault}": "As it is, though, SdI would reject it: {fault}",
    "XML generato: {file}": "XML generated: {file}",
    "{name} non lavora più per l'azienda.": "{name} no longer works for the company.",
    "{one} o {other}": "{one} or {other}",
    "Il file {name} è {name}.": "The file {name} is {name}.",
    "Errore {code}.": "Error {code}.",
    "Errore {code} della firma.": "Error {code} of the signature.",
}
PATTERNS = Patterns([*ENGLISH, "%(count)s documenti", "{", "contesto\x04Causale"])


class English:
    def gettext(self, message: str, /) -> str:
        return ENGLISH.get(message, message)

    def ngettext(self, singular: str, plural: str, number: int, /) -> str:
        return singular


def english(text: str) -> str | None:
    found = PATTERNS.find(text)
    return None if found is None else in_language(found, English())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Documento inserito.", "Document entered."),
        ("Consegnata. La fattura è emessa.", "Delivered. The invoice is issued."),
        (
            "Importato il documento 9/A del 21/11/2026. Così com'è, però, SdI lo scarterebbe: La fattura è emessa.",
            "Document 9/A of 21/11/2026 imported. As it is, though, SdI would reject it: The invoice is issued.",
        ),
        ("XML generato: IT02100450127_00006.xml", "XML generated: IT02100450127_00006.xml"),
        ("Laura Conti non lavora più per l'azienda.", "Laura Conti no longer works for the company."),
        ("Il file a.xml è a.xml.", "The file a.xml is a.xml."),
        ("Errore 00404 della firma.", "Error 00404 of the signature."),
    ],
)
def test_what_was_stored_is_said_again(text: str, told: str) -> None:
    found = PATTERNS.find(text)
    assert found == text and english(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Scritto da una persona.",
        "Consegnata",  # one word may be anybody's
        "Uno o l'altro",  # two values and one letter between them: anything would fit
        "Documento inserito. Scritto da una persona.",
        "Il file a.xml è b.xml.",
        "Documento inserito" + "." * 2000,
    ],
)
def test_what_is_not_recognised_whole_stays_as_it_was_written(text: str) -> None:
    assert PATTERNS.find(text) is None


def test_the_surest_pattern_is_taken() -> None:
    found = PATTERNS.find("XML generato: a.xml. Documento inserito.")
    assert found is not None
    assert english(found) == "XML generated: a.xml. Document entered."


@given(number=st.text(min_size=1, max_size=20), date=st.dates(), tail=st.booleans())
def test_every_sentence_that_is_stored_is_found_again_letter_by_letter(
    number: str, date: datetime.date, tail: bool
) -> None:
    made = say("Importato il documento {number} del {date:%d/%m/%Y}.", number=number, date=date)
    stored = str(together(made, say("Documento inserito.") if tail else ""))
    assert PATTERNS.find(stored) == stored


def test_a_long_text_of_a_stranger_costs_little() -> None:
    hostile = "Importato il documento " + "x del y: z. " * 80
    began = time.perf_counter()
    PATTERNS.find(hostile[:1000])
    assert time.perf_counter() - began < 20


def test_sentences_within_sentences_cost_little() -> None:
    nested = "Così com'è, però, SdI lo scarterebbe: " * 11 + "x"
    began = time.perf_counter()
    assert english(nested) == "As it is, though, SdI would reject it: " * 11 + "x"
    assert time.perf_counter() - began < 20
