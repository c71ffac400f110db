from __future__ import annotations

import base64
import datetime
import pathlib
import random
import re

import pytest
from cryptography import x509
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, SignatureMethod
from signxml.xades import XAdESSignatureConfiguration, XAdESSigner, XAdESVerifier

from fattorino.core.errors import SigningError, XmlError
from fattorino.core.fatturapa.cades import sign_cades
from fattorino.core.fatturapa.envelope import is_signed, unwrap, verify
from fattorino.core.fatturapa.findings import Finding
from fattorino.core.xades import read_xades, verify_xades
from fattorino.core.xades_signing import sign_xades
from fattorino.hub.signing.pkcs12 import SigningKey, load_pkcs12
from fattorino.hub.signing.test_ca import DemoCa, Holder, issue, make_ca

NOW = datetime.datetime(2026, 11, 21, 10, 0, 30, tzinfo=datetime.UTC)
HOLDER = Holder("Mario", "Rossi", "RSSMRA80A01H501U")
LATER = NOW + datetime.timedelta(hours=1)
XML = (
    b'<?xml version="1.0" encoding="UTF-8"?><?xml-stylesheet href="x.xsl"?>\r\n'
    b'<p:FatturaElettronica xmlns:p="urn:x" versione="FPA12"><Header><Numero>1</Numero></Header><Body>2</Body>'
    b"<!-- c --></p:FatturaElettronica>"
)
FILTER2 = "http://www.w3.org/2002/06/xmldsig-filter2"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
ENVELOPED = '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>'


@pytest.fixture(scope="module")
def ca() -> DemoCa:
    return make_ca(at=NOW)


@pytest.fixture(scope="module")
def key(ca: DemoCa) -> SigningKey:
    return load_pkcs12(issue(ca, HOLDER, "x", at=NOW), "x")


def sign(
    key: SigningKey, *, data: bytes = XML, at: datetime.datetime = NOW, transform: str = ENVELOPED
) -> bytes:
    return sign_xades(data, key.certificate, key.sign, at, key.is_ec, transform=transform)


def codes(data: bytes, at: datetime.datetime = LATER, trusted: tuple[bytes, ...] = ()) -> list[str]:
    return [finding.code for finding in verify_xades(data, at=at, trusted=trusted)]


@pytest.mark.parametrize("use_ec", [False, True])
def test_a_signed_invoice_verifies_and_tells_the_signer(ca: DemoCa, use_ec: bool) -> None:
    key = load_pkcs12(issue(ca, HOLDER, "x", at=NOW, ec_key=use_ec), "x")
    data = sign(key)
    signer = read_xades(data)
    assert signer is not None and signer.valid and signer.findings == ()
    assert signer.name == "Rossi Mario"
    assert signer.signing_time == NOW
    assert codes(data, trusted=(ca.certificate,)) == []
    assert codes(data, trusted=(make_ca(at=NOW).certificate,)) == ["00104"]
    assert codes(data, at=NOW - datetime.timedelta(minutes=1)) == ["00105"]


def test_verify_of_envelopes_judges_signatures_inside_the_xml(key: SigningKey) -> None:
    data = sign(key)
    assert is_signed(unwrap(data)) and not is_signed(unwrap(XML))
    assert verify(unwrap(data), at=LATER) == []
    changed = data.replace(b"<Body>2", b"<Body>3")
    assert [finding.code for finding in verify(unwrap(changed), at=LATER)] == ["00102"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<Numero>1", b"<Numero>2"),
        (b"x.xsl", b"y.xsl"),
        (b"FPA12", b"FPR12"),
        (b"<Body>2</Body>", b"<Body>2</Body><Body>3</Body>"),
        (b"SigningTime>2", b"SigningTime>1"),
        (b"<Body>2</Body>", b""),
    ],
)
def test_changes_anywhere_are_found(key: SigningKey, old: bytes, new: bytes) -> None:
    data = sign(key)
    assert old in data
    assert "00102" in codes(data.replace(old, new))


@pytest.mark.parametrize(
    "change", [lambda d: b"\xef\xbb\xbf" + d, lambda d: d.replace(b"/><Header", b"/>\r\n<Header")]
)
def test_changes_that_xml_does_not_see_are_no_changes(key: SigningKey, change: object) -> None:
    assert codes(change(sign(key))) == []  # type: ignore[operator]


