"""The simulated Hub: the same file once, simple rules, faults on demand, and its books outlive it."""

from __future__ import annotations

import base64
import datetime
import pathlib
import threading
from collections.abc import Iterator

import httpx
import pytest

from fattorino.core.sdi.message_io import read_message
from fattorino.simulators.hub.server import Server
from fattorino.simulators.hub.service import Service

NOW = datetime.datetime(2026, 11, 22, 12, 0, tzinfo=datetime.UTC)
NAME = "IT01234567890_00001.xml"


@pytest.fixture
def client(tmp_path: pathlib.Path) -> Iterator[httpx.Client]:
    service = Service(tmp_path / "hub.sqlite", "segreto", lambda: NOW)
    server = Server(service)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{server.server_address[1]}", trust_env=False) as client:
        client.headers["Authorization"] = "Bearer segreto"
        yield client
    server.shutdown()
    thread.join()
    server.server_close()
    service.close()


def push(client: httpx.Client, name: str = NAME, content: bytes = b"<a/>") -> httpx.Response:
    return client.put(f"/api/hub/v1/files/{name}", content=content)


def letters(client: httpx.Client) -> list[bytes]:
    events = client.get("/api/hub/v1/feed").json()["events"]
    return [base64.b64decode(event["content"]) for event in events if event["type"] == "message"]


def test_without_its_token_nothing_is_told(client: httpx.Client) -> None:
    assert client.get("/api/hub/v1/feed", headers={"Authorization": "Bearer altro"}).status_code == 401


def test_the_same_file_is_taken_once_and_has_one_receipt(client: httpx.Client) -> None:
    assert [push(client).status_code, push(client).status_code] == [201, 200]
    assert push(client, content=b"<b/>").status_code == 409
    (letter,) = letters(client)
    assert read_message(letter).message.tipo == "RC"


@pytest.mark.parametrize(
    ("name", "content"), [("fattura.xml", b"<a/>"), (NAME, b""), ("IT01234567890_1.zip", b"PK")]
)
def test_what_sdi_takes_under_no_name_is_refused(client: httpx.Client, name: str, content: bytes) -> None:
    answer = push(client, name, content)
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")


def test_faults_strike_as_often_as_ordered_and_only_the_files_meant(client: httpx.Client) -> None:
    client.post("/_simulator/faults", json={"kind": "down", "count": 2, "match": "00001"})
    assert [push(client, f"IT01234567890_0000{n}.xml").status_code for n in (1, 2, 1, 1)] == [
        503,
        201,
        503,
        201,
    ]
    assert client.post("/_simulator/faults", json={"kind": "mai"}).status_code == 422
    client.post("/_simulator/faults", json={"kind": "reject", "count": None})
    push(client, "IT01234567890_00009.xml")
    assert read_message(letters(client)[-1]).message.tipo == "NS"
    client.post("/_simulator/calm")
    assert client.get("/_simulator/faults").json() == []


def test_a_received_invoice_can_be_made_to_come(client: httpx.Client) -> None:
    asked = {"sdi": "7", "name": "IT1_1.xml", "content": "PGEvPg==", "metadata_name": "", "metadata": ""}
    client.post("/_simulator/invoices", json=asked)
    (event,) = client.get("/api/hub/v1/feed").json()["events"]
    assert (event["type"], event["identificativo_sdi"], event["content"]) == ("invoice", "7", "PGEvPg==")
    assert event["delivered_at"] == NOW.isoformat()
    client.post("/_simulator/invoices", json=asked | {"delivered_at": "2026-11-01T10:00:00+01:00"})
    client.post("/_simulator/invoices", json=asked | {"delivered_at": None})
    told = client.get("/api/hub/v1/feed").json()["events"][1:]
    assert [each.get("delivered_at", "-") for each in told] == ["2026-11-01T10:00:00+01:00", "-"]


def test_files_and_events_outlive_the_process(client: httpx.Client, tmp_path: pathlib.Path) -> None:
    push(client)
    again = Service(tmp_path / "hub.sqlite", "segreto", lambda: NOW)
    assert [file["name"] for file in again.files()] == [NAME]
    assert again.feed(0, 100) == client.get("/api/hub/v1/feed").json()
    again.close()


def test_a_feed_that_begins_again_repeats_what_was_told(client: httpx.Client) -> None:
    push(client)
    feed = "/api/hub/v1/feed"
    told = client.get(feed).json()
    after = {"since": told["next"]}
    assert client.get(feed, params=after).json()["events"] == []
    client.post(
        "/_simulator/faults", json={"faults": [{"kind": "feed_again"}, {"kind": "down", "match": "x"}]}
    )
    assert client.get(feed, params=after).json()["events"] == told["events"]
    assert client.get(feed, params=after).json()["events"] == []
