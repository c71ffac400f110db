from __future__ import annotations

import random
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from lxml import etree

from fattorino.core import xml
from fattorino.core.errors import FormatError, XmlError
from fattorino.core.fatturapa import read_fattura, write_fattura
from fattorino.core.fatturapa.format_check import DOCUMENTS, examine, format_check
from fattorino.core.fatturapa.ordinaria import FatturaElettronica
from fattorino.core.fatturapa.semplificata import FatturaElettronicaSemplificata
from tests.core.fatturapa import generated

SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"


@pytest.fixture(scope="module")
def simple() -> bytes:
    """The smallest ordinary invoice, as text that tests change here and there."""
    return write_fattura(generated.document(FatturaElettronica, random.Random(7), 0.0, 1))


def changed(data: bytes, pattern: str, instead: str) -> bytes:
    text, count = re.subn(pattern, instead, data.decode(), count=1, flags=re.DOTALL)
    assert count == 1, pattern
    return text.encode()


@pytest.mark.parametrize("cls", DOCUMENTS.values(), ids=DOCUMENTS)
def test_what_is_written_is_read_back_equal(cls):
    rng = random.Random(99)
    for _ in range(30):
        fattura = generated.document(cls, rng, rng.random())
        data = write_fattura(fattura)
        reading = read_fattura(data)
        assert reading.fattura == fattura
        assert reading.tolerated == ()
        assert reading.format == fattura.versione
        assert write_fattura(reading.fattura) == data


def plain(root) -> bytes:
    """Canonical form of an invoice without what carries no content: layout, signature, schema location; with
    the blanks around numbers and dates and the zero fractions of seconds gone."""
    for attribute in [a for a in root.attrib if "schemaLocation" in a]:
        del root.attrib[attribute]
    for signature in root.findall(SIGNATURE):
        root.remove(signature)
    for element in root.iter():
        element.tail = None
        if len(element):
            element.text = None
        elif element.text and re.fullmatch(r"\s*[\d.:T+-]+\s*", element.text):
            element.text = re.sub(r"(T\d\d:\d\d:\d\d)\.0+", r"\1", element.text.strip())
        elif element.tag == "Attachment" and element.text:
            element.text = "".join(element.text.split())
    etree.cleanup_namespaces(root)
    clean = xml.parse(xml.canonical(root))
    inside = b"".join(xml.canonical(child) for child in clean)
    return re.sub(rb' xmlns(:\w+)?="[^"]*"', b"", inside)


def test_valid_samples_are_written_as_they_were_read(shared_data):
    written = 0
    for sample in sorted((shared_data / "sdi" / "invoices").iterdir()):
        data = sample.read_bytes()
        if format_check(data):
            continue
        again = write_fattura(read_fattura(data).fattura)
        assert format_check(again) == []
        assert plain(xml.parse(again)) == plain(xml.read(data).root), sample.name
        written += 1
    assert written > 40


def test_only_the_root_is_prefixed_and_the_file_is_utf_8(simple):
    assert simple.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<p:FatturaElettronica xmlns:p="')
    assert simple.count(b"<p:") == 1


def test_the_typed_values_are_what_the_contract_says(simple):
    data = changed(simple, "<Data>[^<]*", "<Data>2026-01-31")
    data = changed(data, "<ImponibileImporto>[^<]*", "<ImponibileImporto>10.50")
    fattura = read_fattura(data).fattura
    assert isinstance(fattura, FatturaElettronica)
    body = fattura.fattura_elettronica_body[0]
    assert body.dati_generali.dati_generali_documento.data == date(2026, 1, 31)
    assert str(body.dati_beni_servizi.dati_riepilogo[0].imponibile_importo) == "10.50"
    assert body.dati_beni_servizi.dettaglio_linee[0].quantita is None
    assert body.allegati == ()
    assert isinstance(body.dati_beni_servizi.dettaglio_linee[0].numero_linea, int)


def test_a_number_built_from_a_decimal_gets_the_fewest_decimals(simple):
    fattura = read_fattura(simple).fattura
    body = fattura.fattura_elettronica_body[0]
    line = replace(
        body.dati_beni_servizi.dettaglio_linee[0], quantita=Decimal(3), prezzo_unitario=Decimal("0.5")
    )
    goods = replace(body.dati_beni_servizi, dettaglio_linee=(line,))
    data = write_fattura(replace(fattura, fattura_elettronica_body=(replace(body, dati_beni_servizi=goods),)))
    assert b"<Quantita>3.00<" in data and b"<PrezzoUnitario>0.50<" in data


def test_what_the_schema_would_refuse_is_not_written_and_its_place_is_named(simple):
    fattura = read_fattura(simple).fattura
    header = fattura.fattura_elettronica_header
    party = header.cessionario_committente
    wrong = replace(party.sede, cap="184", comune="Cittaœ")
    header = replace(header, cessionario_committente=replace(party, sede=wrong))
    with pytest.raises(FormatError) as caught:
        write_fattura(replace(fattura, fattura_elettronica_header=header))
    above = "/FatturaElettronicaHeader/CessionarioCommittente/Sede"
    assert [f.path for f in caught.value.findings] == [f"{above}/CAP", f"{above}/Comune"]
    assert "CAP" in caught.value.message and "cinque cifre" in caught.value.hint


