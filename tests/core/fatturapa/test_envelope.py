from __future__ import annotations

import base64
import datetime
import pathlib
import random
import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from fattorino.core import asn1
from fattorino.core.errors import EnvelopeError
from fattorino.core.fatturapa.cades import sign_cades
from fattorino.core.fatturapa.envelope import Unwrapped, unwrap, verify
from fattorino.hub.signing.pkcs12 import SigningKey, load_pkcs12
from fattorino.hub.signing.test_ca import DemoCa, Holder, issue, make_ca

NOW = datetime.datetime(2026, 11, 21, 10, 0, 30, tzinfo=datetime.UTC)
XML = b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?>\r\n<p:Fattura xmlns:p="urn:x">\xc3\xa8</p:Fattura>'
HOLDER = Holder("Mario", "Rossi", "RSSMRA80A01H501U")


@pytest.fixture(scope="module")
def ca() -> DemoCa:
    return make_ca(at=NOW)


@pytest.fixture(scope="module")
def key(ca: DemoCa) -> SigningKey:
    return load_pkcs12(issue(ca, HOLDER, "x", at=NOW), "x")


@pytest.fixture(scope="module")
def ec_key(ca: DemoCa) -> SigningKey:
    return load_pkcs12(issue(ca, HOLDER, "x", at=NOW, ec_key=True), "x")


def signed(key: SigningKey, content: bytes = XML, at: datetime.datetime = NOW) -> bytes:
    return sign_cades(content, key.certificate, key.sign, at, key.is_ec)


def codes(unwrapped: Unwrapped, at: datetime.datetime = NOW, trusted: tuple[bytes, ...] = ()) -> list[str]:
    return [remark.code for remark in verify(unwrapped, at=at, trusted=trusted)]


def fields_of(p7m: bytes) -> list[bytes]:
    """version, digest algorithms, content, certificates, signers of a p7m, to take it apart."""
    wrapped = asn1.read(p7m).children()[1]
    return [node.raw for node in wrapped.children()[0].children()]


def envelope_of(fields: list[bytes]) -> bytes:
    return asn1.sequence(asn1.oid("1.2.840.113549.1.7.2"), asn1.tlv(0xA0, asn1.sequence(*fields)))


# -- what we sign ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["key", "ec_key"])
def test_signed_content_comes_back_unchanged_with_its_signer(
    which: str, request: pytest.FixtureRequest, ca: DemoCa
) -> None:
    key: SigningKey = request.getfixturevalue(which)
    opened = unwrap(signed(key))
    assert opened.content == XML
    (signer,) = opened.signers
    assert opened.valid and signer.valid and signer.findings == ()
    assert signer.name == "Rossi Mario"
    assert signer.certificate == key.certificate
    assert signer.serial == key.serial
    assert signer.signing_time == NOW
    assert codes(opened, trusted=(ca.certificate,)) == []


def test_signing_is_repeatable_byte_for_byte(key: SigningKey) -> None:
    assert signed(key) == signed(key)