@pytest.mark.parametrize(
    "transform",
    [
        f'<ds:Transform Algorithm="{FILTER2}"><XPath xmlns="{FILTER2}" Filter="subtract">/descendant::ds:Signature'
        "</XPath></ds:Transform>",
        f'<ds:Transform Algorithm="{XPATH}"><ds:XPath>not(ancestor-or-self::ds:Signature)</ds:XPath></ds:Transform>',
    ],
)
def test_the_two_honest_xpaths_are_accepted(key: SigningKey, transform: str) -> None:
    data = sign(key, transform=transform)
    assert b"XPath" in data
    assert codes(data) == []
    assert codes(data.replace(b"<Body>2", b"<Body>3")) == ["00102"]


def test_an_xpath_that_leaves_a_part_out_is_refused(key: SigningKey) -> None:
    evil = (
        f'<ds:Transform Algorithm="{XPATH}"><ds:XPath>not(ancestor-or-self::ds:Signature) and '
        "not(ancestor-or-self::Body)</ds:XPath></ds:Transform>"
    )
    assert codes(sign(key, transform=evil)) == ["00102"]


@pytest.mark.parametrize("algorithm", ["http://www.w3.org/TR/1999/REC-xslt-19991116", "urn:unknown"])
def test_other_transforms_are_refused(key: SigningKey, algorithm: str) -> None:
    transform = ENVELOPED + f'<ds:Transform Algorithm="{algorithm}"/>'
    assert codes(sign(key, transform=transform)) == ["00102"]


def test_more_than_one_signature_is_refused(key: SigningKey) -> None:
    data = sign(key)
    start, end = data.index(b"<ds:Signature "), data.index(b"</p:Fatt")
    (remark,) = verify_xades(data[:end] + data[start:], at=LATER)
    assert remark.code == "00102" and "più firme" in remark.message


def test_a_signature_elsewhere_in_the_document_is_refused(key: SigningKey) -> None:
    root = etree.fromstring(sign(key))
    signature = root[-1]
    root[0].append(signature)
    (remark,) = verify_xades(etree.tostring(root), at=LATER)
    assert "non si trova" in remark.message


def test_a_signature_over_a_part_is_refused(key: SigningKey) -> None:
    data = sign(key).replace(b'URI=""', b'URI="#x"').replace(b"<Header>", b'<Header Id="x">')
    (remark,) = verify_xades(data, at=LATER)
    assert "non copre" in remark.message


def test_a_reference_without_uri_is_refused(key: SigningKey) -> None:
    data = sign(key)
    for uri in (b' URI=""', *re.findall(rb' URI="#[^"]+"', data)):
        (remark,) = verify_xades(data.replace(uri, b""), at=LATER)
        assert remark.code == "00102" and "URI" in remark.message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", b"http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
        (b"http://www.w3.org/2001/04/xmlenc#sha256", b"http://www.w3.org/2000/09/xmldsig#sha1"),
    ],
)
def test_algorithms_of_the_sha1_era_are_named(key: SigningKey, old: bytes, new: bytes) -> None:
    data = sign(key)
    assert old in data
    (remark,) = verify_xades(data.replace(old, new), at=LATER)
    assert remark.code == "00102" and "SHA-256" in remark.message


@pytest.mark.parametrize(
    "method", [SignatureMethod.SHA256_RSA_MGF1, SignatureMethod.RSA_SHA512, SignatureMethod.RSA_SHA384]
)
def test_stronger_algorithms_are_accepted(key: SigningKey, method: SignatureMethod) -> None:
    certificate = x509.load_der_x509_certificate(key.certificate)
    signer = XAdESSigner(signature_algorithm=method, c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_0)
    foreign = signer.sign(etree.fromstring(XML[XML.index(b"<p:") :]), key=key._key, cert=[certificate])
    data = etree.tostring(foreign)
    read = read_xades(data)
    assert read is not None and read.findings == ()
    assert [one.code for one in read_findings(data.replace(b"<Body>2", b"<Body>3"))] == ["00102"]


def read_findings(data: bytes) -> tuple[Finding, ...]:
    signer = read_xades(data)
    return signer.findings if signer else ()


def test_a_signature_within_an_envelope_is_judged_too(key: SigningKey) -> None:
    p7m = sign_cades(sign(key), key.certificate, key.sign, NOW)
    assert verify(unwrap(p7m), at=LATER) == []
    changed = sign_cades(sign(key).replace(b"<Body>2", b"<Body>3"), key.certificate, key.sign, NOW)
    assert [finding.code for finding in verify(unwrap(changed), at=LATER)] == ["00102"]


def test_a_certificate_that_ended_before_the_signature_is_00100(key: SigningKey) -> None:
    late = NOW + datetime.timedelta(days=4 * 365)
    data = sign(key, at=late)
    (remark,) = verify_xades(data, at=late)
    assert remark.code == "00100"


