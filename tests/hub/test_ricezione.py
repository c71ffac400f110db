"""The door of received invoices: who may knock, what is kept before ER01, and exactly the official WSDL."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
import zeep
from django.test import Client

from fattorino.core.sdi import soap
from fattorino.documents.models import PassiveInvoice, Reception
from fattorino.hub.models import Message
from fattorino.hub.views import sdi as views
from fattorino.organisations.scope import company_scope, system_scope
from tests.desk import Desk, jobs, run_jobs
from tests.documents.received import invoice, mt
from tests.hub.test_endpoint import _IntoTheProduct

URL = "/sdi/ricezione"
FILE = soap.FileSdIConMetadati(
    "4711", "IT01234567890_00001.xml", b"<not read here/>", "IT01234567890_00001_MT_001.xml", b"<nor here/>"
)
REQUEST = soap.build_request(soap.RICEVI_FATTURE, FILE)
DT = soap.FileSdI("4711", "IT01234567890_00001_DT_001.xml", b"<DT/>")


@pytest.fixture(autouse=True)
def _loopback(db: None, settings: Any) -> None:
    settings.SDI_ALLOW_LOOPBACK, settings.SDI_PROXY_SECRET = True, ""


def post(body: bytes = REQUEST.body, content_type: str = soap.CONTENT_TYPE, **extra: Any) -> Any:
    return Client(raise_request_exception=False).post(URL, body, content_type=content_type, **extra)


def kept() -> list[Reception]:
    with system_scope():
        return list(Reception.objects.order_by("id"))


def said(answer: Any) -> soap.Payload | None:
    return soap.parse_response(soap.RICEVI_FATTURE, answer.content, answer["Content-Type"])


@pytest.mark.parametrize("as_mtom", [False, True], ids=["inline", "mtom"])
def test_an_invoice_is_kept_with_its_metadata_and_queued_then_er01_is_said(as_mtom: bool) -> None:
    built = soap.build_request(soap.RICEVI_FATTURE, FILE, as_mtom=as_mtom)
    answer = post(built.body, built.headers["Content-Type"])
    assert answer.status_code == 200
    assert said(answer) == soap.RispostaRiceviFatture("ER01")
    row = kept()[0]
    assert (row.source, row.identificativo_sdi, row.name, bytes(row.content)) == (
        "sdicoop",
        "4711",
        FILE.nome_file,
        FILE.file,
    )
    assert (row.metadata_name, bytes(row.metadata or b"")) == (FILE.nome_file_metadati, FILE.metadati)
    # Not read yet: reading is the job's, so that no invoice is refused for what it says.
    assert (row.state, row.company_id) == ("waiting", None)
    assert [j["args"] for j in jobs("documents.read_reception")] == [{"reception_id": row.pk}]


def test_the_same_invoice_again_is_acknowledged_again_and_kept_once() -> None:
    assert [said(post()) for _ in range(3)] == [soap.RispostaRiceviFatture("ER01")] * 3
    assert [row.arrivals for row in kept()] == [3]


def test_what_could_not_be_kept_gets_no_er01(monkeypatch: pytest.MonkeyPatch) -> None:
    take = views.take_invoice

    def breaks_after(*args: Any, **options: Any) -> int:
        take(*args, **options)
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(views, "take_invoice", breaks_after)
    answer = post()
    assert answer.status_code == 500 and b"ER01" not in answer.content
    assert kept() == [] and jobs() == []


@pytest.mark.parametrize("element", ["fileSdI", "notificaDecorrenzaTermini"])
def test_the_end_of_the_term_is_kept_as_a_message(element: str) -> None:
    built = soap.build_request(soap.RICEZIONE_DECORRENZA_TERMINI, DT)
    body = built.body.replace(b"types:fileSdI", f"types:{element}".encode())
    answer = post(body, HTTP_SOAPACTION='"whatever"')
    assert (answer.status_code, answer.content) == (202, b"")
    with system_scope():
        message = Message.objects.get()
    assert (message.name, bytes(message.content)) == (DT.nome_file, DT.file)
    assert kept() == []


def test_the_root_of_the_body_says_what_is_called_whatever_soap_action_says() -> None:
    answer = post(HTTP_SOAPACTION=f'"{soap.RICEZIONE_DECORRENZA_TERMINI.soap_action}"')
    assert said(answer) == soap.RispostaRiceviFatture("ER01")
    assert len(kept()) == 1


def test_only_sdi_may_knock(settings: Any) -> None:
    assert post(REMOTE_ADDR="10.0.0.7").status_code == 403
    settings.SDI_PROXY_SECRET = "s3gret0"
    assert post().status_code == 403
    assert post(HTTP_X_FATTORINO_PROXY="s3gret0").status_code == 403
    assert (
        post(HTTP_X_FATTORINO_PROXY="other", HTTP_X_SSL_CLIENT_S_DN="CN=Sistema Interscambio").status_code
        == 403
    )
    assert kept() == []
    assert (
        post(HTTP_X_FATTORINO_PROXY="s3gret0", HTTP_X_SSL_CLIENT_S_DN="CN=Sistema Interscambio").status_code
        == 200
    )


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "options", "patch"])
def test_only_post_is_answered(method: str) -> None:
    assert getattr(Client(), method)(URL).status_code == 405


WRONG: dict[str, bytes] = {
    "empty": b"",
    "cut": REQUEST.body[:200],
    "doctype": b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + REQUEST.body.split(b"?>", 1)[-1],
    "another service": soap.build_request(
        soap.TRASMISSIONE_FATTURE["RC"], soap.FileSdI("1", "IT01234567890_00001.xml", b"x")
    ).body,
    "no metadata": REQUEST.body.replace(b"<Metadati>", b"<Altro>").replace(b"</Metadati>", b"</Altro>"),
    "bad name": REQUEST.body.replace(b"IT01234567890_00001.xml", b"../../../etc/passwd"),
    "bad base64": REQUEST.body.replace(b"<File>", b"<File>***"),
}


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG.keys())
def test_what_is_no_call_of_the_service_gets_a_soap_fault_and_nothing_is_kept(body: bytes) -> None:
    answer = post(body)
    assert answer.status_code == 500
    with pytest.raises(soap.SoapFault) as fault:
        said(answer)
    assert fault.value.code == "Client" and kept() == []


def test_a_body_over_the_limit_is_refused_unread() -> None:
    assert post(CONTENT_LENGTH=str(views.LIMIT + 1)).status_code == 413
    assert kept() == []


@pytest.mark.parametrize("as_mtom", [False, True], ids=["inline", "mtom"])
def test_an_invoice_as_large_as_sdi_lets_one_be_is_taken(as_mtom: bool) -> None:
    large = soap.FileSdIConMetadati("1", FILE.nome_file, b"x" * 5_242_880, FILE.nome_file_metadati, b"<m/>")
    built = soap.build_request(soap.RICEVI_FATTURE, large, as_mtom=as_mtom)
    assert said(post(built.body, built.headers["Content-Type"])) == soap.RispostaRiceviFatture("ER01")
    assert len(bytes(kept()[0].content)) == 5_242_880


def test_a_foreign_client_with_the_official_wsdl_brings_an_invoice(
    desk: Desk, shared_data: pathlib.Path
) -> None:
    wsdl = str(shared_data / "sdi/wsdl/RicezioneFatture_v1.0.wsdl")
    client = zeep.Client(wsdl, transport=_IntoTheProduct())
    binding = "{http://www.fatturapa.gov.it/sdi/ws/ricezione/v1.0}RicezioneFatture_binding"
    service = client.create_service(binding, URL)
    name, content = "IT01234567897_B0001.xml", invoice(desk)
    answer = service.RiceviFatture(
        IdentificativoSdI=99,
        NomeFile=name,
        File=content,
        NomeFileMetadati="IT01234567897_B0001_MT_001.xml",
        Metadati=mt(name, sdi="99"),
    )
    assert answer == "ER01"
    with company_scope(desk.company.pk):  # the request has closed the desk's own
        run_jobs()
        assert PassiveInvoice.objects.get().identificativo_sdi == "99"
    service.NotificaDecorrenzaTermini(IdentificativoSdI=99, NomeFile=DT.nome_file, File=DT.file)
    with system_scope():
        assert Message.objects.get().identificativo_sdi == "99"
