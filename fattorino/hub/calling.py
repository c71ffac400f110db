"""Calling an address that a user has written: over TLS, never inside our own network, never where it sends us on to."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import httpx

from fattorino.core.errors import ChannelError, RefusedError
from fattorino.core.texts import say

TIMEOUT = 10
# Seconds by which the clocks of two machines may differ; older calls are repeats of somebody who listened.
WINDOW = 300
TIME_HEADER, SIGNATURE_HEADER = "X-Fattorino-Timestamp", "X-Fattorino-Signature"


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be called: the machine's number as it was checked, and what it is called there."""

    parts: SplitResult
    address: str

    @property
    def url(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        port = f":{self.parts.port}" if self.parts.port else ""
        return self.parts._replace(netloc=host + port, fragment="").geturl()


def check_url(url: str, *, loopback: bool) -> SplitResult:
    """The parts of an address that may be kept; whom it reaches is found out at each call.

    Raises:
        RefusedError: not https, or with a password in it.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    local = loopback and host in ("127.0.0.1", "localhost", "::1")
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
    return parts


def resolve(url: str, *, loopback: bool) -> Target:
    """Find out whom the address reaches; every number behind the name must be outside of any private network.

    Raises:
        RefusedError: as check_url, or a private address; ChannelError: the name is not known now.
    """
    parts = check_url(url, loopback=loopback)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise ChannelError(
            say("Il nome {host} non si trova.", host=parts.hostname or ""), uncertain=False
        ) from exc
    addresses = [str(each[4][0]) for each in found]
    for address in addresses:
        if not _may_call(address, loopback):
            raise RefusedError(
                say(
                    "L'indirizzo {host} porta dentro una rete privata: non viene chiamato.",
                    host=parts.hostname or "",
                ),
                fields={"url": say("Indicare un indirizzo raggiungibile da Internet.")},
            )
    return Target(parts, addresses[0])


def _may_call(address: str, loopback: bool) -> bool:
    number = ipaddress.ip_address(address.split("%", 1)[0])
    mapped = getattr(number, "ipv4_mapped", None)
    number = mapped or number
    if number.is_loopback:
        return loopback
    return number.is_global and not number.is_multicast


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


def post(target: Target, body: bytes, headers: dict[str, str]) -> int:
    """Post and return the answer's code, whatever it is; nothing of the answer is read.

    Raises:
        ChannelError: nobody answered.
    """
    host = target.parts.hostname or ""
    named = f"{host}:{target.parts.port}" if target.parts.port else host
    request_headers = {**headers, "Host": named, "Content-Type": "application/json"}
    try:
        with (
            httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False) as client,
            client.stream(
                "POST", target.url, content=body, headers=request_headers, extensions={"sni_hostname": host}
            ) as answer,
        ):
            return answer.status_code
    except httpx.TimeoutException as exc:
        raise ChannelError(
            say("Non ha risposto entro {seconds} secondi.", seconds=TIMEOUT), uncertain=True
        ) from exc
    except httpx.HTTPError as exc:
        raise ChannelError(say("Il collegamento non è riuscito."), uncertain=True) from exc
