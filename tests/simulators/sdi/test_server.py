"""The process: foreign clients and servers, restarts, the control page, hostile requests."""

from __future__ import annotations

import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime

import httpx
import pytest
import zeep
from lxml import etree
from zeep.transports import Transport

from fattorino.core.sdi import message_io, messages, soap, wsdl
from fattorino.simulators.sdi.clock import Clock
from fattorino.simulators.sdi.server import Simulator, main
from tests.simulators.sdi.support import Driver, Endpoint, invoice

NAME = "IT01234567897_00001.xml"


def client(wsdl_path: str) -> zeep.Client:
    transport = Transport(timeout=10)
    transport.session.trust_env = False
    return zeep.Client(wsdl_path, transport=transport)


# Foreign stacks ----------------------------------------------------------------------------------------------


def test_zeep_sends_by_the_official_wsdl(driver: Driver, shared_data: pathlib.Path) -> None:
    found = client(str(shared_data / "sdi/wsdl/SdIRiceviFile_v1.0.wsdl"))
    binding = "{http://www.fatturapa.gov.it/sdi/ws/trasmissione/v1.0}SdIRiceviFile_binding"
    service = found.create_service(binding, f"{driver.simulator.address}/ricevi_file")
    answer = service.RiceviFile(NomeFile=NAME, File=invoice())
    assert answer.Errore is None and answer.IdentificativoSdI >= 1_000_001
    assert abs((answer.DataOraRicezione - datetime.now(UTC)).total_seconds()) < 60
    assert service.RiceviFile(NomeFile=NAME, File=b"").Errore == "EI01"
    with pytest.raises(zeep.exceptions.Fault):
        service.RiceviFile(NomeFile="../x", File=b"a")
    driver.pass_hours(2.1)
    assert driver.endpoint.kinds == ["RC"]


def test_zeep_answers_for_a_recipient_by_the_official_wsdl(
    driver: Driver, sign, shared_data: pathlib.Path
) -> None:  # type: ignore[no-untyped-def]
    driver.control("recipients", key="UFCHAN", behaviour="channel")
    sent = driver.send(f"{NAME}.p7m", sign(invoice(formato="FPA12", codice="UFCHAN")))
    driver.pass_hours(2.1)
    found = client(str(shared_data / "sdi/wsdl/SdIRiceviNotifica_v1.0.wsdl"))
    binding = "{http://www.fatturapa.gov.it/sdi/ws/ricezione/v1.0}SdIRiceviNotifica_binding"
    service = found.create_service(binding, f"{driver.simulator.address}/ricevi_notifica")
    ec = message_io.write_message(
        messages.NotificaEsitoCommittente(identificativo_sdi=sent.identificativo_sdi, esito="EC01")
    )
    values = {
        "IdentificativoSdI": int(sent.identificativo_sdi),
        "NomeFile": "IT01234567897_00001_EC_001.xml",
        "File": ec,
    }
    assert service.NotificaEsito(**values).Esito == "ES01"
    again = service.NotificaEsito(**values)
    assert again.Esito == "ES00"
    assert message_io.read_message(again.ScartoEsito.File).message.tipo == "SE"


def test_zeep_understands_what_the_simulator_sends(driver: Driver, shared_data: pathlib.Path) -> None:
    """The transmitter as zeep would be it: the calls are read back through the official WSDLs' types."""
    driver.control("recipients", key="ABC1234", behaviour="channel")
    driver.send(NAME, invoice())
    driver.pass_hours(2.1)
    files = {
        "TrasmissioneFatture": "TrasmissioneFatture_v1.1.wsdl",
        "RicezioneFatture": "RicezioneFatture_v1.0.wsdl",
    }
    for _, operation, payload in driver.endpoint.calls:
        found = client(str(shared_data / "sdi/wsdl" / files[operation.service]))
        [binding] = found.wsdl.bindings.values()
        body = soap.build_request(operation, payload).body
        inner = etree.fromstring(body)[0][0]
        read = found.get_element(inner.tag).parse(inner, found.wsdl.types)
        assert read.File == payload.file and str(read.IdentificativoSdI) == payload.identificativo_sdi
        assert operation.name in binding._operations
    assert [o.name for _, o, _ in driver.endpoint.calls] == ["RiceviFatture", "RicevutaConsegna"]


