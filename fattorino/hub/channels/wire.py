"""Many HTTP calls at the same time over a few connections that stay open, by the one thread that asks for them.

What it says of a call is what can be known: the whole answer; or that it broke, and whether anything of the request
had left by then; or that it was not even begun. It never sends a request again of which something has left.
"""

from __future__ import annotations

import selectors
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import h11

from fattorino.hub.reach import EVERYWHERE, Reach

# Bytes a second: who takes a request more slowly than this is given up, however often it takes another byte.
SLOWEST = 32_000
# Seconds after which an unused connection is not trusted to be still open; servers close theirs after five or more.
IDLE = 4.0
_PIECE = 65_536
_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
_LATER = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


@dataclass(frozen=True, slots=True)
class Call:
    """A POST. `target`: path and query as they stand in the request."""

    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """No answer, and why.

    Attributes:
        begun: something of the request had left: the other side may have taken it.
    """

    begun: bool
    error: Exception


Told = Answer | Broken


class SlowError(OSError):
    """The time is over."""


@dataclass(eq=False)
class Line:
    """The other side, and the connections to it that are open and unused. Several threads may use it at once.

    Attributes:
        name: of the other side as a request says it, with its port. tls: None for plain HTTP.
        timeout: seconds for opening a connection, and again for the whole of an answer once the request has left.
        limit: bytes of an answer's body. reach: whom the host's name may lead to.
    """

    host: str
    port: int
    name: str
    tls: ssl.SSLContext | None
    timeout: float
    limit: int
    reach: Reach = EVERYWHERE
    _unused: list[_Link] = field(default_factory=list, repr=False)
    _guard: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def take(self) -> _Link:
        """A connection that is open, or the beginning of one."""
        with self._guard:
            while self._unused:
                link = self._unused.pop()
                if link.is_usable():
                    return link
                link.close()
        return _Link(self)

    def give_back(self, link: _Link) -> None:
        with self._guard:
            self._unused.append(link)
            # The one used last is taken first, so those that are not needed grow old at the front.
            while not self._unused[0].is_young():
                self._unused.pop(0).close()

    def close(self) -> None:
        """Close what is unused; who is using a connection may go on."""
        with self._guard:
            while self._unused:
                self._unused.pop().close()


def exchange(line: Line, calls: Sequence[Call], *, width: int, told: Callable[[int, Told], bool]) -> None:
    """Make these calls, `width` of them at the same time.

    Args:
        told: is told what came of each, by its place in `calls`; once it says no, no further call is begun, and of
            those that were not begun it is told nothing.
    """
    _Exchange(line, calls, width, told).run()


class _Exchange:
    def __init__(
        self, line: Line, calls: Sequence[Call], width: int, told: Callable[[int, Told], bool]
    ) -> None:
        self.line, self.calls, self.width, self.told = line, calls, width, told
        self.waiting = deque(range(len(calls)))
        self.stopped = False
        self.busy: dict[_Link, int] = {}
        self.selector = selectors.DefaultSelector()

    def run(self) -> None:
        try:
            self._begin()
            while self.busy:
                left = min(link.deadline for link in self.busy) - time.monotonic()
                for key, _ in self.selector.select(max(0.0, left)):
                    self._step(key.data)
                now = time.monotonic()
                for link in [link for link in self.busy if link.deadline <= now]:
                    self._broke(link, SlowError("the time is over"))
                self._begin()
        finally:
            for link in self.busy:
                link.close()
            self.selector.close()

    def _begin(self) -> None:
        while self.waiting and not self.stopped and len(self.busy) < self.width:
            index = self.waiting.popleft()
            link = self.line.take()
            self.busy[link] = index
            link.ask(self.calls[index])
            self._step(link)

    def _step(self, link: _Link) -> None:
        """Go as far with this call as nobody need be waited for."""
        try:
            answer = link.step()
        except (OSError, h11.ProtocolError, ValueError) as error:
            self._broke(link, error)
            return
        if answer is None:
            link.watch(self.selector)
            return
        link.leave(self.selector)
        index = self.busy.pop(link)
        if link.end():
            self.line.give_back(link)
        else:
            link.close()
        self._tell(index, answer)

    def _broke(self, link: _Link, error: Exception) -> None:
        link.leave(self.selector)
        index = self.busy.pop(link)
        link.close()
        if link.used and not link.begun:
            # It had been closed while nobody used it, and nothing has left: on a new one then.
            self.waiting.appendleft(index)
        else:
            self._tell(index, Broken(link.begun, error))

    def _tell(self, index: int, told: Told) -> None:
        if not self.told(index, told):
            self.stopped = True


