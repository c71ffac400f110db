"""Verify the signature inside an XML file: XAdES-BES enveloped, as companies sign and as SdI signs its messages.

signxml does the cryptography. Around it stands what signxml leaves open: exactly one signature, as a child of the
root, over the whole document, with no transform that could leave a part out. Two XPath transforms are in honest
use (SdI's own among them) and mean no more than "without the signature"; any other is refused, because other
libraries accept such a signature even after the document was changed.

Sources: ETSI TS 101 903 v1.4.1; XML-Signature XPath Filter 2.0; Specifiche tecniche SdI 1.8.1, point 2.1.
"""

from __future__ import annotations

import binascii
import datetime
import re
from typing import Any

from cryptography.exceptions import InvalidSignature as CryptoInvalidSignature
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, SignatureConstructionMethod
from signxml.exceptions import InvalidInput, SignXMLException
from signxml.util import _remove_sig
from signxml.xades.xades import XAdESSignatureConfiguration, XAdESVerifier, XAdESVerifyResult

from fattorino.core import xml
from fattorino.core.errors import XmlError
from fattorino.core.fatturapa.findings import Finding
from fattorino.core.signatures import (
    CRYPTO_ERRORS,
    Certificate,
    CertificateError,
    Signer,
    finding,
    judge,
    read_certificate,
    signer_of,
    with_findings,
)
from fattorino.core.texts import say

DS = "{http://www.w3.org/2000/09/xmldsig#}"
XADES = "{http://uri.etsi.org/01903/v1.3.2#}"

_FILTER2 = "http://www.w3.org/2002/06/xmldsig-filter2"
_XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
_WITHOUT_SIGNATURE = {
    (_XPATH, None, "not(ancestor-or-self::ds:Signature)"),
    (_FILTER2, "subtract", "/descendant::ds:Signature"),
}

# Each reference and certificate costs a pass over the whole document.
MAX_REFERENCES = 10
MAX_CERTIFICATES = 5

# What signxml raises on signatures that strangers made: its own errors, lxml's, and the bare errors of reading
# elements that its schema lets be empty.
_SIGNXML_ERRORS = (
    SignXMLException,
    etree.LxmlError,
    CryptoInvalidSignature,
    AttributeError,
    LookupError,
    NotImplementedError,
    *CRYPTO_ERRORS,
)


def verify_xades(data: bytes, *, at: datetime.datetime, trusted: tuple[bytes, ...] = ()) -> list[Finding]:
    """What SdI would object to in the signature inside an XML file received at an instant.

    A file without signature, and one that is not even XML, give nothing: others judge that.

    Args:
        at: the instant of reception, aware.
        trusted: DER certificates of the authorities to believe; () leaves the issuer unjudged.
    """
    try:
        signer = read_xades(data)
    except XmlError:
        return []
    return [] if signer is None else judge(signer, at=at, trusted=trusted)


def read_xades(data: bytes) -> Signer | None:
    """Who signed an XML file, with findings on the signature; None when it holds no signature.

    Raises:
        XmlError: not XML that we accept.
    """
    root = xml.parse(data, keep_comments=True)
    signatures = list(root.iter(DS + "Signature"))
    if not signatures:
        return None
    if len(signatures) > 1:
        return _refused(say("il file contiene più firme XML, che non si possono verificare con sicurezza"))
    (signature,) = signatures
    if signature.getparent() is not root:
        return _refused(say("la firma non si trova alla fine del documento"))
    references = signature.findall(f"{DS}SignedInfo/{DS}Reference")
    if any(reference.get("URI") is None for reference in references):
        return _refused(say("un Reference della firma non ha l'attributo URI, che è obbligatorio"))
    if not _covers_document(root, references):
        return _refused(say("la firma non copre l'intero documento"))
    certificates = _certificates(signature)
    if not certificates:
        detail = say("nella firma manca il certificato del firmatario, oppure non è leggibile")
        return Signer(findings=(finding("00107", detail),))
    for certificate in certificates:
        if signer := _verified(root, certificate, certificates):
            return signer
    signer = _signer(certificates[0], certificates, _claimed_time(signature))
    if _is_of_the_sha1_era(signature):
        detail = say("l'algoritmo di impronta non è ammesso (serve SHA-256 o superiore)")
    else:
        detail = say("il documento o la firma sono stati modificati")
    return with_findings(signer, finding("00102", detail))


def _refused(detail: str) -> Signer:
    return Signer(findings=(finding("00102", detail),))


def _covers_document(root: etree._Element, references: list[etree._Element]) -> bool:
    """Whether a reference means the whole document: URI "" or the identifier of the root itself."""
    whole = {""} | {f"#{root.get(name)}" for name in ("Id", "ID", "id") if root.get(name)}
    return len(references) <= MAX_REFERENCES and any(one.get("URI") in whole for one in references)


