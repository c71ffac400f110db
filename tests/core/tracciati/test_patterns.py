from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from fattorino.core.tracciati.patterns import Width, width

XS = "http://www.w3.org/2001/XMLSchema"
CHARACTERS = "ab1-.*^$ \"'\\|()[]{}?+è\n"

# A piece of a pattern that is one character, and characters that it takes.
ONES = {
    "a": "a", "b": "b", "1": "1", "-": "-", " ": " ", "è": "è", '"': '"', r"\.": ".", r"\*": "*", r"\-": "-",
    r"\\": "\\", r"\|": "|", r"\n": "\n", r"\^": "^", "[ab]": "ab", "[a-c]": "abc", "[^ab]": "1è", r"[a\]]": "a]",
    r"[^\n\r]": "a ", "[-a]": "-a", "[a-]": "a-", "[.*+?]": ".?", "[^-b]": "a1",
}  # fmt: skip
# How often; where there is no most, as often as is tried.
TIMES = {
    "": (1, 1), "?": (0, 1), "*": (0, 3), "+": (1, 3), "{2}": (2, 2), "{1,3}": (1, 3), "{2,}": (2, 4), "{0,1}": (0, 1),
}  # fmt: skip
# Alternatives, each of pieces, each a character or again alternatives, and its repetition.
Tree = list[list[tuple[Any, str]]]


def alternatives(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    piece = st.tuples(st.one_of(ones, inner), st.sampled_from(list(TIMES)))
    return st.lists(st.lists(piece, min_size=1, max_size=3), min_size=1, max_size=2)


def written(tree: Tree) -> str:
    """The pattern."""
    return "|".join(
        "".join((one if isinstance(one, str) else f"({written(one)})") + times for one, times in branch)
        for branch in tree
    )


def spelled(tree: Tree, data: st.DataObject) -> str:
    """A text that it takes. Not drawn with Hypothesis' own from_regex, which tries each text that it draws with `re`:
    of a hundred letters and repetitions inside each other that may last for ever."""
    found = []
    for one, times in data.draw(st.sampled_from(tree)):
        for _ in range(data.draw(st.integers(*TIMES[times]))):
            found.append(
                data.draw(st.sampled_from(ONES[one])) if isinstance(one, str) else spelled(one, data)
            )
    return "".join(found)


def is_shared(pattern: str) -> bool:
    try:
        width(pattern)
    except ValueError:
        return False
    return True


ones = st.sampled_from(sorted(ONES))
trees = st.recursive(ones.map(lambda one: [[(one, "")]]), alternatives, max_leaves=6)
shared = trees.filter(lambda tree: is_shared(written(tree)))


def accepted(pattern: str, text: str) -> bool:
    """What libxml2 says."""
    schema = etree.Element(f"{{{XS}}}schema")
    kind = etree.SubElement(etree.SubElement(schema, f"{{{XS}}}element", name="e"), f"{{{XS}}}simpleType")
    restriction = etree.SubElement(kind, f"{{{XS}}}restriction", base="xs:string", nsmap={"xs": XS})
    etree.SubElement(restriction, f"{{{XS}}}pattern", value=pattern)
    element = etree.Element("e")
    element.text = text
    return etree.XMLSchema(etree.fromstring(etree.tostring(schema))).validate(element)


@given(shared.map(written), st.text(CHARACTERS, max_size=6))
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
def test_what_a_pattern_matches_is_as_long_as_its_width_says(tree, data):
    pattern, text = written(tree), spelled(tree, data)
    found = width(pattern)
    assert found.fewest <= len(text) and (found.most is None or len(text) <= found.most)
    assert len(text) > 8 or re.fullmatch(pattern, text)


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
