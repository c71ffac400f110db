"""What the service knows and does: clients, tokens, credentials, authorisations of single hashes."""

from __future__ import annotations

import base64
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding

SHA256 = "2.16.840.1.101.3.4.2.1"
RSA, RSA_SHA256, ECDSA_SHA256 = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.11", "1.2.840.10045.4.3.2"
MOST = 100  # hashes with one authorisation
LIFE = 300.0  # seconds of tokens and authorisations

Fault = Literal["token_expired", "sad_expired", "busy", "broken", "wrong_signature", "garbage"]


class Refused(Exception):
    """An error of the API: HTTP status, code, description."""

    def __init__(self, status: int, code: str, description: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.description = status, code, description


@dataclass(frozen=True)
class Credential:
    """A key of the service and its certificate with the chain behind it."""

    identifier: str
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = field(repr=False)
    chain: tuple[x509.Certificate, ...]
    pin: str = field(repr=False)
    enabled: bool = True
    otp: bool = False

    @property
    def algorithms(self) -> list[str]:
        return [RSA, RSA_SHA256] if isinstance(self.key, rsa.RSAPrivateKey) else [ECDSA_SHA256]


class Service:
    """Thread-safe. `clock` tells seconds."""

    def __init__(
        self,
        clients: dict[str, str],
        credentials: list[Credential],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clients = clients
        self._credentials = {each.identifier: each for each in credentials}
        self._clock = clock
        self._tokens: dict[str, float] = {}
        # An authorisation is for one credential and the very hashes that were shown (SCAL 2).
        self._authorised: dict[str, tuple[str, frozenset[str], float]] = {}
        self._lock = threading.Lock()
        self.faults: list[Fault] = []
        self.signed = 0

    def strike(self, *kinds: Fault) -> Fault | None:
        with self._lock:
            return self.faults.pop(0) if self.faults and self.faults[0] in kinds else None

    def token(self, form: dict[str, str]) -> dict[str, Any]:
        secret = self._clients.get(form.get("client_id", ""))
        if form.get("grant_type") != "client_credentials":
            raise Refused(400, "unsupported_grant_type")
        if secret is None or not hmac.compare_digest(secret.encode(), form.get("client_secret", "").encode()):
            raise Refused(401, "invalid_client")
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._tokens[token] = self._clock() + LIFE
        return {"access_token": token, "token_type": "Bearer", "expires_in": int(LIFE)}

    def check(self, authorization: str) -> None:
        token = authorization.removeprefix("Bearer ")
        with self._lock:
            end = self._tokens.get(token)
            if self.faults and self.faults[0] == "token_expired":
                self.faults.pop(0)
                self._tokens.clear()
                end = None
        if end is None or end < self._clock():
            raise Refused(401, "invalid_token", "The access token is expired or unknown")

    def list(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"credentialIDs": sorted(self._credentials)}

    def info(self, body: dict[str, Any]) -> dict[str, Any]:
        credential = self._credential(body)
        return {
            "key": {
                "status": "enabled" if credential.enabled else "disabled",
                "algo": credential.algorithms,
                "len": credential.key.key_size,
            },
            "cert": {
                "status": "valid",
                "certificates": [_b64(one.public_bytes(Encoding.DER)) for one in credential.chain],
            },
            "authMode": "explicit",
            "SCAL": "2",
            "PIN": {"presence": "true", "format": "N"},
            "OTP": {"presence": "true" if credential.otp else "false"},
            "multisign": MOST,
        }

    def authorize(self, body: dict[str, Any]) -> dict[str, Any]:
        credential = self._credential(body)
        wanted = body.get("hash")
        if not isinstance(wanted, list) or not wanted or body.get("numSignatures") != len(wanted):
            raise Refused(400, "invalid_request", "Invalid parameter hash")
        if len(wanted) > MOST:
            raise Refused(400, "invalid_request", "Numbers of signatures is too high")
        if not hmac.compare_digest(str(body.get("PIN", "")).encode(), credential.pin.encode()):
            raise Refused(400, "invalid_pin", "The PIN is invalid")
        sad = secrets.token_urlsafe(24)
        life = -1.0 if self.strike("sad_expired") else LIFE
        with self._lock:
            self._authorised[sad] = (
                credential.identifier,
                frozenset(str(each) for each in wanted),
                self._clock() + life,
            )
        return {"SAD": sad, "expiresIn": int(LIFE)}

    def sign_hash(self, body: dict[str, Any]) -> dict[str, Any]:
        credential = self._credential(body)
        with self._lock:
            found = self._authorised.pop(str(body.get("SAD", "")), None)
        if found is None or found[0] != credential.identifier or found[2] < self._clock():
            raise Refused(400, "invalid_request", "Invalid SAD")
        wanted = body.get("hash")
        if not isinstance(wanted, list) or not set(map(str, wanted)) <= found[1]:
            raise Refused(400, "invalid_request", "Hash is not authorized by the SAD")
        if body.get("signAlgo") not in credential.algorithms or body.get("hashAlgo") != SHA256:
            raise Refused(400, "invalid_request", "Invalid parameter signAlgo")
        wrong = self.strike("wrong_signature")
        signatures = [self._sign(credential, str(each)) for each in wanted]
        with self._lock:
            self.signed += len(signatures)
        return {
            "signatures": [
                _b64(each[:-1] + bytes([each[-1] ^ 1])) if wrong else _b64(each) for each in signatures
            ]
        }

    def _sign(self, credential: Credential, digest: str) -> bytes:
        try:
            raw = base64.b64decode(digest, validate=True)
            hashed = utils.Prehashed(hashes.SHA256())
            if isinstance(credential.key, rsa.RSAPrivateKey):
                return credential.key.sign(raw, padding.PKCS1v15(), hashed)
            return credential.key.sign(raw, ec.ECDSA(hashed))
        except ValueError as error:
            raise Refused(400, "invalid_request", "Invalid Base64 hash string parameter") from error

    def _credential(self, body: dict[str, Any]) -> Credential:
        found = self._credentials.get(str(body.get("credentialID", "")))
        if found is None:
            raise Refused(400, "invalid_request", "Invalid parameter credentialID")
        return found


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
