"""Hostile files as large as SdI takes them: what costs more than its size is found here, not by the fuzzer."""

from __future__ import annotations

import base64
import contextlib
import datetime
import io
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from fattorino.core import asn1
from fattorino.core.errors import ArchiveError, EnvelopeError, FormatError, XmlError
from fattorino.core.fatturapa.checking import check
from fattorino.core.fatturapa.envelope import unwrap
from fattorino.core.fatturapa.format_check import DOCUMENTS
from fattorino.core.fatturapa.reading import read_fattura
from fattorino.core.sdi import soap
from fattorino.core.sdi.message_io import read_message
from fattorino.core.tracciati.quick import read_quick, stream_quick
from fattorino.core.xml import LIMIT
from tests.fuzz import corpus, mutate_xml
from tests.fuzz.run import MEGABYTES, SECONDS, peak_megabytes

ROOT = Path(__file__).resolve().parents[2]
SIZE = 5_000_000
# Elements that fattorino knows to repeat, in a valid invoice made long by them.
LINE = b"DettaglioLinee"


def _invoice() -> bytes:
    return corpus.invoices()[0]


def _long(size: int, piece: bytes, before: bytes, after: bytes) -> bytes:
    return before + piece * max(1, (size - len(before) - len(after)) // len(piece)) + after


def _around(name: bytes) -> tuple[bytes, bytes, bytes]:
    """An invoice before, in and after its first element of a name."""
    tokens = mutate_xml.tokens_of(_invoice())
    span = next(span for span in mutate_xml.spans_of(tokens) if span.name == name)
    parts = tokens[: span.first], tokens[span.first : span.last + 1], tokens[span.last + 1 :]
    before, inside, after = (b"".join(part) for part in parts)
    return before, inside, after


def many_lines(size: int) -> bytes:
    before, line, after = _around(LINE)
    return _long(size, line, before, after)


def many_lines_and_a_fault_at_the_end(size: int) -> bytes:
    before, line, after = _around(LINE)
    return _long(
        size, line, before, after.replace(b"</FatturaElettronicaBody>", b"<x/></FatturaElettronicaBody>")
    )


def many_lines_and_a_fault_in_the_last(size: int) -> bytes:
    before, line, after = _around(LINE)
    return _long(size, line, before, line.replace(b"<Descrizione>", b"<Descrizione><!-- -->") + after)


def many_faulty_lines(size: int) -> bytes:
    before, line, after = _around(LINE)
    return _long(size, line.replace(b"<Descrizione>", b"<X>1</X><Descrizione>"), before, after)


def many_bodies(size: int) -> bytes:
    before, body, after = _around(b"FatturaElettronicaBody")
    return _long(size, body, before, after)


def many_unknown_elements(size: int) -> bytes:
    before, line, after = _around(LINE)
    return _long(size, b"<a/>", before, line + after)


def many_end_tags(size: int) -> bytes:
    before, _, after = _around(LINE)
    return _long(size, b"</a>", before, after)


def one_long_description(size: int) -> bytes:
    before, _, after = _around(b"Descrizione")
    return _long(size, b"x", before + b"<Descrizione>", b"</Descrizione>" + after)


def one_long_number(size: int) -> bytes:
    before, _, after = _around(b"PrezzoUnitario")
    return _long(size, b"1", before + b"<PrezzoUnitario>", b".00</PrezzoUnitario>" + after)


def one_long_code(size: int) -> bytes:
    before, _, after = _around(b"IdCodice")
    return _long(size, b"A", before + b"<IdCodice>", b"</IdCodice>" + after)


def blanks_between(size: int) -> bytes:
    before, line, after = _around(LINE)
    return _long(size, b" \n\t ", before, line + after)


def blanks_everywhere(size: int) -> bytes:
    tokens = mutate_xml.tokens_of(_invoice())
    blank = b" " * (size // len(tokens))
    return b"".join(blank if not token.strip() else token for token in tokens)


def blanks_at_the_end(size: int) -> bytes:
    return _long(size, b"\n", _invoice(), b"")


def entities(size: int) -> bytes:
    before, line, after = _around(LINE)
    text = line.replace(b"<Descrizione>", b"<Descrizione>" + b"&amp;&lt;" * 100)
    return _long(size, text, before, after)


def open_tags(size: int) -> bytes:
    return _long(size, b"<a>", b"", b"")


def nested_lines(size: int) -> bytes:
    before, _, after = _around(LINE)
    return _long(size, b"<DettaglioLinee>", before, after)


def attributes(size: int) -> bytes:
    names = b"".join(b' a%d="1"' % number for number in range(size // 14))
    return _invoice().replace(b"<FatturaElettronicaHeader>", b"<FatturaElettronicaHeader" + names + b">")


def namespaces(size: int) -> bytes:
    names = b"".join(b' xmlns:a%d="u"' % number for number in range(size // 20))
    return _invoice().replace(b"<p:FatturaElettronica ", b"<p:FatturaElettronica" + names + b" ")


def comments(size: int) -> bytes:
    before, line, after = _around(LINE)
    return _long(size, b"<!-- -->", before, line + after)


def attachment(size: int) -> bytes:
    body = base64.b64encode(random.Random(1).randbytes(size * 3 // 4))
    content = b"<Allegati><NomeAttachment>a</NomeAttachment><Attachment>" + body + b"</Attachment></Allegati>"
    return _invoice().replace(b"</FatturaElettronicaBody>", content + b"</FatturaElettronicaBody>")


def empty_octet_strings(size: int) -> bytes:
    return _long(size, b"\x04\0", b"\x30\x80", b"\0\0")


def content_in_crumbs(size: int) -> bytes:
    pieces = b"\x24\x80" + b"\x04\x01a" * (size // 3) + b"\0\0"
    content = asn1.sequence(asn1.oid("1.2.840.113549.1.7.1"), asn1.tlv(0xA0, pieces))
    fields = (
        asn1.integer(1),
        asn1.tlv(asn1.SET, b""),
        content,
        asn1.tlv(asn1.SET, asn1.sequence(asn1.integer(1))),
    )
    return asn1.sequence(asn1.oid("1.2.840.113549.1.7.2"), asn1.tlv(0xA0, asn1.sequence(*fields)))


def nested_sequences(size: int) -> bytes:
    return _long(size, b"\x30\x80", b"", b"")


def base64_of_nothing(size: int) -> bytes:
    return _long(size, b"MIAA\n", b"", b"")


SHAPES: tuple[Callable[[int], bytes], ...] = (
    many_lines, many_lines_and_a_fault_at_the_end, many_lines_and_a_fault_in_the_last, many_faulty_lines,
    many_bodies, many_unknown_elements, many_end_tags, one_long_description, one_long_number, one_long_code,
    blanks_between, blanks_everywhere, blanks_at_the_end, entities, open_tags, nested_lines, attributes,
    namespaces, comments, attachment, empty_octet_strings, content_in_crumbs, nested_sequences,
    base64_of_nothing,
)  # fmt: skip


def _opened(data: bytes) -> None:
    with contextlib.suppress(EnvelopeError):
        unwrap(data)


def _read(data: bytes) -> None:
    with contextlib.suppress(XmlError, FormatError):
        read_fattura(data)


def _message(data: bytes) -> None:
    with contextlib.suppress(XmlError, FormatError, ArchiveError):
        read_message(data)


def _called(data: bytes) -> None:
    with contextlib.suppress(soap.SoapFault):
        soap.parse_request(data, "text/xml", service="TrasmissioneFatture")


ORDINARY = DOCUMENTS["FatturaElettronica"]
# Whatever takes bytes from strangers.
DOORS: dict[str, Callable[[bytes], Any]] = {
    "read": _read,
    "check": lambda data: check(data, on=datetime.date(2026, 11, 21)),
    "quick": lambda data: read_quick(ORDINARY, data),
    "stream": lambda data: stream_quick(ORDINARY, io.BytesIO(data), {}),
    "unwrap": _opened,
    "message": _message,
    "soap": _called,
}


@dataclass(frozen=True, slots=True)
class Cost:
    """`seconds` of the processor at each door; `peak` megabytes of the process that knocked at all of them."""

    shape: str
    size: int
    seconds: dict[str, float]
    peak: int


@pytest.fixture(scope="module")
def costs() -> dict[str, Cost]:
    """Of every shape, each in a process of its own, where nothing else has taken memory before."""
    command = [sys.executable, "-m", "tests.fuzz.test_large"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = [Cost(**json.loads(line)) for line in done.stdout.splitlines()]
    return {cost.shape: cost for cost in found}


@pytest.mark.parametrize("shape", [shape.__name__ for shape in SHAPES])
def test_a_hostile_file_of_five_megabytes_costs_under_two_seconds_and_three_hundred_megabytes(
    costs: dict[str, Cost], shape: str
) -> None:
    cost = costs[shape]
    assert SIZE // 4 < cost.size < LIMIT
    assert {door: seconds for door, seconds in cost.seconds.items() if seconds > SECONDS} == {}
    assert cost.peak <= MEGABYTES


def _measure() -> None:
    for shape in SHAPES:
        child = os.fork()
        if not child:
            data = shape(SIZE)
            seconds = {}
            for name, door in DOORS.items():
                begun = time.process_time()
                door(data)
                seconds[name] = round(time.process_time() - begun, 2)
            print(json.dumps(asdict(Cost(shape.__name__, len(data), seconds, peak_megabytes()))), flush=True)
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            sys.exit(f"{shape.__name__}: a door does not hold")


if __name__ == "__main__":
    _measure()
