"""Every way to SdI with the other side it is tried against, behind one face: what `test_conformance.py` asks of each.

A way joins by a class here and a line in WAYS. The other side is always the real protocol on loopback.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime
import ipaddress
import pathlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import asyncssh
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from fattorino.cli import simulator_pec
from fattorino.core.sdi.ftp.security import Identity
from fattorino.core.sdi.soap import FileSdI, FileSdIConMetadati
from fattorino.hub.channels.base import ChannelPort, Item, Outgoing, Parcel, Raw
from fattorino.hub.channels.intermediary import Intermediary
from fattorino.hub.channels.pec import SdiPec
from fattorino.hub.channels.sdicoop import SdiCoop
from fattorino.hub.channels.sdiftp import NodeKeys, SdiFtp
from fattorino.hub.folders import SdiFtpFolders
from fattorino.hub.mailbox import PecMailbox
from fattorino.hub.sftp import serve
from fattorino.hub.sftp_accounts import Account
from fattorino.simulators.hub.server import Server as HubServer
from fattorino.simulators.hub.service import Service as HubService
from fattorino.simulators.sdi import faults, recipients
from fattorino.simulators.sdi.server import Simulator
from fattorino.simulators.sdi.sftp_line import Line, Node
from tests.hub.channels.keys import identity, keys
from tests.simulators.sdi.support import Endpoint

TIMEOUT = 2.0  # seconds that the ports wait here


class Killed(BaseException):
    """The process died at this line."""


Interruption = Callable[[], AbstractContextManager[None]]


class Way(Protocol):
    """Attributes:
    port: rightly configured. simulator: SdI behind it; nobody but the test lets its time pass.
    fetches: whether what SdI says is fetched (else it is pushed to our web services).
    limit: a file that is larger is refused by `prepare` or `send`.
    """

    port: ChannelPort
    simulator: Simulator
    fetches: bool
    limit: int

    def carry(self) -> None:
        """Let what was handed over reach SdI, where that is SdI's own business."""
        ...

    def bring(self, hours: float) -> None:
        """Let hours pass, and what SdI says by then reach us."""
        ...

    def pushed(self) -> Sequence[bytes]:
        """What SdI said by itself, where it is not fetched."""
        ...

    def certain_faults(self) -> dict[str, Interruption]:
        """What goes wrong before anything was taken."""
        ...

    def doubtful_faults(self) -> dict[str, Interruption]:
        """What leaves nobody sure: the line breaks or the process dies somewhere in between."""
        ...

    def misconfigured(self) -> dict[str, ChannelPort]:
        """Ports with one thing wrong that only a person can mend."""
        ...

    def absent(self) -> ChannelPort:
        """A port whose other side is not there now."""
        ...

    def slow(self) -> AbstractContextManager[None]:
        """The other side keeps silent for longer than TIMEOUT."""
        ...


@dataclass
class _Base:
    simulator: Simulator

    def pushed(self) -> Sequence[bytes]:
        return ()

    def carry(self) -> None:
        pass

    def _order(self, kind: str, **more: Any) -> Interruption:
        @contextlib.contextmanager
        def ordered() -> Iterator[None]:
            faults.add(self.simulator.books, kind, count=1, **more)
            yield
            faults.clear(self.simulator.books)

        return ordered


# What every test asks ----------------------------------------------------------------------------------------

NOW = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=5)
_numbers = iter(range(1, 800))


def seal(port: ChannelPort, *files: Outgoing) -> Parcel:
    return port.prepare(files, number=next(_numbers), now=NOW)


def give(port: ChannelPort, *files: Outgoing) -> list[Parcel]:
    """Hand files over, as many together as the way takes; files that go by themselves come back as their names."""
    if port.most == 0:
        for file in files:
            port.send(file)
        return [Parcel(file.file_name, b"", (file.file_name,)) for file in files]
    parcels = [seal(port, *files[i : i + port.most]) for i in range(0, len(files), port.most)]
    for parcel in parcels:
        port.hand_over(parcel)
    return parcels


