"""Certificates and keys of a channel: what is uploaded (PEM, DER, PKCS#12) becomes PEM text, and is told in words.

A private key has no password of its own here: the whole is encrypted with the installation's key (`secrets`).
"""

from __future__ import annotations

import datetime
import re
import secrets as lots
import ssl
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from asn1crypto import pem
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
    pkcs12,
)

from fattorino.core.errors import InputError
from fattorino.core.signatures import CRYPTO_ERRORS, CertificateError, read_certificate
from fattorino.core.texts import say
from fattorino.hub.signing.effort import takes_too_long, too_much_key, too_much_pkcs12

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
# Of one upload, in bytes: a chain with its key is a few kB.
MOST = 256 * 1024
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)
_FORMS = say("Si caricano file PEM (.pem, .crt, .key), DER (.der, .cer) o PKCS#12 (.p12, .pfx).")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a page tells of a certificate."""

    subject: str
    name: str
    issuer: str
    serial: str
    not_before: datetime.datetime
    not_after: datetime.datetime


@dataclass(frozen=True, slots=True)
class Pair:
    """A private key and its certificate with the chain, all PEM."""

    certificates: str
    key: str = field(repr=False)


@dataclass(slots=True)
class _Found:
    certificates: list[x509.Certificate] = field(default_factory=list)
    keys: list[PrivateKey] = field(default_factory=list)


def read_pair(files: Sequence[bytes], password: str) -> Pair:
    """One private key and its certificate, in one file or in two.

    Raises:
        InputError: unreadable, wrong password, no key, no certificate, or they do not belong together.
    """
    found = _open(files, password)
    if not found.keys:
        raise InputError(
            say("Nel file manca la chiave privata."),
            say("Caricare insieme certificato e chiave, oppure il file PKCS#12 che li contiene."),
        )
    key = found.keys[0]
    mine = [each for each in found.certificates if _same(each, key)]
    if not mine:
        raise InputError(
            say("Nel file manca il certificato di questa chiave."),
            say("Caricare insieme certificato e chiave, oppure il file PKCS#12 che li contiene."),
        )
    others = [each for each in found.certificates if each not in mine]
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
    return Pair(_texts([mine[0], *others]), text)


def read_certificates(files: Sequence[bytes]) -> str:
    """The certificates in the files as PEM, one after the other.

    Raises:
        InputError: unreadable, or none.
    """
    found = _open(files, "", keys=False)
    if not found.certificates:
        raise InputError(say("Nel file non c'è alcun certificato."), _FORMS)
    return _texts(found.certificates)


def facts(pem: str) -> list[Facts]:
    """What the certificates in a PEM text say; one that cannot be read is left out."""
    told = []
    for block in _PEM.finditer(pem.encode()):
        if block[1] != b"CERTIFICATE":
            continue
        try:
            read = read_certificate(x509.load_pem_x509_certificate(block[0]).public_bytes(Encoding.DER))
        except (CertificateError, *CRYPTO_ERRORS):
            continue
        told.append(
            Facts(read.subject, read.name, read.issuer, f"{read.serial:X}", read.not_before, read.not_after)
        )
    return told


def joined(new: str, before: str, *, now: datetime.datetime, most: int = 3) -> str:
    """New certificates or keys, then those before them that have not expired: no more than `most` blocks of the old."""
    kept: list[str] = []
    for block in _PEM.finditer(before.encode()):
        text = block[0].decode()
        told = facts(text) if block[1] == b"CERTIFICATE" else []
        if text not in new and not (told and told[0].not_after < now):
            kept.append(text + "\n")
    return new + "".join(kept[:most])


def load_into(context: ssl.SSLContext, identity: str) -> None:
    """Have a TLS context show this certificate (PEM with its key).

    The library reads files only: what it reads lies there for a moment, its key enciphered with a word drawn by lot
    that never leaves this process.

    Raises:
        OSError, ssl.SSLError: it cannot be used.
    """
    found = _open([identity.encode()], "")
    if not found.keys:
        raise ssl.SSLError("no key")
    word = lots.token_urlsafe(32)
    sealed = found.keys[0].private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(word.encode())
    )
    with tempfile.NamedTemporaryFile(prefix="fattorino-", suffix=".pem") as file:  # made readable by us alone
        file.write(_texts(found.certificates).encode() + sealed)
        file.flush()
        context.load_cert_chain(file.name, password=word)


def _open(files: Sequence[bytes], password: str, *, keys: bool = True) -> _Found:
    found = _Found()
    for data in files:
        if len(data) > MOST:
            raise InputError(say("Il file è troppo grande per essere un certificato o una chiave."), _FORMS)
        if b"-----BEGIN " in data:
            _open_pem(data, password, found, keys)
        else:
            _open_der(data, password, found, keys)
    return found


def _open_pem(data: bytes, password: str, found: _Found, keys: bool) -> None:
    try:
        for block in _PEM.finditer(data):
            if block[1] == b"CERTIFICATE":
                found.certificates.append(x509.load_pem_x509_certificate(block[0]))
            elif block[1].endswith(b"PRIVATE KEY") and keys:
                locked = b"ENCRYPTED" in block[0][:200]
                if block[1].startswith(b"ENCRYPTED"):
                    _insist(too_much_key, pem.unarmor(block[0])[2])
                found.keys.append(
                    _usable(load_pem_private_key(block[0], password.encode() if locked else None))
                )
    except CRYPTO_ERRORS as error:
        raise _unreadable() from error


def _open_der(data: bytes, password: str, found: _Found, keys: bool) -> None:
    _insist(too_much_key, data)
    for read in (_certificate_of, _key_of if keys else None):
        if read is not None and read(data, password, found):
            return
    _insist(lambda each: too_much_pkcs12(each) or takes_too_long(each, password), data)
    try:
        key, own, others = pkcs12.load_key_and_certificates(data, password.encode() or None)
    except CRYPTO_ERRORS as error:
        raise _unreadable() from error
    found.certificates += [each for each in (own, *others) if each is not None]
    if key is not None and keys:
        found.keys.append(_usable(key))


def _insist(too_much: Callable[[bytes], bool], data: bytes) -> None:
    try:
        refused = too_much(data)
    except ValueError as error:
        raise _unreadable() from error
    if refused:
        raise InputError(
            say("Aprire il file richiederebbe troppo lavoro: la protezione della password è fuori misura."),
            _FORMS,
        )


def _certificate_of(data: bytes, _password: str, found: _Found) -> bool:
    try:
        found.certificates.append(x509.load_der_x509_certificate(data))
    except CRYPTO_ERRORS:
        return False
    return True


def _key_of(data: bytes, password: str, found: _Found) -> bool:
    for word in (None, password.encode()):
        try:
            found.keys.append(_usable(load_der_private_key(data, word or None)))
        except CRYPTO_ERRORS:
            continue
        return True
    return False


def _usable(key: object) -> PrivateKey:
    if not isinstance(key, PrivateKey):
        raise InputError(say("Il tipo di chiave non è ammesso: serve RSA o EC."))
    return key


def _unreadable() -> InputError:
    return InputError(say("Il file non si legge, oppure la sua password è sbagliata."), _FORMS)


def _same(certificate: x509.Certificate, key: PrivateKey) -> bool:
    try:
        return certificate.public_key() == key.public_key()
    except CRYPTO_ERRORS:
        return False


def _texts(certificates: Sequence[x509.Certificate]) -> str:
    return "".join(each.public_bytes(Encoding.PEM).decode("ascii") for each in certificates)
