from __future__ import annotations

import datetime
import functools
import hashlib
import os

import pytest
from asn1crypto import algos, pem
from asn1crypto import core as asn1_core
from asn1crypto import keys as asn1_keys
from asn1crypto import pkcs12 as asn1
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers import algorithms as ciphers
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

from fattorino.core.errors import InputError, SigningError
from fattorino.hub.signing import certificates, effort
from fattorino.hub.signing.pkcs12 import load_pkcs12, try_out
from fattorino.hub.signing.test_ca import DemoCa, Holder, issue, make_ca

NOW = datetime.datetime(2026, 11, 21, 10, 0, tzinfo=datetime.UTC)
HOLDER = Holder("Màrio", "D'Àngelo", "DNGMRA80A01H501U", "Ordine di prova")


@pytest.fixture(scope="module")
def ca() -> DemoCa:
    return make_ca(at=NOW)


@pytest.fixture(scope="module")
def rsa_p12(ca: DemoCa) -> bytes:
    return issue(ca, HOLDER, "segreta", at=NOW)


def test_rsa_key_signs_and_tells_whose_it_is(ca: DemoCa, rsa_p12: bytes) -> None:
    key = load_pkcs12(rsa_p12, "segreta", at=NOW)
    assert not key.is_ec
    assert key.name == "D'Àngelo Màrio"
    assert "serialNumber=TINIT-DNGMRA80A01H501U" in key.subject
    assert key.not_after == NOW + datetime.timedelta(days=3 * 365)
    assert key.chain == (ca.certificate,)
    assert key.warnings == ()
    public = x509.load_der_x509_certificate(key.certificate).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(key.sign(b"abc"), b"abc", padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        public.verify(key.sign(b"abc"), b"abd", padding.PKCS1v15(), hashes.SHA256())


def test_ec_key(ca: DemoCa) -> None:
    key = load_pkcs12(issue(ca, HOLDER, "", at=NOW, ec_key=True), "")
    assert key.is_ec
    public = x509.load_der_x509_certificate(key.certificate).public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(key.sign(b"abc"), b"abc", ec.ECDSA(hashes.SHA256()))


def test_certificate_has_only_non_repudiation(rsa_p12: bytes) -> None:
    certificate = x509.load_der_x509_certificate(load_pkcs12(rsa_p12, "segreta").certificate)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical and usage.value.content_commitment and not usage.value.digital_signature


@pytest.mark.parametrize("password", ["", "Segreta", "sègreta"])
def test_wrong_password_is_said_in_italian(rsa_p12: bytes, password: str) -> None:
    with pytest.raises(SigningError, match="password del certificato è sbagliata"):
        load_pkcs12(rsa_p12, password)


@pytest.mark.parametrize("data", [b"", b"hello", b"\x30", b"\x30\x80" * 50, b"\x30" * 300_000])
def test_what_is_no_pkcs12_is_refused(data: bytes) -> None:
    with pytest.raises(SigningError):
        load_pkcs12(data, "x")


def test_truncated_file_is_refused(rsa_p12: bytes) -> None:
    for size in range(1, len(rsa_p12), 97):
        with pytest.raises(SigningError):
            load_pkcs12(rsa_p12[:size], "segreta")


def test_weak_key_is_refused(ca: DemoCa) -> None:
    with pytest.raises(SigningError, match="troppo debole: 1024 bit"):
        load_pkcs12(issue(ca, HOLDER, "x", at=NOW, rsa_bits=1024), "x")


def test_expired_certificate_is_refused_when_the_instant_is_known(ca: DemoCa) -> None:
    old = issue(ca, HOLDER, "x", at=NOW - datetime.timedelta(days=100), days=90)
    assert load_pkcs12(old, "x").not_after < NOW
    with pytest.raises(SigningError, match="è scaduto il 11/11/2026"):
        load_pkcs12(old, "x", at=NOW)
    with pytest.raises(SigningError, match="vale solo dal"):
        load_pkcs12(old, "x", at=NOW - datetime.timedelta(days=101))


def test_missing_non_repudiation_is_a_warning(ca: DemoCa) -> None:
    key = load_pkcs12(issue(ca, HOLDER, "x", at=NOW, non_repudiation=False), "x")
    assert len(key.warnings) == 1 and "non ripudio" in key.warnings[0]


def test_file_without_key_or_of_other_key_kinds(ca: DemoCa, rsa_p12: bytes) -> None:
    certificate = x509.load_der_x509_certificate(ca.certificate)
    only_certificate = pkcs12.serialize_key_and_certificates(
        None, None, certificate, None, serialization.NoEncryption()
    )
    with pytest.raises(SigningError, match="non contiene la chiave privata"):
        load_pkcs12(only_certificate, "")


def test_the_key_is_not_shown_by_repr(rsa_p12: bytes) -> None:
    assert "_key" not in repr(load_pkcs12(rsa_p12, "segreta"))


def hashed(rounds: int, part: str) -> bytes:
    """A PKCS#12 whose seal, certificates or key ask for so many rounds; nothing else of it is changed."""
    how = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(2000)
    how = how.key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Prova")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    plain = pkcs12.serialize_key_and_certificates(None, key, certificate, None, how.build(b"segreta"))
    file = asn1.Pfx.load(plain)
    if part == "seal":
        file["mac_data"]["iterations"] = rounds
        return bytes(file.dump(force=True))
    safe = file["auth_safe"]["content"].native
    parts = asn1.AuthenticatedSafe.load(safe)
    for each in parts:
        if part == "certificates" and each["content_type"].native == "encrypted_data":
            info = each["content"]["encrypted_content_info"]["content_encryption_algorithm"]
            info["parameters"]["key_derivation_func"]["parameters"]["iteration_count"] = rounds
        if part == "key" and each["content_type"].native == "data":
            bags = asn1.SafeContents.load(each["content"].native)
            for bag in bags:
                info = bag["bag_value"]["encryption_algorithm"]
                info["parameters"]["key_derivation_func"]["parameters"]["iteration_count"] = rounds
            each["content"] = bags.dump(force=True)
    file["auth_safe"]["content"] = parts.dump(force=True)
    return bytes(file.dump(force=True))


@pytest.mark.parametrize("part", ["seal", "certificates", "key"])
def test_a_file_that_would_be_hashed_for_days_is_refused_unopened(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = hashed(2000, part), hashed(2_000_000_000, part)
    assert not effort.too_much_pkcs12(good) and effort.too_much_pkcs12(bad)
    opened: list[bytes] = []
    monkeypatch.setattr(pkcs12, "load_key_and_certificates", lambda data, _: opened.append(data))
    with pytest.raises(SigningError, match="troppo lavoro"):
        load_pkcs12(bad, "segreta")
    with pytest.raises(InputError, match="troppo lavoro"):
        certificates.read_pair([bad], "segreta")
    assert not opened


def test_so_is_a_private_key_alone_and_an_unknown_way_of_hashing() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    how = serialization.PrivateFormat.PKCS8
    sealed = key.private_bytes(
        serialization.Encoding.DER, how, serialization.BestAvailableEncryption(b"segreta")
    )
    info = asn1_keys.EncryptedPrivateKeyInfo.load(sealed)
    assert not effort.too_much_key(sealed)
    kdf = info["encryption_algorithm"]["parameters"]["key_derivation_func"]
    kdf["parameters"]["iteration_count"] = 2_000_000_000
    bad = info.dump(force=True)
    for file in (bad, pem.armor("ENCRYPTED PRIVATE KEY", bad)):
        with pytest.raises(InputError, match="troppo lavoro"):
            certificates.read_pair([file], "segreta")
    # scrypt, whose work is said in another way
    strange = sealed.replace(bytes.fromhex("06092a864886f70d01050c"), bytes.fromhex("06092b06010401da47040b"))
    assert strange != sealed
    with pytest.raises(InputError):
        certificates.read_pair([strange], "segreta")


# What lies inside an encrypted part -------------------------------------------------------------------------------


def locked(content: bytes, rounds: int) -> tuple[algos.EncryptionAlgorithm, bytes]:
    """The way (PBES2), and the content locked by it with the password «segreta»."""
    salt, iv = os.urandom(16), os.urandom(16)
    padder = PKCS7(128).padder()
    key = hashlib.pbkdf2_hmac("sha256", b"segreta", salt, min(rounds, 2000), 32)
    cipher = Cipher(ciphers.AES(key), modes.CBC(iv)).encryptor()
    derived = {
        "salt": algos.Pbkdf2Salt("specified", asn1_core.OctetString(salt)),
        "iteration_count": rounds,
        "prf": {"algorithm": "sha256"},
    }
    way = {
        "key_derivation_func": {"algorithm": "pbkdf2", "parameters": derived},
        "encryption_scheme": {"algorithm": "aes256_cbc", "parameters": iv},
    }
    sealed = cipher.update(padder.update(content) + padder.finalize()) + cipher.finalize()
    return algos.EncryptionAlgorithm({"algorithm": "pbes2", "parameters": way}), sealed


def with_keys_inside(rounds: int, bags: int = 1) -> bytes:
    """A PKCS#12 whose key bags lie inside the encrypted part; each says that its password is hashed so many times."""
    key = ec.generate_private_key(ec.SECP256R1())
    plain = key.private_bytes(serialization.Encoding.DER, PrivateFormat.PKCS8, serialization.NoEncryption())
    way, sealed = locked(plain, rounds)
    info = asn1_keys.EncryptedPrivateKeyInfo({"encryption_algorithm": way, "encrypted_data": sealed})
    bag = asn1.SafeBag({"bag_id": "pkcs8_shrouded_key_bag", "bag_value": info})
    way, sealed = locked(asn1.SafeContents([bag] * bags).dump(), 2000)
    part = {
        "version": "v0",
        "encrypted_content_info": {
            "content_type": "data",
            "content_encryption_algorithm": way,
            "encrypted_content": sealed,
        },
    }
    safe = asn1.AuthenticatedSafe([{"content_type": "encrypted_data", "content": part}])
    return bytes(
        asn1.Pfx({"version": "v3", "auth_safe": {"content_type": "data", "content": safe.dump()}}).dump()
    )


def test_a_key_inside_the_encrypted_part_that_would_be_hashed_for_minutes_is_refused() -> None:
    good, bad = with_keys_inside(2000), with_keys_inside(2_000_000_000)
    assert not effort.too_much_pkcs12(bad), "the numbers that can be read do not tell it"
    key, _, _ = pkcs12.load_key_and_certificates(good, b"segreta")
    assert key is not None, "the made file is one that the library opens"
    assert not effort.takes_too_long(good, "segreta")
    assert effort.takes_too_long(bad, "segreta", seconds=2)


def test_a_file_brought_from_outside_is_tried_out_before_it_is_opened(
    monkeypatch: pytest.MonkeyPatch, rsa_p12: bytes
) -> None:
    try_out(rsa_p12, "segreta")
    try_out(rsa_p12, "sbagliata")  # said by whoever opens it
    tried = functools.partial(effort.takes_too_long, seconds=1)
    for module in ("pkcs12", "certificates"):
        monkeypatch.setattr(f"fattorino.hub.signing.{module}.takes_too_long", tried)
    opened: list[bytes] = []
    monkeypatch.setattr(pkcs12, "load_key_and_certificates", lambda data, _: opened.append(data))
    bad = with_keys_inside(2_000_000_000)
    with pytest.raises(SigningError, match="troppo lavoro"):
        try_out(bad, "segreta")
    with pytest.raises(InputError, match="troppo lavoro"):
        certificates.read_pair([bad], "segreta")
    assert not opened


def test_thousands_of_key_bags_beside_the_encrypted_part_are_refused_unopened() -> None:
    file = asn1.Pfx.load(hashed(2000, "key"))
    parts = asn1.AuthenticatedSafe.load(file["auth_safe"]["content"].native)
    for each in parts:
        if each["content_type"].native == "data":
            (bag,) = asn1.SafeContents.load(each["content"].native)
            each["content"] = asn1.SafeContents([bag] * 200).dump(force=True)
    file["auth_safe"]["content"] = parts.dump(force=True)
    assert effort.too_much_pkcs12(bytes(file.dump(force=True)))
