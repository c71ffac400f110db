"""The mutations: they take anything, the same seed gives the same mutant, and many mutants stay whole."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from fattorino.core.errors import ArchiveError, EnvelopeError
from fattorino.core.fatturapa.archive import read_zip
from fattorino.core.fatturapa.envelope import unwrap, verify
from tests.fuzz import corpus, keys, mutate_der, mutate_xml, mutate_zip, ways
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_every_seed_keeps_the_promises(name: str) -> None:
    seeds = TARGETS[name].seeds()
    assert seeds
    for seed in seeds:
        TARGETS[name].run(seed)


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=30)
@given(data=st.binary(max_size=200), seed=st.integers(0, 2**32))
def test_any_bytes_can_be_mutated(name: str, data: bytes, seed: int) -> None:
    mutant = TARGETS[name].mutate(data, random.Random(seed))
    assert mutant == TARGETS[name].mutate(data, random.Random(seed))


@pytest.mark.parametrize("name", TARGETS)
def test_mutants_of_seeds_differ_from_them_and_from_one_another(name: str) -> None:
    rng = random.Random(1)
    seeds = TARGETS[name].seeds()
    mutants = {TARGETS[name].mutate(rng.choice(seeds), rng) for _ in range(100)}
    assert len(mutants - set(seeds)) > 60


def test_most_mutants_of_an_invoice_are_well_formed() -> None:
    rng = random.Random(1)
    whole = 0
    for _ in range(200):
        try:
            etree.fromstring(mutate_xml.mutate(corpus.invoices()[0], rng))
            whole += 1
        except etree.XMLSyntaxError:
            continue
    assert whole > 120


def test_tokens_are_the_whole_text_and_elements_enclose_one_another() -> None:
    for data in corpus.plain():
        tokens = mutate_xml.tokens_of(data)
        assert b"".join(tokens) == data
        assert mutate_xml.spans_of(tokens)
    spans = mutate_xml.spans_of(mutate_xml.tokens_of(b"<a><b>1</b><c/></a>"))
    assert [(span.name, span.first, span.last) for span in spans] == [
        (b"b", 1, 3),
        (b"c", 4, 4),
        (b"a", 0, 5),
    ]


def test_many_mutants_of_an_envelope_can_still_be_opened() -> None:
    rng = random.Random(1)
    opened = 0
    for _ in range(200):
        try:
            opened += bool(unwrap(mutate_der.mutate(corpus.cades()[0], rng, lambda content: content)).layers)
        except EnvelopeError:
            continue
    assert opened > 60


def test_many_mutants_of_an_archive_can_still_be_opened() -> None:
    rng = random.Random(1)
    opened = 0
    for _ in range(200):
        try:
            opened += bool(read_zip(mutate_zip.mutate(corpus.archives()[1], rng, lambda content: content)))
        except ArchiveError:
            continue
    assert opened > 40


def test_objects_are_of_both_kinds_written_quickly_and_left_to_the_long_way() -> None:
    quickly = [ways.write_quick(ways.object_of(bytes([number]))) is not None for number in range(100)]
    assert 20 < sum(quickly) < 80


def test_seeds_are_signed_by_believed_keys_so_that_a_forgery_would_be_seen() -> None:
    trusted = (keys.authority().certificate,)
    for data in (*corpus.cades(), *corpus.xades()):
        opened = unwrap(data)
        assert verify(opened, at=keys.LATER, trusted=trusted) == []
        assert (
            opened.content in corpus.signed_contents()
            or corpus.heart(opened.content) in corpus.signed_contents()
        )


def test_keys_are_the_same_in_every_process() -> None:
    assert keys.authority.__wrapped__().certificate == keys.authority().certificate
    assert [key.certificate for key in keys.holders.__wrapped__()] == [
        key.certificate for key in keys.holders()
    ]
