"""One level of a .p7m: read a CMS SignedData and verify its signatures.

Sources: RFC 5652 (CMS), RFC 5035 (signing-certificate-v2), ETSI TS 101 733 (CAdES-BES), RFC 4055 (PSS).
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import re
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from fattorino.core import asn1
from fattorino.core.asn1 import Asn1Error, Node
from fattorino.core.signatures import (
    CRYPTO_ERRORS,
    Certificate,
    CertificateError,
    Signer,
    finding,
    read_certificate,
    signer_of,
    with_findings,
)
from fattorino.core.texts import say

DATA = "1.2.840.113549.1.7.1"
SIGNED_DATA = "1.2.840.113549.1.7.2"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_TIME = "1.2.840.113549.1.9.5"
SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
RSA_PSS = "1.2.840.113549.1.1.10"

# SHA-1 and MD5 are left out on purpose: they prove nothing any more (AgID, Determinazione 147/2019).
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
_HASH_OF_SIGNATURE: dict[str, hashes.HashAlgorithm] = {
    "1.2.840.113549.1.1.11": hashes.SHA256(),
    "1.2.840.113549.1.1.12": hashes.SHA384(),
    "1.2.840.113549.1.1.13": hashes.SHA512(),
    "1.2.840.10045.4.3.2": hashes.SHA256(),
    "1.2.840.10045.4.3.3": hashes.SHA384(),
    "1.2.840.10045.4.3.4": hashes.SHA512(),
}
# Names of a key, not of a signature: the hash is that of the digest algorithm.
_KEY_ONLY = {"1.2.840.113549.1.1.1", "1.2.840.10045.2.1"}

# A signed invoice has one or two of each; the bounds keep a hostile file from costing minutes.
MAX_SIGNERS = 20
MAX_CERTIFICATES = 50


class _Broken(ValueError):
    """This signature does not hold; the text is an Italian detail for the finding 00102."""


@dataclass(frozen=True, slots=True)
class SignedData:
    content: bytes
    signers: tuple[Signer, ...]


def read_signed_data(data: bytes, content: bytes | None = None) -> SignedData:
    """Open one level and verify every signature in it; what does not hold becomes a finding of its signer.

    Args:
        data: DER or BER, from the first octet; blanks and zeros behind the end are passed over.
        content: what a detached signature is about (S/MIME); None when it is inside.

    Raises:
        Asn1Error: not a SignedData with its content inside, or without a signer.
    """
    info = asn1.read(data)
    if data[info.stop :].strip(b"\0\t\r\n "):
        raise Asn1Error("something follows the envelope")
    kind, wrapped = _exactly(info.expect(asn1.SEQUENCE).children(), 2)
    if kind.oid() != SIGNED_DATA:
        raise Asn1Error("not SignedData")
    (signed,) = _exactly(wrapped.expect(0xA0).children(), 1)
    fields = signed.expect(asn1.SEQUENCE).children()
    if len(fields) < 4:
        raise Asn1Error("SignedData too short")
    fields[0].integer()
    fields[1].expect(asn1.SET)
    content_type, content = _encapsulated(fields[2], content)
    certificates: list[bytes] = []
    for field in fields[3:-1]:
        if field.tag == 0xA0:
            certificates = [node.raw for node in field.children() if node.tag == asn1.SEQUENCE]
        elif field.tag != 0xA1:
            raise Asn1Error("unexpected field")
    infos = fields[-1].expect(asn1.SET).children()
    if not infos:
        raise Asn1Error("no signer")
    if len(infos) > MAX_SIGNERS or len(certificates) > MAX_CERTIFICATES:
        raise Asn1Error("too many signers or certificates")
    known = _readable(certificates)
    return SignedData(content, tuple(_signer(node, content_type, content, known) for node in infos))


def _encapsulated(node: Node, detached: bytes | None) -> tuple[str, bytes]:
    fields = node.expect(asn1.SEQUENCE).children()
    if detached is not None:
        if len(fields) != 1:
            raise Asn1Error("two contents: one inside, one beside")
        return fields[0].oid(), detached
    if len(fields) != 2:
        raise Asn1Error("detached: the content is elsewhere")
    (octets,) = _exactly(fields[1].expect(0xA0).children(), 1)
    return fields[0].oid(), octets.octets()


def _exactly(nodes: list[Node], count: int) -> list[Node]:
    if len(nodes) != count:
        raise Asn1Error(f"{len(nodes)} elements instead of {count}")
    return nodes


def _readable(certificates: list[bytes]) -> list[Certificate]:
    """A certificate that cannot be read is as good as absent: its signer then lacks one (00107)."""
    known = []
    for der in certificates:
        try:
            known.append(read_certificate(der))
        except CertificateError:
            continue
    return known


@dataclass(frozen=True, slots=True)
class _SignerInfo:
    identifier: Node
    digest_algorithm: str
    signed_attributes: Node | None
    signature_algorithm: Node
    signature: bytes


def _signer(node: Node, content_type: str, content: bytes, known: list[Certificate]) -> Signer:
    info = _read_signer_info(node)
    try:
        attributes = _attributes(info.signed_attributes)
        signing_time = _signing_time(attributes.get(SIGNING_TIME))
    except Asn1Error:
        return Signer(findings=(finding("00102", say("gli attributi firmati sono illeggibili")),))
    certificate = _find_certificate(info.identifier, known)
    if certificate is None:
        detail = say("nel file manca il certificato del firmatario, oppure non è leggibile")
        return Signer(signing_time=signing_time, findings=(finding("00107", detail),))
    chain = tuple(other.der for other in known if other is not certificate)
    signer = signer_of(certificate, chain=chain, signing_time=signing_time)
    try:
        named = _names_certificate(attributes, certificate)
        _verify(info, attributes, content_type, content, certificate)
    except _Broken as broken:
        return with_findings(signer, finding("00102", broken.args[0]))
    except Asn1Error:
        return with_findings(signer, finding("00102", say("la firma è illeggibile")))
    return signer if named else with_findings(signer, finding("avviso-certificato", severity="warning"))


def _read_signer_info(node: Node) -> _SignerInfo:
    fields = node.expect(asn1.SEQUENCE).children()
    if len(fields) < 5:
        raise Asn1Error("SignerInfo too short")
    fields[0].integer()
    attributes = fields[3] if fields[3].tag == 0xA0 else None
    rest = fields[4:] if attributes is not None else fields[3:]
    if len(rest) not in (2, 3) or (len(rest) == 3 and rest[2].tag != 0xA1):
        raise Asn1Error("SignerInfo of another shape")
    return _SignerInfo(fields[1], _algorithm(fields[2]), attributes, rest[0], rest[1].octets())


def _algorithm(node: Node) -> str:
    children = node.expect(asn1.SEQUENCE).children()
    if not children:
        raise Asn1Error("empty AlgorithmIdentifier")
    return children[0].oid()


def _attributes(node: Node | None) -> dict[str, Node]:
    """Values by type; every attribute that matters here has exactly one (RFC 5652, 11)."""
    attributes: dict[str, Node] = {}
    for attribute in node.children() if node is not None else []:
        kind, values = _exactly(attribute.expect(asn1.SEQUENCE).children(), 2)
        name = kind.oid()
        if name in attributes:
            raise Asn1Error("attribute given twice")
        members = values.expect(asn1.SET).children()
        if not members:
            raise Asn1Error("attribute without value")
        if len(members) > 1 and name in (CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME):
            raise Asn1Error("attribute with several values")
        attributes[name] = members[0]
    return attributes


_TIME = re.compile(r"(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?(?:[.,]\d+)?(Z|[+-]\d{4})")


def _signing_time(node: Node | None) -> datetime.datetime | None:
    """UTC, or None where the attribute is missing or is no instant: both leave the signature without time."""
    if node is None or node.tag not in (asn1.UTC_TIME, asn1.GENERALIZED_TIME):
        return None
    match = _TIME.fullmatch(node.content.decode("ascii", "replace"))
    if match is None or (len(match[1]) == 4) != (node.tag == asn1.GENERALIZED_TIME):
        return None
    year = int(match[1])
    if node.tag == asn1.UTC_TIME:
        year += 1900 if year >= 50 else 2000  # RFC 5652, 11.3
    try:
        local = datetime.datetime(
            year,
            int(match[2]),
            int(match[3]),
            int(match[4]),
            int(match[5]),
            int(match[6] or 0),
            tzinfo=datetime.UTC,
        )
        if match[7] != "Z":
            sign = -1 if match[7][0] == "-" else 1
            local -= sign * datetime.timedelta(hours=int(match[7][1:3]), minutes=int(match[7][3:5]))
    except (ValueError, OverflowError):
        return None
    return local


def _find_certificate(identifier: Node, known: list[Certificate]) -> Certificate | None:
    if identifier.tag == 0x80:
        wanted = identifier.content
        return next((c for c in known if _subject_key_identifier(c) == wanted), None)
    issuer, serial = _exactly(identifier.expect(asn1.SEQUENCE).children(), 2)
    number = serial.integer()
    same = [certificate for certificate in known if certificate.serial == number]
    # Some programs write the issuer in another string type than the certificate does; when only one
    # certificate has the serial number, the signature itself decides whether it is the right one.
    exact = [certificate for certificate in same if certificate.parsed.issuer.public_bytes() == issuer.raw]
    return exact[0] if exact else same[0] if len(same) == 1 else None


def _subject_key_identifier(certificate: Certificate) -> bytes:
    try:
        return certificate.parsed.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return b""


def _names_certificate(attributes: dict[str, Node], certificate: Certificate) -> bool:
    """Whether the signed attributes name the certificate (CAdES-BES). Raises _Broken when they name another."""
    for name in (SIGNING_CERTIFICATE_V2, SIGNING_CERTIFICATE):
        if name not in attributes:
            continue
        lists = attributes[name].expect(asn1.SEQUENCE).children()
        ids = lists[0].expect(asn1.SEQUENCE).children() if lists else []
        fields = ids[0].expect(asn1.SEQUENCE).children() if ids else []
        algorithm = "sha1" if name == SIGNING_CERTIFICATE else "sha256"
        if fields and fields[0].tag == asn1.SEQUENCE:
            algorithm = _hash(_algorithm(fields.pop(0))).name
        if not fields:
            raise _Broken(say("l'attributo signing-certificate è vuoto"))
        digest = hashlib.new(algorithm, certificate.der).digest()
        if not hmac.compare_digest(fields[0].octets(), digest):
            raise _Broken(say("il certificato nel file non è quello indicato nella firma"))
        return True
    return False


def _hash(algorithm: str) -> hashes.HashAlgorithm:
    try:
        return _HASHES[algorithm]
    except KeyError:
        raise _Broken(say("l'algoritmo di impronta non è ammesso (serve SHA-256 o superiore)")) from None


def _verify(
    info: _SignerInfo,
    attributes: dict[str, Node],
    content_type: str,
    content: bytes,
    certificate: Certificate,
) -> None:
    digest_algorithm = _hash(info.digest_algorithm)
    if info.signed_attributes is None:
        candidates = [content]
    else:
        if CONTENT_TYPE not in attributes or MESSAGE_DIGEST not in attributes:
            raise _Broken(say("mancano attributi firmati obbligatori"))
        if attributes[CONTENT_TYPE].oid() != content_type:
            raise _Broken(say("il tipo di contenuto firmato è un altro"))
        digest = hashlib.new(digest_algorithm.name, content).digest()
        if not hmac.compare_digest(attributes[MESSAGE_DIGEST].octets(), digest):
            raise _Broken(say("il contenuto è stato modificato dopo la firma"))
        candidates = _signed_bytes(info.signed_attributes)
    for candidate in candidates:
        if _holds(info, certificate, candidate, digest_algorithm):
            return
    raise _Broken(say("la firma non corrisponde al certificato"))


def _signed_bytes(attributes: Node) -> list[bytes]:
    """What may have been signed: the attributes as they came, and in DER order as RFC 5652, 5.4 wants it.
    Real programs do both; either way every attribute is covered."""
    members = attributes.children()
    as_sent = asn1.tlv(asn1.SET, b"".join(member.raw for member in members))
    in_der = asn1.set_of(member.der() for member in members)
    return [as_sent] if as_sent == in_der else [as_sent, in_der]


def _holds(info: _SignerInfo, certificate: Certificate, signed: bytes, digest: hashes.HashAlgorithm) -> bool:
    algorithm = _algorithm(info.signature_algorithm)
    key = certificate.public_key
    try:
        if algorithm == RSA_PSS:
            if not isinstance(key, rsa.RSAPublicKey):
                return False
            used, pss = _pss(info.signature_algorithm)
            key.verify(info.signature, signed, pss, used)
            return True
        if algorithm not in _KEY_ONLY and algorithm not in _HASH_OF_SIGNATURE:
            raise _Broken(say("l'algoritmo di firma non è ammesso"))
        used = _HASH_OF_SIGNATURE.get(algorithm, digest)
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(info.signature, signed, padding.PKCS1v15(), used)
        else:
            key.verify(info.signature, signed, ec.ECDSA(used))
    except InvalidSignature:
        return False
    except _Broken:
        raise
    except CRYPTO_ERRORS:
        return False
    return True


def _pss(node: Node) -> tuple[hashes.HashAlgorithm, padding.PSS]:
    """Hash and padding from RSASSA-PSS-params; the defaults are SHA-1, so both must be there."""
    fields = node.children()
    parameters = {field.tag: field.children() for field in (fields[1].children() if len(fields) > 1 else [])}
    if not parameters.get(0xA0) or not parameters.get(0xA1):
        raise _Broken(say("l'algoritmo di firma non è ammesso (PSS con SHA-1)"))
    used = _hash(_algorithm(parameters[0xA0][0]))
    mask = parameters[0xA1][0].expect(asn1.SEQUENCE).children()
    if len(mask) != 2:
        raise Asn1Error("mask generation without hash")
    salt = parameters[0xA2][0].integer() if parameters.get(0xA2) else 20
    if not 0 <= salt <= 512:
        raise Asn1Error("impossible salt")
    return used, padding.PSS(padding.MGF1(_hash(_algorithm(mask[1]))), salt)