def test_after_2049_the_time_is_a_generalized_time(key: SigningKey) -> None:
    future = datetime.datetime(2051, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    assert unwrap(signed(key, at=future)).signers[0].signing_time == future


@pytest.mark.parametrize("which", ["key", "ec_key"])
def test_openssl_accepts_what_we_sign(
    which: str, request: pytest.FixtureRequest, ca: DemoCa, tmp_path: pathlib.Path
) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("skipped: no openssl")
    key: SigningKey = request.getfixturevalue(which)
    (tmp_path / "f.p7m").write_bytes(signed(key))
    (tmp_path / "ca.der").write_bytes(ca.certificate)
    subprocess.run(
        [openssl, "x509", "-inform", "DER", "-in", tmp_path / "ca.der", "-out", tmp_path / "ca.pem"],
        check=True,
    )
    command = [openssl, "cms", "-verify", "-cades", "-inform", "DER", "-in", tmp_path / "f.p7m", "-binary"]
    command += ["-CAfile", tmp_path / "ca.pem", "-purpose", "any", "-out", tmp_path / "out.xml"]
    command += ["-attime", str(int(NOW.timestamp()))]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "CAdES Verification successful" in done.stderr
    assert (tmp_path / "out.xml").read_bytes() == XML


# -- encodings ------------------------------------------------------------------------------------------------


def wrapped_base64(data: bytes, width: int, end: bytes) -> bytes:
    text = base64.b64encode(data)
    return end.join(text[i : i + width] for i in range(0, len(text), width)) + end


@pytest.mark.parametrize(
    "encode",
    [
        lambda p7m: p7m + b"\r\n",
        lambda p7m: b"\xef\xbb\xbf" + base64.b64encode(p7m),
        lambda p7m: base64.b64encode(p7m).rstrip(b"="),
        lambda p7m: wrapped_base64(p7m, 64, b"\n"),
        lambda p7m: wrapped_base64(p7m, 76, b"\r\n"),
        lambda p7m: wrapped_base64(p7m, 1, b"\r"),
        lambda p7m: base64.b64encode(wrapped_base64(p7m, 64, b"\n")),
        lambda p7m: b"-----BEGIN PKCS7-----\n" + wrapped_base64(p7m, 64, b"\n") + b"-----END PKCS7-----\n",
        lambda p7m: b"-----BEGIN CMS-----\r\n" + wrapped_base64(p7m, 64, b"\r\n") + b"-----END CMS-----",
    ],
    ids=["der+crlf", "bom+base64", "no padding", "lf", "crlf", "cr", "twice", "pem", "pem crlf"],
)
def test_every_encoding_is_opened(key: SigningKey, encode: object) -> None:
    opened = unwrap(encode(signed(key)))  # type: ignore[operator]
    assert opened.content == XML and opened.valid


def test_ber_with_content_in_pieces_is_joined(key: SigningKey) -> None:
    fields = fields_of(signed(key))
    pieces = b"".join(asn1.tlv(asn1.OCTET_STRING, XML[i : i + 10]) for i in range(0, len(XML), 10))
    content = b"\x30\x80" + asn1.oid("1.2.840.113549.1.7.1") + b"\xa0\x80\x24\x80" + pieces + b"\0\0" * 3
    body = b"\x30\x80" + b"".join([*fields[:2], content, *fields[3:]]) + b"\0\0"
    ber = b"\x30\x80" + asn1.oid("1.2.840.113549.1.7.2") + b"\xa0\x80" + body + b"\0\0" * 2
    opened = unwrap(ber)
    assert opened.content == XML and opened.valid


def test_envelopes_within_envelopes_report_every_level(key: SigningKey, ec_key: SigningKey) -> None:
    opened = unwrap(signed(ec_key, base64.b64encode(signed(key))))
    assert opened.content == XML
    assert [layer.encoding for layer in opened.layers] == ["der", "base64"]
    assert [layer.signers[0].serial for layer in opened.layers] == [ec_key.serial, key.serial]


def test_too_many_envelopes_are_refused(key: SigningKey) -> None:
    data = XML
    for _ in range(6):
        data = signed(key, data)
    with pytest.raises(EnvelopeError, match="più di 5 buste"):
        unwrap(data)


def test_parallel_signers_are_all_verified(key: SigningKey, ec_key: SigningKey) -> None:
    one, two = fields_of(signed(key)), fields_of(signed(ec_key))
    both = [*one[:3], asn1.tlv(0xA0, key.certificate + ec_key.certificate)]
    infos = asn1.read(one[4]).content + asn1.read(two[4]).content
    opened = unwrap(envelope_of([*both, asn1.tlv(asn1.SET, infos)]))
    assert [signer.serial for signer in opened.signers] == [key.serial, ec_key.serial]
    assert opened.valid
    broken = bytearray(infos)
    broken[-1] ^= 1
    opened = unwrap(envelope_of([*both, asn1.tlv(asn1.SET, bytes(broken))]))
    assert [signer.valid for signer in opened.signers] == [True, False]
    assert codes(opened) == ["00102"]


@pytest.mark.parametrize(
    "xml",
    [
        b"<a/>",
        b"\xef\xbb\xbf<a/>",
        b" \r\n<a/>",
        "<a/>".encode("utf-16"),
        "<a/>".encode("utf-16-be"),
        b"<?xml",
    ],
)
def test_plain_xml_passes_through(xml: bytes) -> None:
    assert unwrap(xml) == Unwrapped(xml, ())


# -- what cannot be opened ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "00106"),
        (b"\xef\xbb\xbf", "00106"),
        (b" \r\n\0", "00106"),
        (b"%PDF-1.7 \xff", "00106"),
        (b"hello", "00106"),
        (b"PK\x03\x04....", "00106"),
        (base64.b64encode(b"hello world, hello"), "00106"),
        (b"\x30\x80" * 200_000, "00102"),
        (b"\x30\x82\xff\xff\x00", "00102"),
        (b"-----BEGIN PKCS7-----\n-----END PKCS7-----", "00106"),
        (bytes.fromhex("308006092a864886f70d010702a080"), "00102"),
    ],
)
def test_what_is_no_signed_file_is_refused_with_its_code(data: bytes, code: str) -> None:
    with pytest.raises(EnvelopeError) as refused:
        unwrap(data)
    assert refused.value.code == code
    assert refused.value.message.endswith(".")


