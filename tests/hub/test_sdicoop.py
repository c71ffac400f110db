"""The channel against the simulator's real sockets: every fault becomes the error that says what is certain."""

from __future__ import annotations

import pathlib
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization

from fattorino.core.errors import ChannelError
from fattorino.core.sdi import message_io, messages, soap
from fattorino.hub.channels.base import Accepted, Outgoing, Refused, Untried
from fattorino.hub.channels.sdicoop import SdiCoop
from fattorino.simulators.sdi import faults
from fattorino.simulators.sdi.books import Invoice
from fattorino.simulators.sdi.server import Simulator
from tests.hub.channels.keys import identity

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


def test_many_files_go_at_the_same_time_each_once_and_over_few_connections(
    simulator: Simulator, channel: SdiCoop
) -> None:
    files = [Outgoing(f"IT01234567890_M{n:04}.xml", f"<x n='{n}'/>".encode()) for n in range(40)]
    answers = channel.send_many(files, width=3)
    for file, answer in zip(files, answers, strict=True):
        assert isinstance(answer, Accepted)
        found = simulator.books.file(int(answer.identificativo_sdi))
        assert found is not None and (found.nome_file, found.content) == (file.file_name, file.content)
        assert taken(simulator, file.file_name) == 1


def test_once_the_way_has_failed_the_other_files_are_left_untried(
    simulator: Simulator, channel: SdiCoop
) -> None:
    faults.add(simulator.books, faults.UNAVAILABLE, count=2)
    files = [Outgoing(f"IT01234567890_U{n:04}.xml", CONTENT) for n in range(9)]
    answers = channel.send_many(files, width=2)
    assert all(isinstance(answer, ChannelError) and not answer.uncertain for answer in answers[:2])
    assert list(answers[2:]) == [Untried()] * 7
    assert [taken(simulator, file.file_name) for file in files] == [0] * 9


def test_a_file_at_fault_stops_no_other(simulator: Simulator, channel: SdiCoop) -> None:
    empty, good = Outgoing("IT01234567890_F0001.xml", b""), Outgoing("IT01234567890_F0002.xml", CONTENT)
    first, second = channel.send_many([empty, good], width=1)
    assert isinstance(first, ChannelError) and first.of_file and isinstance(second, Accepted)


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


@pytest.fixture
def delivered(channel: SdiCoop, simulator: Simulator) -> str:
    """An invoice to a PA that was delivered and waits for its outcome: its identifier."""
    identifier = simulator.books.add_file(
        "IT01234567890_PA001.xml", b"<x/>", "2026-11-20T10:00:00+01:00", 1e12
    )
    simulator.books.update_file(identifier, flow="PA", window=0.0, state="CONSEGNATO")
    simulator.books.add_invoices(identifier, [Invoice(1, "IT01234567890", "TD01", "1", "2026-11-20")])
    return str(identifier)


def outcome(identifier: str, number: int = 1) -> Outgoing:
    content = message_io.write_message(
        messages.NotificaEsitoCommittente(identificativo_sdi=identifier, esito="EC01")
    )
    return Outgoing(f"IT01234567890_PA001_EC_{number:03}.xml", content, "EC", identifier)


def test_an_outcome_goes_to_the_service_of_outcomes_and_is_taken(
    simulator: Simulator, channel: SdiCoop, delivered: str
) -> None:
    assert channel.send(outcome(delivered)) == Accepted()
    kept = simulator.books.file(int(delivered))
    assert kept is not None and kept.outcome == "EC01"


def test_an_outcome_that_sdi_refuses_comes_back_with_its_reason(channel: SdiCoop, delivered: str) -> None:
    channel.send(outcome(delivered))
    answer = channel.send(outcome(delivered, 2))
    assert isinstance(answer, Refused)
    read = message_io.read_message(answer.content).message
    assert isinstance(read, messages.ScartoEsitoCommittente) and read.scarto == "EN01"


def test_outcomes_have_an_address_of_their_own_where_one_is_given(
    simulator: Simulator, delivered: str
) -> None:
    url = f"{simulator.address}/ricevi_file"
    assert SdiCoop(url, 5, url_notifica=f"{simulator.address}/ricevi_notifica").send(outcome(delivered))
    with pytest.raises(ChannelError) as wrong:
        SdiCoop(url, 5, url_notifica=f"{simulator.address}/altrove").send(outcome(delivered))
    assert wrong.value.permanent


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(faults.UNAVAILABLE, CERTAIN), (faults.LOST_AFTER, UNCERTAIN), (faults.DOWN, CERTAIN)],
)
def test_an_outcome_fails_as_a_file_does(
    simulator: Simulator, channel: SdiCoop, delivered: str, kind: str, expected: tuple[bool, bool]
) -> None:
    faults.add(simulator.books, kind, count=1)
    with pytest.raises(ChannelError) as error:
        channel.send(outcome(delivered))
    assert (error.value.uncertain, error.value.permanent) == expected


def test_an_outcome_without_a_number_of_sdi_is_not_even_tried(channel: SdiCoop) -> None:
    with pytest.raises(ChannelError) as error:
        channel.send(Outgoing("IT01234567890_PA001_EC_001.xml", b"<ec/>", "EC", "abc-1"))
    assert error.value.permanent and not error.value.uncertain


def test_the_test_button_says_what_answers_and_what_does_not(simulator: Simulator, channel: SdiCoop) -> None:
    now = datetime.now(UTC)
    assert [step.ok for step in channel.examine(now=now)] == [True]
    [step] = SdiCoop(f"{simulator.address}/altrove", 2).examine(now=now)
    assert not step.ok and "404" in step.text
    [step] = SdiCoop("http://127.0.0.1:1/ricevi_file", 2).examine(now=now)
    assert not step.ok and "Non risponde" in step.text


def test_the_test_button_reads_the_certificate_before_it_connects(
    channel: SdiCoop, tmp_path: pathlib.Path
) -> None:
    now = datetime.now(UTC)
    url = channel.url.replace("http:", "https:")
    [step] = SdiCoop(url, 2, str(tmp_path / "missing.pem")).examine(now=now)
    assert not step.ok and "non si può leggere" in step.text
    pair = identity("SDI-01234567890")
    pem = tmp_path / "client.pem"
    key = pair.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(pair.certificate.public_bytes(serialization.Encoding.PEM) + key)
    first, second = SdiCoop(channel.url, 2, str(pem)).examine(now=now)
    assert first.ok and "vale fino al" in first.text and second.ok
    [late] = SdiCoop(channel.url, 2, str(pem)).examine(now=now + timedelta(days=3000))
    assert not late.ok and "scaduto" in late.text
    soon, _ = SdiCoop(channel.url, 2, str(pem)).examine(now=now + timedelta(days=1990))
    assert soon.ok and "scade il" in soon.text
