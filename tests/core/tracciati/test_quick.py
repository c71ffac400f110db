from __future__ import annotations

import copy
import dataclasses
import io
import pickle
import random
import re
import tracemalloc

import pytest

from fattorino.core import xml
from fattorino.core.fatturapa.format_check import DOCUMENTS
from fattorino.core.fatturapa.ordinaria import DettaglioLinee, FatturaElettronica
from fattorino.core.tracciati import emit, source, walk
from fattorino.core.tracciati.quick import read_quick, stream_quick
from fattorino.core.tracciati.quick_write import write_quick
from tests.core.fatturapa import generated


def _simple(seed: int = 7, fullness: float = 0.0) -> tuple[FatturaElettronica, bytes]:
    document = generated.document(FatturaElettronica, random.Random(seed), fullness, 1)
    document = dataclasses.replace(document, sistema_emittente=None)
    data = write_quick(document)
    assert data is not None
    return document, data


DOCUMENT, SIMPLE = _simple()


def changed(pattern: str, instead: str, data: bytes = SIMPLE) -> bytes:
    text, count = re.subn(pattern, instead, data.decode(), count=1, flags=re.DOTALL)
    assert count == 1, pattern
    return text.encode()


def walked(cls: type, data: bytes):
    outcome = walk(xml.parse(data), cls)
    assert not outcome.problems and not outcome.tolerated
    return outcome.value


@pytest.mark.parametrize("cls", DOCUMENTS.values(), ids=DOCUMENTS)
def test_what_is_written_is_read_the_quick_way_and_equal(cls):
    rng = random.Random(31)
    for _ in range(60):
        document = dataclasses.replace(generated.document(cls, rng, rng.random()), sistema_emittente=None)
        data, problems = emit(document)
        assert not problems
        read = read_quick(cls, data)
        assert read == document == walked(cls, data)
        assert emit(read)[0] == data


def test_most_of_the_valid_samples_go_the_quick_way_and_all_that_do_are_read_as_by_the_walk(shared_data):
    valid = quick = 0
    for sample in sorted((shared_data / "sdi" / "invoices").iterdir()):
        data = sample.read_bytes()
        root = xml.read(data).root
        cls = DOCUMENTS.get(xml.name_of(root).localname)
        if cls is None:
            continue
        outcome = walk(root, cls)
        read = read_quick(cls, data)
        if read is not None:
            assert read == outcome.value and not outcome.problems and not outcome.tolerated, sample.name
        valid += not outcome.problems
        quick += read is not None
    assert valid > 50 and quick / valid > 0.8


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + SIMPLE,
        SIMPLE.replace(b"\n", b"\r\n"),
        SIMPLE.replace(b"\n", b"\r"),
        re.sub(rb"\n *", b"", SIMPLE),
        re.sub(rb"(</?)p:|(xmlns:)p=", lambda m: m[1] + b"ns1:" if m[1] else m[2] + b"ns1=", SIMPLE),
        SIMPLE.replace(b"UTF-8", b"utf-8"),
        SIMPLE.split(b"\n", 1)[1],
        SIMPLE.replace(
            b"?>", b' standalone="yes"?>\n<?xml-stylesheet type="text/xsl" href="a.xsl"?>\n<!-- a-b -->'
        ),
        SIMPLE.replace(
            b" versione=",
            b' xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:schemaLocation="http://a\n b.xsd" versione=',
        ),
        SIMPLE + b" \n",
    ],
)
def test_what_many_programs_do_to_the_layout_is_plain(data):
    assert read_quick(FatturaElettronica, data) == DOCUMENT == walked(FatturaElettronica, data)


def test_an_empty_block_may_be_self_closed():
    data = changed("(</CodiceDestinatario>)", r"\1<ContattiTrasmittente/>")
    assert read_quick(FatturaElettronica, data) == walked(FatturaElettronica, data) != DOCUMENT


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252", "utf-8"])
def test_an_accent_is_read_in_the_encoding_that_the_file_declares(encoding):
    accents = "È così — 10 €" if encoding == "windows-1252" else "È così ü"
    text = re.sub("[^\x00-\x7f]", "a", SIMPLE.decode()).replace("UTF-8", encoding)
    data = changed("<Descrizione>[^<]*", f"<Descrizione>{accents}", text.encode()).decode().encode(encoding)
    read = read_quick(FatturaElettronica, data)
    # The dash and the euro are outside Latin-1: for the long way to refuse.
    assert (read is None) is (encoding == "windows-1252")
    if read is not None:
        assert read == walked(FatturaElettronica, data)