def arrived(way: Way, name: str) -> list[bytes]:
    found = way.simulator.books.rows("select content from file where nome_file = ? order by id", name)
    return [bytes(row["content"]) for row in found]


def everything(port: ChannelPort, cursor: str = "") -> tuple[list[Raw], str]:
    """All that is there, in as many turns as it takes, and the last cursor. Done with each."""
    found: list[Raw] = []
    while turn := list(port.fetch(cursor)):
        for raw in turn:
            found.append(raw)
            cursor = raw.cursor
            port.done(raw)
    return found, cursor


def items(port: ChannelPort, raws: Sequence[Raw]) -> list[Item]:
    return [item for raw in raws for item in port.read(raw)]


def pass_hours(simulator: Simulator, hours: float, *, messages: bool) -> None:
    """From one due thing to the next; the simulator's own threads do them."""
    clock, books = simulator.clock, simulator.books
    end = clock.elapsed() + hours * 3600

    def due() -> float | None:
        dues = [books.next_step_due(), books.next_message_due() if messages else None]
        return min((each for each in dues if each is not None), default=None)

    while (now := clock.elapsed()) < end:
        following = due()
        clock.advance(max(0.0, min(following if following is not None else end, end) - now) + 0.001)
        deadline = time.monotonic() + 20
        while (overdue := due()) is not None and overdue <= clock.elapsed():
            assert time.monotonic() < deadline, "the simulator is stuck"
            time.sleep(0.002)


# SDICoop -----------------------------------------------------------------------------------------------------


@dataclass
class CoopWay(_Base):
    port: SdiCoop
    endpoint: Endpoint
    folder: pathlib.Path
    fetches = False
    limit = 0  # SdI itself says so

    def bring(self, hours: float) -> None:
        pass_hours(self.simulator, hours, messages=True)

    def pushed(self) -> Sequence[bytes]:
        return [payload.file for _, _, payload in self.endpoint.calls]

    def certain_faults(self) -> dict[str, Interruption]:
        kinds = (faults.DOWN, faults.UNAVAILABLE)
        return {kind: self._order(kind) for kind in kinds}

    def doubtful_faults(self) -> dict[str, Interruption]:
        kinds = (
            *(faults.LOST_BEFORE, faults.LOST_AFTER, faults.REQUEST_CUT, faults.ANSWER_CUT),
            *(faults.BROKEN, faults.BROKEN_AFTER, faults.SOAP_FAULT),
        )
        return {kind: self._order(kind) for kind in kinds} | {
            # In this order: a request that is slow to be taken would meet what is ordered for after that.
            "slow after": self._order(faults.SLOW_AFTER, seconds=TIMEOUT * 2),
            "slow": self._order(faults.SLOW, seconds=TIMEOUT * 2),
        }

    def misconfigured(self) -> dict[str, ChannelPort]:
        stranger = self.folder / "stranger.pem"
        stranger.write_bytes(pem(identity("SDI-estraneo")))
        return {
            "without certificate": replace(self.port, client_certificate=""),
            "with a stranger's certificate": replace(self.port, client_certificate=str(stranger)),
            "with a certificate that is not there": replace(self.port, client_certificate="/nowhere.pem"),
            "of somebody who is not SdI": replace(self.port, trusted_ca=str(self.folder / "client.pem")),
            "at another address": replace(self.port, url=self.port.url.replace("ricevi_file", "altrove")),
        }

    def absent(self) -> ChannelPort:
        return replace(self.port, url=f"https://127.0.0.1:{free_port()}/ricevi_file")

    def slow(self) -> AbstractContextManager[None]:
        return self._order(faults.SLOW, seconds=TIMEOUT * 3)()


