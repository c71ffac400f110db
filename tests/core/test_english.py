"""What core says can be said in English: no sentence loses its origin on the way to its reader.

The parts of core with catalogues of their own (fatturapa, workflow) have their own tests.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar

import pytest
from django.utils import translation

from fattorino.core import signatures, values, xml
from fattorino.core.errors import FattorinoError
from fattorino.core.fatturapa.format_check import DOCUMENTS
from fattorino.core.sdi import messages, mtom, names, soap
from fattorino.core.sdi.meaning import meaning
from fattorino.core.sdi.message_io import read_message, write_message
from fattorino.core.texts import Text
from fattorino.core.tracciati import emit, walk
from fattorino.core.tracciati import values as kinds
from fattorino.core.tracciati.codelists import Code, CodeList
from fattorino.core.tracciati.declaration import E, Root
from fattorino.organisations.languages import said
from tests.language_scan import SMALL_WORDS

# Values, and what the official tables say of an element, are as they are.
_QUOTED = re.compile(r"“[^”]*”|«[^»]*»|<[^>]*>|\([^)]*\)")
ORDINARY = DOCUMENTS["FatturaElettronica"]
NAMESPACE = "http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2"


def _in_english(text: str) -> str:
    assert isinstance(text, Text), f"{text!r} has lost its origin"
    with translation.override("en"):
        english = said(text)
    left = _QUOTED.sub("", english)
    assert english != text or not re.search(r"[a-z]{3}", left), f"{text!r} has no English"
    assert not SMALL_WORDS.search(left), english
    return english


CODES = CodeList("Prova", (Code("A", "prima"), Code("B", "seconda")))
KINDS: list[tuple[kinds.Value, list[str]]] = [
    (kinds.Text("T", 3, 2), ["", "a", "abcd", "aà", "a€"]),
    (kinds.Text("T", 3, charset="latin"), ["a€", "a✓"]),
    (kinds.Pattern("P", re.compile("[A-Z]{2}"), "", 4), ["", "it", " IT", "ITALIA"]),
    (kinds.Coded("C", CODES), ["", "A ", "C"]),
    (kinds.Number("N", 3, 2, 8, maximum=Decimal(9)), ["", "1,00", "1", "10.00"]),
    (kinds.Number("N", 3, 2, 2, signed=True), ["x"]),
    (kinds.Counter("I", 1, 9), ["", "x", "10"]),
    (kinds.Day("D", date(2020, 1, 1)), ["", "x", "2026-02-30", "2019-12-31"]),
    (kinds.Moment("M"), ["", "x", "2026-02-30T00:00:00", "2026-02-20T25:00:00"]),
    (kinds.Base64("B"), ["x", "QR=="]),
]


@pytest.mark.parametrize(("kind", "texts"), KINDS, ids=lambda each: getattr(each, "xsd", ""))
def test_why_a_text_is_no_value_of_its_kind(kind: kinds.Value, texts: list[str]) -> None:
    for text in texts:
        refusal = kind.refusal(text)
        assert refusal is not None, text
        for words in filter(None, (refusal.message, refusal.hint)):
            _in_english(words)
    with pytest.raises(ValueError) as caught:
        kind.text(object())
    _in_english(caught.value.args[0])


HEADER = "<FatturaElettronicaHeader>{}</FatturaElettronicaHeader>"
SELLER = HEADER.format("<CedentePrestatore><DatiAnagrafici>{}</DatiAnagrafici></CedentePrestatore>")
FAULTS = [
    "",
    HEADER.format("") * 2,
    HEADER.format("testo"),
    HEADER.format("<DatiTrasmisione/>"),
    HEADER.format("<SoggettoEmittente>TZ</SoggettoEmittente><DatiTrasmissione/>"),
    HEADER.format("<SoggettoEmittente><b/></SoggettoEmittente>"),
    HEADER.format("<p:SoggettoEmittente>TZ</p:SoggettoEmittente>"),
    HEADER.format('<SoggettoEmittente a="1">TZ</SoggettoEmittente>'),
    SELLER.format("<Anagrafica/>"),
    SELLER.format("<Anagrafica><Nome>Anna</Nome></Anagrafica>"),
    SELLER.format("<Anagrafica><Denominazione>A</Denominazione><Nome>Anna</Nome></Anagrafica>"),
    "<FatturaElettronicaBody><Allegati><Attachment> QQ==</Attachment></Allegati></FatturaElettronicaBody>",
]


@pytest.mark.parametrize("inside", FAULTS)
def test_what_is_wrong_with_the_format_of_a_document(inside: str) -> None:
    for version in ('versione="FPR12"', 'versione="FPR13"', ""):
        file = f'<p:FatturaElettronica xmlns:p="{NAMESPACE}" {version}>{inside}</p:FatturaElettronica>'
        outcome = walk(xml.parse(file.encode()), ORDINARY)
        assert outcome.problems
        for problem in outcome.problems:
            _in_english(problem.message)
            if problem.hint:
                _in_english(problem.hint)
        for note in outcome.tolerated:
            _in_english(note)


@pytest.mark.parametrize("root", ["<a/>", "<FatturaElettronica/>", '<FatturaElettronica xmlns="urn:a"/>'])
def test_a_document_of_another_kind(root: str) -> None:
    for problem in walk(xml.parse(root.encode()), ORDINARY).problems:
        _in_english(problem.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piccolo:
    ROOT: ClassVar = Root("Piccolo", "urn:piccolo", "p", ())
    testo: Annotated[str, kinds.Text("T", 9, charset="any"), E(1, "Testo", "testo")]


@pytest.mark.parametrize("value", [5, "\x01"])
def test_a_value_that_cannot_be_written(value: Any) -> None:
    _, (problem,) = emit(Piccolo(testo=value))
    _in_english(problem.message)


FILES = [
    b"",
    b"testo",
    b"<a>",
    b"<a></b>",
    b"<a/><b/>",
    b"<a>&x;</a>",
    b"<a>& </a>",
    b"<a b='1' b='2'/>",
    b"<a>\x01</a>",
    b"<!DOCTYPE a><a/>",
    b"<?xml version='1.0' encoding='x-none'?><a/>",
    b"<p:a/>",
    b" <?xml version='1.0'?><a/>",
    b"<a><</a>",
    b"<a" + b" " * 100,
]


@pytest.mark.parametrize("data", FILES)
def test_a_file_that_is_no_xml(data: bytes) -> None:
    _in_english(_raised(lambda: xml.parse(data)).text)


def test_what_is_unusual_about_a_file() -> None:
    data = b"\xef\xbb\xbf<?xml version='1.0'?><?xml-stylesheet href='a'?><a><?b?></a>"
    odd = [*xml.read(data).tolerated, *xml.remarks(b"<?xml version='1.0' encoding='latin-1'?><a/>")]
    assert len(odd) == 4
    for remark in odd:
        _in_english(remark)
    _in_english(xml.too_long(2_000_000, 1_000_000).text)


CALLS: list[Callable[[], object]] = [
    lambda: values.PartitaIva.parse("1"),
    lambda: values.PartitaIva.parse("12345678901"),
    lambda: values.CodiceFiscale.parse("RSSMRA80A01H501X"),
    lambda: values.CodiceFiscale.parse("RSS"),
    lambda: values.CodiceFiscale.parse("RSSMRA80A01H5???"),
    lambda: values.Iban.parse("IT60X0542811101000000123457"),
    lambda: values.Iban.parse("IT"),
    lambda: values.Bic.parse("X"),
    lambda: values.CodiceDestinatario.parse("X"),
    lambda: values.PecAddress.parse("a b"),
    lambda: values.PecAddress.parse("sdi01@pec.fatturapa.it"),
    lambda: names.invoice_name("IT", "01234567890", "1", ".doc"),
    lambda: names.parse_invoice_name("a"),
    lambda: names.parse_message_name("a"),
    lambda: names.message_name("a", "ZZ"),
    lambda: names.progressive(-1),
    lambda: names.next_progressive("?"),
    lambda: read_message(b"<a/>"),
    lambda: read_message(f'<p:NotificaScarto xmlns:p="{messages.NS_PA}"/>'.encode()),
    lambda: write_message(messages.NotificaScarto()),
    lambda: write_message(messages.NotificaScarto(identificativo_sdi="x")),
    lambda: meaning(messages.NotificaEsito()),
    lambda: mtom.split(b"", "multipart/mixed"),
    lambda: mtom.split(b"", "multipart/related; boundary=a"),
    lambda: mtom.decode_base64("?"),
    lambda: mtom.identity_of("http://a"),
    lambda: soap.parse_request(b"<a/>", "text/xml", service="TrasmissioneFatture"),
    lambda: soap.parse_response(soap.RICEVI_FILE, b"", "text/xml"),
    lambda: soap.build_request(soap.RICEVI_FILE, soap.FileSdI("1", "a.xml", b"")),
]


@pytest.mark.parametrize("call", CALLS)
def test_why_a_value_a_name_or_a_message_is_refused(call: Callable[[], object]) -> None:
    _in_english(_raised(call).text)


def test_what_was_tolerated_in_a_message() -> None:
    inside = "<b/><x:NomeFile xmlns:x='urn:x'>a</x:NomeFile><IdentificativoSdI>?</IdentificativoSdI>"
    read = read_message(f"\ufeff <NotificaScarto>{inside}<ListaErrori/></NotificaScarto>".encode())
    assert len(read.tolerated) > 5
    for note in read.tolerated:
        _in_english(note)


@pytest.mark.parametrize("kind", messages.MESSAGES, ids=lambda kind: kind.__name__)
def test_what_a_message_means(kind: type[Any]) -> None:
    changes: list[dict[str, Any]] = [{}]
    if kind is messages.NotificaEsitoCommittente:
        changes = [{"esito": "EC01"}, {"esito": "EC02"}, {}]
    elif kind is messages.ScartoEsitoCommittente:
        changes = [{"scarto": "EN00"}, {"scarto": "EN01"}, {}]
    elif kind is messages.RicevutaImpossibilitaRecapito:
        changes = [{}, {"data_messa_a_disposizione": date(2026, 1, 2)}]
    elif kind is messages.NotificaEsito:
        answers = [messages.NotificaEsitoCommittente(esito=esito) for esito in ("EC01", "EC02")]
        changes = [{"esito_committente": answer} for answer in answers]
    for change in changes:
        sense = meaning(kind(**change))
        _in_english(sense.label)
        _in_english(sense.explanation)


@pytest.mark.parametrize("code", list(signatures.MESSAGES))
def test_what_is_wrong_with_a_signature(code: str) -> None:
    remark = signatures.finding(code)
    _in_english(remark.message)
    _in_english(remark.hint)


def _raised(call: Callable[[], object]) -> FattorinoError:
    with pytest.raises(FattorinoError) as caught:
        call()
    return caught.value
