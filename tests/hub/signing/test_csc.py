"""The remote signature against the simulated service over real HTTP."""

from __future__ import annotations

import datetime
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from fattorino.core.errors import PinLockedError, PinRefusedError, SigningError
from fattorino.core.fatturapa.cades import sign_cades
from fattorino.core.fatturapa.envelope import unwrap
from fattorino.core.signatures import judge
from fattorino.hub.signing.csc import CscAccount, CscSigner, _tls
from fattorino.hub.signing.csc_refusals import refusal
from fattorino.simulators.csc.demo import make_credential, open_demo
from fattorino.simulators.csc.server import _METHODS, Server
from fattorino.simulators.csc.service import Credential, Refused, Service

NOW = datetime.datetime.now(datetime.UTC)
XML = b"<?xml version='1.0'?><fattura/>"


@pytest.fixture(scope="module")
def credential() -> Credential:
    chain, key = make_credential("Mario Rossi", NOW)
    return Credential("FIRMA-1", key, chain, "1234")


@pytest.fixture
def server(credential: Credential) -> Iterator[Server]:
    found = Server(Service({"io": "segreto"}, [credential]))
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


@pytest.fixture
def account(server: Server) -> CscAccount:
    return CscAccount(
        f"{server.address}/csc/v1", f"{server.address}/oauth2/token", "io", "segreto", "1234", timeout=5
    )


@pytest.fixture
def signer(account: CscAccount) -> Iterator[CscSigner]:
    with CscSigner(account) as found:
        yield found


def test_a_remote_signature_makes_a_p7m_that_holds(signer, credential):
    found = signer.credential()
    p7m = sign_cades(XML, found.certificate.der, signer.sign, NOW)
    opened = unwrap(p7m)
    assert opened.content == XML
    [one] = opened.signers
    authority = credential.chain[1].public_bytes(Encoding.DER)
    assert one.name == "Mario Rossi"
    assert (
        judge(replace(one, chain=found.chain), at=NOW + datetime.timedelta(minutes=1), trusted=(authority,))
        == []
    )


def test_many_are_signed_with_few_requests_in_their_order(signer, server):
    contents = [b"%d" % number for number in range(250)]
    signatures = signer.sign_many(contents)
    assert len(signatures) == 250
    assert signatures[7] == signer.sign(b"7")
    assert server.service.signed == 251
    assert signer.sign_many([]) == []


def test_an_expired_token_is_renewed_and_nothing_is_lost(signer, server):
    signer.sign(b"a")
    server.service.faults.append("token_expired")
    signer.sign(b"b")
    assert server.service.signed == 2


@pytest.mark.parametrize("fault", ["busy", "broken", "garbage", "sad_expired", "wrong_signature"])
def test_whatever_goes_wrong_gives_no_signature_and_the_next_try_works(signer, server, fault):
    signer.credential()
    server.service.faults.append(fault)
    with pytest.raises(SigningError):
        signer.sign(b"a")
    assert signer.sign(b"a")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pin": "9999"}, "PIN"),
        ({"client_secret": "altro"}, "credenziali"),
        ({"credential": "ALTRA"}, "credentialID"),
        ({"url": "http://127.0.0.1:1/csc/v1", "oauth": "http://127.0.0.1:1/t"}, "non risponde"),
    ],
)
def test_a_wrong_setting_is_told_without_its_secret(account, change, words):
    wrong = replace(account, **change)
    with CscSigner(wrong) as signer, pytest.raises(SigningError) as refused:
        signer.sign(b"a")
    assert words in str(refused.value)
    for secret in ("1234", "segreto", "9999", "altro"):
        assert secret not in str(refused.value) + repr(wrong)


def test_a_key_that_asks_for_a_password_each_time_or_is_not_active_is_refused_with_words(
    account, server, credential
):
    for change, words in (({"otp": True}, "firma automatica"), ({"enabled": False}, "non è attivo")):
        server.service._credentials["FIRMA-1"] = replace(credential, **change)
        with CscSigner(account) as signer, pytest.raises(SigningError) as refused:
            signer.credential()
        assert words in str(refused.value)


