"""Whom the settings of a company make us call: never our own network, never for longer than was said."""

from __future__ import annotations

import datetime
import ipaddress
import pathlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fattorino.core.errors import ChannelError, RefusedError, SigningError
from fattorino.hub import calling
from fattorino.hub.caller import Caller
from fattorino.hub.channels.base import Outgoing
from fattorino.hub.channels.intermediary import Intermediary
from fattorino.hub.flows import channel_settings, channels, keys
from fattorino.hub.flows.channel_checks import Wanted
from fattorino.hub.flows.key_places import KeyPlace
from fattorino.hub.mailbox import Cursor, PecMailbox
from fattorino.hub.models import Channel
from fattorino.hub.reach import EVERYWHERE, LOOPBACK, Limit, Reach
from fattorino.hub.signing.csc import CscAccount, CscSigner
from tests.desk import NOW, Desk

HERE = Reach.of(LOOPBACK)
# An exchange is given up after so many seconds, and ten times as many are allowed to a busy machine.
WHOLE, AT_MOST = 0.6, 30.0

PRIVATE = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
    *("::1", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "224.0.0.1", "255.255.255.255"),
    *("64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a00:1::"),
]


@pytest.mark.parametrize("number", PRIVATE)
def test_no_private_number_is_called(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not Reach().admits(number)
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in ("93.184.216.34", number)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(ChannelError, match="rete privata") as error:
        Reach().numbers("gestionale.example.it", 443)
    assert error.value.permanent and not error.value.uncertain
    assert Reach.of(["gestionale.example.it"]).numbers("Gestionale.Example.It", 443) == [
        "93.184.216.34",
        number,
    ]


@pytest.mark.parametrize("number", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_the_internet_is(number: str) -> None:
    assert Reach().admits(number)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "[::1]",
        "10.0.0.8",
    ],
)
def test_a_number_is_known_however_it_is_written(host: str) -> None:
    assert Reach().refuses(host) and not EVERYWHERE.refuses(host)
    assert HERE.refuses(host) is (host == "10.0.0.8")


def test_networks_numbers_and_names_are_let_through_and_nothing_else() -> None:
    reach = Reach.of(["10.20.0.0/16", "192.168.7.9", "fd00:1::/64", "pec.interno.it"])
    assert all(map(reach.admits, ["10.20.255.1", "192.168.7.9", "fd00:1::5"]))
    assert not any(map(reach.admits, ["10.21.0.1", "192.168.7.8", "fd00:2::5", "127.0.0.1"]))
    with pytest.raises(ValueError, match="10.20.0.0/40"):
        Reach.of(["10.20.0.0/40"])


def test_the_connection_goes_to_the_number_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """One question to the name server for each connection: a second answer could be another one."""
    asked: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def resolve(host: str, *_: object, **__: object) -> list[Any]:
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

        connected: list[object] = []

        def create(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
            connected.append(address)
            there = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            there.connect(address)
            return there

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        monkeypatch.setattr(socket, "create_connection", create)
        HERE.connect("gestionale.example.it", port, Limit(10)).close()
        with pytest.raises(ChannelError):
            Reach().connect("gestionale.example.it", port, Limit(10))
    assert asked == ["gestionale.example.it"] * 2 and connected == [("127.0.0.1", port)]


# Octet by octet ------------------------------------------------------------------------------------------------


class Dripping:
    """Answers with one octet after the other and never comes to an end; each comes well before any wait is over."""

    def __init__(self, first: bytes, drop: bytes, certificate: pathlib.Path | None = None) -> None:
        self._first, self._drop = first, drop
        self._tls: ssl.SSLContext | None = None
        if certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._ended = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._ended.set()
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._drip, args=(connection,), daemon=True).start()

    def _drip(self, connection: socket.socket) -> None:
        try:
            with connection:
                there = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
                there.sendall(self._first)
                while not self._ended.wait(0.05):
                    there.sendall(self._drop)
        except OSError:
            pass  # the other side has had enough


@pytest.fixture
def dripping() -> Iterator[Callable[..., Dripping]]:
    made: list[Dripping] = []

    def make(first: bytes, drop: bytes = b"x", certificate: pathlib.Path | None = None) -> Dripping:
        made.append(Dripping(first, drop, certificate))
        return made[-1]

    yield make
    for each in made:
        each.close()


HEAD, BODY = b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n"


@pytest.mark.parametrize("first", [HEAD, BODY], ids=["head", "body"])
def test_who_answers_octet_by_octet_holds_nobody(dripping: Callable[..., Dripping], first: bytes) -> None:
    address = f"http://127.0.0.1:{dripping(first).port}"
    began = time.monotonic()
    with Caller(HERE, timeout=10, whole=WHOLE) as caller, pytest.raises(httpx.ReadTimeout):
        caller.call("GET", address)
    account = CscAccount(address, address, "a", "b", "c", timeout=WHOLE / 2, reach=HERE)
    with CscSigner(account) as signer, pytest.raises(SigningError, match="non risponde"):
        signer.credential()
    hub = Intermediary(address, "t", WHOLE / 5, reach=HERE)
    with pytest.raises(ChannelError) as error:
        hub._call("PUT", "files/a", uncertain=True, content=b"x")
    assert error.value.uncertain
    assert time.monotonic() - began < AT_MOST


