from __future__ import annotations

import datetime
import shutil
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from fattorino.core.errors import SetupError
from fattorino.core.sdi.ftp.security import Identity, SupportSecurityError, open_sealed, seal

DAY = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
CONTENT = b"PK\x03\x04 un supporto" * 500


def identity(name: str, issuer: Identity | None = None) -> Identity:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(DAY)
        .not_valid_after(DAY + datetime.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    return Identity(builder.sign((issuer or Identity(None, key)).key, hashes.SHA256()), key)


@pytest.fixture(scope="module")
def authority():
    return identity("CA del nodo")


@pytest.fixture(scope="module")
def node(authority):
    return identity("nodo firma", authority)


@pytest.fixture(scope="module")
def sdi(authority):
    return identity("SdI cifra", authority)


@pytest.fixture(scope="module")
def stranger():
    return identity("estraneo")


def test_what_is_sealed_is_opened_by_whom_it_is_for(node, sdi, stranger):
    sealed = seal(CONTENT, node, sdi.certificate)
    assert CONTENT[:100] not in sealed
    assert open_sealed(sealed, [stranger, sdi], [node.certificate]) == CONTENT


def test_a_sender_is_known_by_its_authority_too(authority, node, sdi):
    sealed = seal(CONTENT, node, sdi.certificate)
    assert open_sealed(sealed, [sdi], [authority.certificate]) == CONTENT


def test_another_key_cannot_decrypt(node, sdi, stranger):
    with pytest.raises(SupportSecurityError) as refused:
        open_sealed(seal(CONTENT, node, sdi.certificate), [stranger], [node.certificate])
    assert refused.value.phase == "cifratura"


def test_a_strangers_signature_is_not_believed(node, sdi, stranger):
    with pytest.raises(SupportSecurityError) as refused:
        open_sealed(seal(CONTENT, stranger, sdi.certificate), [sdi], [node.certificate])
    assert refused.value.phase == "firma"


def test_a_namesake_of_the_sender_is_not_believed(sdi, authority, node):
    forged = identity("nodo firma", identity("CA del nodo"))
    with pytest.raises(SupportSecurityError):
        open_sealed(seal(CONTENT, forged, sdi.certificate), [sdi], [authority.certificate, node.certificate])


@pytest.mark.parametrize("data", [b"", b"0", b"0\x80\0\0", b"PK\x03\x04", bytes(range(256)) * 40])
def test_what_is_no_envelope_is_refused_as_such(data, sdi, node):
    with pytest.raises(SupportSecurityError) as refused:
        open_sealed(data, [sdi], [node.certificate])
    assert refused.value.phase == "cifratura"


def test_a_changed_octet_is_found_anywhere(node, sdi):
    sealed = bytearray(seal(CONTENT, node, sdi.certificate))
    for place in range(0, len(sealed), 97):
        changed = bytes(sealed[:place]) + bytes([sealed[place] ^ 1]) + bytes(sealed[place + 1 :])
        try:
            assert open_sealed(changed, [sdi], [node.certificate]) == CONTENT
        except SupportSecurityError:
            continue


def test_only_rsa_can_be_encrypted_for(node):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "EC")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(DAY)
        .not_valid_after(DAY + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    with pytest.raises(SetupError):
        seal(CONTENT, node, certificate)


openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="skipped: no openssl on this machine")


def pem(folder, name, one: Identity):
    certificate = folder / f"{name}.crt"
    key = folder / f"{name}.key"
    certificate.write_bytes(one.certificate.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        one.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return str(certificate), str(key)


def run(*command: str, data: bytes) -> bytes:
    return subprocess.run(["openssl", *command], input=data, capture_output=True, check=True).stdout


@openssl
@pytest.mark.parametrize("cipher", ["-aes128", "-aes192", "-aes256", "-des3"])
@pytest.mark.parametrize("pieces", [[], ["-stream"]])
def test_what_openssl_sealed_is_opened(cipher, pieces, tmp_path, node, sdi):
    certificate, key = pem(tmp_path, "node", node)
    to, _ = pem(tmp_path, "sdi", sdi)
    signed = run(
        "cms",
        "-sign",
        "-binary",
        "-nodetach",
        "-outform",
        "DER",
        "-signer",
        certificate,
        "-inkey",
        key,
        data=CONTENT,
    )
    sealed = run("cms", "-encrypt", "-binary", "-outform", "DER", cipher, *pieces, to, data=signed)
    assert open_sealed(sealed, [sdi], [node.certificate]) == CONTENT


@openssl
def test_openssl_opens_what_was_sealed(tmp_path, node, sdi, authority):
    to, key = pem(tmp_path, "sdi", sdi)
    trusted, _ = pem(tmp_path, "ca", authority)
    sealed = seal(CONTENT, node, sdi.certificate)
    signed = run("smime", "-decrypt", "-inform", "DER", "-recip", to, "-inkey", key, data=sealed)
    verify = ["cms", "-verify", "-binary", "-inform", "DER", "-CAfile", trusted, "-purpose", "any"]
    assert run(*verify, "-attime", str(int(DAY.timestamp()) + 86400), data=signed) == CONTENT


def test_an_envelope_with_nothing_in_it_is_refused():
    def der(tag: int, *parts: bytes) -> bytes:
        inside = b"".join(parts)
        return bytes([tag, len(inside)]) + inside

    kind = bytes.fromhex("06092a864886f70d010703")
    recipient = der(0x30, der(2, b"\0"), der(0x30, der(0x30), der(2, b"\1")), der(0x30), der(4, b"x"))
    content = der(0x30, der(6, b"\x2a\x03"), der(0x30), der(0x80, b"a"))
    no_algorithm = der(0x30, der(2, b"\0"), der(0x31, recipient), content)
    for hostile in (der(0x30, kind, der(0xA0)), der(0x30, kind, der(0xA0, no_algorithm))):
        with pytest.raises(SupportSecurityError) as refused:
            open_sealed(hostile, [], [])
        assert refused.value.phase == "cifratura"
