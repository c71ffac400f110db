"""A PEC provider in this process, with a mailbox of ours, for the tests of the channel."""

from __future__ import annotations

import asyncio
import datetime
import pathlib
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from fattorino.hub import mail_submission
from fattorino.hub.channels.base import Outgoing, Parcel
from fattorino.hub.channels.pec import SdiPec
from fattorino.hub.mailbox import PecMailbox
from fattorino.simulators.pec import imap, submission
from fattorino.simulators.pec.faults import Faults
from fattorino.simulators.pec.letters import Original
from fattorino.simulators.pec.mailboxes import Mailboxes
from fattorino.simulators.pec.post import Post
from tests.core.pec.letters import provider
from tests.hub.channels.ways import certificate_text, key_text, tls_identity

NOW = datetime.datetime(2026, 11, 22, 12, 0, tzinfo=datetime.UTC)
ADDRESS, PASSWORD = "ordine@pec.example.it", "una parola lunga"
FILE = "IT01234567890_00001.xml.p7m"
CONTENT = b"\x30\x80\r\n.\r\n..punti\r\n\x00\xff" * 200


@dataclass
class House:
    """The provider, what reached SdI, and the mailbox as a company has it."""

    post: Post
    faults: Faults
    reached: list[tuple[str, Original]]
    mailbox: PecMailbox

    @property
    def port(self) -> SdiPec:
        return SdiPec(self.mailbox)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, pathlib.Path]:
    folder = tmp_path_factory.mktemp("tls")
    pair = tls_identity("pec.loopback")
    (folder / "crt.pem").write_text(certificate_text(pair))
    (folder / "key.pem").write_text(key_text(pair))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "crt.pem", folder / "key.pem")
    return context, folder / "crt.pem"


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    found = asyncio.new_event_loop()
    thread = threading.Thread(target=found.run_forever, daemon=True)
    thread.start()
    yield found
    found.call_soon_threadsafe(found.stop)
    thread.join()
    found.close()


@pytest.fixture
def house(tls, loop, tmp_path) -> Iterator[House]:
    mail_submission.KEPT.close()
    mailboxes = Mailboxes(tmp_path / "pec.sqlite3")
    mailboxes.open_account(ADDRESS, PASSWORD)
    reached: list[tuple[str, Original]] = []

    def delivered(recipient: str, original: Original, envelope: bytes) -> bool:
        reached.append((recipient, original))
        return recipient.endswith("@pec.fatturapa.it")

    faults = Faults()
    post = Post(provider(), mailboxes, lambda: NOW, delivered, faults)

    def run(what):
        return asyncio.run_coroutine_threadsafe(what, loop).result(20)

    servers = [
        run(submission.serve(post, faults, tls[0], "127.0.0.1", 0)),
        run(imap.serve(mailboxes, tls[0], "127.0.0.1", 0, faults)),
    ]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    mailbox = PecMailbox(
        address=ADDRESS, user=ADDRESS, password=PASSWORD, smtp_host="127.0.0.1", smtp_port=ports[0],
        imap_host="127.0.0.1", imap_port=ports[1], timeout=5, trusted_ca=str(tls[1]),
    )  # fmt: skip
    yield House(post, faults, reached, mailbox)
    # The provider's loop would otherwise end with lines of ours open.
    mail_submission.KEPT.close()
    for server in servers:
        loop.call_soon_threadsafe(server.close)
    mailboxes.close()


def sealed(port: SdiPec, file: str = FILE, content: bytes = CONTENT) -> Parcel:
    return port.prepare([Outgoing(file, content)], number=1, now=NOW)


def send(house: House, file: str = FILE, content: bytes = CONTENT) -> None:
    house.port.hand_over(sealed(house.port, file, content))


def wanted(_: bytes) -> bool:
    return True


def resolve(house: House, file: str = FILE) -> str:
    return house.port.resolve(sealed(house.port, file, b""))
