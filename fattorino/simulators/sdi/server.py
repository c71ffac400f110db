"""The simulated SdI as a process: HTTP on loopback, one thread that acts, one that delivers."""

from __future__ import annotations

import argparse
import pathlib
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable
from typing import Protocol

from fattorino.simulators.sdi import recipients
from fattorino.simulators.sdi.books import Books
from fattorino.simulators.sdi.clock import Clock
from fattorino.simulators.sdi.exchange import Exchange
from fattorino.simulators.sdi.http import Handler, Server
from fattorino.simulators.sdi.letters import Letters
from fattorino.simulators.sdi.outbox import Outbox
from fattorino.simulators.sdi.signature import open_signer

DEFAULT_SPEED = 3600.0  # an hour of SdI is a second
_IDLE = 0.25  # real seconds after which to look again, should a waking call be missed
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Carrier(Protocol):
    """What carries due messages to the other side, on one of SdI's lines."""

    def send_due(self) -> bool:
        """Do one thing. False if nothing is to be done now."""
        ...

    def next_due(self) -> float | None:
        """The simulated second at which there is something to do; None for never."""
        ...

    def close(self) -> None: ...


class Simulator:
    """All parts together. Starts with `start`, ends with `stop`; a context manager does both.

    Args:
        folder: where the books (`sdi.sqlite3`) and the demo keys lie.
        deliver_to: base address of the transmitter's endpoints, "" to keep receipts waiting.
        speed: see clock.Clock; None goes on with the speed the books remember.
        port: 0 chooses a free one, see `address`.
        carrier: makes what carries messages to the other side; None: the web services (`Outbox`).

    Raises OSError, sqlite3.Error if folder or port cannot be used.
    """

    def __init__(
        self,
        folder: pathlib.Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        deliver_to: str = "",
        speed: float | None = None,
        carrier: Callable[[Exchange], Carrier] | None = None,
    ) -> None:
        if host not in _LOOPBACK:
            raise OSError("il simulatore ascolta solo su questa macchina (127.0.0.1)")
        self.books = Books(folder / "sdi.sqlite3")
        kept = self.books.get("clock")
        self.clock = Clock(
            kept[2] if kept else DEFAULT_SPEED,
            (kept[0], kept[1]) if kept else None,
            moved=lambda *anchor: self._keep_clock(anchor),
        )
        self.clock.set_speed(self.clock.speed if speed is None else speed)
        self.signer = open_signer(folder, self.clock.now())
        recipients.load_demo(self.books)
        self.deliver_to = deliver_to
        self._wake = threading.Condition()
        self._stopping = threading.Event()
        self.exchange = Exchange(
            self.books, self.clock, Letters(self.books, self.signer), self.wake, self.trouble
        )
        self.carrier = carrier(self.exchange) if carrier else Outbox(self.exchange, deliver_to)
        self._address = (host, port)
        try:
            self._server = self._listen()
        except OSError:
            self.carrier.close()
            self.books.close()
            raise
        self._address = self._server.server_address[:2]  # type: ignore[assignment]
        self._threads = [
            threading.Thread(target=self._serve, name="http"),
            threading.Thread(
                target=self._work, args=(self.exchange.run_due, self.books.next_step_due), name="exchange"
            ),
            threading.Thread(
                target=self._work, args=(self.carrier.send_due, self.carrier.next_due), name="carrier"
            ),
        ]
        self._closed_for = 0.0

    @property
    def address(self) -> str:
        return f"http://{self._address[0]}:{self._address[1]}"

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish what is in hand and close; what is not done is in the books."""
        self._stopping.set()
        self.wake()
        for thread in self._threads:
            thread.join(timeout=10)
        self._server.server_close()
        self.carrier.close()
        self.books.close()

    def __enter__(self) -> Simulator:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wake(self) -> None:
        with self._wake:
            self._wake.notify_all()

    def trouble(self, text: str) -> None:
        sys.stderr.write(f"simulatore SdI: {text}\n")

    def close_port(self, seconds: float) -> None:
        """Refuse connections for so long: the listening socket is really closed."""
        self._closed_for = seconds

    def _listen(self) -> Server:
        server = Server(self._address, Handler, self)
        server.timeout = 0.05
        return server

    def _serve(self) -> None:
        while not self._stopping.is_set():
            # Short turns instead of serve_forever: its shutdown deadlocks when it comes before the first turn.
            self._server.handle_request()
            if self._closed_for:
                self._server.server_close()
                self._stopping.wait(self._closed_for)
                self._closed_for = 0.0
                self._server = self._listen()

    def _work(self, do: Callable[[], bool], next_due: Callable[[], float | None]) -> None:
        while not self._stopping.is_set():
            if do():
                continue
            due = next_due()
            left = _IDLE if due is None else self.clock.real_seconds(max(0.0, due - self.clock.elapsed()))
            # Overdue and yet not done: nobody is there to deliver to.
            pause = _IDLE if left <= 0 else min(left, _IDLE)
            with self._wake:
                self._wake.wait(pause)

    def _keep_clock(self, anchor: tuple[float, float, float]) -> None:
        self.books.put("clock", anchor)
        if hasattr(self, "_wake"):
            self.wake()


def main(argv: list[str], speaking: type[argparse.ArgumentParser] = argparse.ArgumentParser) -> int:
    """`fattorino simulator sdi`: run until SIGTERM or Ctrl-C. Returns 0, 1 if it cannot start, 2 for wrong use.

    Args:
        speaking: a parser that shows texts in the user's language.
    """
    parser = speaking(
        prog="fattorino simulator sdi", description="Un Sistema di Interscambio simulato, su questa macchina."
    )
    add_options(parser, port=8001, data="var/sdi")
    parser.add_argument(
        "--deliver-to", default="", help="base degli indirizzi di chi trasmette, per le ricevute"
    )
    options = parser.parse_args(argv)
    return run(
        parser,
        options,
        lambda: Simulator(
            options.data,
            host=options.host,
            port=options.port,
            deliver_to=options.deliver_to,
            speed=options.speed,
        ),
    )


def add_options(parser: argparse.ArgumentParser, *, port: int, data: str) -> None:
    """What every line of the simulated SdI is started with."""
    parser.add_argument("--host", default="127.0.0.1", help="indirizzo, solo di questa macchina (127.0.0.1)")
    parser.add_argument(
        "--port", type=int, default=port, help="porta dei servizi web e dei comandi (%(default)s)"
    )
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path(data), help="cartella dei libri")
    parser.add_argument("--speed", type=float, default=None, help="secondi dello SdI per ogni secondo (3600)")


def run(
    parser: argparse.ArgumentParser,
    options: argparse.Namespace,
    make: Callable[[], Simulator],
    *,
    said: Callable[[Simulator], str] = lambda simulator: "",
) -> int:
    """Make a simulator and keep it until SIGTERM or Ctrl-C. Returns 0, or 1 if it cannot start.

    Args:
        said: more lines to print once it listens.
    """
    if options.speed is not None and not 0 <= options.speed <= 1e9:
        parser.error("la velocità va da 0 in su")
    try:
        simulator = make()
    except (OSError, OverflowError, ValueError, sqlite3.Error) as error:
        sys.stderr.write(f"Il simulatore SdI non può partire su {options.host}:{options.port}: {error}\n")
        return 1
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with simulator:
        sys.stdout.write(f"Simulatore SdI in ascolto su {simulator.address}\n{said(simulator)}")
        sys.stdout.flush()
        ended.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
