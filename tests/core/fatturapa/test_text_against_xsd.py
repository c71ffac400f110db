"""As test_format_against_xsd, with mutants of the text: comments, CDATA, entities, line ends, encodings, slips.

A file of its own, so that two processes share the mutants."""

from __future__ import annotations

import pytest

from tests.core.fatturapa import mutants_text
from tests.core.fatturapa.mutants import SHARDS, compare


@pytest.mark.parametrize("shard", range(SHARDS))
def test_mutants_get_the_verdict_of_the_official_schema(
    shard, shared_data, official_schemas, record_property
):
    compare("text", mutants_text.spoil, shard, shared_data, official_schemas, record_property)
