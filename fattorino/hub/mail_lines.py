"""The libraries' SMTP and IMAP, over connections that go only where they may and are cut when they take too long."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
import time
from dataclasses import dataclass

import imapclient
from imapclient.tls import IMAP4_TLS

from fattorino.core.errors import ChannelError
from fattorino.core.texts import say
from fattorino.hub.reach import Limit, Reach, Watch
from fattorino.hub.trust import authorities

# Octets of one answer; PEC carries at most 100 MB, and SdI's letters are far smaller.
LARGEST_LETTER = 110_000_000
# Seconds for which authorities that were read count: reading the system's takes longer than a letter.
READ_FOR = 60.0


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
        self._place, self._watch, self.taken = place, watch, 0
        super().__init__(place.host, place.port, tls, place.timeout)

    def _create_socket(self, timeout: float | None = None) -> ssl.SSLSocket:
        plain = self._place.reach.connect(self.host, self.port, Limit(self._place.timeout))
        return _watched(plain, self._watch, self.ssl_context, self.host)

    def read(self, size: int) -> bytes:
        self.taken += size
        if self.taken > LARGEST_LETTER:
            raise self.abort("more than the largest letter")
        content: bytes = super().read(size)
        return content


class WatchedImap(imapclient.IMAPClient):  # type: ignore[misc]  # the library has no types
    """The same, for reading."""

    def __init__(self, place: Place, watch: Watch, tls: ssl.SSLContext) -> None:
        self._place, self._watch = place, watch
        super().__init__(place.host, place.port, ssl=True, ssl_context=tls, timeout=place.timeout)

    def _create_IMAP4(self) -> _Imap:  # the library's name
        return _Imap(self._place, self._watch, self.ssl_context)

    def begin_answer(self) -> None:
        """What the next answers bring together may be as large as the largest letter."""
        self._imap.taken = 0


def _watched(plain: socket.socket, watch: Watch, tls: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    try:
        wrapped = tls.wrap_socket(plain, server_hostname=host.strip("[]"))
    except BaseException:
        plain.close()
        raise
    watch.over(wrapped)
    return wrapped


_read: dict[str, tuple[float, ssl.SSLContext]] = {}
_reading = threading.Lock()


def trusting(trusted_ca: str) -> ssl.SSLContext:
    """TLS that believes this PEM (a path), or where it is empty the system's authorities.

    Raises:
        ChannelError: it cannot be read.
    """
    with _reading:
        since, found = _read.get(trusted_ca, (0.0, None))
        if found is None or time.monotonic() - since > READ_FOR:
            _read.pop(trusted_ca, None)
            found = _authorities(trusted_ca)
            _read[trusted_ca] = (time.monotonic(), found)
        return found


def _authorities(path: str) -> ssl.SSLContext:
    return authorities(path, say("Il certificato dell'autorità del gestore PEC non si può leggere."))


def unproven(host: str, error: ssl.SSLCertVerificationError) -> ChannelError:
    """What to tell of a server whose certificate does not prove who it is."""
    return ChannelError(
        say(
            "Il server {host} non prova di essere del gestore PEC: {why}.",
            host=host,
            why=error.verify_message,
        ),
        say(
            "Controllare nella pagina del canale (Impostazioni, Canali)"
            " il nome del server e l'autorità di certificazione."
        ),
        uncertain=False,
        permanent=True,
    )


def no_entry(address: str) -> ChannelError:
    """What to tell where user and password of a mailbox are not admitted."""
    return ChannelError(
        say("Il gestore PEC non accetta utente e password della casella {address}.", address=address),
        say(
            "Correggerli nella pagina del canale (Impostazioni, Canali)"
            ": dopo troppi tentativi il gestore blocca la casella."
        ),
        uncertain=False,
        permanent=True,
    )
