"""The quick way against the long one and the official schema: whatever the quick way takes, the others take alike."""

from __future__ import annotations

import functools
import importlib.util
import io
from typing import Any

from lxml import etree

from fattorino.core import xml
from fattorino.core.errors import XmlError
from fattorino.core.fatturapa.format_check import DOCUMENTS
from fattorino.core.fatturapa.ordinaria import FatturaElettronica
from fattorino.core.fatturapa.ordinaria.goods import DettaglioLinee
from fattorino.core.tracciati import walk
from fattorino.core.tracciati.quick import read_quick, stream_quick
from tests.fuzz import corpus
from tests.fuzz.promises import insist

if importlib.util.find_spec("fattorino.core.tracciati.quick_write"):
    from fattorino.core.tracciati.quick_write import write_quick
else:
    write_quick = None


def both(data: bytes) -> None:
    for name, cls in DOCUMENTS.items():
        value = read_quick(cls, data)
        _streams_alike(cls, data, value)
        long = _the_long_way(cls, name, data)
        if value is not None:
            insist(long is not None, "what the quick way reads the long way reads too")
            insist(long == value and repr(long) == repr(value), "both ways read the same")
            insist(
                write_quick is None or write_quick(value) is not None,
                "what was read quickly is written quickly",
            )
            if schema := official_schemas().get(name):
                insist(schema.validate(_clean(data)), f"the official schema accepts it: {schema.error_log}")
        if write_quick and long is not None and (written := write_quick(long)) is not None:
            insist(read_quick(cls, written) == long, "what is written quickly is known again")


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
