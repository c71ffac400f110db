from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from fattorino.core.tracciati.patterns import Width, width

XS = "http://www.w3.org/2001/XMLSchema"
CHARACTERS = "ab1-.*^$ \"'\\|()[]{}?+è\n"

literals = st.sampled_from(
    ["a", "b", "1", "-", " ", "è", '"', r"\.", r"\*", r"\-", r"\\", r"\|", r"\n", r"\^"]
)
classes = st.sampled_from(["[ab]", "[a-c]", "[^ab]", r"[a\]]", r"[^\n\r]", "[-a]", "[a-]", "[.*+?]", "[^-b]"])
repetitions = st.sampled_from(["", "?", "*", "+", "{2}", "{1,3}", "{2,}", "{0,1}"])


def pieces(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    piece = st.builds("{}{}".format, st.one_of(literals, classes, inner.map("({})".format)), repetitions)
    branch = st.lists(piece, min_size=1, max_size=3).map("".join)
    return st.lists(branch, min_size=1, max_size=2).map("|".join)


def is_shared(pattern: str) -> bool:
    try:
        width(pattern)
    except ValueError:
        return False
    return True


shared = st.recursive(literals, pieces, max_leaves=6).filter(is_shared)


def accepted(pattern: str, text: str) -> bool:
    """What libxml2 says."""
    schema = etree.Element(f"{{{XS}}}schema")
    kind = etree.SubElement(etree.SubElement(schema, f"{{{XS}}}element", name="e"), f"{{{XS}}}simpleType")
    restriction = etree.SubElement(kind, f"{{{XS}}}restriction", base="xs:string", nsmap={"xs": XS})
    etree.SubElement(restriction, f"{{{XS}}}pattern", value=pattern)
    element = etree.Element("e")
    element.text = text
    return etree.XMLSchema(etree.fromstring(etree.tostring(schema))).validate(element)


@given(shared, st.text(CHARACTERS, max_size=6))
def test_a_shared_pattern_means_the_same_in_both_languages(pattern, text):
    width(pattern)
    assert accepted(pattern, text) == bool(re.fullmatch(pattern, text))


def test_libxml2_still_loses_its_way_in_a_counted_group_that_may_be_empty():
    """When it does not any more, such patterns need not be refused."""
    assert not accepted("(a|a?){2}", "")
    assert re.fullmatch("(a|a?){2}", "")
    assert not is_shared("(a|a?){2}") and is_shared("(a|b){2}") and is_shared("(a?)?")


@pytest.mark.parametrize("pattern", ["(a?)+", "(a*)*", "(a|b?)*", "(a{0,1})+", "((((([ab])?)+)+)*)*b"])
def test_the_repetition_of_what_may_be_empty_is_refused(pattern):
    """Python needs 0.05 s to refuse "aa" by the last one, and has not done with "aaa" after minutes."""
    assert not is_shared(pattern)
    assert is_shared("(a+)*") and is_shared("((a|b)+c?)*")


@given(shared, st.data())
def test_what_a_pattern_matches_is_as_long_as_its_width_says(pattern, data):
    text = data.draw(st.from_regex(pattern, fullmatch=True))
    found = width(pattern)
    assert found.fewest <= len(text) and (found.most is None or len(text) <= found.most)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", Width(0, 0)),
        ("[A-Z]{2}", Width(2, 2)),
        ("[A-Z]{6}([A-Z0-9]{3})?", Width(6, 9)),
        ("a|bcd|ef*", Width(1, None)),
        ("(a|bc){2,3}", Width(2, 6)),
        (r"[^\n\r]+@[.]+x", Width(4, None)),
    ],
)
def test_width_counts_characters(pattern, expected):
    assert width(pattern) == expected


@pytest.mark.parametrize(
    "pattern",
    ["a.b", "^a", "a$", "(?:a)", "(?=a)", r"\d", r"\w", r"\b", r"\p{L}", "a+?", "a??", "a{2}{3}", "a]", "{2}"]
    + ["[a[b]", "[a-z-[aeiou]]", "(a", "a)", "[a", "[]a]", "a{,3}", "*a", "a\\"],
)
def test_what_one_of_the_two_languages_takes_otherwise_is_refused(pattern):
    with pytest.raises(ValueError, match="not the same"):
        width(pattern)
