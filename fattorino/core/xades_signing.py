"""Sign an XML file as XAdES-BES enveloped: the signature becomes the last child of the root.

The file is not written anew: the signature is put between its bytes, so that everything else stays as it came.

Sources: ETSI TS 101 903 v1.4.1 (SigningCertificate with IssuerSerial, the only form it knows); XML-Signature 1.1;
Specifiche tecniche SdI 1.8.1, point 2.1: every Reference has a URI. Canonical XML 1.0 and SHA-256 throughout,
as every verifier knows them.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import html
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric import ec, utils
from lxml import etree

from fattorino.core import xml
from fattorino.core.errors import SigningError, UnsignableError
from fattorino.core.fatturapa.cades import ToSign
from fattorino.core.signatures import Certificate, CertificateError, read_certificate
from fattorino.core.texts import say
from fattorino.core.xades import DS, XADES

_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
_ENVELOPED = '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>'


def sign_xades(
    data: bytes,
    certificate_der: bytes,
    sign: Callable[[bytes], bytes],
    signing_time: datetime.datetime,
    is_ec: bool = False,
    *,
    transform: str = _ENVELOPED,
) -> bytes:
    """The file with a signature over the whole of it.

    Args:
        data: XML in UTF-8 or another encoding that contains ASCII; without a signature.
        certificate_der: the signer's certificate.
        sign: signs the given bytes with SHA-256: PKCS #1 v1.5 for RSA, a DER (r, s) pair for EC.
        signing_time: aware; written to the second.
        is_ec: the key is an EC key.
        transform: the XML of the transform that takes the signature out again.

    Raises:
        XmlError: not XML that we accept.
        SigningError: already signed, an encoding without ASCII, an unreadable certificate.
    """
    waiting = prepare_xades(data, certificate_der, signing_time, is_ec, transform=transform)
    return waiting.seal(sign(waiting.data))


def prepare_xades(
    data: bytes,
    certificate_der: bytes,
    signing_time: datetime.datetime,
    is_ec: bool = False,
    *,
    transform: str = _ENVELOPED,
) -> ToSign:
    """The first half of `sign_xades`, so that a remote service signs many files with one question."""
    root = xml.parse(data, keep_comments=True)
    if root.find(DS + "Signature") is not None:
        raise UnsignableError(say("Il file XML è già firmato."), say("Usare il file originale, senza firma."))
    try:
        certificate = read_certificate(certificate_der)
    except CertificateError as error:
        raise SigningError(say("Il certificato di firma non è leggibile.")) from error
    name = hashlib.sha256(data).hexdigest()[:16]
    document = _digest(etree.tostring(root.getroottree(), method="c14n", with_comments=False))

    def assemble(properties: str, value: str) -> bytes:
        text = _signature(name, certificate, signing_time, is_ec, transform, document, properties, value)
        place = data.rfind(b"</")
        return data[:place] + text.encode("ascii", "xmlcharrefreplace") + data[place:]

    # Canonical forms inherit the namespaces of the document around them, so they are taken in their place.
    signature = _find(assemble("", ""))
    properties = _digest(_canonical(signature, f".//{XADES}SignedProperties"))
    signature = _find(assemble(properties, ""))

    def seal(value: bytes) -> bytes:
        plain = _plain_ecdsa(value, certificate) if is_ec else value
        return assemble(properties, base64.b64encode(plain).decode("ascii"))

    return ToSign(_canonical(signature, f"{DS}SignedInfo"), seal)


def _find(data: bytes) -> etree._Element:
    root = xml.parse(data, keep_comments=True)
    if len(root) == 0 or root[-1].tag != DS + "Signature":
        raise UnsignableError(
            say("Il file XML ha una forma in cui non si può inserire la firma."),
            say("Firmarlo come .p7m, oppure salvarlo in UTF-8 senza nulla dopo l'ultimo elemento."),
        )
    return root[-1]


def _canonical(signature: etree._Element, path: str) -> bytes:
    element = signature.find(path)
    assert element is not None
    return etree.tostring(element, method="c14n", with_comments=False, with_tail=False)


def _digest(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode("ascii")


def _plain_ecdsa(der: bytes, certificate: Certificate) -> bytes:
    """XML-Signature wants r and s side by side, each as long as the curve (RFC 4050)."""
    key = certificate.public_key
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise SigningError(say("La chiave e il certificato non corrispondono."))
    size = (key.key_size + 7) // 8
    r, s = utils.decode_dss_signature(der)
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def _signature(
    name: str,
    certificate: Certificate,
    signing_time: datetime.datetime,
    is_ec: bool,
    transform: str,
    document: str,
    properties: str,
    value: str,
) -> str:
    """The ds:Signature as text; written and not built, so that its bytes are ours to the last one."""
    time = signing_time.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    method = f'<ds:DigestMethod Algorithm="{_SHA256}"/>'
    der = certificate.der
    return (
        f'<ds:Signature xmlns:ds="{DS[1:-1]}" Id="firma-{name}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{_C14N}"/>'
        f'<ds:SignatureMethod Algorithm="{_ECDSA_SHA256 if is_ec else _RSA_SHA256}"/>'
        f'<ds:Reference Id="documento-{name}" URI=""><ds:Transforms>{transform}</ds:Transforms>'
        f"{method}<ds:DigestValue>{document}</ds:DigestValue></ds:Reference>"
        f'<ds:Reference Type="http://uri.etsi.org/01903#SignedProperties" URI="#attributi-{name}">'
        f'<ds:Transforms><ds:Transform Algorithm="{_C14N}"/></ds:Transforms>'
        f"{method}<ds:DigestValue>{properties}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
        f"<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>"
        f"{base64.b64encode(der).decode('ascii')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo><ds:Object>"
        f'<xades:QualifyingProperties xmlns:xades="{XADES[1:-1]}" Target="#firma-{name}">'
        f'<xades:SignedProperties Id="attributi-{name}"><xades:SignedSignatureProperties>'
        f"<xades:SigningTime>{time}</xades:SigningTime><xades:SigningCertificate><xades:Cert><xades:CertDigest>"
        f"{method}<ds:DigestValue>{_digest(der)}</ds:DigestValue></xades:CertDigest><xades:IssuerSerial>"
        f"<ds:X509IssuerName>{html.escape(certificate.issuer, quote=False)}</ds:X509IssuerName>"
        f"<ds:X509SerialNumber>{certificate.serial}</ds:X509SerialNumber></xades:IssuerSerial></xades:Cert>"
        "</xades:SigningCertificate></xades:SignedSignatureProperties></xades:SignedProperties>"
        "</xades:QualifyingProperties></ds:Object></ds:Signature>"
    )