class _Link:
    """One connection; never waits for anybody.

    Attributes:
        begun: something of the call that is under way has left. used: an earlier call was answered on it.
        deadline: of what it does now, on the monotonic clock.
    """

    def __init__(self, line: Line) -> None:
        self.line = line
        self.sock: socket.socket | None = None
        self.open = self.begun = self.used = False
        self.wants = 0
        self.deadline = self.since = 0.0
        self._addresses: list[tuple[int, Any]] | None = None
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_PIECE)
        self._unsent = memoryview(b"")
        self._status, self._type = 0, ""
        self._body = bytearray()
        self._failed: OSError | None = None
        self._watched: tuple[socket.socket, int, int] | None = None

    def ask(self, call: Call) -> None:
        head = h11.Request(
            method="POST",
            target=call.target,
            headers=[
                ("Host", self.line.name),
                ("Accept-Encoding", "identity"),
                *call.headers,
                ("Content-Length", str(len(call.body))),
            ],
        )
        parts = [self._http.send(head), self._http.send(h11.Data(call.body))]
        self._http.send(h11.EndOfMessage())
        self._unsent = memoryview(b"".join(part or b"" for part in parts))
        self._body, self._failed, self.begun = bytearray(), None, False
        self.deadline = time.monotonic() + self.line.timeout
        if self.open:
            self.deadline += len(self._unsent) / SLOWEST

    def step(self) -> Answer | None:
        """The answer once it is whole. Raises OSError, ProtocolError, ValueError: it broke."""
        if not self.open and not self._opened():
            return None
        if self._unsent:
            self._send()
            if not self._unsent and self._failed is None:
                self.wants = _READ
                return None
        return self._read()

    # ------------------------------------------------------------------------------------------------- opening

    def _opened(self) -> bool:
        if self._addresses is None:
            found = socket.getaddrinfo(self.line.host, self.line.port, type=socket.SOCK_STREAM)
            self._addresses = [(family, address) for family, _, _, _, address in found]
            self.line.reach.insist(self.line.host, [str(address[0]) for _, address in self._addresses])
            self._connect()
        assert self.sock is not None
        if not isinstance(self.sock, ssl.SSLSocket):
            while (code := self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)) != 0:
                if not self._addresses:
                    raise OSError(code, "no connection")
                self._connect()
            if not self._is_connected():
                self.wants = _WRITE
                return False
            if self.line.tls is not None:
                self.sock = self.line.tls.wrap_socket(
                    self.sock, server_hostname=self.line.host, do_handshake_on_connect=False
                )
        if isinstance(self.sock, ssl.SSLSocket):
            try:
                self.sock.do_handshake()
            except ssl.SSLWantReadError:
                self.wants = _READ
                return False
            except ssl.SSLWantWriteError:
                self.wants = _WRITE
                return False
        self.open = True
        self.deadline = time.monotonic() + self.line.timeout + len(self._unsent) / SLOWEST
        return True

    def _connect(self) -> None:
        """Begin with the next address."""
        assert self._addresses
        family, address = self._addresses.pop(0)
        if self.sock is not None:
            self.sock.close()
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.sock.connect(address)
        except BlockingIOError:
            return
        except OSError:
            if not self._addresses:
                raise
            self._connect()

    def _is_connected(self) -> bool:
        assert self.sock is not None
        try:
            self.sock.getpeername()
        except OSError:
            return False
        return True

    # ------------------------------------------------------------------------------------- a call and its answer

    def _send(self) -> None:
        assert self.sock is not None
        try:
            while self._unsent:
                gone = self.sock.send(self._unsent)
                self.begun = True
                self._unsent = self._unsent[gone:]
        except _LATER:
            # The answer may come before all of the request has left, and be a refusal.
            self.wants = _READ | _WRITE
            return
        except OSError as error:
            if not self.begun and self.used:
                raise
            # Why it was closed is perhaps still to be read: an answer, or what TLS says of a certificate.
            self._failed, self._unsent, self.wants = error, memoryview(b""), _READ
        self.deadline = time.monotonic() + self.line.timeout

    def _read(self) -> Answer | None:
        assert self.sock is not None
        while True:
            try:
                data = self.sock.recv(_PIECE)
            except ssl.SSLWantWriteError:
                self.wants = _READ | _WRITE
                return None
            except _LATER:
                if self._failed is not None:
                    raise self._failed from None
                self.wants = _READ | (_WRITE if self._unsent else 0)
                return None
            except ssl.SSLError:
                raise
            except OSError as error:
                raise self._failed or error from None
            self._http.receive_data(data)
            if (answer := self._heard()) is not None:
                return answer
            if not data:
                raise self._failed or ConnectionResetError("closed before the answer was whole")

    def _heard(self) -> Answer | None:
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.Response):
                types = [value for name, value in event.headers if name == b"content-type"]
                self._status, self._type = event.status_code, types[0].decode("latin-1") if types else ""
            elif isinstance(event, h11.Data):
                self._body += event.data
                if len(self._body) > self.line.limit:
                    raise h11.RemoteProtocolError("the answer is too large")
            elif isinstance(event, h11.EndOfMessage):
                return Answer(self._status, self._type, bytes(self._body))
            elif not isinstance(event, h11.InformationalResponse):
                return None

    def end(self) -> bool:
        """After an answer: whether another call may be made on this connection."""
        done = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        # What comes unasked would be taken for the answer to the next call.
        if not done or self._unsent or self._failed or self._http.trailing_data != (b"", False):
            return False
        self._http.start_next_cycle()
        self.used, self.since = True, time.monotonic()
        return True

    def is_young(self) -> bool:
        return time.monotonic() - self.since < IDLE

    def is_usable(self) -> bool:
        """Whether it still seems open; what has come unasked speaks against it."""
        if not self.is_young() or self.sock is None:
            return False
        try:
            self.sock.recv(1)
        except _LATER:
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        if self.sock is not None:
            with suppress(OSError):
                self.sock.close()

    # ------------------------------------------------------------------------------------------------ waiting

    def watch(self, selector: selectors.BaseSelector) -> None:
        """Be waited for as this connection wants now."""
        assert self.sock is not None
        number = self.sock.fileno()
        if self._watched == (self.sock, number, self.wants):
            return
        if self._watched is not None and self._watched[0] is self.sock:
            selector.modify(number, self.wants, self)
        else:
            # Another address, or TLS upon what was plain.
            self.leave(selector)
            selector.register(number, self.wants, self)
        self._watched = (self.sock, number, self.wants)

    def leave(self, selector: selectors.BaseSelector) -> None:
        if self._watched is not None:
            with suppress(KeyError, ValueError, OSError):
                selector.unregister(self._watched[1])
            self._watched = None
