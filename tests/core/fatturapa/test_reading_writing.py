from __future__ import annotations

import copy
import json
import pickle
import random
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fattorino.core import xml
from fattorino.core.errors import FormatError, XmlError
from fattorino.core.fatturapa import read_fattura, write_fattura
from fattorino.core.fatturapa.format_check import DOCUMENTS, examine, format_check
from fattorino.core.fatturapa.ordinaria import FatturaElettronica
from fattorino.core.fatturapa.semplificata import FatturaElettronicaSemplificata
from tests.core.fatturapa import generated
from tests.core.fatturapa.canonical import content
from tests.core.fatturapa.strategies import built, manners, trees, written

XSI = b"http://www.w3.org/2001/XMLSchema-instance"

# Whole invoices are long to make: fewer of them than of numbers.
whole_invoices = settings(
    max_examples=settings().max_examples // 3,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
BOTH = pytest.mark.parametrize("cls", DOCUMENTS.values(), ids=DOCUMENTS)


@pytest.fixture(scope="module")
def simple() -> bytes:
    """The smallest ordinary invoice, as text that tests change here and there."""
    return write_fattura(generated.document(FatturaElettronica, random.Random(7), 0.0, 1))


@pytest.fixture(scope="module")
def full() -> bytes:
    """An ordinary invoice with every element."""
    return write_fattura(generated.document(FatturaElettronica, random.Random(8), 1.0, 1))


def changed(data: bytes, pattern: str, instead: str) -> bytes:
    text, count = re.subn(pattern, instead, data.decode(), count=1, flags=re.DOTALL)
    assert count == 1, pattern
    return text.encode()


@BOTH
@whole_invoices
@given(data=st.data())
def test_what_is_written_is_read_back_equal(cls, data):
    fattura = built(data.draw(trees(cls)))
    file = write_fattura(fattura)
    reading = read_fattura(file)
    assert reading.fattura == fattura
    assert reading.tolerated == ()
    assert reading.format == fattura.versione
    assert write_fattura(reading.fattura) == file


@BOTH
@whole_invoices
@given(data=st.data())
def test_whatever_the_spelling_nothing_is_lost(cls, data):
    tree, manner = data.draw(trees(cls)), data.draw(manners())
    file = written(tree, manner)
    examination = examine(file)
    assert examination.findings == ()
    assert examination.fattura == built(tree)
    again = write_fattura(examination.fattura)
    assert content(xml.parse(again)) == content(xml.parse(file))


def test_valid_samples_are_written_as_they_were_read(shared_data):
    read = with_blanks = 0
    for sample in sorted((shared_data / "sdi" / "invoices").iterdir()):
        data = sample.read_bytes()
        reading = examine(data)
        if reading.findings:
            continue
        again = write_fattura(reading.fattura)
        assert format_check(again) == []
        root = xml.read(data).root
        if any("spazi attorno" in note for note in reading.tolerated):
            with_blanks += 1
            strip_dates_and_numbers(root)
        assert content(xml.parse(again)) == content(root), sample.name
        read += 1
    assert read > 40 and with_blanks < 5


def strip_dates_and_numbers(root) -> None:
    for element in root.iter():
        if element.text and re.fullmatch(r"\s*[\d.:T+-]+\s*", element.text):
            element.text = element.text.strip()


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (lambda data: b"\xef\xbb\xbf" + data, "BOM"),
        (
            lambda data: data.decode().replace("UTF-8", "windows-1252").encode("cp1252", "xmlcharrefreplace"),
            "windows-1252",
        ),
        (lambda data: data.decode().replace("UTF-8", "UTF-16").encode("utf-16"), "UTF-16"),
        (
            lambda data: data.replace(b"?>\n", b'?>\n<?xml-stylesheet type="text/xsl" href="f.xsl"?>\n', 1),
            "foglio di stile",
        ),
        (lambda data: data.replace(b"<Data>", b"<?pi x?><Data>"), "istruzioni di elaborazione"),
        (lambda data: data.replace(b"<Data>", b"<Data> "), "spazi attorno"),
        (
            lambda data: data.replace(
                b" versione", b' xmlns:ds="http://www.w3.org/2000/09/xmldsig#&quot;" versione'
            ),
            "xmlns",
        ),
        (lambda data: re.sub(rb"<Nazione>..</Nazione>", b"<Nazione/>", data), "è vuoto"),
        (
            lambda data: data.replace(b"<Data>", b'<Data xmlns:i="%s" i:type="p:DataFatturaType">' % XSI),
            "xsi:type",
        ),
    ],
)
def test_what_sdi_lets_through_is_read_valid_and_reported(simple, change, note):
    data = change(simple)
    assert data != simple
    assert format_check(data) == []
    reading = read_fattura(data)
    assert [note in sentence for sentence in reading.tolerated].count(True) >= 1
    if "vuoto" not in note:
        assert reading.fattura == read_fattura(simple).fattura


@pytest.mark.parametrize("prefix", ["p", "ns0", "q.1-x", "FatturaPA"])
def test_any_prefix_of_the_root_is_as_good(simple, prefix):
    data = simple.replace(b"<p:", b"<%s:" % prefix.encode()).replace(b"</p:", b"</%s:" % prefix.encode())
    reading = read_fattura(data.replace(b"xmlns:p=", b"xmlns:%s=" % prefix.encode()))
    assert reading.fattura == read_fattura(simple).fattura and reading.tolerated == ()


@pytest.mark.parametrize(
    ("element", "text", "value"),
    [
        ("Quantita", "007.50", Decimal("7.5")),
        ("NumeroLinea", "+7", 7),
        ("Data", "2026-01-31Z", date(2026, 1, 31)),
        ("DataInizioPeriodo", "2026-01-31+01:00", date(2026, 1, 31)),
    ],
)
def test_an_odd_spelling_is_an_ordinary_value_and_is_written_as_it_came(full, element, text, value):
    data = changed(full, f"<{element}>[^<]*", f"<{element}>{text}")
    fattura = read_fattura(data).fattura
    again = write_fattura(fattura)
    assert f"<{element}>{text}</{element}>".encode() in again
    # Another path of the same value, that of every program which never saw a file.
    plain = changed(full, f"<{element}>[^<]*", f"<{element}>{value if element != 'Quantita' else '7.50'}")
    assert read_fattura(plain).fattura == fattura
    assert pickle.loads(pickle.dumps(fattura)) == fattura
    assert write_fattura(copy.deepcopy(fattura)) == again


def test_numbers_of_a_file_are_reckoned_with_like_any_other(full):
    data = changed(full, "<Quantita>[^<]*", "<Quantita>0002.00")
    body = read_fattura(data).fattura.fattura_elettronica_body[0]
    quantity = body.dati_beni_servizi.dettaglio_linee[0].quantita
    assert (
        type(quantity * 3) is Decimal
        and f"{quantity:.2f}" == "2.00"
        and json.dumps(str(quantity)) == '"2.00"'
    )


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