def test_the_five_entities_are_plain_and_count_as_one_character():
    for text, expected in (("&amp;" * 1000, "&" * 1000), ("&lt;a&gt; &quot;&apos;&amp;lt;è", "<a> \"'&lt;è")):
        read = read_quick(FatturaElettronica, changed("<Descrizione>[^<]*", f"<Descrizione>{text}"))
        assert read is not None
        line = read.fattura_elettronica_body[0].dati_beni_servizi.dettaglio_linee[0]
        assert line.descrizione == expected
    assert (
        read_quick(FatturaElettronica, changed("<Descrizione>[^<]*", "<Descrizione>" + "&amp;" * 1001))
        is None
    )


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        ("<Descrizione>[^<]*", "<Descrizione>&#65;"),
        ("<Descrizione>[^<]*", "<Descrizione>a]]>b"),
        ("<Descrizione>[^<]*", "<Descrizione>a\x80b"),
        ("<Descrizione>[^<]*", "<Descrizione><![CDATA[a]]>"),
        ("<Descrizione>[^<]*", "<Descrizione>a<!-- -->b"),
        ("<Descrizione>[^<]*", "<Descrizione>a\x01b"),
        ("<Numero>[^<]*", "<Numero>a\x81b"),
        ("<Divisa>", "<Divisa >"),
        ("<Divisa>", "<Divisa a='b'>"),
        ("<Nazione>[^<]*</Nazione>", "<Nazione/>"),
        ("<Data>[^<]*", "<Data>2026-02-30"),
        ("<Data>[^<]*", "<Data>1969-12-31"),
        ("<Data>[^<]*", "<Data>2026-01-31Z"),
        ("<Data>[^<]*", "<Data> 2026-01-31"),
        ("<AliquotaIVA>[^<]*", "<AliquotaIVA>022.00"),
        ("<AliquotaIVA>[^<]*", "<AliquotaIVA>100.01"),
        ("<NumeroLinea>[^<]*", "<NumeroLinea>01"),
        ("<NumeroLinea>[^<]*", "<NumeroLinea>0"),
        ("<NumeroLinea>[^<]*", "<NumeroLinea>10000"),
        ("<IdCodice>[^<]*", "<IdCodice>" + "1" * 29),
        (' versione="FP..."', ' versione="1.1"'),
        (' versione="FP..."', ' versione="FPR12" versione="FPR12"'),
        (' versione="FP..."', ' versione="FPR12" xmlns="urn:a:b"'),
        (' versione="FP..."', ' versione="FPR12" xmlns:a="non è un URI"'),
        (' versione="FP..."', ' versione="FPR12" altro="1"'),
        ("(fatture/)v1.2", r"\1v1.3"),
        ("UTF-8", "UTF-16"),
        ("<p:FatturaElettronica", "<!DOCTYPE a><p:FatturaElettronica"),
        ("$", "<a/>"),
    ],
)
def test_the_rest_is_for_the_long_way(pattern, instead):
    assert read_quick(FatturaElettronica, changed(pattern, instead)) is None


def test_objects_of_the_quick_way_are_objects_like_any_other():
    read = read_quick(FatturaElettronica, SIMPLE)
    line = read.fattura_elettronica_body[0].dati_beni_servizi.dettaglio_linee[0]
    assert type(line) is DettaglioLinee
    with pytest.raises(dataclasses.FrozenInstanceError):
        line.descrizione = "altro"
    assert hash(read) == hash(DOCUMENT) and repr(read) == repr(DOCUMENT)
    assert pickle.loads(pickle.dumps(read)) == copy.deepcopy(read) == DOCUMENT


@pytest.mark.parametrize("chunk", [40, 41, 64, 100, 1000, 100_000])
def test_a_stream_gives_what_the_whole_file_gives_wherever_it_is_cut(chunk, monkeypatch):
    monkeypatch.setattr(source, "CHUNK", chunk)
    rng = random.Random(chunk)
    for cls in DOCUMENTS.values():
        for _ in range(8):
            document = generated.document(cls, rng, rng.random(), 3)
            data = write_quick(document)
            if data is None:
                continue
            data = data.replace(b"\n", rng.choice([b"\n", b"\r\n", b"\r"]))
            # A head longer than the first chunk is for the long way.
            expected = document if chunk > 100 or data.find(b"?>") < chunk else None
            assert stream_quick(cls, io.BytesIO(data), {}) == expected


def test_lines_are_handed_over_with_the_number_of_their_body_and_not_kept():
    document = generated.document(FatturaElettronica, random.Random(3), 0.2, 4)
    document = dataclasses.replace(document, sistema_emittente=None)
    bodies = tuple(document.fattura_elettronica_body) * 3
    document = dataclasses.replace(document, fattura_elettronica_body=bodies)
    data = write_quick(document)
    assert data is not None
    taken: list[tuple[int, DettaglioLinee]] = []
    rest = stream_quick(
        FatturaElettronica,
        io.BytesIO(data),
        {DettaglioLinee: lambda number, line: taken.append((number, line))},
    )
    assert taken == [
        (number, line)
        for number, body in enumerate(bodies, 1)
        for line in body.dati_beni_servizi.dettaglio_linee
    ]
    assert all(not body.dati_beni_servizi.dettaglio_linee for body in rest.fattura_elettronica_body)
    assert rest.fattura_elettronica_header == document.fattura_elettronica_header


def test_what_cannot_be_taken_is_said_and_not_kept_in_silence():
    with pytest.raises(KeyError):
        stream_quick(FatturaElettronica, io.BytesIO(SIMPLE), {FatturaElettronica: lambda number, it: None})


def test_an_error_of_the_taker_is_its_own_and_does_not_look_like_a_file_that_is_not_plain():
    def refuse(number: int, line: DettaglioLinee) -> None:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        stream_quick(FatturaElettronica, io.BytesIO(SIMPLE), {DettaglioLinee: refuse})


def test_a_stream_of_many_lines_needs_little_memory():
    start, line, end = re.split(rb"(<DettaglioLinee>.*</DettaglioLinee>)", SIMPLE, flags=re.DOTALL)
    data = io.BytesIO(start + line * 10_000 + end)
    stream_quick(FatturaElettronica, io.BytesIO(SIMPLE), {})
    count = 0

    def take(number: int, line: DettaglioLinee) -> None:
        nonlocal count
        count += 1

    tracemalloc.start()
    assert stream_quick(FatturaElettronica, data, {DettaglioLinee: take}) is not None
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 10_000 and peak < 2 * 1024 * 1024