def test_our_own_wsdl_serves_zeep_as_well(driver: Driver) -> None:
    found = client(f"{driver.simulator.address}/ricevi_file?wsdl")
    assert found.service.RiceviFile(NomeFile=NAME, File=invoice()).Errore is None
    for service in ("TrasmissioneFatture", "RicezioneFatture", "SdIRiceviNotifica", "SdIRiceviFile"):
        text = wsdl.wsdl(service, "http://127.0.0.1:1/x?a=1&b=2")  # type: ignore[arg-type]
        assert text.count(b"<soapbind:operation") == len([o for o in soap.OPERATIONS if o.service == service])


def test_mtom_and_chunks_are_taken(driver: Driver) -> None:
    built = soap.build_request(soap.RICEVI_FILE, soap.FileSdIBase(NAME, invoice()), as_mtom=True)

    def pieces():  # type: ignore[no-untyped-def]
        yield built.body[:100]
        yield built.body[100:]

    answer = driver.http.post("/ricevi_file", content=pieces(), headers=built.headers)
    assert answer.status_code == 200
    driver.pass_hours(2.1)
    assert driver.endpoint.kinds == ["RC"]


# Life of the process -----------------------------------------------------------------------------------------


def test_a_restart_forgets_nothing(folder: pathlib.Path, endpoint: Endpoint) -> None:
    with Simulator(folder, speed=0) as first:
        driver = Driver(first, endpoint)
        driver.send(NAME, invoice())
        for _ in range(3):
            first.clock.advance(3600)
            time.sleep(0.3)
        hours = first.clock.elapsed()
        driver.control("recipients", key="ABC9999", behaviour="unreachable")
        driver.control("faults", kind="receipt_twice", count=3)
        ca = first.signer.ca_pem
        driver.http.close()
    assert endpoint.calls == []  # nobody to deliver to yet
    with Simulator(folder, deliver_to=endpoint.url) as second:
        driver = Driver(second, endpoint)
        assert second.signer.ca_pem == ca
        assert second.clock.speed == 0 and second.clock.elapsed() == hours
        driver.settle()
        assert endpoint.kinds == ["RC"]
        driver.send(NAME, invoice("2"))
        driver.send("IT01234567897_00002.xml", invoice("1"))
        driver.pass_hours(2.1)
        assert endpoint.kinds == ["RC", "NS", "NS", "NS", "NS"]
        assert "ABC9999" in [r["key"] for r in driver.http.get("/_simulator/recipients").json()]
        driver.http.close()


def test_the_default_speed_brings_a_receipt_in_seconds(folder: pathlib.Path, endpoint: Endpoint) -> None:
    with Simulator(folder, deliver_to=endpoint.url) as simulator:
        driver = Driver(simulator, endpoint)
        started = time.monotonic()
        driver.send(NAME, invoice())
        while not endpoint.calls and time.monotonic() - started < 30:
            time.sleep(0.02)
        assert 1.5 < time.monotonic() - started < 25
        driver.http.close()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def start(folder: pathlib.Path, port: int) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "fattorino.simulators.sdi.server",
        "--port",
        str(port),
        "--data",
        str(folder),
    ]
    root = str(pathlib.Path(__file__).resolve().parents[3])
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=root, env={**os.environ, "PYTHONPATH": root}
    )


def test_the_process_survives_sigkill_and_ends_on_sigterm(folder: pathlib.Path) -> None:
    port = free_port()
    for last in (False, True):
        process = start(folder, port)
        assert process.stdout is not None
        assert f"127.0.0.1:{port}" in process.stdout.readline()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
            if last:
                assert http.get("/_simulator/books").json()["accepted_by_name"] == {NAME: 1}
            else:
                request = soap.build_request(soap.RICEVI_FILE, soap.FileSdIBase(NAME, invoice()))
                assert (
                    http.post("/ricevi_file", content=request.body, headers=request.headers).status_code
                    == 200
                )
        process.send_signal(signal.SIGTERM if last else signal.SIGKILL)
        assert process.wait(timeout=10) == (0 if last else -signal.SIGKILL)
        process.stdout.close()


def test_it_does_not_start_where_it_cannot(folder: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["--port", str(taken.getsockname()[1]), "--data", str(folder)]) == 1
    assert main(["--host", "0.0.0.0", "--port", "0", "--data", str(folder)]) == 1
    (folder / "file").write_text("")
    assert main(["--port", "0", "--data", str(folder / "file" / "x")]) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 3 and all("non può partire" in line for line in said)
    with pytest.raises(SystemExit) as wrong:
        main(["--speed", "-1"])
    assert wrong.value.code == 2


