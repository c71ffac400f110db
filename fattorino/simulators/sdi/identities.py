"""Keys of an SdIFtp accreditation, kept in files: SdI and the node each sign with one and are encrypted for another."""

from __future__ import annotations

import os
import pathlib
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from fattorino.core.sdi.ftp.security import Identity

_YEARS = 10


def open_identity(folder: pathlib.Path, name: str, at: datetime) -> Identity:
    """The key `NAME.key.pem` with its certificate `NAME.crt.pem`; made the first time. Raises OSError, ValueError."""
    key_file, certificate_file = folder / f"{name}.key.pem", folder / f"{name}.crt.pem"
    if not certificate_file.exists():
        made = new_identity(f"{name} (simulato, senza valore legale)", at)
        key_file.touch(mode=0o600)
        key_file.write_bytes(key_pem(made))
        certificate_file.write_bytes(made.certificate.public_bytes(serialization.Encoding.PEM))
    key = serialization.load_pem_private_key(key_file.read_bytes(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"{os.fspath(key_file)}: serve una chiave RSA")
    return Identity(x509.load_pem_x509_certificate(certificate_file.read_bytes()), key)


def key_pem(identity: Identity) -> bytes:
    return identity.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def new_identity(name: str, at: datetime) -> Identity:
    """`at`: aware; valid from the day before."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=365 * _YEARS))
        .sign(key, hashes.SHA256())
    )
    return Identity(certificate, key)
