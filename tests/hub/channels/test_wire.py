"""Calls over connections that stay open, against sockets that close, drip, answer early or say too much."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from fattorino.hub.channels import wire
from fattorino.hub.channels.wire import Answer, Broken, Call, Line, Told

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
PATIENCE = 30.0


class Peer:
    """A server whose connections are each answered by `talk`, given the connection and its number."""

    def __init__(self, talk: Callable[[socket.socket, int], None]) -> None:
        self.talk, self.links = talk, 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._threads[0].start()

    def _serve(self) -> None:
        while True:
            try:
                link, _ = self._server.accept()
            except OSError:
                return
            self.links += 1
            thread = threading.Thread(target=self._one, args=(link, self.links), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _one(self, link: socket.socket, number: int) -> None:
        link.settimeout(PATIENCE)
        with link:
            try:
                self.talk(link, number)
            except OSError:
                return

    def line(self, timeout: float = PATIENCE) -> Line:
        return Line("127.0.0.1", self.port, f"127.0.0.1:{self.port}", None, timeout, 1000)

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


Make = Callable[[Callable[[socket.socket, int], None]], Peer]


@pytest.fixture
def peer() -> Iterator[Make]:
    made: list[Peer] = []

    def make(talk: Callable[[socket.socket, int], None]) -> Peer:
        made.append(Peer(talk))
        return made[-1]

    yield make
    for each in made:
        each.close()


def request(link: socket.socket) -> bytes:
    """One whole request; empty where the other side has closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := link.recv(65536)):
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    found = re.search(rb"content-length: (\d+)", head.lower())
    assert found
    while len(body) < int(found[1]):
        body += link.recv(65536)
    return head + b"\r\n\r\n" + body


def polite(link: socket.socket, number: int) -> None:
    while request(link):
        link.sendall(OK)


def call(body: bytes = b"x") -> Call:
    return Call("/service?a=b", (("Content-Type", "text/xml"),), body)


def ask(
    line: Line, *calls: Call, width: int = 1, until: Callable[[Told], bool] = lambda told: True
) -> list[Told | None]:
    told: list[Told | None] = [None] * len(calls)

    def keep(place: int, what: Told) -> bool:
        assert told[place] is None, "told twice"
        told[place] = what
        return until(what)

    wire.exchange(line, calls, width=width, told=keep)
    return told


def test_a_request_is_sent_as_it_is_and_its_answer_is_whole(peer: Make) -> None:
    seen: list[bytes] = []

    def talk(link: socket.socket, number: int) -> None:
        seen.append(request(link))
        link.sendall(OK)

    there = peer(talk)
    body = bytes(range(256)) * 4000
    assert ask(there.line(), call(body)) == [Answer(200, "text/plain", b"ok")]
    head, _, arrived = seen[0].partition(b"\r\n\r\n")
    assert arrived == body and head.startswith(b"POST /service?a=b HTTP/1.1\r\n")
    assert f"host: 127.0.0.1:{there.port}".encode() in head.lower()


def test_many_calls_go_over_few_connections_which_stay_open_for_the_next(peer: Make) -> None:
    there = peer(polite)
    line = there.line()
    assert all(isinstance(each, Answer) for each in ask(line, *[call()] * 40, width=4))
    assert 1 <= there.links <= 4
    before = there.links
    ask(line, call())
    assert there.links == before


def test_no_more_calls_are_under_way_than_asked_for(peer: Make) -> None:
    together, most, guard = [0], [0], threading.Lock()

    def talk(link: socket.socket, number: int) -> None:
        while request(link):
            with guard:
                together[0] += 1
                most[0] = max(most[0], together[0])
            time.sleep(0.02)
            with guard:
                together[0] -= 1
            link.sendall(OK)

    ask(peer(talk).line(), *[call()] * 12, width=3)
    assert 1 <= most[0] <= 3


def test_answers_come_to_their_own_calls(peer: Make) -> None:
    def talk(link: socket.socket, number: int) -> None:
        while data := request(link):
            body = data.partition(b"\r\n\r\n")[2]
            time.sleep(0.03 if body in (b"0", b"3") else 0)
            link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + body)

    told = ask(peer(talk).line(), *[call(str(n).encode()) for n in range(8)], width=4)
    assert [each.body for each in told if isinstance(each, Answer)] == [str(n).encode() for n in range(8)]


