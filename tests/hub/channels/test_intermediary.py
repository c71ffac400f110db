"""Another Hub as a channel, over real HTTP against the simulated one."""

from __future__ import annotations

import datetime
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from fattorino.core.errors import ChannelError, InputError
from fattorino.hub.caller import Caller
from fattorino.hub.channels.base import AnswerItem, InvoiceItem, MessageItem, OtherItem, Outgoing, Parcel, Raw
from fattorino.hub.channels.intermediary import Intermediary
from fattorino.simulators.hub.server import Server
from fattorino.simulators.hub.service import Service

NOW = datetime.datetime(2026, 11, 22, 12, 0, tzinfo=datetime.UTC)
FILE = Outgoing("IT01234567890_00001.xml.p7m", b"\x30\x80\r\n\x00\xff" * 300)
EC = Outgoing("IT01234567890_00009_EC_001.xml", b"<EC/>", "EC", "4711")


@pytest.fixture
def hub() -> Iterator[Service]:
    service = Service(":memory:", "segreto", lambda: NOW)
    yield service
    service.close()


@pytest.fixture
def server(hub: Service) -> Iterator[Server]:
    server = Server(hub)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def way(server: Server) -> Intermediary:
    return Intermediary(server.url, "segreto", 5)


def fate(way: Intermediary, file: Outgoing = FILE) -> str:
    return way.resolve(Parcel(file.file_name, b"", (file.file_name,)))


def test_a_file_is_taken_as_it_is_and_a_second_time_changes_nothing(hub: Service, way: Intermediary) -> None:
    for _ in range(2):
        assert way.send(FILE) is not None
    (kept,) = hub.files()
    assert (kept["name"], kept["size"], kept["arrivals"]) == (FILE.file_name, len(FILE.content), 2)


def test_another_content_under_the_same_name_is_refused_for_good_and_lies_in_the_file(
    way: Intermediary,
) -> None:
    way.send(FILE)
    with pytest.raises(ChannelError) as caught:
        way.send(replace(FILE, content=b"altro"))
    assert (caught.value.uncertain, caught.value.permanent, caught.value.of_file) == (False, True, True)
    assert "è già stato consegnato un altro file" in caught.value.message


@pytest.mark.parametrize(
    ("fault", "uncertain", "permanent", "taken"),
    [
        ("down", False, False, False),
        ("throttled", False, False, False),
        ("unauthorised", False, True, False),
        ("broken", True, False, False),
        ("garbage", True, False, True),
        ("lost_before", True, False, False),
        ("lost_after", True, False, True),
    ],
)
def test_what_goes_wrong_says_whether_the_hub_may_have_the_file_and_asking_settles_it(
    hub: Service, way: Intermediary, fault: str, uncertain: bool, permanent: bool, taken: bool
) -> None:
    hub.order(fault)
    with pytest.raises(ChannelError) as caught:
        way.send(FILE)
    assert (caught.value.uncertain, caught.value.permanent) == (uncertain, permanent)
    assert fate(way) == ("sent" if taken else "unknown")


def test_an_answer_that_takes_too_long_leaves_a_doubt(hub: Service, way: Intermediary) -> None:
    hub.order("slow", seconds=1)
    with pytest.raises(ChannelError) as caught:
        replace(way, timeout=0.2).send(FILE)
    assert caught.value.uncertain


def test_where_nobody_listens_nothing_was_sent(way: Intermediary) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        away = replace(way, url=f"http://127.0.0.1:{port}/api/hub/v1")
        with pytest.raises(ChannelError) as caught:
            away.send(FILE)
        assert not caught.value.uncertain
        with pytest.raises(ChannelError):
            fate(away)


def test_a_web_server_that_is_no_hub_never_says_that_a_file_was_not_sent(
    server: Server, way: Intermediary
) -> None:
    elsewhere = replace(way, url=f"{server.url}/altrove")
    with pytest.raises(ChannelError) as caught:
        elsewhere.send(FILE)
    assert (caught.value.uncertain, caught.value.permanent) == (False, True)
    plain = httpx.Response(404, headers={"Content-Type": "text/html"}, content=b"<h1>Not Found</h1>")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Caller, "call", lambda *_, **__: plain)
        with pytest.raises(ChannelError):
            fate(way)


