"""Calling an address that a user has written: over TLS, never inside our own network, never where it sends us on to."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import SplitResult, urlsplit

import httpx

from fattorino.core.errors import ChannelError, RefusedError
from fattorino.core.texts import say
from fattorino.hub.caller import Caller
from fattorino.hub.reach import Reach, not_admitted

TIMEOUT = 10
# Seconds by which the clocks of two machines may differ; older calls are repeats of somebody who listened.
WINDOW = 300
TIME_HEADER, SIGNATURE_HEADER = "X-Fattorino-Timestamp", "X-Fattorino-Signature"


def check_url(url: str, reach: Reach) -> SplitResult:
    """The parts of an address that may be kept; whom it reaches is found out at each call.

    Raises:
        RefusedError: not https, with a password in it, or plainly not to be reached.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    local = reach.admits("127.0.0.1") and host in ("127.0.0.1", "localhost", "::1")
    if not host or parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise RefusedError(
            say("L'indirizzo deve cominciare con https://."),
            fields={
                "url": say("Scrivere un indirizzo completo, per esempio https://gestionale.example.it/hub.")
            },
        )
    if parts.username or parts.password or not url.isprintable() or len(url) > 500:
        raise RefusedError(
            say(
                "L'indirizzo non può contenere utente, password o caratteri invisibili, né superare 500 caratteri."
            ),
            fields={"url": say("Togliere utente e password: chi chiama si riconosce dalla firma.")},
        )
    if reach.refuses(host):
        raise RefusedError(
            not_admitted(host), fields={"url": say("Indicare un indirizzo raggiungibile da Internet.")}
        )
    return parts


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """HMAC-SHA256 over the time and the body, in hexadecimal."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def is_signed(secrets: list[str], timestamp: str, signature: str, body: bytes, *, now: float) -> bool:
    """Whether one of the signatures ("v1=…,v1=…") is made with one of the secrets, and not long ago."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
        return False
    given = [part.strip()[3:] for part in signature.split(",")[:4] if part.strip().startswith("v1=")]
    good = [sign(secret, int(timestamp), body) for secret in secrets if secret]
    matches = [hmac.compare_digest(g.encode(), s.encode()) for g in good for s in given]
    return any(matches) and abs(now - int(timestamp)) <= WINDOW


def post(url: str, body: bytes, headers: dict[str, str], reach: Reach) -> int:
    """Post and return the answer's code, whatever it is; nothing more of the answer is read.

    Raises:
        RefusedError: as check_url. ChannelError: nobody answered, or nobody may be called there.
    """
    check_url(url, reach)
    try:
        with Caller(reach, timeout=TIMEOUT, whole=TIMEOUT) as caller:
            sent = {**headers, "Content-Type": "application/json"}
            return caller.call("POST", url, unread=True, content=body, headers=sent).status_code
    except httpx.TimeoutException as exc:
        raise ChannelError(
            say("Non ha risposto entro {seconds} secondi.", seconds=TIMEOUT), uncertain=True
        ) from exc
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        raise ChannelError(say("Il collegamento non è riuscito."), uncertain=True) from exc
