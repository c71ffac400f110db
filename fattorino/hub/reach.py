"""Whom the settings of a company may make this machine call, and for how long it listens.

Administrators of companies write addresses, and what answers there may lie inside our own network. So names are
resolved here, every number behind them is checked, and the connection goes to a number that was checked: a name that
leads elsewhere a moment later leads nowhere. Whoever answers octet by octet is within every timeout of a socket and
would hold a worker for ever: a whole exchange has an end too.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from fattorino.core.errors import ChannelError
from fattorino.core.texts import say

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Number = ipaddress.IPv4Address | ipaddress.IPv6Address
LOOPBACK = ("127.0.0.0/8", "::1")
# Numbers behind one name that are tried.
MOST_TRIED = 4
# Networks whose numbers hold another one: behind a translator they lead to it (RFC 6052, 2.1).
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


class OutOfReachError(OSError):
    """Nobody was called, since the name leads where nobody may."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.host = host

    def told(self) -> ChannelError:
        return ChannelError(not_admitted(self.host), _WHO_ADMITS, uncertain=False, permanent=True)


@dataclass(frozen=True, slots=True)
class Reach:
    """Where calls may go: to all of the Internet, and of the private networks only to these.

    Attributes:
        networks: private ones that are let through. names: hosts that are, wherever they lie.
        everywhere: nothing is checked; for addresses that whoever runs the installation has written.
    """

    networks: tuple[Network, ...] = ()
    names: frozenset[str] = frozenset()
    everywhere: bool = False

    @classmethod
    def of(cls, places: Iterable[str]) -> Reach:
        """From networks (10.20.0.0/16), numbers and names.

        Raises ValueError for what looks like a number and is none."""
        networks, names = list[Network](), set[str]()
        for place in places:
            if ":" in place or place.replace(".", "").replace("/", "").isdigit():
                networks.append(ipaddress.ip_network(place))
            else:
                names.add(place.lower().rstrip("."))
        return cls(tuple(networks), frozenset(names))

    def and_loopback(self) -> Reach:
        """The same, and this very machine."""
        more = Reach.of(LOOPBACK)
        return Reach(self.networks + more.networks, self.names, self.everywhere)

    def admits(self, number: str) -> bool:
        """Whether a number may be called."""
        found: Number = ipaddress.ip_address(number.split("%", 1)[0])
        found = _inner(found) or found
        return (
            self.everywhere
            or any(found in network for network in self.networks)
            or (found.is_global and not found.is_multicast)
        )

    def refuses(self, host: str) -> bool:
        """Whether that is plain without asking anybody: a number, or this machine's own name."""
        name = host.strip("[]").lower().rstrip(".")
        if self.everywhere or name in self.names:
            return False
        if name == "localhost" or name.endswith(".localhost"):
            return not self.admits("127.0.0.1")
        try:
            return not self.admits(_plain(name))
        except ValueError:
            return False  # a name: whom it reaches is found out at each call

    def numbers(self, host: str, port: int) -> list[str]:
        """Every number behind a name, each of them admitted.

        Raises:
            ChannelError: nobody knows the name now; or (`permanent`) it leads where nobody may call.
        """
        host = host.strip("[]")
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise ChannelError(say("Il nome {host} non si trova.", host=host), uncertain=False) from error
        numbers = list(dict.fromkeys(str(each[4][0]) for each in found))
        try:
            self.insist(host, numbers)
        except OutOfReachError as error:
            raise error.told() from error
        return numbers[:MOST_TRIED]

    def insist(self, host: str, numbers: Iterable[str]) -> None:
        """Raises OutOfReachError where one of the numbers behind that name may not be called."""
        if host.lower().rstrip(".") not in self.names and not all(map(self.admits, numbers)):
            raise OutOfReachError(host)

    def connect(self, host: str, port: int, limit: Limit) -> socket.socket:
        """A connection to a number that was checked. Raises ChannelError as `numbers`, OSError."""
        last: OSError = OSError("no address")
        for number in self.numbers(host, port):
            try:
                return socket.create_connection((number, port), timeout=limit.left())
            except OSError as error:
                last = error
        raise last


EVERYWHERE = Reach(everywhere=True)


def not_admitted(host: str) -> str:
    return say("L'indirizzo {host} porta dentro una rete privata: non viene chiamato.", host=host)


_WHO_ADMITS = say(
    "Indicare un indirizzo raggiungibile da Internet; una rete interna la ammette chi gestisce l'installazione, con "
    "FATTORINO_ALLOWED_NETWORKS."
)


def _inner(number: Number) -> Number | None:
    """The number that another one holds and leads to."""
    if isinstance(number, ipaddress.IPv4Address):
        return None
    if number in _TRANSLATED:
        return ipaddress.IPv4Address(int(number) & 0xFFFFFFFF)
    return number.ipv4_mapped or number.sixtofour


def _plain(host: str) -> str:
    """Numbers may be written as 2130706433 or 127.1 too, and the system's resolver reads them so."""
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return host


class Limit:
    """The seconds that a whole exchange may take, and each wait within it."""

    def __init__(self, whole: float, each: float | None = None) -> None:
        self._end, self._each = time.monotonic() + whole, each or whole

    def left(self) -> float:
        """For the next wait. Raises TimeoutError when there is nothing left."""
        return min(self.rest(), self._each)

    def rest(self) -> float:
        """For all that is still to come. Raises TimeoutError when there is nothing left."""
        rest = self._end - time.monotonic()
        if rest <= 0:
            raise TimeoutError("the whole exchange took too long")
        return rest


class Watch:
    """Cuts a connection of a library that knows no limit for the whole: the library sees it broken."""

    def __init__(self, seconds: float) -> None:
        self._socket: socket.socket | None = None
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self.again(seconds)

    def over(self, connection: socket.socket) -> None:
        """From now on this one is watched."""
        self._socket = connection

    def again(self, seconds: float) -> None:
        """So many seconds from now."""
        self.end()
        with self._lock:
            self._timer = threading.Timer(seconds, self._cut)
            self._timer.daemon = True
            self._timer.start()

    def end(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()

    def _cut(self) -> None:
        if self._socket is not None:
            # The plain socket below TLS, whatever another thread is waiting for in it; one that has ended is as good.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
