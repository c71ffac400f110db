"""SdI's door: who may knock, what is kept, and that nothing is acknowledged that was not kept."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
import requests
import zeep
from django.test import Client

from fattorino.core.sdi import soap
from fattorino.hub.models import Message
from fattorino.hub.views import sdi as views
from fattorino.organisations.scope import company_scope, system_scope
from tests.desk import Desk, jobs, run_jobs
from tests.hub.letters import SDI_ID, letter, queued, state

URL = "/sdi/trasmissione"
FILE = soap.FileSdI("4711", "IT01234567890_00001_RC_001.xml", b"<not read here/>")
REQUEST = soap.build_request(soap.TRASMISSIONE_FATTURE["RC"], FILE)


@pytest.fixture(autouse=True)
def _loopback(db: None, settings: Any) -> None:
    settings.SDI_ALLOW_LOOPBACK, settings.SDI_PROXY_SECRET = True, ""


def post(body: bytes = REQUEST.body, content_type: str = soap.CONTENT_TYPE, **extra: Any) -> Any:
    return Client(raise_request_exception=False).post(URL, body, content_type=content_type, **extra)


def kept() -> list[Message]:
    with system_scope():
        return list(Message.objects.order_by("id"))


def test_a_receipt_is_kept_and_queued_then_acknowledged_without_a_body() -> None:
    answer = post()
    assert (answer.status_code, answer.content) == (202, b"")
    message = kept()[0]
    assert (message.name, bytes(message.content), message.identificativo_sdi) == (
        FILE.nome_file,
        FILE.file,
        "4711",
    )
    # Not read yet: reading is the job's, so that no receipt is refused for what it says.
    assert message.applied_at is None
    assert [j["args"] for j in jobs("hub.apply_message")] == [{"message_id": message.pk}]


@pytest.mark.parametrize("tipo", sorted(soap.TRASMISSIONE_FATTURE))
@pytest.mark.parametrize("as_mtom", [False, True], ids=["inline", "mtom"])
def test_every_operation_of_the_service_is_taken(tipo: str, as_mtom: bool) -> None:
    built = soap.build_request(soap.TRASMISSIONE_FATTURE[tipo], FILE, as_mtom=as_mtom)
    assert post(built.body, built.headers["Content-Type"]).status_code == 202
    assert bytes(kept()[0].content) == FILE.file


def test_the_same_receipt_again_is_acknowledged_again_and_kept_once() -> None:
    assert [post().status_code for _ in range(3)] == [202, 202, 202]
    assert [m.arrivals for m in kept()] == [3]


def test_what_could_not_be_kept_is_not_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    take = views.take_message

    def breaks_after(*args: Any, **options: Any) -> int:
        take(*args, **options)
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(views, "take_message", breaks_after)
    assert post().status_code == 500
    assert kept() == [] and jobs() == []


def test_only_this_machine_may_knock_where_there_is_no_proxy(settings: Any) -> None:
    assert post(REMOTE_ADDR="10.0.0.7").status_code == 403
    assert post(REMOTE_ADDR="::1").status_code == 202
    # What anybody may write into a header proves nothing.
    assert post(REMOTE_ADDR="10.0.0.7", HTTP_X_FORWARDED_FOR="127.0.0.1").status_code == 403
    settings.SDI_ALLOW_LOOPBACK = False
    assert post().status_code == 403
    assert len(kept()) == 1


@pytest.mark.parametrize(
    ("secret", "subject", "status"),
    [
        ("s3gret0", "CN=sdi.fatturapa.gov.it", 202),
        ("s3gret0", "", 403),
        ("s3gret0", "CN=SDI-01234567890,OU=Client,O=Agenzia delle Entrate,C=IT", 403),
        ("other", "CN=sdi.fatturapa.gov.it", 403),
        ("", "CN=sdi.fatturapa.gov.it", 403),
        ("s3gret\xf2", "CN=sdi.fatturapa.gov.it", 403),
    ],
)
def test_with_a_proxy_only_its_secret_and_a_checked_certificate_open(
    settings: Any, secret: str, subject: str, status: int
) -> None:
    settings.SDI_PROXY_SECRET = "s3gret0"
    answer = post(HTTP_X_FATTORINO_PROXY=secret, HTTP_X_SSL_CLIENT_S_DN=subject)
    assert answer.status_code == status
    assert len(kept()) == (status == 202)


def test_loopback_alone_does_not_open_where_a_proxy_is_set(settings: Any) -> None:
    settings.SDI_PROXY_SECRET = "s3gret0"
    assert post().status_code == 403


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "options", "patch"])
def test_only_post_is_answered(method: str) -> None:
    assert getattr(Client(), method)(URL).status_code == 405


WRONG: dict[str, bytes] = {
    "empty": b"",
    "text": b"ciao",
    "cut": REQUEST.body[:200],
    "not SOAP": b"<a/>",
    "doctype": b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + REQUEST.body.split(b"?>", 1)[-1],
    "another service": soap.build_request(
        soap.RICEVI_FILE, soap.FileSdIBase("IT01234567890_00001.xml", b"x")
    ).body,
    "bad base64": REQUEST.body.replace(b"<File>", b"<File>***"),
    "bad name": REQUEST.body.replace(FILE.nome_file.encode(), b"../../etc/passwd"),
}


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG.keys())
def test_what_is_no_call_of_the_service_gets_a_soap_fault_and_nothing_is_kept(body: bytes) -> None:
    answer = post(body)
    assert answer.status_code == 500 and answer["Content-Type"].startswith("text/xml")
    with pytest.raises(soap.SoapFault) as fault:
        soap.parse_response(soap.RICEVI_FILE, answer.content, answer["Content-Type"])
    assert fault.value.code == "Client"
    assert b"Traceback" not in answer.content and kept() == []


def test_a_body_longer_than_any_receipt_is_refused_unread() -> None:
    assert post(CONTENT_LENGTH=str(views.LIMIT + 1)).status_code == 413
    assert kept() == []


def test_a_long_envelope_within_the_limit_gets_a_fault() -> None:
    body = REQUEST.body.replace(b"<File>", b"<File>" + b"QUJD" * 3_000_000)
    answer = post(body)
    assert answer.status_code == 500 and b"Fault" in answer.content
    assert kept() == []


class _IntoTheProduct(zeep.Transport):
    """zeep's way out leads into the product; what it sends is its own."""

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> requests.Response:
        extra = {f"HTTP_{k.upper()}": v for k, v in headers.items() if k != "Content-Type"}
        found = Client().post(address, message, content_type=headers["Content-Type"], **extra)
        answer = requests.Response()
        answer.status_code, answer._content = found.status_code, found.content
        answer.headers.update(found.headers)
        return answer


def test_a_foreign_client_with_the_official_wsdl_brings_a_receipt(
    desk: Desk, shared_data: pathlib.Path
) -> None:
    row = queued(desk)
    wsdl = str(shared_data / "sdi/wsdl/TrasmissioneFatture_v1.1.wsdl")
    client = zeep.Client(wsdl, transport=_IntoTheProduct())
    binding = "{http://www.fatturapa.gov.it/sdi/ws/trasmissione/v1.0}TrasmissioneFatture_binding"
    service = client.create_service(binding, URL)
    name, content = letter(row, "RC")
    service.RicevutaConsegna(IdentificativoSdI=SDI_ID, NomeFile=name, File=content)
    assert bytes(kept()[0].content) == content
    with company_scope(desk.company.pk):  # the request has closed the desk's own
        run_jobs(skip=frozenset({"hub.turn"}))
        assert state(row) == "CONSEGNATO"
