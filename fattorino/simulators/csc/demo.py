"""The demo's key, kept between starts: an authority of its own and one holder, both openly worthless."""

from __future__ import annotations

import datetime
import json
import pathlib
import secrets
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from fattorino.simulators.csc.service import Credential

_YEARS = datetime.timedelta(days=5 * 365)


@dataclass(frozen=True)
class Demo:
    client_id: str
    client_secret: str
    credential: Credential


def open_demo(folder: pathlib.Path, now: datetime.datetime) -> Demo:
    """The demo that lies in the folder; made there the first time. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    settings, key_file = folder / "csc.json", folder / "csc.pem"
    if not settings.exists():
        chain, key = make_credential("Firma automatica di prova (senza valore legale)", now)
        data = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        key_file.touch(mode=0o600)
        key_file.write_bytes(data + b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain))
        kept = {"client_id": "fattorino", "client_secret": secrets.token_urlsafe(16), "pin": "12345678"}
        settings.touch(mode=0o600)
        settings.write_text(json.dumps(kept))
    kept = json.loads(settings.read_text())
    pem = key_file.read_bytes()
    loaded = serialization.load_pem_private_key(pem, None)
    assert isinstance(loaded, rsa.RSAPrivateKey)
    credential = Credential("FIRMA-1", loaded, tuple(x509.load_pem_x509_certificates(pem)), kept["pin"])
    return Demo(kept["client_id"], kept["client_secret"], credential)


def make_credential(
    name: str, now: datetime.datetime
) -> tuple[tuple[x509.Certificate, x509.Certificate], rsa.RSAPrivateKey]:
    """A holder's certificate with its authority's, and the holder's key."""
    authority_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    authority = _certificate("CA di prova della firma remota", None, authority_key, authority_key, now)
    return (_certificate(name, authority, key, authority_key, now), authority), key


def _certificate(
    name: str,
    issuer: x509.Certificate | None,
    key: rsa.RSAPrivateKey,
    signer: rsa.RSAPrivateKey,
    now: datetime.datetime,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(False, issuer is not None, False, False, False, issuer is None, False, False, False)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + _YEARS)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(signer, hashes.SHA256())
    )
