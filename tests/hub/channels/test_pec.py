"""The mailbox as a channel, against the simulated provider over real SMTP and IMAP with TLS."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import pathlib
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from fattorino.core.errors import ChannelError
from fattorino.core.pec.messages import read_pec
from fattorino.core.sdi.pec import FIRST_ADDRESS, from_sdi
from fattorino.hub.channels import pec
from fattorino.hub.channels.pec import Cursor, PecMailbox
from fattorino.simulators.pec import imap, submission
from fattorino.simulators.pec.letters import Original
from fattorino.simulators.pec.mailboxes import Mailboxes
from fattorino.simulators.pec.post import Post
from fattorino.simulators.pec.submission import Faults
from tests.core.pec.letters import provider

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


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, pathlib.Path]:
    folder = tmp_path_factory.mktemp("tls")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pec.loopback")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
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
    (folder / "crt.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
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
    mailboxes = Mailboxes(tmp_path / "pec.sqlite3")
    mailboxes.open_account(ADDRESS, PASSWORD)
    reached: list[tuple[str, Original]] = []

    def delivered(recipient: str, original: Original, envelope: bytes) -> bool:
        reached.append((recipient, original))
        return recipient.endswith("@pec.fatturapa.it")

    post = Post(provider(), mailboxes, lambda: NOW, delivered)
    faults = Faults()

    def run(what):
        return asyncio.run_coroutine_threadsafe(what, loop).result(20)

    servers = [
        run(submission.serve(post, faults, tls[0], "127.0.0.1", 0)),
        run(imap.serve(mailboxes, tls[0], "127.0.0.1", 0)),
    ]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    mailbox = PecMailbox(
        address=ADDRESS, user=ADDRESS, password=PASSWORD, smtp_host="127.0.0.1", smtp_port=ports[0],
        imap_host="127.0.0.1", imap_port=ports[1], timeout=5, trusted_ca=str(tls[1]),
    )  # fmt: skip
    yield House(post, faults, reached, mailbox)
    for server in servers:
        loop.call_soon_threadsafe(server.close)
    mailboxes.close()


def send(house: House, file: str = FILE, content: bytes = CONTENT, to: str = FIRST_ADDRESS) -> None:
    house.mailbox.send(file, content, to=to, now=NOW)


def sorts(house: House, after: Cursor = Cursor()) -> list[str]:  # noqa: B008 - frozen
    return [read_pec(letter.content).tipo or "busta" for letter in house.mailbox.letters(after)]


def test_a_file_reaches_sdi_octet_by_octet_and_the_provider_certifies_it(house):
    send(house)
    [(recipient, original)] = house.reached
    assert recipient == FIRST_ADDRESS
    envelope = provider().envelope(original, "x@gestore.example", NOW)
    [file] = read_pec(envelope).files
    assert (file.name, file.content) == (FILE, CONTENT)
    assert sorts(house) == ["accettazione", "avvenuta-consegna"]


def test_every_octet_survives_the_post(house):
    hostile = bytes(range(256)) * 50 + b"\n.\n\r\n.\r\n" * 20
    send(house, content=hostile)
    [file] = read_pec(provider().envelope(house.reached[0][1], "x@gestore.example", NOW)).files
    assert file.content == hostile


@pytest.mark.parametrize("fault", ["cut_before_data", "busy", "refused", "login"])
def test_before_the_body_has_left_nothing_is_uncertain(house, fault):
    house.faults.order(fault)
    with pytest.raises(ChannelError) as refused:
        send(house)
    assert not refused.value.uncertain
    assert refused.value.permanent is (fault in ("refused", "login"))
    assert house.reached == []
    send(house)
    assert len(house.reached) == 1


@pytest.mark.parametrize(("fault", "fate"), [("cut_after_data", "sent"), ("cut_in_data", "unknown")])
def test_a_line_cut_after_the_body_is_uncertain_until_the_receipts_tell(house, fault, fate):
    house.faults.order(fault)
    with pytest.raises(ChannelError) as refused:
        send(house, content=CONTENT * 200)
    assert refused.value.uncertain
    assert house.mailbox.resolve(FILE) == fate
    assert len(house.reached) == (1 if fate == "sent" else 0)


def test_a_message_that_the_provider_refused_was_not_sent(house):
    other = replace(house.mailbox, address="altro@pec.example.it")
    other.send(FILE, CONTENT, to=FIRST_ADDRESS, now=NOW)
    assert sorts(house) == ["non-accettazione"]
    assert other.resolve(FILE) == "not_sent"


def test_only_the_whole_name_of_a_file_is_that_file(house):
    send(house, "IT01234567890_00011.xml")
    assert house.mailbox.resolve("IT01234567890_0001.xml") == "unknown"
    assert house.mailbox.resolve("1.xml") == "unknown"
    assert house.mailbox.resolve("IT01234567890_00011.xml") == "sent"


def test_what_was_read_does_not_come_again_until_the_mailbox_is_renumbered(house):
    send(house)
    letters = list(house.mailbox.letters(Cursor()))
    assert len(letters) == 2
    assert list(house.mailbox.letters(letters[-1].cursor)) == []
    send(house, "IT01234567890_00002.xml")
    assert len(list(house.mailbox.letters(letters[-1].cursor))) == 2
    house.post.mailboxes.renumber(ADDRESS)
    assert len(list(house.mailbox.letters(letters[-1].cursor))) == 4


def test_a_large_mailbox_is_read_a_piece_at_a_time(house, monkeypatch):
    monkeypatch.setattr(pec, "AT_ONCE", 3)
    for number in range(4):
        send(house, f"IT01234567890_0000{number}.xml", b"<x/>")
    cursor, seen = Cursor(), 0
    while letters := list(house.mailbox.letters(cursor)):
        assert len(letters) <= 3
        cursor, seen = letters[-1].cursor, seen + len(letters)
    assert seen == 8


def test_sdis_answer_is_found_among_the_others(house):
    send(house)
    text = "Il nuovo indirizzo da utilizzare ... e' sdi48@pec.fatturapa.it."
    house.post.post("sdi07@pec.fatturapa.it", ADDRESS, "Invio File 111", text, [("a_RC_001.xml", b"<rc/>")])
    house.post.post("truffa@pec.it", ADDRESS, "Ricevuta di consegna", text, [("b_RC_001.xml", b"<rc/>")])
    found = [
        mail for letter in house.mailbox.letters(Cursor()) if (mail := from_sdi(read_pec(letter.content)))
    ]
    assert [(mail.assigned, [file.name for file in mail.files]) for mail in found] == [
        ("sdi48@pec.fatturapa.it", ["a_RC_001.xml"])
    ]


def test_a_wrong_password_is_told_once_and_for_all(house):
    wrong = replace(house.mailbox, password="sbagliata")
    for act in (
        lambda: wrong.send(FILE, CONTENT, to=FIRST_ADDRESS, now=NOW),
        lambda: list(wrong.letters(Cursor())),
    ):
        with pytest.raises(ChannelError) as refused:
            act()
        assert refused.value.permanent and not refused.value.uncertain
        assert "sbagliata" not in str(refused.value) + repr(wrong)


def test_an_unknown_authority_is_not_talked_to(house):
    with pytest.raises(ChannelError) as refused:
        replace(house.mailbox, trusted_ca="").send(FILE, CONTENT, to=FIRST_ADDRESS, now=NOW)
    assert not refused.value.uncertain
    assert house.reached == []


def test_nobody_there_is_certain(house):
    gone = replace(house.mailbox, smtp_port=1, imap_port=1)
    for act in (lambda: gone.send(FILE, CONTENT, to=FIRST_ADDRESS, now=NOW), lambda: gone.resolve(FILE)):
        with pytest.raises(ChannelError) as refused:
            act()
        assert not refused.value.uncertain


def test_a_file_too_large_for_a_message_is_not_even_tried(house):
    with pytest.raises(ChannelError) as refused:
        send(house, content=b"x" * 23_000_000)
    assert refused.value.permanent and "30 MB" in refused.value.message
