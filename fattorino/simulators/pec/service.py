"""A provider as a whole: its keys and mailboxes in a folder, submission and reading on two ports of loopback."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import pathlib
import ssl
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from fattorino.simulators.pec import imap, submission
from fattorino.simulators.pec.faults import Faults
from fattorino.simulators.pec.letters import Original, Provider
from fattorino.simulators.pec.mailboxes import Mailboxes
from fattorino.simulators.pec.post import Post

DOMAIN = "gestore.example"
CERTIFICATE, KEY = "gestore.crt.pem", "gestore.key.pem"
_YEARS = datetime.timedelta(days=10 * 365)
T = TypeVar("T")


class Service:
    """Listens once it is made; `close` ends it.

    Args:
        folder: keys and mailboxes; made the first time.
        delivered: as of Post.

    Raises:
        OSError, ValueError: folder, keys or ports cannot be used.
    """

    def __init__(
        self,
        folder: pathlib.Path,
        now: Callable[[], datetime.datetime],
        delivered: Callable[[str, Original, bytes], bool],
        faults: Faults,
        *,
        host: str = "127.0.0.1",
        smtp_port: int = 0,
        imap_port: int = 0,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        provider, context = _open_provider(folder, now())
        self.certificate = folder / CERTIFICATE  # also the authority of its two servers
        self.mailboxes = Mailboxes(folder / "pec.sqlite3")
        self.post = Post(provider, self.mailboxes, now, delivered, faults)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="pec", daemon=True)
        self._thread.start()
        self._servers: list[asyncio.Server] = []
        try:
            self._servers.append(self._run(submission.serve(self.post, faults, context, host, smtp_port)))
            self._servers.append(self._run(imap.serve(self.mailboxes, context, host, imap_port, faults)))
        except OSError:
            self.close()
            raise
        self.smtp_port, self.imap_port = (each.sockets[0].getsockname()[1] for each in self._servers)

    def close(self) -> None:
        for server in self._servers:
            self._loop.call_soon_threadsafe(server.close)
        self._run(_end_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self.mailboxes.close()

    def _run(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(20)


async def _end_all() -> None:
    """Whoever is still connected is left: lines stay open between two letters."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for each in others:
        each.cancel()
    if others:
        await asyncio.wait(others, timeout=5)


def _open_provider(folder: pathlib.Path, at: datetime.datetime) -> tuple[Provider, ssl.SSLContext]:
    """One key for what it certifies and for its servers: a demo needs no more."""
    certificate_file, key_file = folder / CERTIFICATE, folder / KEY
    if not certificate_file.exists():
        made, key = _new_identity(at)
        key_file.touch(mode=0o600)
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    loaded = serialization.load_pem_private_key(key_file.read_bytes(), None)
    if not isinstance(loaded, rsa.RSAPrivateKey):
        raise ValueError(f"{key_file}: serve una chiave RSA")
    certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file, key_file)
    return Provider("GESTORE SIMULATO S.P.A.", DOMAIN, certificate, loaded), context


def _new_identity(at: datetime.datetime) -> tuple[x509.Certificate, rsa.RSAPrivateKey]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Gestore PEC simulato, senza valore legale")])
    places = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - datetime.timedelta(days=1))
        .not_valid_after(at + _YEARS)
        .add_extension(x509.SubjectAlternativeName(places), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate, key
