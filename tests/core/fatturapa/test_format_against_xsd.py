"""The format check accepts exactly what libxml2 accepts with the official schemas: samples and mutants of trees."""

from __future__ import annotations

import random

import pytest
from lxml import etree

from fattorino.core.fatturapa.format_check import DOCUMENTS, examine
from fattorino.core.fatturapa.writing import write_fattura
from tests.core.fatturapa import generated, mutants_tree
from tests.core.fatturapa.mutants import SHARDS, compare, official

# SdI's parser takes these, libxml2 does not: a blank after a date; an xmlns that is no URI.
SDI_IS_MORE_TOLERANT = {"OCA__IT01234567890_FPR04~3.xml", "OCA__IT02780790107_11004.xml"}


def test_every_sample_gets_the_verdict_of_the_official_schema(shared_data, official_schemas):
    samples = sorted((shared_data / "sdi" / "invoices").iterdir())
    assert len(samples) > 50
    different = []
    for sample in samples:
        data = sample.read_bytes()
        ours = not examine(data).findings
        try:
            root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, remove_comments=True))
            name = etree.QName(root).localname
            theirs = official_schemas[name].validate(root)
        except etree.XMLSyntaxError:
            theirs = False
        if ours != theirs and not (sample.name in SDI_IS_MORE_TOLERANT and ours):
            different.append((sample.name, ours, theirs))
        assert official(data, official_schemas) == ours, sample.name
    assert different == []


@pytest.mark.parametrize("cls", DOCUMENTS.values(), ids=DOCUMENTS)
def test_generated_documents_with_every_element_are_valid_for_the_official_schema(official_schemas, cls):
    rng = random.Random(20260101)
    for fullness in (0.0, 0.5, 1.0, 1.0):
        data = write_fattura(generated.document(cls, rng, fullness))
        schema = official_schemas[cls.ROOT.element]
        assert schema.validate(etree.fromstring(data)), schema.error_log


@pytest.mark.parametrize("shard", range(SHARDS))
def test_mutants_get_the_verdict_of_the_official_schema(
    shard, shared_data, official_schemas, record_property
):
    compare("tree", mutants_tree.spoil, shard, shared_data, official_schemas, record_property)