def test_a_connection_that_was_closed_while_unused_is_replaced_and_nothing_is_in_doubt(peer: Make) -> None:
    closed = threading.Event()

    def talk(link: socket.socket, number: int) -> None:
        request(link)
        link.sendall(OK)
        if number == 1:
            link.close()
            closed.set()
        else:
            polite(link, number)

    there = peer(talk)
    line = there.line()
    ask(line, call())
    assert closed.wait(PATIENCE)
    assert ask(line, call()) == [Answer(200, "text/plain", b"ok")]
    assert there.links == 2


def test_a_connection_on_which_more_came_than_was_asked_is_not_used_again(peer: Make) -> None:
    def talk(link: socket.socket, number: int) -> None:
        while request(link):
            link.sendall(OK + (OK.replace(b"200 OK", b"200 NO") if number == 1 else b""))

    there = peer(talk)
    line = there.line()
    assert ask(line, call(), call()) == [Answer(200, "text/plain", b"ok")] * 2
    assert there.links == 2


def test_who_drips_an_answer_byte_by_byte_is_cut_off(peer: Make) -> None:
    ended = threading.Event()

    def talk(link: socket.socket, number: int) -> None:
        request(link)
        try:
            for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000:
                link.sendall(bytes([byte]))
                time.sleep(0.05)
        finally:
            ended.set()

    begun = time.monotonic()
    [told] = ask(peer(talk).line(timeout=1.0), call())
    assert isinstance(told, Broken) and told.begun and isinstance(told.error, wire.SlowError)
    assert time.monotonic() - begun < PATIENCE
    assert ended.wait(PATIENCE)


def test_who_takes_nothing_of_a_request_is_cut_off(peer: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "SLOWEST", 100_000_000)
    leave = threading.Event()
    there = peer(lambda link, number: leave.wait(PATIENCE) and None)
    begun = time.monotonic()
    [told] = ask(there.line(timeout=0.5), call(b"x" * 30_000_000))
    leave.set()
    assert isinstance(told, Broken) and told.begun
    assert time.monotonic() - begun < PATIENCE


def test_one_who_keeps_silent_keeps_no_other_waiting(peer: Make) -> None:
    leave = threading.Event()

    def talk(link: socket.socket, number: int) -> None:
        while data := request(link):
            if data.endswith(b"silent"):
                leave.wait(PATIENCE)
            link.sendall(OK)

    order: list[int] = []

    def told(place: int, what: Told) -> bool:
        order.append(place)
        if len(order) == 5:
            leave.set()
        return True

    wire.exchange(peer(talk).line(), [call(b"silent"), *[call()] * 5], width=2, told=told)
    assert order == [1, 2, 3, 4, 5, 0]


def test_a_refusal_that_comes_before_all_has_left_is_an_answer(peer: Make) -> None:
    def talk(link: socket.socket, number: int) -> None:
        link.recv(1000)
        link.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        link.shutdown(socket.SHUT_WR)
        while link.recv(65536):
            pass

    assert ask(peer(talk).line(), call(b"x" * 8_000_000)) == [Answer(413, "", b"")]


def test_where_nobody_listens_nothing_has_left() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        line = Line("127.0.0.1", free.getsockname()[1], "x", None, PATIENCE, 1000)
        [told] = ask(line, call())
    assert isinstance(told, Broken) and not told.begun
    [told] = ask(Line("nowhere.invalid", 1, "x", None, PATIENCE, 1000), call())
    assert isinstance(told, Broken) and not told.begun


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\ncut",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ncut",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000,
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 200_000,
        b"SSH-2.0-OpenSSH\r\n",
    ],
    ids=["nothing", "cut", "cut chunk", "too large", "endless head", "no http"],
)
def test_what_is_no_whole_answer_leaves_a_doubt(peer: Make, answer: bytes) -> None:
    def talk(link: socket.socket, number: int) -> None:
        request(link)
        link.sendall(answer)

    [told] = ask(peer(talk).line(), call())
    assert isinstance(told, Broken) and told.begun


def test_once_it_is_enough_no_further_call_is_begun(peer: Make) -> None:
    seen: list[bytes] = []

    def talk(link: socket.socket, number: int) -> None:
        while data := request(link):
            seen.append(data)
            link.sendall(OK.replace(b"200 OK", b"503 No"))

    told = ask(peer(talk).line(), *[call()] * 9, width=2, until=lambda told: False)
    assert 1 <= len(seen) <= 2
    assert sum(each is not None for each in told) == len(seen)