def test_millions_of_tiny_elements_are_refused_soon() -> None:
    start = bytes.fromhex("308006092a864886f70d010702a0803080020101")
    for filling in (b"\x05\0" * 3_000_000, b"\x31\x84\0\x5b\x8d\x80" + b"\x05\0" * 3_000_000):
        with pytest.raises(EnvelopeError):
            unwrap(start + filling)


def test_too_large_a_file_is_not_looked_at() -> None:
    with pytest.raises(EnvelopeError) as refused:
        unwrap(b"<a/>" * 1000, max_size=3_999)
    assert refused.value.code == "00003"


def test_detached_signature_is_refused(key: SigningKey) -> None:
    fields = fields_of(signed(key))
    fields[2] = asn1.sequence(asn1.oid("1.2.840.113549.1.7.1"))
    with pytest.raises(EnvelopeError):
        unwrap(envelope_of(fields))


def test_truncation_anywhere_is_refused(key: SigningKey) -> None:
    p7m = signed(key)
    for size in range(1, len(p7m), 13):
        with pytest.raises(EnvelopeError):
            unwrap(p7m[:size])


# -- what was tampered with -----------------------------------------------------------------------------------


def test_changed_content_is_found(key: SigningKey) -> None:
    p7m = signed(key).replace(b"Fattura", b"Fattora")
    opened = unwrap(p7m)
    assert not opened.valid
    (remark,) = verify(opened, at=NOW)
    assert remark.code == "00102" and "modificato dopo la firma" in remark.message


def test_exchanged_certificate_is_found(key: SigningKey, ec_key: SigningKey, ca: DemoCa) -> None:
    fields = fields_of(signed(key))
    fields[3] = asn1.tlv(0xA0, ec_key.certificate)
    assert codes(unwrap(envelope_of(fields))) == ["00107"]
    fields[3] = asn1.tlv(0xA0, key.certificate[:-1] + bytes((key.certificate[-1] ^ 1,)))
    assert codes(unwrap(envelope_of(fields))) == ["00102"]


@pytest.mark.parametrize("which", ["key", "ec_key"])
def test_no_flipped_bit_changes_accepted_content(which: str, request: pytest.FixtureRequest) -> None:
    p7m = signed(request.getfixturevalue(which))
    chance = random.Random(20261121)
    found = 0
    for _ in range(300):
        flipped = bytearray(p7m)
        flipped[chance.randrange(len(p7m))] ^= 1 << chance.randrange(8)
        try:
            opened = unwrap(bytes(flipped))
        except EnvelopeError:
            continue
        if any(remark.is_error for remark in verify(opened, at=NOW)):
            found += 1
        else:
            assert opened.content == XML
    assert found > 100


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_garbage_is_refused_and_nothing_else_is_raised(data: bytes) -> None:
    for candidate in (data, b"\x30\x80" + data, bytes.fromhex("308006092a864886f70d010702a0803080") + data):
        try:
            unwrap(candidate)
        except EnvelopeError as refused:
            assert refused.code and refused.message


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_rearranged_pieces_never_leak_an_exception(key: SigningKey, data: st.DataObject) -> None:
    p7m = signed(key)
    start = data.draw(st.integers(0, len(p7m)))
    stop = data.draw(st.integers(start, len(p7m)))
    to = data.draw(st.integers(0, len(p7m)))
    mangled = p7m[:to] + p7m[start:stop] + p7m[to + (stop - start) * data.draw(st.integers(0, 1)) :]
    try:
        opened = unwrap(mangled)
    except EnvelopeError:
        return
    if not any(remark.is_error for remark in verify(opened, at=NOW)):
        assert opened.content == XML or opened.layers == ()