def test_more_than_one_key_must_be_chosen_from(account, server, credential):
    server.service._credentials["FIRMA-2"] = replace(credential, identifier="FIRMA-2")
    with CscSigner(account) as signer, pytest.raises(SigningError):
        signer.sign(b"a")
    with CscSigner(replace(account, credential="FIRMA-2")) as signer:
        assert signer.sign(b"a")


def test_an_elliptic_curve_key_signs_too(account, server, credential):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    key = ec.generate_private_key(ec.SECP256R1())
    name = credential.chain[0].subject
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(5)
        .not_valid_before(NOW - datetime.timedelta(days=1))
        .not_valid_after(NOW + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    server.service._credentials["FIRMA-1"] = Credential("FIRMA-1", key, (certificate,), "1234")
    with CscSigner(account) as signer:
        assert signer.credential().is_ec
        assert signer.sign(b"a")


def test_an_expired_certificate_does_not_sign(signer):
    signer.check_validity(NOW)
    for moment in (NOW + datetime.timedelta(days=4000), NOW - datetime.timedelta(days=4000)):
        with pytest.raises(SigningError):
            signer.check_validity(moment)


def test_the_demo_keeps_its_key_between_starts(tmp_path):
    first, again = open_demo(tmp_path, NOW), open_demo(tmp_path, NOW)
    assert first.client_secret == again.client_secret
    assert first.credential.chain == again.credential.chain
    assert (tmp_path / "csc.pem").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("secured", ["url", "oauth"])
def test_whoever_speaks_tls_is_verified_be_it_only_one_of_the_two_addresses(account, secured):
    mixed = replace(account, **{secured: getattr(account, secured).replace("http:", "https:")})
    asked = _tls(mixed)
    assert isinstance(asked, ssl.SSLContext) and asked.verify_mode == ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("code", "words", "kind", "said"),
    [
        ("invalid_pin", "", PinRefusedError, "sbagliato"),
        ("invalid_pin", "2 attempts left before the PIN is locked", PinRefusedError, "sbagliato"),
        ("invalid_request", "Wrong PIN", PinRefusedError, "sbagliato"),
        ("E-77", "PIN errato: ancora 2 tentativi prima del blocco", PinRefusedError, "sbagliato"),
        ("invalid_request", "PIN locked", PinLockedError, "bloccato o scaduto"),
        ("invalid_request", "The PIN has expired", PinLockedError, "bloccato o scaduto"),
        ("access_denied", "Too many wrong PIN attempts: blocked", PinLockedError, "bloccato o scaduto"),
        ("pin_locked", "", PinLockedError, "bloccato o scaduto"),
        (
            "invalid_request",
            "Missing (or invalid type) string parameter PIN",
            PinLockedError,
            "string parameter PIN",
        ),
        ("invalid_request", "Mapping of the credential failed: shipPINg", SigningError, "Mapping"),
        ("invalid_token", "PIN or token unknown", SigningError, "unknown"),
        ("invalid_otp", "Wrong OTP; the PIN is right", SigningError, "OTP"),
        ("access_denied", "", SigningError, "non permette"),
    ],
)
def test_a_refusal_is_told_by_its_code_and_only_a_wrong_pin_as_a_wrong_pin(code, words, kind, said):
    error = refusal(400, {"error": code, "error_description": words}, with_pin=True)
    assert type(error) is kind and said in error.message


def test_a_text_that_mentions_the_pin_where_none_was_sent_says_nothing_against_it():
    error = refusal(400, {"error": "invalid_request", "error_description": "No PIN set"}, with_pin=False)
    assert type(error) is SigningError and "No PIN set" in error.message


@pytest.mark.parametrize("status", [400, 401, 429, 503])
@pytest.mark.parametrize(
    ("code", "words"), [("invalid_pin", "The PIN is invalid"), ("invalid_request", "PIN locked")]
)
def test_a_pin_that_was_refused_is_sent_once_whatever_the_status_beside_it(
    signer, monkeypatch, status, code, words
):
    asked = []

    def refuse(service, body):
        asked.append(body["PIN"])
        raise Refused(status, code, words)

    monkeypatch.setitem(_METHODS, "/csc/v1/credentials/authorize", refuse)
    with pytest.raises(PinRefusedError):
        signer.sign(b"a")
    assert asked == ["1234"]
