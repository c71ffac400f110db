"""Keys and certificates for the fuzzers' signed files, the same in every process.

They come out of fixed numbers, so that a saved input can be judged again elsewhere: the authority that the judges
believe is the one that signed the seeds.
"""

from __future__ import annotations

import datetime
import functools
import random
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

NOW = datetime.datetime(2026, 11, 21, 10, 0, 30, tzinfo=datetime.UTC)
LATER = NOW + datetime.timedelta(hours=1)
_DETERMINISTIC = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


@dataclass(frozen=True, slots=True)
class Key:
    certificate: bytes
    private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

    @property
    def is_ec(self) -> bool:
        return isinstance(self.private, ec.EllipticCurvePrivateKey)

    def sign(self, data: bytes) -> bytes:
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self.private.sign(data, _DETERMINISTIC)


@functools.cache
def authority() -> Key:
    key = ec.derive_private_key(0xFA770 * 10**30 + 1, ec.SECP256R1())
    return Key(_certificate("Autorità di prova", key, "Autorità di prova", key, 1, is_authority=True), key)


@functools.cache
def holders() -> tuple[Key, Key]:
    """One with an EC key and one with an RSA key."""
    root = authority().private
    assert isinstance(root, ec.EllipticCurvePrivateKey)
    curve = ec.derive_private_key(0xFA770 * 10**30 + 2, ec.SECP256R1())
    numbers = _rsa(random.Random(7))
    return (
        Key(_certificate("Autorità di prova", root, "Rossi Mario", curve, 2), curve),
        Key(_certificate("Autorità di prova", root, "Verdi Anna", numbers, 3), numbers),
    )


def _certificate(
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    subject: str,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    serial: int,
    is_authority: bool = False,
) -> bytes:
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=not is_authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(NOW - datetime.timedelta(days=1))
        .not_valid_after(NOW + datetime.timedelta(days=1000))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
        .sign(issuer_key, hashes.SHA256(), ecdsa_deterministic=True)
        .public_bytes(Encoding.DER)
    )


def _name(common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "IT"), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def _rsa(rng: random.Random) -> rsa.RSAPrivateKey:
    p, q = sorted((_prime(rng), _prime(rng)), reverse=True)
    e = 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(e, p * q)
    dmp1, dmq1, iqmp = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    return rsa.RSAPrivateNumbers(p, q, d, dmp1, dmq1, iqmp, public).private_key()


def _prime(rng: random.Random) -> int:
    """A probable prime of 1024 bits; good enough for signatures that nobody is to believe."""
    small = [n for n in range(3, 2000, 2) if all(n % m for m in range(3, int(n**0.5) + 1, 2))]
    while True:
        number = rng.getrandbits(1024) | 3 << 1022 | 1
        if all(number % prime for prime in small) and pow(2, number - 1, number) == 1:
            return number