@contextlib.contextmanager
def coop(folder: pathlib.Path) -> Iterator[CoopWay]:
    """The web services behind TLS that wants our certificate, as SdI's door does."""
    server, client = tls_identity("sdi.loopback"), identity("SDI-01234567890")
    for name, pair in (("server.pem", server), ("client.pem", client)):
        (folder / name).write_bytes(pem(pair))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(folder / "client.pem")
    endpoint = Endpoint()
    with Simulator(folder / "sdi", deliver_to=endpoint.url, speed=0) as simulator:
        inner = simulator._server
        inner.socket = context.wrap_socket(inner.socket, server_side=True, do_handshake_on_connect=False)
        url = f"{simulator.address.replace('http:', 'https:')}/ricevi_file"
        port = SdiCoop(
            url, TIMEOUT, client_certificate=str(folder / "client.pem"), trusted_ca=str(folder / "server.pem")
        )
        yield CoopWay(simulator, port, endpoint, folder)
    endpoint.close()


# SdIFtp ------------------------------------------------------------------------------------------------------

NODE = "01234567890"


@dataclass
class FtpWay(_Base):
    port: SdiFtp
    visit: Callable[[], int]
    node: Node
    fetches = True
    limit = 5_000_000

    def carry(self) -> None:
        self.visit()

    def bring(self, hours: float) -> None:
        pass_hours(self.simulator, hours, messages=False)
        self.visit()

    def certain_faults(self) -> dict[str, Interruption]:
        return {"no space left": _broken_write}

    def doubtful_faults(self) -> dict[str, Interruption]:
        moments = {
            "before it was written": "open",
            "before it was moved": "replace",
            "after it was moved": "fsync",
        }
        return {what: _killed_at(function) for what, function in moments.items()}

    def misconfigured(self) -> dict[str, ChannelPort]:
        stranger = identity("estraneo")
        keys_of = self.port.keys
        return {
            "without key": replace(self.port, keys=replace(keys_of, signing_key="")),
            "with another's key": replace(self.port, keys=replace(keys_of, signing_key=key_text(stranger))),
            "without SdI's certificate": replace(
                self.port, keys=replace(keys_of, sdi_reading_certificate="")
            ),
            "with a wrong node": replace(self.port, node="x"),
        }

    def absent(self) -> ChannelPort:
        return replace(self.port, folders=SdiFtpFolders(pathlib.Path("/nowhere/scambio")))

    def slow(self) -> AbstractContextManager[None]:
        # A folder answers at once; who comes by, and when, keeps nobody waiting.
        return contextlib.nullcontext()


@contextlib.contextmanager
def _broken_write() -> Iterator[None]:
    import fattorino.hub.folders as module

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    kept, module.os.fsync = module.os.fsync, full  # type: ignore[assignment]
    try:
        yield
    finally:
        module.os.fsync = kept


def _killed_at(function: str) -> Interruption:
    @contextlib.contextmanager
    def killed() -> Iterator[None]:
        real_open, real_replace = pathlib.Path.open, pathlib.Path.replace

        def dead_open(self: pathlib.Path, *args: Any, **more: Any) -> Any:
            if function == "open" and args[:1] == ("wb",):
                raise Killed
            return real_open(self, *args, **more)

        def dead_replace(self: pathlib.Path, target: Any) -> Any:
            if function == "replace":
                raise Killed
            real_replace(self, target)
            raise Killed

        pathlib.Path.open, pathlib.Path.replace = dead_open, dead_replace  # type: ignore[method-assign,assignment]
        try:
            yield
        finally:
            pathlib.Path.open, pathlib.Path.replace = real_open, real_replace  # type: ignore[method-assign]

    return killed


