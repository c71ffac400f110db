"""The quick way against the long one and the official schema: whatever the quick way takes, the others take alike."""

from __future__ import annotations

import dataclasses
import functools
import io
import random
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from lxml import etree

from fattorino.core import xml
from fattorino.core.errors import XmlError
from fattorino.core.fatturapa.format_check import DOCUMENTS
from fattorino.core.fatturapa.ordinaria import FatturaElettronica
from fattorino.core.fatturapa.ordinaria.goods import DettaglioLinee
from fattorino.core.tracciati import emit, record_of, walk
from fattorino.core.tracciati.quick import read_quick, stream_quick
from fattorino.core.tracciati.quick_write import write_quick
from tests.core.fatturapa import generated
from tests.fuzz import corpus
from tests.fuzz.promises import insist

# The quick reader leaves to the long way: controls that it uses as marks, and references to characters by number.
_LONG_WAY = re.compile(rb"\xc2[\x80-\x84]|&#")


def both(data: bytes) -> None:
    for name, cls in DOCUMENTS.items():
        value = read_quick(cls, data)
        _streams_alike(cls, data, value)
        long = _the_long_way(cls, name, data)
        if value is not None:
            insist(long is not None, "what the quick way reads the long way reads too")
            insist(long == value and repr(long) == repr(value), "both ways read the same")
            insist(write_quick(value) is not None, "what was read quickly is written quickly")
            if schema := official_schemas().get(name):
                insist(schema.validate(_clean(data)), f"the official schema accepts it: {schema.error_log}")
        if long is not None:
            writers(long)


def writers(value: Any) -> None:
    """What the quick writer writes, the long one writes to the byte, and the quick reader knows it again."""
    written = write_quick(value)
    if written is None:
        return
    data, problems = emit(value)
    insist(not problems, f"the long writer has nothing to object either: {problems[:1]}")
    insist(data == written, "both write the same")
    known = read_quick(type(value), written)
    insist(known == value or (known is None and _LONG_WAY.search(written)), "what is written is known again")


def objects(data: bytes) -> None:
    writers(object_of(data))


def object_of(data: bytes) -> Any:
    """An invoice whose making, and whose faults, come out of the bytes."""
    rng = random.Random(data)
    value = generated.document(rng.choice(list(DOCUMENTS.values())), rng, rng.choice((0.1, 0.4, 0.8)))
    for _ in range(rng.choice((0, 1, 1, 2))):
        value = _spoilt(value, rng)
    return value


# What a program may put where the declaration has a text, a number, a day; some of it is even right.
ODD: tuple[Any, ...] = (
    *("", " ", "x", "X" * 3000, "<&>\"'", "]]>", "\0", "\1", "\x80", "\x84", "\r", "\n", "\ud800", "\ufffe", "😀", "€"),
    *("SI", "N2.2", "TD01", "IT", "0000000", "1.00", "2026-11-21", None, True, 0, 1, -1, 10**20, 1.5, b"", b"\xff" * 9),
    *(Decimal("1"), Decimal("-0.00"), Decimal("1E+5"), Decimal("1E-9"), Decimal("NaN"), Decimal("Infinity")),
    *(Decimal("100.001"), Decimal("99999999999.99999999"), Decimal("0." + "0" * 30), date(2026, 11, 21), date.min),
    *(datetime(2026, 11, 21, 1, 2, 3), datetime(2026, 11, 21, tzinfo=UTC), (), ("x",), [], object()),
)  # fmt: skip


def _spoilt(value: Any, rng: random.Random) -> Any:
    """The object with one value, at any depth, put out of order; blocks and their tuples are only left out, for no
    program takes a number for a block."""
    record = record_of(type(value))
    line = rng.choice([*record.attributes, *record.fields])
    old = getattr(value, line.attribute)
    if isinstance(old, tuple) and old and rng.random() < 0.9:
        place = rng.randrange(len(old))
        inner = _spoilt(old[place], rng) if line.record else rng.choice(ODD)
        return dataclasses.replace(value, **{line.attribute: (*old[:place], inner, *old[place + 1 :])})
    if line.record and not line.repeatable and old and rng.random() < 0.9:
        return dataclasses.replace(value, **{line.attribute: _spoilt(old, rng)})
    missing = () if line.repeatable else None
    fresh = missing if line.record or line.repeatable else rng.choice(ODD)
    return dataclasses.replace(value, **{line.attribute: fresh})


def _the_long_way(cls: type, name: str, data: bytes) -> Any:
    """The object, if the file is one of `cls` without any problem, and nothing is tolerated but what both ways say of
    its bytes (an order mark, another encoding, a stylesheet)."""
    try:
        parsed = xml.read(data)
    except XmlError:
        return None
    if xml.name_of(parsed.root).localname != name:
        return None
    outcome = walk(parsed.root, cls)
    clean = not (outcome.problems or outcome.tolerated) and parsed.tolerated == xml.remarks(data)
    return outcome.value if clean else None


def _streams_alike(cls: type, data: bytes, value: Any) -> None:
    lines: list[tuple[int, Any]] = []
    ordinary = cls is FatturaElettronica
    take = {DettaglioLinee: lambda *line: lines.append(line)} if ordinary else {}
    streamed = stream_quick(cls, io.BytesIO(data), take)
    insist((streamed is None) == (value is None), "what can be read whole can be streamed, and nothing else")
    if value is None:
        return
    if ordinary:
        bodies = enumerate(value.fattura_elettronica_body, 1)
        whole = [(number, line) for number, body in bodies for line in body.dati_beni_servizi.dettaglio_linee]
        insist(lines == whole, "streaming gives the same lines")
    else:
        insist(streamed == value, "streaming reads the same")


def _clean(data: bytes) -> etree._Element:
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, remove_comments=True))


@functools.cache
def official_schemas() -> dict[str, etree.XMLSchema]:
    """None where the official schemas are not at hand: the long way is then the only judge."""
    from tests.core.fatturapa.conftest import _schema

    folder = corpus.SHARED / "xsd"
    if not folder.is_dir():
        return {}
    return {
        "FatturaElettronica": _schema(folder, "ordinaria_v1.2.3.xsd"),
        "FatturaElettronicaSemplificata": _schema(folder, "semplificata_v1.0.2.xsd"),
    }