def test_a_control_character_and_a_number_to_be_rounded_are_not_written(simple):
    fattura = read_fattura(simple).fattura
    body = fattura.fattura_elettronica_body[0]
    line = replace(
        body.dati_beni_servizi.dettaglio_linee[0], descrizione="a\x00b", prezzo_totale=Decimal("0.123456789")
    )
    goods = replace(body.dati_beni_servizi, dettaglio_linee=(line,))
    wrong = replace(fattura, fattura_elettronica_body=(replace(body, dati_beni_servizi=goods),))
    with pytest.raises(FormatError) as caught:
        write_fattura(wrong)
    assert [f.path.rpartition("/")[2] for f in caught.value.findings] == ["Descrizione", "PrezzoTotale"]


@pytest.mark.parametrize(
    ("pattern", "instead", "note"),
    [
        ("<Data>([^<]*)", r"<Data> \1 ", "spazi attorno"),
        ("<Imposta>([^<]*)", "<Imposta>\n\\1", "spazi attorno"),
        ("<RegimeFiscale>RF..", "<RegimeFiscale>RF03", "RF03"),
        (
            "(<ProgressivoInvio>.*</ProgressivoInvio>)(.*)(<FormatoT.*?/FormatoT\\w+>)",
            r"\3\1\2",
            "fuori posto",
        ),
        ("<Imposta>[^<]*", "<Imposta>2.2", "2.2"),
    ],
)
def test_the_reader_goes_on_where_the_meaning_is_plain_and_says_so(simple, pattern, instead, note):
    reading = read_fattura(changed(simple, pattern, instead))
    assert any(note in sentence for sentence in reading.tolerated)


def test_children_in_the_namespace_of_the_root_are_read_but_are_no_valid_format(simple):
    data = simple.replace(b"<p:FatturaElettronica xmlns:p=", b"<FatturaElettronica xmlns=")
    data = data.replace(b"</p:FatturaElettronica>", b"</FatturaElettronica>")
    assert read_fattura(data).fattura == read_fattura(simple).fattura
    assert "namespace" in format_check(data)[0].message


@pytest.mark.parametrize(
    ("pattern", "instead", "path"),
    [
        (
            "<Numero>[^<]*</Numero>",
            "",
            "/FatturaElettronicaBody[1]/DatiGenerali/DatiGeneraliDocumento/Numero",
        ),
        (
            "(<Numero>[^<]*</Numero>)",
            r"\1\1",
            "/FatturaElettronicaBody[1]/DatiGenerali/DatiGeneraliDocumento/Numero",
        ),
        (
            "<Data>[^<]*",
            "<Data>31/01/2026",
            "/FatturaElettronicaBody[1]/DatiGenerali/DatiGeneraliDocumento/Data",
        ),
        (
            "(</DatiBeniServizi>)",
            r"\1<Allegati><NomeAttachment>a</NomeAttachment><Attachment>QQ</Attachment></Allegati>",
            "/FatturaElettronicaBody[1]/Allegati[1]/Attachment",
        ),
        (
            "<Imposta>[^<]*",
            "<Imposta>2,20",
            "/FatturaElettronicaBody[1]/DatiBeniServizi/DatiRiepilogo[1]/Imposta",
        ),
        (
            "<Divisa>",
            "<Valuta/><Divisa>",
            "/FatturaElettronicaBody[1]/DatiGenerali/DatiGeneraliDocumento/Valuta",
        ),
        (' versione="[^"]*"', "", "/@versione"),
    ],
)
def test_the_reader_stops_where_no_faithful_object_can_be_made(simple, pattern, instead, path):
    with pytest.raises(FormatError) as caught:
        read_fattura(changed(simple, pattern, instead))
    assert caught.value.findings[0].path == path


@pytest.mark.parametrize(
    "data",
    [
        b"<RicevutaConsegna/>",
        b'<p:FatturaElettronica versione="1.1" xmlns:p="http://www.fatturapa.gov.it/sdi/fatturapa/v1.1"/>',
        b'<FatturaElettronica versione="FPR12"/>',
    ],
)
def test_what_is_no_invoice_in_force_is_a_format_error(data):
    with pytest.raises(FormatError) as caught:
        read_fattura(data)
    assert caught.value.findings[0].code == "00200"


def test_what_is_no_xml_is_an_xml_error():
    with pytest.raises(XmlError):
        read_fattura(b"non sono XML")
    assert examine(b"non sono XML").findings[0].code == "00200"
    assert examine(b"").findings[0].code == "00106"


def test_a_moment_that_the_schema_admits_but_no_calendar_holds_is_a_finding_and_not_a_surprise():
    rng = random.Random(5)
    while b"<DataOraRitiro>" not in (data := write_fattura(generated.document(FatturaElettronica, rng, 0.9))):
        pass
    findings = format_check(changed(data, "<DataOraRitiro>[^<]*", "<DataOraRitiro>9999-12-31T24:00:00"))
    assert [f.path.rpartition("/")[2] for f in findings] == ["DataOraRitiro"]


def test_the_simplified_invoice_has_its_own_format():
    fattura = generated.document(FatturaElettronicaSemplificata, random.Random(3), 1.0)
    assert read_fattura(write_fattura(fattura)).format == "FSM10"