def test_a_webhook_that_drips_its_head_is_given_up(
    dripping: Callable[..., Dripping], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "TIMEOUT", WHOLE)
    began = time.monotonic()
    with pytest.raises(ChannelError, match="Non ha risposto"):
        calling.post(f"http://127.0.0.1:{dripping(HEAD).port}/", b"{}", {}, HERE)
    assert time.monotonic() - began < AT_MOST


def test_an_answer_is_read_only_so_far(dripping: Callable[..., Dripping]) -> None:
    address = f"http://127.0.0.1:{dripping(BODY, b'x' * 10_000).port}"
    with Caller(HERE, timeout=10, whole=60, largest=50_000) as caller:
        with pytest.raises(httpx.RemoteProtocolError, match="more than is read"):
            caller.call("GET", address)
        zipped = dripping(BODY.replace(b"OK\r\n", b"OK\r\nContent-Encoding: gzip\r\n"))
        with pytest.raises(httpx.RemoteProtocolError, match="encoding"):
            caller.call("GET", f"http://127.0.0.1:{zipped.port}")


def here_certificate(folder: pathlib.Path) -> pathlib.Path:
    """PEM with key, for this machine, that proves itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)  # TLS looks at the machine's own day
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / "here.pem"
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(certificate.public_bytes(Encoding.PEM) + plain)
    return path


IMAP = b"* OK ready\r\n* CAPABILITY IMAP4rev1\r\n"


@pytest.mark.parametrize("first", [b"", b"* ", IMAP], ids=["silent", "greeting", "login"])
def test_a_mailbox_that_drips_is_left(
    dripping: Callable[..., Dripping], tmp_path: pathlib.Path, first: bytes
) -> None:
    certificate = here_certificate(tmp_path)
    server = dripping(first, certificate=certificate)
    box = PecMailbox(
        "a@pec.it", "a", "b", "127.0.0.1", server.port, "127.0.0.1", server.port,
        timeout=5, trusted_ca=str(certificate), reach=HERE, patience=WHOLE,
    )  # fmt: skip
    began = time.monotonic()
    with pytest.raises(ChannelError):
        list(box.letters(Cursor(), lambda _: True))
    with pytest.raises(ChannelError):
        box.send(b"x", to="b@pec.it")
    assert time.monotonic() - began < AT_MOST
    with pytest.raises(ChannelError, match="rete privata"):
        replace(box, reach=Reach()).try_mailbox()
    with pytest.raises(ChannelError, match="rete privata"):
        replace(box, reach=Reach()).try_submission()


# Saving, and calling what was saved before ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "field", "values"),
    [
        ("intermediary", "url", {"url": "https://10.0.0.8/api/hub/v1"}),
        ("sdicoop", "url", {"url": "https://192.168.1.1/ricevi_file"}),
        ("sdicoop", "url_notifica", {"url_notifica": "http://127.0.0.1:5432/"}),
        ("pec", "smtp_host", {"smtp_host": "169.254.169.254"}),
        ("pec", "imap_host", {"imap_host": "localhost"}),
    ],
)
def test_an_address_of_our_own_network_is_not_saved(
    desk: Desk, settings: Any, kind: str, field: str, values: dict[str, str]
) -> None:
    admin = replace(desk.actor, role="admin")
    good = {"address": "a@pec.it", "smtp_host": "93.184.216.34", "imap_host": "93.184.216.34"}
    secrets = {"token": "t", "password": "p"}
    wanted = Wanted("", 0, 1, {**(good if kind == "pec" else {}), **values}, secrets)
    settings.ALLOWED_NETWORKS = []
    with pytest.raises(RefusedError) as error:
        channel_settings.save_channel(admin, kind, wanted, now=NOW)
    assert set(error.value.fields) == {field} and "rete privata" in error.value.fields[field]
    settings.ALLOWED_NETWORKS = ["10.0.0.0/8", "192.168.0.0/16", "169.254.0.0/16", *LOOPBACK]
    channel_settings.save_channel(admin, kind, wanted, now=NOW)


def test_a_remote_signature_within_our_network_is_neither_saved_nor_called(desk: Desk, settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        values = {"url": f"{address}/csc/v1", "oauth": f"{address}/token", "client_id": "a"}
        place = KeyPlace("csc", values, {"client_secret": "b", "pin": "1"})
        row = keys.propose(desk.company.pk, place, now=NOW)
        settings.ALLOWED_NETWORKS = []
        with pytest.raises(RefusedError) as error:
            keys.propose(desk.company.pk, place, now=NOW)
        assert set(error.value.fields) == {"url", "oauth"}
        keys.prove(row.pk, desk.company.pk, now=NOW)
        row.refresh_from_db()
        assert "rete privata" in row.test_note
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize("kind", ["intermediary", "pec", "sdicoop"])
def test_a_channel_that_was_saved_before_calls_nobody_there(desk: Desk, settings: Any, kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        row = Channel.objects.create(
            company_id=desk.company.pk,
            kind=kind,
            settings={
                "url": f"http://127.0.0.1:{port}/api/hub/v1",
                "address": "fatture@pec.ordine.example",
                **{"smtp_host": "127.0.0.1", "smtp_port": port, "imap_host": "127.0.0.1", "imap_port": port},
            },
        )
        settings.ALLOWED_NETWORKS = []
        steps = channels.port(row).examine(now=NOW)
        assert any(not step.ok and "rete privata" in step.text for step in steps)
        if kind == "sdicoop":
            with pytest.raises(ChannelError, match="rete privata") as error:
                channels.port(row).send(Outgoing("IT01234567890_00001.xml", b"<a/>"))
            assert error.value.permanent and not error.value.uncertain
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
