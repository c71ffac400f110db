"""SdI's doors behind the real nginx: who has not SdI's own certificate does not come in, whatever headers she sends."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.core.management import CommandError, call_command

from fattorino.config.nginx import Front, configuration
from fattorino.core.sdi import soap
from fattorino.hub.models import Message
from fattorino.organisations.scope import system_scope
from scripts.foreign import PLACES

NGINX = shutil.which("nginx", path=PLACES) or ""
SECRET = "tra-nginx-e-fattorino"
SITE, DOORS = "fatture.esempio.it", "sdi.esempio.it"
FILE = soap.FileSdI("4711", "IT01234567890_00001_RC_001.xml", b"<not read here/>")
REQUEST = soap.build_request(soap.TRASMISSIONE_FATTURE["RC"], FILE)
needs_nginx = pytest.mark.skipif(not NGINX, reason="nginx is not installed (package nginx-light)")


class Authority:
    """Makes certificates for one test; the day does not matter here, so it is today."""

    def __init__(self, folder: pathlib.Path, name: str) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.path = folder / f"{name}.pem"
        self.path.write_bytes(self._signed(self.name, self.key, ca=True).public_bytes(Encoding.PEM))

    def issue(self, name: str, common_name: str) -> pathlib.Path:
        """PEM with certificate and key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        path = self.folder / f"{name}.pem"
        plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(self._signed(subject, key, ca=False).public_bytes(Encoding.PEM) + plain)
        return path

    def _signed(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, ca: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName(
                    [x509.DNSName("localhost"), x509.DNSName(SITE), x509.DNSName(DOORS)]
                ),
                critical=False,
            )
            .sign(self.key, hashes.SHA256())
        )


@dataclass
class House:
    """The product behind nginx, and certificates to knock with."""

    site: str
    sdi: str
    ours: Authority
    certificates: dict[str, pathlib.Path]

    def client(self, certificate: str = "") -> httpx.Client:
        context = ssl.create_default_context(cafile=str(self.ours.path))
        if certificate:
            context.load_cert_chain(self.certificates[certificate])
        return httpx.Client(verify=context, trust_env=False, timeout=10)

    def knock(self, certificate: str = "", body: bytes = REQUEST.body, **headers: str) -> httpx.Response:
        with self.client(certificate) as client:
            # By its name, as SdI does, though no name server knows it.
            return client.post(
                f"{self.sdi}/sdi/trasmissione",
                content=body,
                headers={**REQUEST.headers, "Host": DOORS, **headers},
                extensions={"sni_hostname": DOORS},
            )