def test_another_certificate_is_found(key: SigningKey, ca: DemoCa) -> None:
    data = sign(key)
    other = load_pkcs12(issue(ca, HOLDER, "x", at=NOW), "x")
    mine = base64.b64encode(key.certificate)
    assert mine in data
    assert codes(data.replace(mine, base64.b64encode(other.certificate))) == ["00102"]
    assert codes(data.replace(mine, b"AAAA")) == ["00107"]


def test_a_missing_time_is_00103(key: SigningKey) -> None:
    data = sign(key)
    start, end = data.index(b"<xades:SigningTime>"), data.index(b"<xades:SigningCertificate>")
    assert codes(data[:start] + data[end:]) == ["00103", "00102"]


def test_signing_keeps_every_byte_around_the_signature(key: SigningKey) -> None:
    data = sign(key)
    start, end = data.index(b"<ds:Signature "), data.index(b"</p:Fatt")
    assert data[:start] + data[end:] == XML
    assert sign(key) == data


def test_signing_twice_or_in_an_odd_encoding_is_refused(key: SigningKey) -> None:
    with pytest.raises(SigningError, match="già firmato"):
        sign(key, data=sign(key))
    with pytest.raises((SigningError, XmlError)):
        sign(key, data="<a>1</a>".encode("utf-16"))
    with pytest.raises(SigningError, match="non si può inserire"):
        sign(key, data=b"<a>1</a><!-- </a> -->")


@pytest.mark.parametrize("use_ec", [False, True])
def test_signxml_accepts_what_we_sign_and_we_what_it_signs(ca: DemoCa, use_ec: bool) -> None:
    plain = XML[XML.index(b"<p:") :]
    own = load_pkcs12(issue(ca, HOLDER, "x", at=NOW, ec_key=use_ec), "x")
    certificate = x509.load_der_x509_certificate(own.certificate)
    config = XAdESSignatureConfiguration(expect_references=2, verification_time=NOW)
    XAdESVerifier().verify(sign(own, data=plain), x509_cert=certificate, expect_config=config)
    signer = XAdESSigner(
        signature_algorithm=SignatureMethod.ECDSA_SHA256 if use_ec else SignatureMethod.RSA_SHA256,
        c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_0,
    )
    foreign = etree.tostring(signer.sign(etree.fromstring(plain), key=own._key, cert=[certificate]))
    read = read_xades(foreign)
    assert read is not None and read.findings == ()
    changed = read_xades(foreign.replace(b"<Body>2", b"<Body>3"))
    assert changed is not None and not changed.valid


def test_no_signature_gives_nothing_and_no_xml_is_an_error() -> None:
    assert read_xades(XML) is None and codes(XML) == [] and codes(b"<a") == []
    with pytest.raises(XmlError):
        read_xades(b"<a")


def test_damage_anywhere_never_leaks_an_exception_nor_changes_accepted_content(key: SigningKey) -> None:
    data = sign(key)
    content = canonical(data)
    chance = random.Random(7)
    for _ in range(200):
        flipped = bytearray(data)
        flipped[chance.randrange(len(data))] ^= 1 << chance.randrange(7)
        try:
            signer = read_xades(bytes(flipped))
        except XmlError:
            continue
        if signer is not None and signer.valid:
            assert canonical(bytes(flipped)) == content


def canonical(data: bytes) -> bytes:
    root = etree.fromstring(data, etree.XMLParser(remove_comments=True))
    root.remove(root.find("{http://www.w3.org/2000/09/xmldsig#}Signature"))  # type: ignore[arg-type]
    return etree.tostring(root, method="c14n")


# -- SdI's own ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["AT", "DT", "MC", "NE", "NS", "RC", "SE"])
def test_official_messages_verify(shared_data: pathlib.Path, kind: str) -> None:
    data = (
        shared_data / "sdi" / "notifications" / f"pa_official__IT01234567890_11111_{kind}_001.xml"
    ).read_bytes()
    signer = read_xades(data)
    assert signer is not None and signer.valid and signer.name == "Sistema Interscambio Fattura PA"
    when = datetime.datetime(2014, 6, 10, tzinfo=datetime.UTC)
    # SdI does not name its certificate in the signature, as BES would have it
    assert codes(data, at=when) == ["avviso-certificato"]
    changed = data.replace(b"<IdentificativoSdI>111<", b"<IdentificativoSdI>112<")
    assert changed != data and "00102" in codes(changed, at=when)


def test_official_invoice_signed_by_the_agency_verifies(shared_data: pathlib.Path) -> None:
    (path,) = (shared_data / "sdi" / "invoices").glob("*X0024_ITHVQWPH73P42H501Y_X0024.xml")
    signer = read_xades(path.read_bytes())
    assert signer is not None and signer.valid and signer.name == "Agenzia delle Entrate"
