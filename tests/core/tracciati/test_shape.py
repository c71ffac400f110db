from __future__ import annotations

import re
import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fattorino.core.fatturapa.ordinaria import FatturaElettronica
from fattorino.core.fatturapa.semplificata import FatturaElettronicaSemplificata
from fattorino.core.tracciati.declaration import record_of
from fattorino.core.tracciati.quick import read_quick
from fattorino.core.tracciati.shape import leaf
from fattorino.core.tracciati.values import Number, Value

DOCUMENTS = (FatturaElettronica, FatturaElettronicaSemplificata)


def _values(cls: type) -> set[Value]:
    record = record_of(cls)
    found = {field.value for field in record.fields if field.value is not None}
    return found.union(*(_values(field.record) for field in record.fields if field.record is not None))


VALUES = sorted(set().union(*map(_values, DOCUMENTS)), key=repr)
# Characters of numbers, codes and days, at the borders of the sets, that XML does not admit, of markup.
NASTY = st.text(
    "019.,+-TZ:AZaz @/=\t\n\r\x00\x0b\x1f\x7f\x80\x85\xff\u0100\u20ac\ufffe\ud800\U0001f600<>&", max_size=40
)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.xsd)
@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_what_an_expression_admits_the_value_type_admits_and_writes_alike(value, data):
    digits = st.from_regex(r"-?[0-9]{1,13}(\.[0-9]{1,9})?", fullmatch=True)
    days = st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", fullmatch=True)
    text = data.draw(
        st.one_of(NASTY, digits, days, st.sampled_from(["A" * n for n in (0, 1, 10, 11, 60, 61, 1001)]))
    )
    how = leaf(value).how
    for raw in (False, True):
        if how == "checked" or not re.fullmatch(leaf(value, raw).source, text):
            continue
        if how == "day":
            try:
                value.value(text)
            except ValueError:
                continue  # has the right shape and is no day: the reader sees to it
            if value.refusal(text):
                continue  # before the first admitted day: so it does
        if not raw and re.search("[\x80-\x84]", text):
            continue  # stand for entities
        assert value.refusal(text) is None
        assert value.text(value.value(text)) == text
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", text), (
            "XML does not admit it"
        )
        assert raw or not re.search("[<&]", text)


@pytest.mark.parametrize(
    ("text", "plain"),
    [("0.00", True), ("99.99", True), ("100.00", True), ("100.01", False), ("022.00", False), ("1.0", False)],
)
def test_a_rate_ends_at_one_hundred(text, plain):
    rate = Number("RateType", digits=3, fewest=2, most=2, maximum=Decimal("100.00"))
    assert bool(re.fullmatch(leaf(rate).source, text)) is plain


HEAD = (
    '<p:FatturaElettronica versione="FPR12"'
    ' xmlns:p="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2">'
)


@pytest.mark.parametrize(
    "bite",
    [
        "<",
        " ",
        "\n ",
        "]",
        "x",
        "&amp;",
        "<FatturaElettronicaHeader>",
        "<DatiOrdineAcquisto><RiferimentoNumeroLinea>1</RiferimentoNumeroLinea>",
        "<!-- -->",
        "<!-",
        "<?xml-stylesheet ",
        ' a="b"',
    ],
)
def test_five_megabytes_that_nearly_match_are_given_up_at_once(bite):
    for head in ("", HEAD, HEAD[:-1]):
        hostile = (head + bite * (5_000_000 // len(bite))).encode()
        start = time.process_time()
        assert read_quick(FatturaElettronica, hostile) is None
        assert time.process_time() - start < 10
