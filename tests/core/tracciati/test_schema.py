"""What `schema_text` refuses to say, and how it says what the official invoice schemas have no example of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar

import pytest
from lxml import etree

from fattorino.core.tracciati.codelists import Code, CodeList
from fattorino.core.tracciati.declaration import E, Root
from fattorino.core.tracciati.schema import days_of_use, facets, schema_text
from fattorino.core.tracciati.values import Base64, Coded, Moment, Pattern, Text, Value

XS = "{http://www.w3.org/2001/XMLSchema}"
Word = Annotated[str, Text("WordType", 10)]
Other = Annotated[str, Text("WordType", 11)]
ROOT = Root(element="Documento", namespace="urn:prova", prefix="p", versions=("1",), title="Prova & altro")


@dataclass(frozen=True, slots=True, kw_only=True)
class Documento:
    ROOT: ClassVar[Root] = ROOT

    parola: Annotated[Word, E(1, "Parola", "una <parola> & altro")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SenzaRadice:
    parola: Annotated[Word, E(1, "Parola", "parola")]


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTipi:
    ROOT: ClassVar[Root] = ROOT

    una: Annotated[Word, E(1, "Una", "parola")]
    altra: Annotated[Other, E(2, "Altra", "parola")]


def test_characters_of_xml_in_a_description_are_escaped():
    schema = etree.fromstring(schema_text(Documento).encode())
    assert "una <parola> & altro" in [e.text for e in schema.iter(f"{XS}documentation")]


def test_an_annotation_stands_on_one_line():
    assert (
        '      <xs:element name="Parola" type="WordType">\n        <xs:annotation><xs:documentation>una'
        in (schema_text(Documento))
    )


@pytest.mark.parametrize(("cls", "why"), [(SenzaRadice, "no ROOT"), (DueTipi, "two different types")])
def test_a_declaration_that_no_schema_can_say_is_refused(cls, why):
    with pytest.raises(TypeError, match=why):
        schema_text(cls)


@pytest.mark.parametrize("pattern", [re.compile("a.b"), re.compile("ab", re.IGNORECASE), re.compile(r"\d")])
def test_a_pattern_that_only_python_understands_is_refused(pattern):
    with pytest.raises(TypeError, match="XType"):
        facets(Pattern("XType", pattern, "x"))


def test_a_value_type_that_xml_schema_does_not_know_is_refused():
    with pytest.raises(TypeError, match="XType"):
        facets(Value("XType"))


def test_built_in_types_are_named_and_not_restricted():
    for value in (Base64("xs:base64Binary"), Moment("xs:dateTime")):
        assert facets(value).base == value.xsd
        assert list(facets(value).restrictions()) == []


def test_equal_lengths_are_one_facet_as_in_the_official_schemas():
    fixed = Text("XType", 5, shortest=5, charset="any")
    assert list(facets(fixed).restrictions()) == [("length", "5")]


def test_codes_keep_their_order_and_say_their_days():
    codes = CodeList(
        "X", (Code("B", "b", date(2020, 10, 1)), Code("A", "a", until=date(2020, 12, 31), instead="B"))
    )
    assert [code.value for code in facets(Coded("XType", codes)).codes] == ["B", "A"]
    assert days_of_use(codes["B"]) == "dal 01/10/2020"
    assert days_of_use(codes["A"]) == "fino al 31/12/2020, nei documenti nuovi B"
