from __future__ import annotations

import base64
import pathlib
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from fattorino.core.errors import InputError
from fattorino.core.sdi import mtom, soap

FILE = b"\r\n\x00--PK\xff<a/>\n\r" * 3
VALUES: dict[str, Any] = {
    "identificativo_sdi": "123456",
    "nome_file": "IT01234567890_00001.xml",
    "file": FILE,
    "nome_file_metadati": "IT01234567890_00001_MT_001.xml",
    "metadati": b"<m/>",
    "data_ora_ricezione": datetime(2026, 11, 21, 10, 0, 0, 5000, tzinfo=UTC),
    "errore": "EI01",
    "esito": "ES00",
    "scarto_esito": soap.FileSdIBase("IT01234567890_00001_SE_001.xml", b"<se/>"),
}


def sample(model: type[Any]) -> Any:
    values = {f.name: VALUES[f.name] for f in fields(model)}
    if model is soap.RispostaRiceviFatture:
        values["esito"] = "ER01"
    return model(**values)


def body(envelope: bytes) -> etree._Element:
    return etree.fromstring(envelope)[0][0]


@pytest.mark.parametrize("as_mtom", [False, True], ids=["inline", "mtom"])
@pytest.mark.parametrize("operation", soap.OPERATIONS, ids=lambda o: f"{o.service}.{o.name}")
def test_every_request_is_read_as_it_was_written(operation: soap.Operation, as_mtom: bool) -> None:
    payload = sample(operation.request_type)
    built = soap.build_request(operation, payload, as_mtom=as_mtom)
    assert built.headers["SOAPAction"] == f'"{operation.soap_action}"'
    assert mtom.is_multipart(built.headers["Content-Type"]) is as_mtom
    read = soap.parse_request(built.body, built.headers["Content-Type"], service=operation.service)
    assert read == (operation, payload)


@pytest.mark.parametrize("operation", [o for o in soap.OPERATIONS if not o.one_way], ids=lambda o: o.name)
def test_every_response_is_read_as_it_was_written(operation: soap.Operation) -> None:
    payload = sample(operation.response_type)
    built = soap.build_response(operation, payload)
    assert soap.parse_response(operation, built.body, built.headers["Content-Type"]) == payload


def test_what_is_written_is_valid_under_the_official_types(shared_data: pathlib.Path) -> None:
    schemas = {
        soap.TRASMISSIONE: etree.XMLSchema(etree.parse(shared_data / "sdi/wsdl/TrasmissioneTypes_v1.1.xsd")),
        soap.RICEZIONE: etree.XMLSchema(etree.parse(shared_data / "sdi/wsdl/RicezioneTypes_v1.0.xsd")),
    }
    for operation in soap.OPERATIONS:
        request = soap.build_request(operation, sample(operation.request_type)).body
        schemas[operation.namespace].assertValid(body(request))
        if operation.response_type:
            response = soap.build_response(operation, sample(operation.response_type)).body
            schemas[operation.namespace].assertValid(body(response))


def test_operations_are_those_of_the_official_wsdls(shared_data: pathlib.Path) -> None:
    files = {
        "SdIRiceviFile": "SdIRiceviFile_v1.0.wsdl",
        "TrasmissioneFatture": "TrasmissioneFatture_v1.1.wsdl",
        "RicezioneFatture": "RicezioneFatture_v1.0.wsdl",
        "SdIRiceviNotifica": "SdIRiceviNotifica_v1.0.wsdl",
    }
    for service, name in files.items():
        root = etree.parse(shared_data / "sdi/wsdl" / name).getroot()
        official = {
            (o.get("name"), o[0].get("soapAction"))
            for o in root.iterfind("{*}binding/{*}operation")
            if o[0].get("soapAction")
        }
        ours = {(o.name, o.soap_action) for o in soap.OPERATIONS if o.service == service}
        assert ours == official
        elements = {p.get("element").partition(":")[2] for p in root.iterfind("{*}message/{*}part")}
        used = {o.request_element for o in soap.OPERATIONS if o.service == service}
        used |= {o.response_element for o in soap.OPERATIONS if o.service == service and o.response_element}
        assert used == elements


def _envelope(inner: str) -> bytes:
    return f'<e:Envelope xmlns:e="{soap.SOAP}"><e:Header><x/></e:Header><e:Body>{inner}</e:Body></e:Envelope>'.encode()


def _ricevi(inner: str) -> bytes:
    return _envelope(
        f'<t:fileSdIAccoglienza xmlns:t="{soap.TRASMISSIONE}/types">{inner}</t:fileSdIAccoglienza>'
    )


NAME = "<NomeFile>IT01234567890_1.xml</NomeFile>"


def test_foreign_envelopes_are_understood() -> None:
    lines = "\n  ".join(base64.b64encode(FILE).decode()[i : i + 20] for i in range(0, 80, 20))
    operation, payload = soap.parse_request(
        b"\xef\xbb\xbf" + _ricevi(f"<!-- c -->{NAME}<File>\n{lines}\n</File>"),
        "text/xml",
        service="SdIRiceviFile",
    )
    assert operation is soap.RICEVI_FILE
    assert isinstance(payload, soap.FileSdIBase) and payload.file == base64.b64decode(lines)
    qualified = f'<NomeFile xmlns="{soap.TRASMISSIONE}/types">IT01234567890_1.xml</NomeFile><File/>'
    _, empty = soap.parse_request(_ricevi(qualified), "", service="SdIRiceviFile")
    assert isinstance(empty, soap.FileSdIBase) and empty.file == b""


