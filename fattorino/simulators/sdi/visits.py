"""`fattorino simulator sdiftp`: the simulated SdI that comes by a node's SFTP server, as often as the real one."""

from __future__ import annotations

import argparse
import asyncio
import pathlib
from dataclasses import dataclass
from datetime import datetime

import asyncssh
from cryptography import x509

from fattorino.core.sdi.ftp.security import Identity
from fattorino.simulators.sdi.clock import HOUR
from fattorino.simulators.sdi.exchange import Exchange
from fattorino.simulators.sdi.identities import open_identity
from fattorino.simulators.sdi.server import Simulator, add_options, run
from fattorino.simulators.sdi.sftp_line import Line, Node

EVERY = HOUR / 6  # FTP411, 4.1


class Visits:
    """A carrier that goes to the node and back.

    Args:
        every: simulated seconds between two visits.
    """

    def __init__(self, exchange: Exchange, node: Node, every: float = EVERY) -> None:
        self._exchange = exchange
        self._line = Line(exchange, node)
        self._every = every
        self._next = 0.0
        self._failed = ""

    def next_due(self) -> float | None:
        return self._next

    def send_due(self) -> bool:
        now = self._exchange.clock.elapsed()
        if now < self._next:
            return False
        try:
            asyncio.run(self._line.visit())
        except (OSError, asyncssh.Error, TimeoutError) as error:
            self._tell(f"{type(error).__name__}: {error}")
        else:
            self._tell("")
        # From the end of a visit: a slow one is not followed at once by another.
        self._next = self._exchange.clock.elapsed() + self._every
        return True

    def close(self) -> None:
        """Nothing stays open between visits."""

    def _tell(self, failed: str) -> None:
        """A node that stays away is news once."""
        if failed and failed != self._failed:
            self._exchange.trouble(f"la visita SFTP non è riuscita: {failed}")
        self._failed = failed


@dataclass(frozen=True)
class Kit:
    """What an accreditation leaves behind: SdI's keys and what is known of the node's."""

    signing: Identity
    reading: Identity
    signer: x509.Certificate
    reader: x509.Certificate


def open_kit(folder: pathlib.Path, at: datetime, signer: str = "", reader: str = "") -> Kit:
    """SdI's keys, made in the folder the first time; for a node that brings none, keys of its own beside them.

    Args:
        signer, reader: paths of the node's certificates, PEM.

    Raises OSError, ValueError for files that cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)

    def of_node(path: str, name: str) -> x509.Certificate:
        if path:
            return x509.load_pem_x509_certificate(pathlib.Path(path).read_bytes())
        return open_identity(folder, name, at).certificate

    return Kit(
        open_identity(folder, "sdi-firma", at),
        open_identity(folder, "sdi-cifra", at),
        of_node(signer, "nodo-firma"),
        of_node(reader, "nodo-cifra"),
    )


def main(argv: list[str], speaking: type[argparse.ArgumentParser] = argparse.ArgumentParser) -> int:
    """Run until SIGTERM or Ctrl-C. Returns 0, 1 if it cannot start, 2 for wrong use; see server.main."""
    parser = speaking(
        prog="fattorino simulator sdiftp",
        description="Un Sistema di Interscambio simulato che visita con SFTP il server di un nodo SdIFtp. "
        "Alla prima partenza scrive nella cartella dei libri le chiavi da caricare nella pagina del canale.",
    )
    add_options(parser, port=8011, data="var/sdiftp")
    parser.add_argument("--node", required=True, help="codice del nodo, 11 caratteri")
    parser.add_argument("--sftp-host", default="127.0.0.1", help="server SFTP del nodo (127.0.0.1)")
    parser.add_argument("--sftp-port", type=int, default=8010, help="porta del server SFTP del nodo (8010)")
    parser.add_argument("--user", default="sdi", help="utente con cui ci si presenta (sdi)")
    parser.add_argument("--password", default="", help="password di quell'utente")
    parser.add_argument(
        "--client-key", default="", help="file con la chiave privata SSH, al posto della password"
    )
    parser.add_argument("--node-signing-certificate", default="", help="PEM: con cui il nodo firma")
    parser.add_argument("--node-reading-certificate", default="", help="PEM: per cui si cifra verso il nodo")
    parser.add_argument("--test-flow", action="store_true", help="visita le cartelle dei flussi di test")
    parser.add_argument("--minutes", type=float, default=10, help="minuti dello SdI tra due visite (10)")
    options = parser.parse_args(argv)
    return run(parser, options, lambda: _simulator(options), said=lambda _: _told(options))


def _simulator(options: argparse.Namespace) -> Simulator:
    def carrier(exchange: Exchange) -> Visits:
        kit = open_kit(
            options.data,
            exchange.clock.now(),
            options.node_signing_certificate,
            options.node_reading_certificate,
        )
        key = pathlib.Path(options.client_key).read_text() if options.client_key else ""
        node = Node(
            code=options.node, host=options.sftp_host, port=options.sftp_port, user=options.user,
            password=options.password, signer=kit.signer, reader=kit.reader, signing=kit.signing,
            reading=kit.reading, test=options.test_flow, client_key=key,
        )  # fmt: skip
        return Visits(exchange, node, options.minutes * 60)

    return Simulator(options.data, host=options.host, port=options.port, speed=options.speed, carrier=carrier)


def _told(options: argparse.Namespace) -> str:
    return (
        f"Visita il nodo {options.node} su {options.sftp_host}:{options.sftp_port}.\n"
        f"Chiavi e certificati: {options.data}\n"
    )
