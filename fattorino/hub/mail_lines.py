"""The libraries' SMTP and IMAP, over connections that go only where they may and are cut when they take too long."""

from __future__ import annotations

import smtplib
import socket
import ssl
from dataclasses import dataclass

import imapclient
from imapclient.tls import IMAP4_TLS

from fattorino.hub.reach import Limit, Reach, Watch

# Octets; PEC carries at most 100 MB, and SdI's letters are far smaller.
LARGEST_LETTER = 110_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """A server; `timeout`: seconds for each wait."""

    host: str
    port: int
    timeout: float
    reach: Reach


class WatchedSmtp(smtplib.SMTP_SSL):
    """Connects only where it may, and is watched from the first octet."""

    def __init__(self, place: Place, watch: Watch, tls: ssl.SSLContext) -> None:
        self._place, self._watch = place, watch
        super().__init__(place.host, place.port, timeout=place.timeout, context=tls)

    def _get_socket(self, host: str, port: int, timeout: float) -> ssl.SSLSocket:
        plain = self._place.reach.connect(host, port, Limit(timeout))
        return _watched(plain, self._watch, self.context, host)


class _Imap(IMAP4_TLS):  # type: ignore[misc]  # the library has no types
    def __init__(self, place: Place, watch: Watch, tls: ssl.SSLContext) -> None:
        self._place, self._watch = place, watch
        super().__init__(place.host, place.port, tls, place.timeout)

    def _create_socket(self, timeout: float | None = None) -> ssl.SSLSocket:
        plain = self._place.reach.connect(self.host, self.port, Limit(self._place.timeout))
        return _watched(plain, self._watch, self.ssl_context, self.host)

    def read(self, size: int) -> bytes:
        if size > LARGEST_LETTER:
            raise self.abort("a letter larger than any")
        content: bytes = super().read(size)
        return content


class WatchedImap(imapclient.IMAPClient):  # type: ignore[misc]  # the library has no types
    """The same, for reading."""

    def __init__(self, place: Place, watch: Watch, tls: ssl.SSLContext) -> None:
        self._place, self._watch = place, watch
        super().__init__(place.host, place.port, ssl=True, ssl_context=tls, timeout=place.timeout)

    def _create_IMAP4(self) -> _Imap:  # the library's name
        return _Imap(self._place, self._watch, self.ssl_context)


def _watched(plain: socket.socket, watch: Watch, tls: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    try:
        wrapped = tls.wrap_socket(plain, server_hostname=host.strip("[]"))
    except BaseException:
        plain.close()
        raise
    watch.over(wrapped)
    return wrapped