@pytest.mark.parametrize(
    "request_body",
    [
        b"",
        b"ciao",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY x "y">]>' + _ricevi(NAME + "<File>YQ==</File>"),
        _envelope(""),
        _envelope("<a/><b/>"),
        _envelope("<fileSdIAccoglienza/>"),
        _ricevi(""),
        _ricevi(NAME),
        _ricevi(NAME + "<File>non base64</File>"),
        _ricevi(NAME + "<File>YQ==</File><File>YQ==</File>"),
        _ricevi(NAME + "<File>YQ==</File><Altro/>"),
        _ricevi("<NomeFile>../../etc/passwd</NomeFile><File>YQ==</File>"),
        _ricevi("<NomeFile>breve</NomeFile><File>YQ==</File>"),
        _ricevi(NAME + f'<File><i:Include xmlns:i="{mtom.XOP}" href="cid:manca"/></File>'),
        _ricevi(NAME + f'<File><i:Include xmlns:i="{mtom.XOP}" href="file:///etc/passwd"/></File>'),
        _ricevi(NAME + "<File><b/></File>"),
        b" " * (soap.LIMIT + 1) + b"<a/>",
        f'<e:Envelope xmlns:e="{soap.SOAP12}"><e:Body/></e:Envelope>'.encode(),
    ],
)
def test_what_is_not_by_the_wsdl_is_answered_with_a_fault(request_body: bytes) -> None:
    with pytest.raises(soap.SoapFault):
        soap.parse_request(request_body, "text/xml", service="SdIRiceviFile")


def test_an_operation_of_another_service_is_refused() -> None:
    built = soap.build_request(soap.RICEVI_FILE, sample(soap.FileSdIBase))
    with pytest.raises(soap.SoapFault):
        soap.parse_request(built.body, "text/xml", service="SdIRiceviNotifica")


def test_faults_travel() -> None:
    fault = soap.build_fault("Client", "non <va>")
    with pytest.raises(soap.SoapFault, match="non <va>") as found:
        soap.parse_response(soap.RICEVI_FILE, fault.body, "text/xml")
    assert found.value.code == "Client"


def test_one_way_answers_may_be_empty_and_others_not() -> None:
    assert soap.parse_response(soap.TRASMISSIONE_FATTURE["RC"], b"", "") is None
    with pytest.raises(InputError):
        soap.parse_response(soap.RICEVI_FILE, b"", "")
    wrong = soap.build_response(soap.RICEVI_FATTURE, soap.RispostaRiceviFatture())
    with pytest.raises(InputError):
        soap.parse_response(soap.RICEVI_FILE, wrong.body, "text/xml")


def test_a_multipart_of_another_stack_is_read() -> None:
    envelope = _ricevi(NAME + f'<File><xop:Include xmlns:xop="{mtom.XOP}" href="cid:f%40x"/></File>')
    parts = (
        b'preamble\r\n--"B"'.replace(b'"', b"")
        + b"\r\nContent-Id: <f@x>\r\nContent-Type: text/xml\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(FILE)
        + b"\r\n--B  \r\nContent-ID:\r\n <root>\r\n\r\n"
        + envelope
        + b"\r\n--B--\r\nepilogue"
    )
    kind = 'Multipart/Related; boundary=B; start="<root>"; type="application/xop+xml"'
    _, payload = soap.parse_request(parts, kind, service="SdIRiceviFile")
    assert isinstance(payload, soap.FileSdIBase) and payload.file == FILE


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "multipart/related; boundary=B"),
        (b"--B\r\n\r\n<a/>", "multipart/related; boundary=B"),
        (b"--B\r\nno head\r\n--B--", "multipart/related; boundary=B"),
        (b"--B\r\n\r\n<a/>\r\n--B--", "multipart/related"),
        (b"--B\r\n\r\n<a/>\r\n--B--", "multipart/mixed; boundary=B"),
        (b"--B\r\nContent-ID: <x>\r\n\r\n<a/>\r\n--B--", 'multipart/related; boundary=B; start="<y>"'),
        (b"\r\n--B\r\n\r\n" * 30 + b"\r\n--B--", "multipart/related; boundary=B"),
        (b" " * (soap.MULTIPART_LIMIT + 1), "multipart/related; boundary=B"),
    ],
)
def test_a_broken_multipart_is_answered_with_a_fault(data: bytes, kind: str) -> None:
    with pytest.raises(soap.SoapFault):
        soap.parse_request(data, kind, service="SdIRiceviFile")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_survive_mtom(content: bytes) -> None:
    built = soap.build_request(
        soap.RICEVI_FILE, soap.FileSdIBase("IT01234567890_1.xml", content), as_mtom=True
    )
    _, read = soap.parse_request(built.body, built.headers["Content-Type"], service="SdIRiceviFile")
    assert isinstance(read, soap.FileSdIBase) and read.file == content


def test_a_file_of_five_megabytes_fits() -> None:
    content = bytes(range(256)) * 20480
    for as_mtom in (False, True):
        built = soap.build_request(
            soap.RICEVI_FILE, soap.FileSdIBase("IT01234567890_1.xml", content), as_mtom=as_mtom
        )
        _, read = soap.parse_request(built.body, built.headers["Content-Type"], service="SdIRiceviFile")
        assert isinstance(read, soap.FileSdIBase) and read.file == content
