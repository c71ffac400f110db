"""Sign messages the way SdI does, under a demo certification authority made at the first start.

SdI's XAdES (seen on its own samples and real receipts): exclusive C14N for SignedInfo, rsa-sha256, and three
references: the document through an XPath Filter 2 "subtract" of the signature, the SignedProperties, the KeyInfo.
"""

from __future__ import annotations

import base64
import hashlib
import os
import pathlib
from datetime import datetime, timedelta
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from lxml import etree

from fattorino.core import xml

CA_NAME = "CA Agenzia delle Entrate (simulata)"
SIGNER_NAME = "Sistema Interscambio Fattura PA (simulato)"
CA_FILE, CERTIFICATE_FILE, KEY_FILE = "ca.pem", "certificato.pem", "chiave.pem"
_YEARS = 10

_DS = "http://www.w3.org/2000/09/xmldsig#"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_DIGEST = f'<ds:DigestMethod Algorithm="{_SHA256}"/><ds:DigestValue>%s</ds:DigestValue>'
_FILTER2 = "http://www.w3.org/2002/06/xmldsig-filter2"
_SIGNATURE = (
    f'<ds:Signature xmlns:ds="{_DS}" Id="Signature1"><ds:SignedInfo>'
    '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'
    '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>'
    '<ds:Reference Id="reference-document" URI=""><ds:Transforms>'
    f'<ds:Transform Algorithm="{_FILTER2}"><XPath xmlns="{_FILTER2}" Filter="subtract">/descendant::ds:Signature'
    "</XPath></ds:Transform></ds:Transforms>{document}</ds:Reference>"
    '<ds:Reference Id="reference-signedpropeties" Type="http://uri.etsi.org/01903#SignedProperties"'
    ' URI="#SignedProperties_1">{properties}</ds:Reference>'
    '<ds:Reference Id="reference-keyinfo" URI="#KeyInfoId">{keyinfo}</ds:Reference></ds:SignedInfo>'
    '<ds:SignatureValue Id="SignatureValue1">{value}</ds:SignatureValue>'
    '<ds:KeyInfo Id="KeyInfoId"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data>'
    '</ds:KeyInfo><ds:Object><xades:QualifyingProperties xmlns:xades="http://uri.etsi.org/01903/v1.3.2#"'
    ' Target="#Signature1"><xades:SignedProperties Id="SignedProperties_1"><xades:SignedSignatureProperties>'
    "<xades:SigningTime>{time}</xades:SigningTime></xades:SignedSignatureProperties></xades:SignedProperties>"
    "</xades:QualifyingProperties></ds:Object></ds:Signature>"
)


class Signer:
    """The key of the simulated SdI. `ca_pem` is what a recipient has to trust."""

    def __init__(self, key: rsa.RSAPrivateKey, certificate: x509.Certificate, ca_pem: bytes) -> None:
        self._key = key
        self._certificate = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
        self.ca_pem = ca_pem

    def sign(self, message: bytes, at: datetime) -> bytes:
        """A message of `message_io.write_message` with its ds:Signature as last child.

        Args:
            message: UTF-8 XML that ends with the root's end tag.
            at: SigningTime, aware.
        """
        body = message.rstrip()
        cut = body.rindex(b"</")
        parts = {
            "document": _DIGEST % _digest(_canonical(xml.parse(message))),
            "properties": _DIGEST % "",
            "keyinfo": _DIGEST % "",
            "value": "",
            "certificate": self._certificate,
            "time": escape(at.isoformat(timespec="seconds")),
        }

        def assembled() -> bytes:
            return body[:cut] + _SIGNATURE.format(**parts).encode() + body[cut:] + b"\n"

        # KeyInfo and SignedProperties are hashed where they stand, with the namespaces they inherit there.
        draft = xml.parse(assembled())
        parts["keyinfo"] = _DIGEST % _digest(_in_place(draft, "KeyInfoId"))
        parts["properties"] = _DIGEST % _digest(_in_place(draft, "SignedProperties_1"))
        info = next(xml.parse(assembled()).iter(f"{{{_DS}}}SignedInfo"))
        signed_info = _canonical(info, exclusive=True)
        value = self._key.sign(signed_info, padding.PKCS1v15(), hashes.SHA256())
        parts["value"] = base64.b64encode(value).decode()
        return assembled()


def open_signer(folder: pathlib.Path, at: datetime) -> Signer:
    """The signer whose key lies in `folder`; made there at the first start. Raises OSError if it cannot be."""
    paths = [folder / name for name in (CA_FILE, CERTIFICATE_FILE, KEY_FILE)]
    if not all(path.is_file() for path in paths):
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in zip(paths, _new_identity(at), strict=True):
            _write(path, content)
    ca_pem, certificate_pem, key_pem = (path.read_bytes() for path in paths)
    key = serialization.load_pem_private_key(key_pem, None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise OSError(f"{paths[2]}: non è una chiave RSA")
    return Signer(key, x509.load_pem_x509_certificate(certificate_pem), ca_pem)


def _digest(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def _canonical(node: etree._Element, *, exclusive: bool = False) -> bytes:
    return etree.tostring(node, method="c14n", exclusive=exclusive, with_comments=False, with_tail=False)


def _in_place(root: etree._Element, identity: str) -> bytes:
    """Canonical form of the element with this Id; serialising it first keeps the inherited namespaces."""
    for node in root.iter():
        if node.get("Id") == identity:
            return _canonical(xml.parse(etree.tostring(node, with_tail=False)))
    raise ValueError(identity)


def _new_identity(at: datetime) -> tuple[bytes, bytes, bytes]:
    # The authority's key signs one certificate and is forgotten: nothing else may ever be issued under this name.
    ca_key, key = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    ca_name = _name(CA_NAME)
    ca = _certificate(ca_name, ca_key, ca_name, ca_key, at, is_ca=True)
    certificate = _certificate(_name(SIGNER_NAME), key, ca_name, ca_key, at, is_ca=False)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return ca.public_bytes(pem), certificate.public_bytes(pem), private


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "IT"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Simulatore di Fattorino, senza valore legale"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Servizi Telematici"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _certificate(
    subject: x509.Name,
    key: rsa.RSAPrivateKey,
    issuer: x509.Name,
    issuer_key: rsa.RSAPrivateKey,
    at: datetime,
    *,
    is_ca: bool,
) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=not is_ca,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        encipher_only=False,
        decipher_only=False,
    )
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=365 * _YEARS))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=0 if is_ca else None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(issuer_id, critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def _write(path: pathlib.Path, content: bytes) -> None:
    new = path.with_suffix(".new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(content)
    os.replace(new, path)
