"""A simulator in this process on a free port, and what it needs."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from fattorino.core.fatturapa.cades import sign_cades
from fattorino.simulators.sdi.server import Simulator
from fattorino.simulators.sdi.signature import open_signer
from tests.simulators.sdi.support import Driver, Endpoint


@pytest.fixture(scope="session")
def sign() -> Callable[[bytes], bytes]:
    """Put an invoice into a p7m, with a key that nobody knows."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Firmatario di prova")])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(False, True, False, False, False, False, False, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1000)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    der = certificate.public_bytes(serialization.Encoding.DER)

    def raw(data: bytes) -> bytes:
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())

    return lambda content: sign_cades(content, der, raw, datetime.now(UTC))


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    found = Endpoint()
    yield found
    found.close()


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """One identity for all tests: making keys is the slow part of a first start."""
    folder = tmp_path_factory.mktemp("keys")
    open_signer(folder, datetime.now(UTC))
    return folder


@pytest.fixture
def folder(tmp_path: pathlib.Path, keys: pathlib.Path) -> pathlib.Path:
    for path in keys.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


@pytest.fixture
def driver(folder: pathlib.Path, endpoint: Endpoint) -> Iterator[Driver]:
    """A simulator whose clock stands still until the test lets hours pass."""
    with Simulator(folder, deliver_to=endpoint.url, speed=0) as simulator:
        driver = Driver(simulator, endpoint)
        yield driver
        driver.http.close()
        assert simulator.books.rows("select * from step where error <> ''") == []