@contextlib.contextmanager
def ftp(folder: pathlib.Path) -> Iterator[FtpWay]:
    """Exchange folders behind our SFTP server, visited whenever the test says so."""
    folders = SdiFtpFolders(folder / "scambio")
    folders.prepare()
    account = Account("sdi", folders.root, "una parola lunga")
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(what: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(what, loop).result(30)

    acceptor = run(serve(lambda _: [account], host_key, host="127.0.0.1", port=0))
    with Simulator(folder / "sdi", speed=0) as simulator:
        node = Node(
            code=NODE, host="127.0.0.1", port=acceptor.get_port(), user=account.user, password=account.password,
            signer=keys().node_signing.certificate, reader=keys().node_reading.certificate,
            signing=keys().sdi_signing, reading=keys().sdi_reading,
            host_key=host_key.export_public_key().decode().strip(),
        )  # fmt: skip
        line = Line(simulator.exchange, node)
        yield FtpWay(simulator, SdiFtp(NODE, folders, node_keys()), lambda: run(line.visit()), node)
    loop.call_soon_threadsafe(acceptor.close)
    run(acceptor.wait_closed())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def node_keys() -> NodeKeys:
    return NodeKeys(
        signing_certificate=certificate_text(keys().node_signing),
        signing_key=key_text(keys().node_signing),
        reading_certificate=certificate_text(keys().node_reading),
        reading_key=key_text(keys().node_reading),
        sdi_signing_certificates=certificate_text(keys().sdi_signing),
        sdi_reading_certificate=certificate_text(keys().sdi_reading),
    )


# PEC ---------------------------------------------------------------------------------------------------------

ADDRESS, PASSWORD = "ordine@pec.example.it", "una parola lunga"


@dataclass
class PecWay(_Base):
    port: SdiPec
    house: simulator_pec.PecHouse
    fetches = True
    limit = SdiPec.room

    def bring(self, hours: float) -> None:
        pass_hours(self.simulator, hours, messages=True)

    def certain_faults(self) -> dict[str, Interruption]:
        return {kind: self._order(kind) for kind in ("pec_cut_before_data", "pec_busy")}

    def doubtful_faults(self) -> dict[str, Interruption]:
        kinds = ("pec_cut_in_data", "pec_cut_after_data")
        return {kind: self._order(kind) for kind in kinds}

    def misconfigured(self) -> dict[str, ChannelPort]:
        mailbox = self.port.mailbox
        return {
            "with a wrong password": replace(self.port, mailbox=replace(mailbox, password="sbagliata")),
            "of somebody who is not the provider": replace(
                self.port, mailbox=replace(mailbox, trusted_ca="")
            ),
            "with an authority that is not there": replace(
                self.port, mailbox=replace(mailbox, trusted_ca="/nowhere.pem")
            ),
        }

    def absent(self) -> ChannelPort:
        gone = free_port()
        return replace(self.port, mailbox=replace(self.port.mailbox, smtp_port=gone, imap_port=gone))

    def slow(self) -> AbstractContextManager[None]:
        return self._order("pec_slow", seconds=TIMEOUT * 3)()


@contextlib.contextmanager
def pec(folder: pathlib.Path) -> Iterator[PecWay]:
    """The provider and SdI behind it, as `fattorino simulator pec` runs them."""
    options = argparse.Namespace(data=folder, host="127.0.0.1", port=0, speed=0.0, smtp_port=0, imap_port=0)
    with simulator_pec.simulator(options, [(ADDRESS, PASSWORD)]) as simulator:
        house = simulator.carrier
        assert isinstance(house, simulator_pec.PecHouse)
        service = house.provider
        mailbox = PecMailbox(
            address=ADDRESS, user=ADDRESS, password=PASSWORD, smtp_host="127.0.0.1", smtp_port=service.smtp_port,
            imap_host="127.0.0.1", imap_port=service.imap_port, timeout=TIMEOUT, trusted_ca=str(service.certificate),
        )  # fmt: skip
        yield PecWay(simulator, SdiPec(mailbox), house)


# Intermediary ------------------------------------------------------------------------------------------------


@dataclass
class HubWay(_Base):
    """The simulated Hub, and SdI behind it: carrying between the two is the Hub's own business."""

    port: Intermediary
    service: HubService
    endpoint: Endpoint
    fetches = True
    limit = 10_000_000

    def carry(self) -> None:
        for kind, name, content, about in self.service.waiting():
            if kind == "FA":
                self.service.sent(name, self.simulator.exchange.accept(name, content).identificativo_sdi)
                continue
            answer = self.simulator.exchange.take_outcome(FileSdI(about, name, content))
            self.service.sent(name, about)
            if answer.scarto_esito is not None:
                self.service.say(answer.scarto_esito.nome_file, answer.scarto_esito.file, about)

    def bring(self, hours: float) -> None:
        pass_hours(self.simulator, hours, messages=True)
        while self.endpoint.calls:
            _, _, told = self.endpoint.calls.pop(0)
            if isinstance(told, FileSdIConMetadati):
                about = (told.nome_file_metadati, told.metadati)
                self.service.deliver(told.identificativo_sdi, told.nome_file, told.file, *about)
            else:
                self.service.say(told.nome_file, told.file, told.identificativo_sdi)

    def _hub_fault(self, kind: str, seconds: float = 0.0) -> Interruption:
        @contextlib.contextmanager
        def ordered() -> Iterator[None]:
            self.service.order(kind, seconds=seconds)
            yield
            self.service.calm()

        return ordered

    def certain_faults(self) -> dict[str, Interruption]:
        return {kind: self._hub_fault(kind) for kind in ("down", "throttled")}

    def doubtful_faults(self) -> dict[str, Interruption]:
        kinds = (
            *("lost_before", "lost_after", "request_cut", "answer_cut"),
            *("broken", "broken_after", "garbage"),
        )
        return {kind: self._hub_fault(kind) for kind in kinds} | {
            "slow after": self._hub_fault("slow_after", TIMEOUT * 1.3),
            "slow": self._hub_fault("slow", TIMEOUT * 1.3),
        }

    def misconfigured(self) -> dict[str, ChannelPort]:
        return {
            "with a wrong token": replace(self.port, token="sbagliata"),
            "at another address": replace(self.port, url=self.port.url.replace("/hub/", "/altrove/")),
            "with an authority that is not there": replace(
                self.port, url="https://127.0.0.1:1/api/hub/v1", trusted_ca="/nowhere.pem"
            ),
        }

    def absent(self) -> ChannelPort:
        return replace(self.port, url=f"http://127.0.0.1:{free_port()}/api/hub/v1")

    def slow(self) -> AbstractContextManager[None]:
        return self._hub_fault("slow", TIMEOUT * 3)()


@contextlib.contextmanager
def hub(folder: pathlib.Path) -> Iterator[HubWay]:
    """Another Hub over HTTP, which hands on to SdI and brings back what that says."""
    endpoint = Endpoint()
    now = lambda: datetime.datetime.now(datetime.UTC)
    service = HubService(folder / "hub.sqlite", "una parola lunga", now, relays=True)
    server = HubServer(service)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    with Simulator(folder / "sdi", deliver_to=endpoint.url, speed=0) as simulator:
        recipients.save(
            simulator.books,
            recipients.Recipient("MYCODE1", recipients.CHANNEL, url=f"{endpoint.url}/ricezione"),
        )
        yield HubWay(simulator, Intermediary(server.url, "una parola lunga", TIMEOUT), service, endpoint)
    server.shutdown()
    thread.join()
    server.server_close()
    service.close()
    endpoint.close()


WAYS: dict[str, Callable[[pathlib.Path], AbstractContextManager[Way]]] = {
    "sdicoop": coop,
    "sdiftp": ftp,
    "pec": pec,
    "intermediary": hub,
}


# Keys and ports ----------------------------------------------------------------------------------------------


def certificate_text(pair: Identity) -> str:
    return pair.certificate.public_bytes(serialization.Encoding.PEM).decode()


def key_text(pair: Identity) -> str:
    return pair.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def pem(pair: Identity) -> bytes:
    return (certificate_text(pair) + key_text(pair)).encode()


def tls_identity(name: str) -> Identity:
    """Of a server on loopback, which is its own authority."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    return Identity(certificate, key)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