@pytest.fixture
def house(tmp_path: pathlib.Path, live_server: Any, settings: Any) -> Iterator[House]:
    settings.SDI_PROXY_SECRET, settings.SDI_ALLOW_LOOPBACK = SECRET, False
    settings.ALLOWED_HOSTS = hosts_of({"FATTORINO_HOSTS": f"{SITE},localhost", "FATTORINO_SDI_HOSTS": DOORS})
    ours, theirs, strangers = (Authority(tmp_path, name) for name in ("ours", "theirs", "strangers"))
    server = ours.issue("server", "localhost")
    certificates = {
        "sdi": theirs.issue("sdi", "Sistema Interscambio Fattura PA"),
        "other-node": theirs.issue("other-node", "SDI-01234567890"),
        "stranger": strangers.issue("stranger", "Sistema Interscambio Fattura PA"),
    }
    site_port, sdi_port = _free_port(), _free_port()
    front = Front(
        "localhost", DOORS, str(server), str(server), str(server), str(server), str(theirs.path),
        SECRET, urlsplit(live_server.url).port or 0, 1, "127.0.0.1", site_port, sdi_port,
    )  # fmt: skip
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    whole = (
        f"daemon off; pid {tmp_path}/nginx.pid; error_log {tmp_path}/error.log; worker_processes 1;\n"
        "events { worker_connections 64; }\nhttp {\naccess_log off;\n"
        + "".join(f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in kinds)
        + configuration(front)
        + "}\n"
    )  # fmt: skip
    (tmp_path / "nginx.conf").write_text(whole)
    # Started by root, its workers become somebody else, who must walk through.
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    process = subprocess.Popen([NGINX, "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path)])
    try:
        _wait(sdi_port, process)
        yield House(f"https://localhost:{site_port}", f"https://localhost:{sdi_port}", ours, certificates)
    finally:
        process.terminate()
        process.wait(10)


def hosts_of(environment: dict[str, str]) -> list[str]:
    """What the product started so would let in."""
    words = "import json; from fattorino.config import settings; print(json.dumps(settings.ALLOWED_HOSTS))"
    done = subprocess.run(
        [sys.executable, "-c", words],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[str] = json.loads(done.stdout)
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        assert process.poll() is None, "nginx refuses the configuration"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("nginx does not listen")


def kept() -> int:
    with system_scope():
        return Message.objects.count()


@needs_nginx
@pytest.mark.django_db(transaction=True)
def test_only_sdis_own_certificate_opens_its_doors(house: House) -> None:
    assert house.knock("sdi").status_code == 202 and kept() == 1
    forged = {"X-Fattorino-Proxy": SECRET, "X-Ssl-Client-S-Dn": "CN=Sistema Interscambio"}
    # None; one of another authority in SdI's name; one of SdI's authority for another accredited channel.
    for certificate, status in (("", 400), ("stranger", 400), ("other-node", 403)):
        assert house.knock(certificate).status_code == status, certificate
        assert house.knock(certificate, **forged).status_code == status, certificate
    with house.client() as client:
        # Another Hub's webhook comes through to be refused for its signature, by the doors of the pages alone.
        assert client.post(f"{house.site}/sdi/intermediario/1", content=b"{}").status_code == 403
        for path in ("/sdi/trasmissione", "/sdi/ricezione", "/sdi/intermediario/../ricezione"):
            assert client.post(f"{house.site}{path}", content=b"x", headers=forged).status_code == 404
        assert client.get(f"{house.site}/accesso/login/", headers=forged).status_code == 200
    with house.client("sdi") as client:
        assert client.get(f"{house.sdi}/accesso/login/").status_code == 404
    assert kept() == 1


@needs_nginx
@pytest.mark.django_db(transaction=True)
def test_too_much_and_what_is_no_soap_is_answered_and_not_kept(house: House) -> None:
    assert house.knock("sdi", b"x" * 21_000_000).status_code == 413
    doctype = b'<!DOCTYPE a [<!ENTITY b "c">]>' + REQUEST.body
    answer = house.knock("sdi", doctype)
    assert answer.status_code == 500 and b"Fault" in answer.content
    assert kept() == 0


def test_sdis_name_is_let_in_only_where_it_was_told() -> None:
    assert DOORS not in hosts_of({"FATTORINO_HOSTS": SITE, "FATTORINO_SDI_HOSTS": ""})
    assert hosts_of({"FATTORINO_HOSTS": SITE, "FATTORINO_SDI_HOSTS": DOORS}) == [SITE, DOORS]


def test_a_value_that_would_end_its_line_is_refused() -> None:
    good = {
        "site": "a.it",
        "sdi": "b.it",
        "certificate": "/c",
        "key": "/k",
        "sdi_certificate": "/c",
        "sdi_key": "/k",
    }
    for secret in ("a;b", 'a"b', "a\nb", "a{b", "$host", "a b"):
        with pytest.raises(ValueError, match="secret"):
            configuration(Front(**good, sdi_ca="/ca", secret=secret, upstream=1, live=2))


def test_the_command_needs_the_secret_and_writes_the_file(
    settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "--certificate",
        "/c",
        "--key",
        "/k",
        "--sdi-certificate",
        "/s",
        "--sdi-key",
        "/sk",
        "--sdi-ca",
        "/ca",
    ]
    settings.SDI_PROXY_SECRET = ""
    with pytest.raises(CommandError, match="FATTORINO_SDI_PROXY_SECRET"):
        call_command("nginx", "a.it", "b.it", *words)
    settings.SDI_PROXY_SECRET = SECRET
    for hosts, name, where in (
        (["b.it"], "a.it", "FATTORINO_HOSTS"),
        (["a.it"], "b.it", "FATTORINO_SDI_HOSTS"),
    ):
        settings.ALLOWED_HOSTS = hosts
        with pytest.raises(CommandError, match=f"{name}: aggiungere il nome a {where}"):
            call_command("nginx", "a.it", "b.it", *words)
    settings.ALLOWED_HOSTS = ["a.it", "b.it"]
    call_command("nginx", "a.it", "b.it", *words)
    written = capsys.readouterr().out
    assert "ssl_client_certificate /ca;" in written and f'"{SECRET}"' in written