# Control and hostility ---------------------------------------------------------------------------------------


def test_the_page_and_its_forms(driver: Driver) -> None:
    driver.send(NAME, invoice(codice="IGNOTO0"))
    driver.pass_hours(2.1)
    form = {"key": "<b>x</b>", "behaviour": "refuse", "description": "perché no", "url": ""}
    answer = driver.http.post("/_simulator/recipients", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert driver.http.post("/_simulator/clock", data={"advance_hours": "2"}).status_code == 303
    page = driver.http.get("/")
    assert "Scartato" in page.text and NAME in page.text and "&lt;B&gt;X&lt;/B&gt;" in page.text
    assert "<script" not in page.text and "script-src" not in page.headers["Content-Security-Policy"]
    assert driver.http.get("/page.css").status_code == 200
    assert driver.http.get("/ca.pem").content.startswith(b"-----BEGIN CERTIFICATE-----")
    state = driver.http.get("/_simulator/state").json()
    assert state["files"] == {"SCARTATO": 1} and state["troubles"] == []
    identifier = driver.http.get("/_simulator/books").json()["files"][0]["identificativo_sdi"]
    assert driver.http.get(f"/_simulator/files/{identifier}").content == invoice(codice="IGNOTO0")


def test_pages_of_others_cannot_reach_in(driver: Driver) -> None:
    clock = "/_simulator/clock"
    assert (
        driver.http.post(clock, json={"speed": 1}, headers={"Origin": "https://male.example"}).status_code
        == 403
    )
    assert driver.http.get("/", headers={"Host": "male.example"}).status_code == 403
    assert (
        driver.http.post(clock, content=b'{"speed": 1}', headers={"Content-Type": "text/plain"}).status_code
        == 415
    )
    for bad in (b"[", b"[]", b'{"speed": "x"}', b'{"speed": -1}', b'{"advance_hours": -1}'):
        headers = {"Content-Type": "application/json"}
        assert driver.http.post(clock, content=bad, headers=headers).status_code == 400
    assert driver.simulator.clock.speed == 0


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST /ricevi_file HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"POST /ricevi_file HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST /ricevi_file HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /ricevi_file HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /altro HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n",
        b"GET /_simulator/files/x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"TRACE / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"\x00\xff\r\n\r\n",
    ],
)
def test_wrong_requests_get_a_status_and_harm_nothing(driver: Driver, request_bytes: bytes) -> None:
    host, port = driver.simulator.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(request_bytes)
        answer = connection.recv(4096)
    assert answer.split()[1][:1] in (b"4", b"5") or b"Error code: 4" in answer
    assert driver.http.get("/_simulator/state").status_code == 200


def test_what_is_not_soap_gets_a_fault(driver: Driver) -> None:
    for body in (b"", b"ciao", b"<!DOCTYPE a><a/>", b"<a/>"):
        answer = driver.http.post("/ricevi_file", content=body, headers={"Content-Type": "text/xml"})
        assert answer.status_code == 500
        with pytest.raises(soap.SoapFault):
            soap.parse_response(soap.RICEVI_FILE, answer.content, "text/xml")
    unknown = soap.build_request(
        soap.NOTIFICA_ESITO, soap.FileSdI("7", "IT01234567897_1_EC_001.xml", b"<a/>")
    )
    assert (
        driver.http.post("/ricevi_notifica", content=unknown.body, headers=unknown.headers).status_code == 500
    )


def test_the_clock_runs_jumps_and_never_goes_back() -> None:
    real = [1000.0]
    kept: list[tuple[float, float, float]] = []
    clock = Clock(10, source=lambda: real[0], moved=lambda *a: kept.append(a))
    real[0] += 5
    assert clock.elapsed() == 50
    clock.advance(100)
    clock.set_speed(0)
    real[0] += 5
    assert clock.elapsed() == 150 and clock.real_seconds(1) == float("inf")
    clock.set_speed(2)
    real[0] -= 500
    assert clock.elapsed() == 150
    assert kept[-1] == (1010.0, 150.0, 2)
    again = Clock(2, (1010.0, 150.0), source=lambda: 1020.0)
    assert again.elapsed() == 170
    assert clock.now() == datetime.fromtimestamp(510, UTC)
    for wrong in (-1, float("nan"), float("inf")):
        with pytest.raises(ValueError):
            clock.advance(wrong)
