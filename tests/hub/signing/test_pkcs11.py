"""A key on a token: SoftHSM is the token, the library speaks to it as to any maker's."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime

import pkcs11
import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization import pkcs12 as p12
from pkcs11.util.ec import decode_ec_private_key
from pkcs11.util.rsa import decode_rsa_private_key
from pkcs11.util.x509 import decode_x509_certificate

from fattorino.core.errors import PinRefusedError, SigningError
from fattorino.core.fatturapa.cades import prepare_cades
from fattorino.core.fatturapa.envelope import unwrap, verify
from fattorino.core.xades_signing import prepare_xades
from fattorino.hub.signing.pkcs11 import TokenKey, TokenSigner
from fattorino.hub.signing.test_ca import Holder, issue, make_ca

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
HOLDER = Holder("Mario", "Rossi", "RSSMRA80A01H501U")
LIBRARY = next(
    (
        path
        for path in (
            "/usr/lib/softhsm/libsofthsm2.so",
            "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
            "/usr/lib64/pkcs11/libsofthsm2.so",
        )
        if pathlib.Path(path).exists()
    ),
    "",
)
PIN = "123456"
XML = b"<?xml version='1.0' encoding='UTF-8'?>\n<a>\n  <b>1</b>\n</a>\n"

pytestmark = pytest.mark.skipif(
    not LIBRARY or not shutil.which("softhsm2-util"), reason="SoftHSM is not installed (package softhsm2)"
)


@pytest.fixture(scope="module", autouse=True)
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A token with two keys, RSA and EC, and one key without a certificate."""
    home = tmp_path_factory.mktemp("softhsm")
    (home / "tokens").mkdir()
    (home / "softhsm2.conf").write_text(f"directories.tokendir = {home}/tokens\nlog.level = ERROR\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(home / "softhsm2.conf")
    words = [
        "softhsm2-util",
        "--init-token",
        "--free",
        "--label",
        "firma",
        "--pin",
        PIN,
        "--so-pin",
        "654321",
    ]
    subprocess.run(words, check=True, capture_output=True)
    library = pkcs11.lib(LIBRARY)
    library.reinitialize()
    ca = make_ca(at=NOW)
    with library.get_token(token_label="firma").open(user_pin=PIN, rw=True) as session:
        for number, label in enumerate(("rsa", "ec", "nuda"), start=1):
            file = issue(ca, HOLDER, "x", at=NOW, ec_key=label == "ec")
            key, certificate, _ = p12.load_key_and_certificates(file, b"x")
            assert key is not None and certificate is not None
            identity = {pkcs11.Attribute.ID: bytes([number]), pkcs11.Attribute.LABEL: label}
            der = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
            decoded = decode_ec_private_key(der) if label == "ec" else decode_rsa_private_key(der)
            session.create_object({**decoded, **identity, pkcs11.Attribute.TOKEN: True})
            if label != "nuda":
                found = decode_x509_certificate(certificate.public_bytes(Encoding.DER))
                session.create_object({**found, **identity, pkcs11.Attribute.TOKEN: True})
    yield
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


def opened(key: str, pin: str = PIN, token: str = "firma", library: str = LIBRARY) -> TokenSigner:
    return TokenSigner(TokenKey(library, token, key, pin))


@pytest.mark.parametrize("key", ["rsa", "ec"])
def test_an_envelope_signed_on_the_token_is_as_good_as_any(key: str) -> None:
    signer = opened(key)
    try:
        assert "TINIT-RSSMRA80A01H501U" in signer.subject and signer.is_ec is (key == "ec")
        waiting = [prepare_cades(XML, signer.certificate, NOW, signer.is_ec) for _ in range(3)]
        signatures = signer.sign_many([each.data for each in waiting])
        for each, signature in zip(waiting, signatures, strict=True):
            envelope = unwrap(each.seal(signature))
            assert envelope.content == XML and not [f for f in verify(envelope, at=NOW) if f.code == "00102"]
        xades = prepare_xades(XML, signer.certificate, NOW, signer.is_ec)
        found = unwrap(xades.seal(signer.sign_many([xades.data])[0]))
        assert not [f for f in verify(found, at=NOW) if f.code == "00102"]
    finally:
        signer.close()


def test_a_wrong_pin_is_told_as_such_and_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PinRefusedError) as error:
        opened("rsa", pin="000000")
    assert "PIN" in error.value.message and "000000" not in error.value.text
    # The token counted one failure: the right PIN still opens it.
    opened("rsa").close()


@pytest.mark.parametrize(
    ("key", "token", "library", "said"),
    [
        ("rsa", "altro", LIBRARY, "non è collegato"),
        ("assente", "firma", LIBRARY, "non c'è la chiave"),
        ("", "firma", LIBRARY, "3 chiavi"),
        ("nuda", "firma", LIBRARY, "manca il certificato"),
        ("rsa", "firma", "/nowhere/lib.so", "non si può caricare"),
    ],
)
def test_what_is_missing_is_said(key: str, token: str, library: str, said: str) -> None:
    with pytest.raises(SigningError) as error:
        opened(key, token=token, library=library)
    assert said in error.value.message and not isinstance(error.value, PinRefusedError)


def test_a_token_that_was_taken_away_is_said_to_be_and_signs_again_when_it_is_back() -> None:
    """Without a restart: the library of a running worker has to look for tokens anew."""
    opened("rsa").close()
    place = pathlib.Path(os.environ["SOFTHSM2_CONF"]).with_name("tokens")
    away = place.with_name("away")
    place.rename(away)
    place.mkdir()
    try:
        for _ in range(2):
            with pytest.raises(SigningError, match="non è collegato"):
                opened("rsa")
    finally:
        place.rmdir()
        away.rename(place)
    signer = opened("rsa")
    try:
        assert signer.sign_many([b"x"])
    finally:
        signer.close()


def test_an_expired_certificate_does_not_sign() -> None:
    signer = opened("rsa")
    try:
        signer.check_validity(NOW)
        with pytest.raises(SigningError, match="scaduto"):
            signer.check_validity(NOW.replace(year=2036))
    finally:
        signer.close()


def test_the_token_is_free_again_after_a_failure() -> None:
    """The lock of the process is given back whatever happens, or the second signature would wait for ever."""
    for _ in range(3):
        with pytest.raises(SigningError):
            opened("assente")
    opened("ec").close()