# -- time and trust -------------------------------------------------------------------------------------------


def test_missing_signing_time_is_00103(key: SigningKey) -> None:
    assert codes(unwrap(with_attributes(key, drop="1.2.840.113549.1.9.5"))) == ["00103"]


def test_missing_signing_certificate_is_a_warning(key: SigningKey) -> None:
    (remark,) = verify(unwrap(with_attributes(key, drop="1.2.840.113549.1.9.16.2.47")), at=NOW)
    assert (remark.code, remark.severity) == ("avviso-certificato", "warning")


def with_attributes(key: SigningKey, *, drop: str = "", order: str = "der", over: str = "der") -> bytes:
    """Sign by hand: without an attribute, sent in an order, signed over an order."""
    p7m = signed(key)
    fields = fields_of(p7m)
    info = [node.raw for node in asn1.read(asn1.read(fields[4]).content).children()]
    members = sorted(node.raw for node in asn1.read(info[3]).children() if node.children()[0].oid() != drop)
    sent = members if order == "der" else members[::-1]
    info[3] = asn1.tlv(0xA0, b"".join(sent))
    signed_members = members if over == "der" else members[::-1]
    info[5] = asn1.tlv(asn1.OCTET_STRING, key.sign(asn1.tlv(asn1.SET, b"".join(signed_members))))
    fields[4] = asn1.tlv(asn1.SET, asn1.sequence(*info))
    return envelope_of(fields)


@pytest.mark.parametrize("over", ["der", "as sent"])
def test_unsorted_attributes_are_accepted_in_both_readings(key: SigningKey, over: str) -> None:
    assert codes(unwrap(with_attributes(key, order="reversed", over=over))) == []


def test_signing_time_after_reception_is_00105(key: SigningKey) -> None:
    late = NOW + datetime.timedelta(seconds=1)
    assert codes(unwrap(signed(key, at=late))) == ["00105"]
    assert codes(unwrap(signed(key, at=late)), at=late) == []


def test_expired_certificate_is_00100(key: SigningKey) -> None:
    opened = unwrap(signed(key))
    assert codes(opened, at=key.not_after) == []
    assert codes(opened, at=key.not_after + datetime.timedelta(seconds=1)) == ["00100"]


def test_certificate_not_yet_valid_is_00107(key: SigningKey) -> None:
    assert codes(unwrap(signed(key, at=key.not_before - datetime.timedelta(seconds=1)))) == ["00107"]


def test_unknown_authority_is_00104_only_when_authorities_are_given(key: SigningKey, ca: DemoCa) -> None:
    other = make_ca(at=NOW)  # of the same name, with another key
    opened = unwrap(signed(key))
    assert codes(opened) == []
    assert codes(opened, trusted=(other.certificate,)) == ["00104"]
    assert codes(opened, trusted=(other.certificate, ca.certificate)) == []
    assert codes(opened, trusted=(key.certificate,)) == []
    assert codes(opened, trusted=(b"garbage",)) == ["00104"]


def test_an_expired_certificate_of_a_known_authority_is_only_expired(key: SigningKey, ca: DemoCa) -> None:
    later = key.not_after + datetime.timedelta(days=1)
    assert codes(unwrap(signed(key)), at=later, trusted=(ca.certificate,)) == ["00100"]


def test_certificate_for_sign_in_only_may_sign_as_private_certificates_do(ca: DemoCa) -> None:
    entratel = load_pkcs12(issue(ca, HOLDER, "x", at=NOW, non_repudiation=False), "x")
    assert codes(unwrap(signed(entratel))) == []


def test_certificate_of_an_authority_may_not_sign_documents(ca: DemoCa) -> None:
    key = load_pem_private_key(ca.key_pem, None)
    p7m = sign_cades(
        XML, ca.certificate, lambda data: key.sign(data, padding.PKCS1v15(), hashes.SHA256()), NOW
    )  # type: ignore[union-attr,call-arg,arg-type]
    assert codes(unwrap(p7m)) == ["00107"]


