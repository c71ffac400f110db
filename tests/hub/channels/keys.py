"""Keys as an accreditation hands them out: SdI and the node each sign with one and are encrypted for with another."""

from __future__ import annotations

import datetime
import functools
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from fattorino.core.sdi.ftp.security import Identity


@dataclass(frozen=True)
class Keys:
    node_signing: Identity
    node_reading: Identity
    sdi_signing: Identity
    sdi_reading: Identity


@functools.cache
def keys() -> Keys:
    return Keys(*(identity(name) for name in ("nodo firma", "nodo cifra", "SdI firma", "SdI cifra")))


def identity(name: str) -> Identity:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=2000))
        .not_valid_after(now + datetime.timedelta(days=2000))
        .sign(key, hashes.SHA256())
    )
    return Identity(certificate, key)
