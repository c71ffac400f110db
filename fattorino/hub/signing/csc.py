"""Remote signature by the Cloud Signature Consortium's API (Architectures and protocols for remote signature
applications, 1.0.4.0): only the hash of what is signed leaves this machine, and the signature that comes back is
verified before anybody uses it.

Sessions: OAuth 2 client credentials (point 8.4.4) for the service, PIN for the credential (11.6). A one-time password
needs a person at each signature and is not for a desk that signs on its own; such a credential is refused with words.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

from fattorino.core.errors import ChannelError, SignerAwayError, SigningError
from fattorino.core.signatures import Certificate, CertificateError, read_certificate
from fattorino.core.texts import say
from fattorino.hub.caller import Caller
from fattorino.hub.reach import EVERYWHERE, Reach
from fattorino.hub.signing.csc_refusals import about_pin, refusal
from fattorino.hub.signing.validity import check_validity

SHA256 = "2.16.840.1.101.3.4.2.1"
RSA, RSA_SHA256, ECDSA_SHA256 = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.11", "1.2.840.10045.4.3.2"
LARGEST_ANSWER = 1_000_000  # bytes; a thousand signatures of RSA 4096 are 700 kB
MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class CscAccount:
    """Where and as whom to sign.

    Attributes:
        url: base address of the service, up to and with `/csc/v1`. oauth: address of the token endpoint.
        credential: the certificate's identifier there; "" takes the only one of the account.
        timeout: seconds for each wait; a whole answer may take twice as long. reach: whom the addresses may lead to.
    """

    url: str
    oauth: str
    client_id: str
    client_secret: str = field(repr=False)
    pin: str = field(repr=False)
    credential: str = ""
    timeout: float = 30
    trusted_ca: str = ""
    reach: Reach = EVERYWHERE


@dataclass(frozen=True, slots=True)
class Credential:
    """What the service says about a key: `most` signatures may be asked for with one authorisation."""

    identifier: str
    certificate: Certificate
    chain: tuple[bytes, ...]
    algorithm: str
    most: int

    @property
    def is_ec(self) -> bool:
        return isinstance(self.certificate.public_key, ec.EllipticCurvePublicKey)


class CscSigner:
    """Signs for a company until `close`; a context manager does that. Not to be shared between threads."""

    def __init__(self, account: CscAccount) -> None:
        for address in (account.url, account.oauth):
            check_address(address)
        self._account = account
        self._caller = Caller(
            account.reach,
            tls=_tls(account),
            timeout=account.timeout,
            whole=account.timeout * 2,
            largest=LARGEST_ANSWER,
        )
        self._token = ""
        self._credential: Credential | None = None

    def __enter__(self) -> CscSigner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._caller.close()

    def credential(self) -> Credential:
        """The key that signs. Raises SigningError where there is none, or not one that a program may use."""
        if self._credential is None:
            identifier = self._account.credential or self._only()
            self._credential = _credential(
                identifier,
                self._call(
                    "credentials/info",
                    {"credentialID": identifier, "certificates": "chain", "certInfo": True, "authInfo": True},
                ),
            )
        return self._credential

    @property
    def certificate(self) -> bytes:
        return self.credential().certificate.der

    @property
    def chain(self) -> tuple[bytes, ...]:
        return self.credential().chain

    @property
    def subject(self) -> str:
        return self.credential().certificate.subject

    @property
    def name(self) -> str:
        return self.credential().certificate.name

    @property
    def issuer(self) -> str:
        return self.credential().certificate.issuer

    @property
    def serial(self) -> int:
        return self.credential().certificate.serial

    @property
    def not_before(self) -> datetime.datetime:
        return self.credential().certificate.not_before

    @property
    def not_after(self) -> datetime.datetime:
        return self.credential().certificate.not_after

    @property
    def is_ec(self) -> bool:
        return self.credential().is_ec

    def check_validity(self, at: datetime.datetime) -> None:
        """Raises SigningError when the certificate is expired or not yet valid at that instant (aware)."""
        certificate = self.credential().certificate
        check_validity(
            certificate.name,
            certificate.not_before,
            certificate.not_after,
            at=at,
            renewal=say("Rinnovarlo presso il prestatore del servizio di firma remota."),
        )

    def sign(self, data: bytes) -> bytes:
        """As `hub.signing.pkcs12.SigningKey.sign`: SHA-256; PKCS #1 v1.5 for RSA, DER (r, s) for EC."""
        return self.sign_many([data])[0]

    def sign_many(self, contents: Sequence[bytes]) -> list[bytes]:
        """One signature for each, in order; asked for in portions of what the credential admits.

        Raises:
            SigningError: the service does not answer, refuses, or gave back what does not verify.
        """
        credential = self.credential()
        found: list[bytes] = []
        for start in range(0, len(contents), credential.most):
            found += self._portion(credential, contents[start : start + credential.most])
        return found

    def _portion(self, credential: Credential, contents: Sequence[bytes]) -> list[bytes]:
        digests = [base64.b64encode(hashlib.sha256(data).digest()).decode() for data in contents]
        answer = self._call(
            "credentials/authorize",
            {
                "credentialID": credential.identifier,
                "numSignatures": len(digests),
                "hash": digests,
                "PIN": self._account.pin,
            },
        )
        signed = self._call(
            "signatures/signHash",
            {
                "credentialID": credential.identifier,
                "SAD": _text(answer, "SAD"),
                "hash": digests,
                "hashAlgo": SHA256,
                "signAlgo": credential.algorithm,
            },
        )
        found = signed.get("signatures")
        if not isinstance(found, list) or len(found) != len(contents):
            raise _misunderstood()
        signatures = [_decoded(each) for each in found]
        for data, signature in zip(contents, signatures, strict=True):
            _verify(credential, data, signature)
        return signatures

    def _only(self) -> str:
        found = self._call("credentials/list", {"maxResults": 20}).get("credentialIDs")
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            raise _misunderstood()
        if len(found) != 1:
            raise SigningError(
                say("Il servizio di firma remota propone {number} certificati.", number=len(found)),
                say("Indicare nella pagina della firma quale usare."),
            )
        return str(found[0])

    def _call(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        """One method. A token that has expired meanwhile is renewed once; a PIN that was refused is not sent again."""
        with_pin = "PIN" in body
        for renewed in (False, True):
            if not self._token:
                self._token = self._new_token()
            headers = {"Authorization": f"Bearer {self._token}"}
            answer = self._post(f"{self._account.url.rstrip('/')}/{what}", json=body, headers=headers)
            if answer.status_code != 401 or renewed or (with_pin and about_pin(_body(answer))):
                return _answer(answer, with_pin=with_pin)
            self._token = ""
        raise AssertionError("unreachable")

    def _new_token(self) -> str:
        answer = self._post(
            self._account.oauth,
            data={
                "grant_type": "client_credentials",
                "client_id": self._account.client_id,
                "client_secret": self._account.client_secret,
            },
        )
        if answer.status_code in (400, 401, 403):
            raise SigningError(
                say("Il servizio di firma remota non accetta le credenziali di accesso."),
                say("Correggerle nella pagina della firma."),
            )
        return _text(_answer(answer), "access_token")

    def _post(self, url: str, **what: Any) -> httpx.Response:
        try:
            return self._caller.call("POST", url, **what)
        except ChannelError as error:
            raise SigningError(error.message, error.hint) from error
        except httpx.HTTPError as error:
            raise SignerAwayError(say("Il servizio di firma remota non risponde.")) from error
        except httpx.InvalidURL as error:
            raise SigningError(
                say("L'indirizzo del servizio di firma remota non è un indirizzo."),
                say("Correggerlo nella pagina della firma."),
            ) from error


def check_address(address: str) -> str:
    """The host of an address: PIN and secret travel there, never in clear over a network. Raises SigningError."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    loopback = host in ("127.0.0.1", "localhost", "::1")
    if not host or (parts.scheme != "https" and not (parts.scheme == "http" and loopback)):
        raise SigningError(
            say("L'indirizzo del servizio di firma remota deve cominciare con https://."),
            say("Correggerlo nella pagina della firma."),
        )
    return host


def _tls(account: CscAccount) -> ssl.SSLContext | bool:
    # The simulator speaks without TLS. Whoever speaks with it is verified, the token endpoint as well.
    if not any(address.startswith("https:") for address in (account.url, account.oauth)):
        return False
    try:
        return ssl.create_default_context(cafile=account.trusted_ca or None)
    except (OSError, ssl.SSLError) as error:
        raise SigningError(
            say("Il certificato dell'autorità del servizio di firma remota non si può leggere."),
            say("Controllare il percorso nella pagina della firma."),
        ) from error


def _answer(answer: httpx.Response, *, with_pin: bool = False) -> dict[str, Any]:
    body = _body(answer)
    if answer.status_code == 200:
        if isinstance(body, dict):
            return body
        raise _misunderstood()  # a page for people, most often: maintenance
    away = answer.status_code == 429 or answer.status_code >= 500
    # Whoever is away is asked again with the same PIN: not where it was refused.
    if away and not (with_pin and about_pin(body)):
        raise SignerAwayError(say("Il servizio di firma remota è momentaneamente fuori servizio."))
    raise refusal(answer.status_code, body, with_pin=with_pin)


def _body(answer: httpx.Response) -> object:
    try:
        return answer.json()
    except ValueError:
        return None


def _misunderstood() -> SigningError:
    return SigningError(
        say("La risposta del servizio di firma remota non si capisce: nessun documento è stato firmato.")
    )


def _text(answer: dict[str, Any], name: str) -> str:
    found = answer.get(name)
    if not isinstance(found, str) or not found:
        raise _misunderstood()
    return found


def _decoded(text: object) -> bytes:
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except ValueError as error:
        raise _misunderstood() from error


def _credential(identifier: str, answer: dict[str, Any]) -> Credential:
    key, cert = answer.get("key"), answer.get("cert")
    if not isinstance(key, dict) or not isinstance(cert, dict):
        raise _misunderstood()
    listed = cert.get("certificates")
    if not isinstance(listed, list) or not listed:
        raise _misunderstood()
    ders = [_decoded(each) for each in listed]
    try:
        certificate = read_certificate(ders[0])
    except CertificateError as error:
        raise _misunderstood() from error
    if key.get("status") != "enabled" or cert.get("status", "valid") != "valid":
        raise SigningError(
            say(
                "Il certificato di {name} non è attivo presso il servizio di firma remota.",
                name=certificate.name,
            ),
            say("Rivolgersi al prestatore del servizio."),
        )
    otp = answer.get("OTP")
    if isinstance(otp, dict) and otp.get("presence") == "true":
        raise SigningError(
            say(
                "Il certificato di {name} chiede una password temporanea (OTP) a ogni firma.",
                name=certificate.name,
            ),
            say("Per firmare senza presidio serve un certificato di firma automatica."),
        )
    most = answer.get("multisign")
    return Credential(
        identifier,
        certificate,
        tuple(ders[1:]),
        _algorithm(certificate, key.get("algo")),
        max(1, min(most if isinstance(most, int) else 1, MOST_AT_ONCE)),
    )


def _algorithm(certificate: Certificate, offered: object) -> str:
    names = {str(each) for each in offered} if isinstance(offered, list) else set()
    wanted = (
        [ECDSA_SHA256] if isinstance(certificate.public_key, ec.EllipticCurvePublicKey) else [RSA_SHA256, RSA]
    )
    for each in wanted:
        if each in names:
            return each
    raise SigningError(
        say("Il certificato di {name} non firma con un algoritmo ammesso (SHA-256).", name=certificate.name),
        say("Rivolgersi al prestatore del servizio."),
    )


def _verify(credential: Credential, data: bytes, signature: bytes) -> None:
    key = credential.certificate.public_key
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, hashlib.sha256(data).digest(), ec.ECDSA(utils.Prehashed(hashes.SHA256())))
        else:
            key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError) as error:
        raise SigningError(
            say(
                "La firma restituita dal servizio remoto non corrisponde al certificato di {name}.",
                name=credential.certificate.name,
            ),
            say("Il documento non è stato firmato; rivolgersi al prestatore del servizio."),
        ) from error