def _is_of_the_sha1_era(signature: etree._Element) -> bool:
    """Whether an algorithm of the signature proves nothing any more (AgID, Determinazione 147/2019)."""
    methods = (
        signature.find(f"{DS}SignedInfo/{DS}SignatureMethod"),
        *signature.iterfind(f"{DS}SignedInfo/{DS}Reference/{DS}DigestMethod"),
    )
    return any(one is not None and re.search("sha1|md5", one.get("Algorithm", "")) for one in methods)


def _certificates(signature: etree._Element) -> list[Certificate]:
    certificates = []
    for element in signature.findall(f"{DS}KeyInfo/{DS}X509Data/{DS}X509Certificate")[:MAX_CERTIFICATES]:
        try:
            certificates.append(read_certificate(binascii.a2b_base64(element.text or "")))
        except (CertificateError, ValueError):
            continue
    return certificates


def _signer(
    certificate: Certificate, certificates: list[Certificate], signing_time: datetime.datetime | None
) -> Signer:
    chain = tuple(other.der for other in certificates if other is not certificate)
    return signer_of(certificate, chain=chain, signing_time=signing_time)


def _verified(
    root: etree._Element, certificate: Certificate, certificates: list[Certificate]
) -> Signer | None:
    """The signer, if this certificate's key made the signature; dates and issuer are not looked at here."""
    verifier = _Verifier()
    config = XAdESSignatureConfiguration(
        location="./",
        expect_references=True,
        default_reference_c14n_method=CanonicalizationMethod.CANONICAL_XML_1_0,
        verification_time=certificate.not_before,
        # The certificate's key is the one that must have signed; a KeyValue beside it has no say, and signxml can
        # compare only those of RSA PKCS #1 and of named curves.
        ignore_ambiguous_key_info=True,
    )
    try:
        results = verifier.verify(root, x509_cert=certificate.parsed, expect_config=config)
    except _SIGNXML_ERRORS:
        return None
    if not any(one.signed_xml is not None and one.signed_xml.tag == root.tag for one in results):
        return None
    signed = next(one for one in results if isinstance(one, XAdESVerifyResult))
    signer = _signer(certificate, certificates, _time(signed.signed_properties.find(XADES + "SigningTime")))
    if not verifier.names_certificate:
        signer = with_findings(signer, finding("avviso-certificato", severity="warning"))
    return signer


def _claimed_time(signature: etree._Element) -> datetime.datetime | None:
    return _time(next(signature.iter(XADES + "SigningTime"), None))


def _time(element: etree._Element | None) -> datetime.datetime | None:
    if element is None:
        return None
    try:
        moment = datetime.datetime.fromisoformat((element.text or "").strip())
        if moment.tzinfo is None:
            # Somebody's Italian clock: summer time is the earliest instant it can mean, so that an honest
            # signature is never taken for one of the future.
            moment = moment.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
        return moment.astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None


class _Verifier(XAdESVerifier):
    """signxml's verifier for Italian files. Overrides some of its private methods: its version is locked and
    tests with SdI's own messages watch them."""

    names_certificate = True

    # A reference with URI "" means the document, processing instructions before the root included (C14N 1.0,
    # 2.3); signxml would drop them, and SdI's messages begin with one.

    def _tostring(self, xml_node: Any, **kwargs: Any) -> bytes:
        return super()._tostring(_document_of(xml_node), **kwargs)  # type: ignore[no-untyped-call]

    def _c14n(self, nodes: Any, *args: Any, **kwargs: Any) -> bytes:
        return super()._c14n(_document_of(nodes), *args, **kwargs)

    def _apply_transforms(
        self, payload: Any, *, transforms_node: etree._Element, signature: etree._Element
    ) -> Any:
        for transform in transforms_node.findall(DS + "Transform") if transforms_node is not None else []:
            algorithm = transform.get("Algorithm")
            if algorithm in (_XPATH, _FILTER2):
                expressions = list(transform)
                if len(expressions) != 1:
                    raise InvalidInput("XPath transform of another shape")
                text = (expressions[0].text or "").strip()
                if (algorithm, expressions[0].get("Filter"), text) not in _WITHOUT_SIGNATURE:
                    raise InvalidInput("XPath transform not allowed")
                _remove_sig(signature, idempotent=True)  # type: ignore[no-untyped-call]
            elif algorithm != SignatureConstructionMethod.enveloped.value:
                CanonicalizationMethod(algorithm)  # ValueError for any other transform
        return super()._apply_transforms(payload, transforms_node=transforms_node, signature=signature)

    def _verify_cert_digests(self, verify_result: Any) -> None:
        properties = verify_result.signed_xml.find(XADES + "SignedSignatureProperties")
        named = properties is not None and any(
            properties.find(XADES + name) is not None
            for name in ("SigningCertificate", "SigningCertificateV2")
        )
        if named:
            super()._verify_cert_digests(verify_result)
        self.names_certificate = named  # SdI's own messages name none


def _document_of(node: Any) -> Any:
    """The whole document in place of its root; any other node as it is."""
    return node.getroottree() if isinstance(node, etree._Element) and node.getparent() is None else node