@pytest.mark.parametrize(
    "options",
    [
        ["-keyopt", "rsa_padding_mode:pss"],
        ["-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:20", "-md", "sha512"],
        ["-cades", "-stream"],
        ["-cades", "-keyid"],
        ["-cades", "-md", "sha384"],
        ["-cades", "-outform", "PEM"],
        ["-noattr"],
    ],
    ids=["pss", "pss sha512", "ber stream", "key id", "sha384", "pem", "no attributes"],
)
def test_what_openssl_signs_is_opened(ca: DemoCa, tmp_path: pathlib.Path, options: list[str]) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("skipped: no openssl")
    key, certificate, _ = pkcs12.load_key_and_certificates(issue(ca, HOLDER, "x", at=NOW), b"x")
    assert key is not None and certificate is not None
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem + certificate.public_bytes(Encoding.PEM))
    (tmp_path / "in.xml").write_bytes(XML)
    command = [openssl, "cms", "-sign", "-binary", "-nodetach", "-signer", tmp_path / "key.pem"]
    command += ["-in", tmp_path / "in.xml", "-out", tmp_path / "out", *options]
    subprocess.run(command if "-outform" in options else [*command, "-outform", "DER"], check=True)
    opened = unwrap((tmp_path / "out").read_bytes())
    assert opened.content == XML
    # openssl signs with the clock of the machine, whatever it says
    moment = opened.signers[0].signing_time or NOW
    expected = ["00103"] if "-noattr" in options else [] if "-cades" in options else ["avviso-certificato"]
    if "-noattr" in options:
        expected.append("avviso-certificato")
    found = [code for code in codes(opened, at=moment) if code not in ("00100", "00107")]
    assert found == expected
    changed = bytearray((tmp_path / "out").read_bytes())
    if "PEM" not in options:
        changed[changed.index(b"Fattura")] ^= 1
        assert "00102" in codes(unwrap(bytes(changed)), at=moment)


def test_sha1_is_not_accepted(key: SigningKey) -> None:
    fields = fields_of(signed(key))
    info = [node.raw for node in asn1.read(asn1.read(fields[4]).content).children()]
    info[2] = asn1.sequence(asn1.oid("1.3.14.3.2.26"))
    fields[4] = asn1.tlv(asn1.SET, asn1.sequence(*info))
    (remark,) = verify(unwrap(envelope_of(fields)), at=NOW)
    assert remark.code == "00102" and "SHA-256" in remark.message


# -- real files -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "encoding", "signer"),
    [
        ("FatturaElett__IT02182030391_31.xml.p7m", "der", "GARDINI STEFANO"),
        ("FatturaElett__IT02182030391_31.Base64.xml.p7m", "base64", "GARDINI STEFANO"),
        ("OCA__IT01234567890_FPR03.xml.p7m", "der", "CORATO SERGIO"),
    ],
)
def test_real_files_are_valid(shared_data: pathlib.Path, name: str, encoding: str, signer: str) -> None:
    opened = unwrap((shared_data / "sdi" / "signed" / name).read_bytes())
    assert opened.layers[0].encoding == encoding
    assert [one.name for one in opened.signers] == [signer]
    assert codes(opened, at=datetime.datetime(2018, 12, 22, tzinfo=datetime.UTC)) == []
    assert codes(opened, at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)) == ["00100"]
    assert b"FatturaElettronica" in opened.content[:400]


def test_real_file_with_an_inserted_byte_is_refused(shared_data: pathlib.Path) -> None:
    with pytest.raises(EnvelopeError) as refused:
        unwrap(
            (shared_data / "sdi" / "signed" / "FatturaElett__IT02182030391_31_tampered.xml.p7m").read_bytes()
        )
    assert refused.value.code == "00102"


def test_no_flipped_bit_of_a_real_file_changes_accepted_content(shared_data: pathlib.Path) -> None:
    p7m = (shared_data / "sdi" / "signed" / "FatturaElett__IT02182030391_31.xml.p7m").read_bytes()
    content = unwrap(p7m).content
    day = datetime.datetime(2018, 12, 22, tzinfo=datetime.UTC)
    chance = random.Random(31)
    for _ in range(300):
        flipped = bytearray(p7m)
        flipped[chance.randrange(len(p7m))] ^= 1 << chance.randrange(8)
        try:
            opened = unwrap(bytes(flipped))
        except EnvelopeError:
            continue
        if not any(remark.is_error for remark in verify(opened, at=day)):
            assert opened.content == content
