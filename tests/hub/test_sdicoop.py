"""The channel against the simulator's real sockets: every fault becomes the error that says what is certain."""

from __future__ import annotations

import pathlib
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from fattorino.core.errors import ChannelError
from fattorino.core.sdi import soap
from fattorino.hub.channels.base import Outgoing
from fattorino.hub.channels.sdicoop import SdiCoop
from fattorino.simulators.sdi import faults
from fattorino.simulators.sdi.server import Simulator

CONTENT = b"<not-judged-here/>"


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with Simulator(tmp_path_factory.mktemp("sdi"), speed=0) as found:
        yield found


@pytest.fixture
def channel(simulator: Simulator) -> SdiCoop:
    faults.clear(simulator.books)
    return SdiCoop(f"{simulator.address}/ricevi_file", timeout=5)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    number = abs(hash(request.node.name)) % 10**5
    return f"IT01234567890_{number:05}.xml"


def taken(simulator: Simulator, name: str) -> int:
    return len(simulator.books.rows("select 1 from file where nome_file = ?", name))


def refusal(channel: SdiCoop, name: str, content: bytes = CONTENT) -> tuple[bool, bool]:
    """(uncertain, permanent) of the error."""
    with pytest.raises(ChannelError) as error:
        channel.send(Outgoing(name, content))
    assert error.value.message
    return error.value.uncertain, error.value.permanent


CERTAIN, PERMANENT, UNCERTAIN = (False, False), (False, True), (True, False)


def test_an_accepted_file_has_sdis_identifier_and_instant(
    simulator: Simulator, channel: SdiCoop, name: str
) -> None:
    answer = channel.send(Outgoing(name, CONTENT))
    found = simulator.books.file(int(answer.identificativo_sdi))
    assert found is not None and (found.nome_file, found.content) == (name, CONTENT)
    assert abs(answer.received_at - datetime.now(UTC)) < timedelta(seconds=30)


@pytest.mark.parametrize(
    ("kind", "expected", "arrived"),
    [
        (faults.DOWN, CERTAIN, 0),
        (faults.UNAVAILABLE, CERTAIN, 0),
        (faults.NOT_ENABLED, PERMANENT, 0),
        # Nobody on this side of the wire can tell these two apart.
        (faults.LOST_BEFORE, UNCERTAIN, 0),
        (faults.LOST_AFTER, UNCERTAIN, 1),
    ],
)
def test_what_each_fault_leaves_certain(
    simulator: Simulator,
    channel: SdiCoop,
    name: str,
    kind: str,
    expected: tuple[bool, bool],
    arrived: int,
) -> None:
    faults.add(simulator.books, kind, count=1)
    assert refusal(channel, name) == expected
    assert taken(simulator, name) == arrived
    channel.send(Outgoing(name, CONTENT))
    assert taken(simulator, name) == arrived + 1


def test_a_slow_answer_within_the_limit_is_an_answer(
    simulator: Simulator, channel: SdiCoop, name: str
) -> None:
    faults.add(simulator.books, faults.SLOW, count=1, seconds=0.3)
    assert channel.send(Outgoing(name, CONTENT)).identificativo_sdi


def test_an_answer_slower_than_the_limit_is_uncertain(simulator: Simulator, name: str) -> None:
    faults.clear(simulator.books)
    faults.add(simulator.books, faults.SLOW, count=1, seconds=0.6)
    impatient = SdiCoop(f"{simulator.address}/ricevi_file", timeout=0.2)
    assert refusal(impatient, name) == UNCERTAIN


def test_an_empty_file_is_refused_for_good(channel: SdiCoop, name: str) -> None:
    assert refusal(channel, name, b"") == PERMANENT


def test_a_closed_port_took_nothing(name: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert refusal(SdiCoop(f"http://127.0.0.1:{port}/ricevi_file", 2), name) == CERTAIN


@pytest.mark.parametrize("url", ["", "ftp://127.0.0.1/x", "http://", "nowhere"])
def test_an_address_that_is_none_is_refused_for_good(url: str, name: str) -> None:
    assert refusal(SdiCoop(url, 2), name) == PERMANENT


def test_a_wrong_path_is_refused_for_good(simulator: Simulator, name: str) -> None:
    assert refusal(SdiCoop(f"{simulator.address}/elsewhere", 2), name) == PERMANENT


def test_certificates_that_cannot_be_read_are_refused_before_anything_is_sent(
    tmp_path: pathlib.Path, name: str
) -> None:
    missing = str(tmp_path / "missing.pem")
    assert refusal(SdiCoop("https://127.0.0.1:1/x", 2, client_certificate=missing), name) == PERMANENT
    assert refusal(SdiCoop("https://127.0.0.1:1/x", 2, trusted_ca=missing), name) == PERMANENT


def _soap_fault(code: str) -> bytes:
    built = soap.build_fault(code, "no")
    return _http("500 Internal Server Error", built.body)


def _http(status: str, body: bytes, kind: str = "text/xml; charset=utf-8") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (_soap_fault("Client"), PERMANENT),
        (_soap_fault("Server"), UNCERTAIN),
        (_http("500 Internal Server Error", b"<html>oops</html>", "text/html"), UNCERTAIN),
        (_http("200 OK", b""), UNCERTAIN),
        (_http("200 OK", b"<a/>"), UNCERTAIN),
        (_http("200 OK", b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"), UNCERTAIN),
        (_http("302 Found", b""), PERMANENT),
        (_http("400 Bad Request", b""), PERMANENT),
        (_http("401 Unauthorized", b""), PERMANENT),
        (_http("403 Forbidden", b""), PERMANENT),
        (_http("413 Content Too Large", b""), PERMANENT),
        (_http("429 Too Many Requests", b""), CERTAIN),
        (_http("502 Bad Gateway", b""), UNCERTAIN),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<cut", UNCERTAIN),
        (b"nonsense\r\n\r\n", UNCERTAIN),
        (b"", UNCERTAIN),
    ],
    ids=lambda value: value[:40].decode() if isinstance(value, bytes) else "",
)
def test_what_each_answer_leaves_certain(answer: bytes, expected: tuple[bool, bool], name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_answer_once, args=(server, answer))
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/ricevi_file"
        try:
            assert refusal(SdiCoop(url, 3), name) == expected
        finally:
            thread.join(5)


def _answer_once(server: socket.socket, answer: bytes) -> None:
    link, _ = server.accept()
    with link:
        while b"Envelope>" not in link.recv(65536):
            pass
        link.sendall(answer)