def test_the_feed_brings_the_receipt_byte_for_byte_and_the_cursor_goes_on_behind_it(
    hub: Service, way: Intermediary
) -> None:
    way.send(FILE)
    raws = list(way.fetch(""))
    items = [item for raw in raws for item in way.read(raw)]
    assert [type(item) for item in items] == [AnswerItem, MessageItem, OtherItem]
    receipt = items[1]
    assert isinstance(receipt, MessageItem)
    assert receipt.name == "IT01234567890_00001_RC_001.xml"
    assert b"<NomeFile>IT01234567890_00001.xml.p7m</NomeFile>" in receipt.content
    assert list(way.fetch(raws[-1].cursor)) == []
    assert [raw.content for raw in way.fetch(raws[0].cursor)] == [raw.content for raw in raws[1:]]


def test_a_file_that_is_given_back_was_not_sent_and_may_go_again(hub: Service, way: Intermediary) -> None:
    hub.order("give_back")
    way.send(FILE)
    (item,) = [item for raw in way.fetch("") for item in way.read(raw)]
    assert item == AnswerItem(FILE.file_name, False, "Il Digital Hub non ha potuto inviare il file.")
    assert fate(way) == "not_sent"
    way.send(FILE)
    assert fate(way) == "sent"


def test_received_invoices_come_with_their_metadata(hub: Service, way: Intermediary) -> None:
    invoice = ("4711", "IT02100450127_00004.xml", b"<fattura/>", "IT02100450127_00004_MT_001.xml", b"<mt/>")
    hub.deliver(*invoice)
    (raw,) = way.fetch("0")
    assert way.read(raw) == [InvoiceItem(*invoice, NOW)]


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("2026-11-20T10:00:00+01:00", datetime.datetime(2026, 11, 20, 9, tzinfo=datetime.UTC)),
        ("2026-11-20T09:00:00.5Z", datetime.datetime(2026, 11, 20, 9, 0, 0, 500000, datetime.UTC)),
        (None, None),
        ("ieri", None),
        ("2026-11-20T10:00:00", None),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-12:00", None),
    ],
)
def test_when_sdi_delivered_an_invoice_to_the_hub_is_read_where_it_is_told_with_its_zone(
    hub: Service, way: Intermediary, told: str | None, moment: datetime.datetime | None
) -> None:
    hub.deliver("4711", "IT02100450127_00004.xml", b"<fattura/>", "", b"", told)
    (raw,) = way.fetch("0")
    (item,) = way.read(raw)
    assert isinstance(item, InvoiceItem) and item.delivered_at == moment


@pytest.mark.parametrize("told", [None, 0, 20261120, True, [], {}])
def test_a_delivery_that_is_no_text_is_not_told(
    hub: Service, way: Intermediary, monkeypatch: pytest.MonkeyPatch, told: object
) -> None:
    event = {"number": 1, "type": "invoice", "name": "a.xml", "content": "", "delivered_at": told}
    page = {"events": [event], "next": 1, "more": False}
    monkeypatch.setattr(hub, "feed", lambda *_: page)
    (raw,) = way.fetch("0")
    assert way.read(raw) == [InvoiceItem("", "a.xml", b"")]


def test_an_outcome_goes_with_the_number_of_its_invoice(hub: Service, way: Intermediary) -> None:
    way.send(EC)
    (kept,) = hub.files()
    assert (kept["name"], kept["kind"]) == (EC.file_name, "EC")
    assert fate(way, EC) == "sent"


def test_a_long_feed_is_read_in_pages(hub: Service, way: Intermediary) -> None:
    for number in range(250):
        hub.say(f"IT01234567890_{number:05}_RC_001.xml", b"<rc/>", str(number))
    raws = list(way.fetch(""))
    assert [raw.cursor for raw in raws] == [str(n) for n in range(1, 251)]


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"type": "message", "name": "x"}', b'{"type": "message", "name": "x", "content": "*"}'],
)
def test_an_event_that_cannot_be_read_is_said_so(way: Intermediary, content: bytes) -> None:
    with pytest.raises(InputError):
        way.read(Raw("1.json", content, "1"))


def test_an_event_of_a_kind_not_known_is_kept(way: Intermediary) -> None:
    (item,) = way.read(Raw("1.json", b'{"type": "nuovo", "name": "x", "number": 1}', "1"))
    assert isinstance(item, OtherItem)


def test_the_test_button_says_who_answers_and_what_is_wrong(hub: Service, way: Intermediary) -> None:
    assert [step.ok for step in way.examine(now=NOW)] == [True, True]
    (refused,) = replace(way, token="altro").examine(now=NOW)
    assert not refused.ok and "token" in refused.text
    assert hub.files() == []
