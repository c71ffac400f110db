"""The company's signing key out of a PKCS#12 file (.p12, .pfx).

A key on a smart card or at a remote service offers the same: a certificate, its chain and `sign(bytes)`.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from fattorino.core.errors import SigningError
from fattorino.core.signatures import Certificate, CertificateError, read_certificate
from fattorino.core.texts import say
from fattorino.hub.signing.effort import takes_too_long, too_much_pkcs12
from fattorino.hub.signing.validity import check_validity

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

MIN_RSA_BITS = 2048
MIN_EC_BITS = 256
MAX_SIZE = 256 * 1024


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that can sign for a company.

    Attributes:
        certificate: DER. chain: the other certificates of the file, DER.
        subject, name, issuer: readable names from the certificate.
        not_before, not_after: validity of the certificate, UTC.
        is_ec: EC key, else RSA.
        warnings: Italian remarks that do not keep it from signing.
    """

    certificate: bytes
    chain: tuple[bytes, ...]
    subject: str
    name: str
    issuer: str
    serial: int
    not_before: datetime.datetime
    not_after: datetime.datetime
    is_ec: bool
    warnings: tuple[str, ...]
    _key: PrivateKey = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """SHA-256 signature: PKCS #1 v1.5 for RSA, DER (r, s) for EC, as `core.fatturapa.sign_cades` wants."""
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))

    def sign_many(self, contents: Sequence[bytes]) -> list[bytes]:
        """See hub.signing.base.Signer.sign_many."""
        return [self.sign(content) for content in contents]

    def close(self) -> None:
        """Nothing is held open."""

    def check_validity(self, at: datetime.datetime) -> None:
        """Raises SigningError when the certificate is expired or not yet valid at that instant (aware)."""
        check_validity(
            self.name,
            self.not_before,
            self.not_after,
            at=at,
            renewal=say("Caricare il certificato rinnovato nelle impostazioni dell'azienda."),
        )


def try_out(data: bytes, password: str) -> None:
    """Before a file that somebody brings is opened: whether that ends soon (see effort). Raises SigningError."""
    _check_effort(data)
    if takes_too_long(data, password):
        raise _too_much()


def load_pkcs12(data: bytes, password: str, *, at: datetime.datetime | None = None) -> SigningKey:
    """Open a PKCS#12 file.

    Args:
        data: the file. password: "" for none.
        at: if given, also refuse a certificate that is not valid at that instant (aware).

    Raises:
        SigningError: not a PKCS#12, wrong password, no key or certificate, weak or unknown key, key and
            certificate that do not belong together, certificate not valid at `at`. In Italian.
    """
    key, der, chain = _open(data, password)
    certificate = _read(der)
    if certificate.public_key != key.public_key():
        raise SigningError(say("La chiave e il certificato contenuti nel file non corrispondono."), _AGAIN)
    _check_strength(key)
    loaded = SigningKey(
        certificate=certificate.der,
        chain=chain,
        subject=certificate.subject,
        name=certificate.name,
        issuer=certificate.issuer,
        serial=certificate.serial,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        is_ec=isinstance(key, ec.EllipticCurvePrivateKey),
        warnings=_warnings(certificate),
        _key=key,
    )
    if at is not None:
        loaded.check_validity(at)
    return loaded


_AGAIN = say("Esportare di nuovo il certificato, con la chiave privata, nel formato PKCS#12 (.p12 o .pfx).")


def _too_much() -> SigningError:
    return SigningError(
        say("Aprire il file richiederebbe troppo lavoro: la protezione della password è fuori misura."),
        _AGAIN,
    )


def _check_effort(data: bytes) -> None:
    if not data.startswith(b"\x30") or len(data) > MAX_SIZE:
        raise SigningError(say("Il file non è un archivio PKCS#12 (.p12 o .pfx)."), _AGAIN)
    try:
        too_much = too_much_pkcs12(data)
    except ValueError as error:
        raise SigningError(
            say("Il file è danneggiato, o protetto con un algoritmo non ammesso."), _AGAIN
        ) from error
    if too_much:
        raise _too_much()


def _open(data: bytes, password: str) -> tuple[PrivateKey, bytes, tuple[bytes, ...]]:
    _check_effort(data)
    secret = password.encode("utf-8") if password else None
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(data, secret)
    except ValueError as error:
        # One exception for a wrong password and for broken bytes; the library cannot tell them apart.
        raise SigningError(
            say("La password del certificato è sbagliata, oppure il file è danneggiato."),
            say("Controllare maiuscole e minuscole della password."),
        ) from error
    except (UnsupportedAlgorithm, TypeError, OverflowError) as error:
        raise SigningError(say("Il file è protetto con un algoritmo non ammesso."), _AGAIN) from error
    if key is None:
        raise SigningError(say("Il file non contiene la chiave privata."), _AGAIN)
    if certificate is None:
        raise SigningError(say("Il file non contiene il certificato della chiave."), _AGAIN)
    if not isinstance(key, PrivateKey):
        raise SigningError(say("Il tipo di chiave non è ammesso per la firma: serve RSA o EC."))
    chain = tuple(other.public_bytes(Encoding.DER) for other in others)
    return key, certificate.public_bytes(Encoding.DER), chain


def _read(der: bytes) -> Certificate:
    try:
        return read_certificate(der)
    except CertificateError as error:
        raise SigningError(say("Il certificato contenuto nel file non è leggibile."), _AGAIN) from error


def _check_strength(key: PrivateKey) -> None:
    least = MIN_EC_BITS if isinstance(key, ec.EllipticCurvePrivateKey) else MIN_RSA_BITS
    if key.key_size < least:
        raise SigningError(
            say(
                "La chiave è troppo debole: {size} bit, ne servono almeno {least}.",
                size=key.key_size,
                least=least,
            ),
            say("Richiedere un nuovo certificato di firma."),
        )


def _warnings(certificate: Certificate) -> tuple[str, ...]:
    if certificate.non_repudiation:
        return ()
    return (
        say(
            "Il certificato non è destinato alla firma di documenti (manca l'uso «non ripudio»): "
            "SdI potrebbe scartare le fatture firmate verso la PA."
        ),
    )
