"""A PEC mailbox: submission over SMTP, reading over IMAP, both with TLS from the first octet.

The only doubtful moment is after the body has left and before the provider has answered. Then nothing is sent again:
the provider's own receipts, which name our Message-ID, are looked for.
"""

from __future__ import annotations

import re
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import imapclient
from imapclient.exceptions import IMAPClientError, LoginError

from fattorino.core.errors import ChannelError
from fattorino.core.texts import say
from fattorino.hub.mail_lines import Place, WatchedImap, WatchedSmtp
from fattorino.hub.reach import EVERYWHERE, Reach, Watch

# Letters in one go, fetched whole one after the other; and how many are looked at together, by their headers.
AT_ONCE, LOOKED_AT = 1_000, 500
_HEADERS = "BODY.PEEK[HEADER.FIELDS (FROM REPLY-TO X-RICEVUTA X-RIFERIMENTO-MESSAGE-ID)]"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Up to where a mailbox was read. Another `validity` (RFC 3501, UIDVALIDITY) makes `uid` meaningless."""

    validity: int = 0
    uid: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it lies in the mailbox, and the cursor that stands behind it; without content where the last ones
    up to there were passed over."""

    content: bytes
    cursor: Cursor


@dataclass(frozen=True, slots=True)
class PecMailbox:
    """A company's mailbox.

    Attributes:
        address: the PEC address, which is also the sender. user: what the provider wants at login.
        timeout: seconds for each wait. trusted_ca: path of a PEM with the authority of the provider; empty: the
            system's. reach: whom the names of the servers may lead to.
        patience: seconds for a whole answer, however many waits it has: of a letter, or of a message handed over.
        visit: seconds after which a reading ends; the next one goes on from there.
    """

    address: str
    user: str
    password: str = field(repr=False)
    smtp_host: str
    smtp_port: int
    imap_host: str
    imap_port: int
    folder: str = "INBOX"
    timeout: float = 60
    trusted_ca: str = ""
    reach: Reach = EVERYWHERE
    patience: float = 300
    visit: float = 1800

    def send(self, message: bytes, *, to: str) -> None:
        """Hand a message to the provider. That the provider took it is certain when this returns.

        Args:
            message: whole, with CRLF line ends; its sender is `address`. to: its one recipient.

        Raises:
            ChannelError: not taken for certain, or (`uncertain`) the line broke after the body had left.
        """
        with self._submission() as smtp:
            self._login(smtp)
            self._begin(smtp, to)
            _give(smtp, message)

    def receipts_of(self, message_id: str) -> Sequence[bytes]:
        """The letters in the mailbox that name a message of ours, oldest first.

        Raises:
            ChannelError: the mailbox cannot be read (nothing is known then).
        """
        with self._mailbox() as (client, watch):
            found = client.search(["HEADER", "X-Riferimento-Message-ID", message_id.strip("<>")])
            return [self._content(client, watch, uid) for uid in sorted(found)]

    def try_submission(self) -> None:
        """Log in where messages are submitted, and leave. Raises ChannelError."""
        with self._submission() as smtp:
            self._login(smtp)

    def try_mailbox(self) -> None:
        """Log in where messages are read, and open the folder. Raises ChannelError."""
        with self._mailbox():
            pass

    def letters(self, after: Cursor, wanted: Callable[[bytes], bool]) -> Iterator[Letter]:
        """What came since, oldest first, at most `AT_ONCE`; the mailbox itself is not changed.

        With another UIDVALIDITY everything comes again: taking a message twice must be harmless.

        Args:
            wanted: by the headers, whether a letter is to be fetched whole; others are passed over.

        Raises:
            ChannelError: the mailbox cannot be read.
        """
        until = time.monotonic() + self.visit
        with self._mailbox() as (client, watch):
            validity = _validity(client, self.folder)
            first = after.uid + 1 if after.validity == validity else 1
            uids = sorted(uid for uid in client.search(["UID", f"{first}:*"]) if uid >= first)
            fetched, passed = 0, 0
            for start in range(0, len(uids), LOOKED_AT):
                some = uids[start : start + LOOKED_AT]
                watch.again(self.patience)
                headers = _headers(client, some)
                for uid in some:
                    if uid in headers and not wanted(headers[uid]):
                        passed = uid
                        continue
                    if fetched == AT_ONCE or time.monotonic() > until:
                        return
                    content = self._content(client, watch, uid)
                    watch.end()  # what is done with it takes as long as it takes
                    yield Letter(content, Cursor(validity, uid))
                    fetched, passed = fetched + 1, 0
                if passed:
                    yield Letter(b"", Cursor(validity, passed))

    def _content(self, client: imapclient.IMAPClient, watch: Watch, uid: int) -> bytes:
        watch.again(self.patience)
        return _content(client, uid)

    @contextmanager
    def _submission(self) -> Iterator[smtplib.SMTP_SSL]:
        watch = Watch(self.patience)
        try:
            with self._submitting(watch) as smtp:
                yield smtp
        finally:
            watch.end()

    @contextmanager
    def _submitting(self, watch: Watch) -> Iterator[smtplib.SMTP_SSL]:
        try:
            smtp = WatchedSmtp(self._place(self.smtp_host, self.smtp_port), watch, self._tls())
        except ssl.SSLCertVerificationError as error:
            raise _unproven(self.smtp_host, error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelError(
                say("Il server di invio della PEC ({host}) non risponde.", host=self.smtp_host),
                uncertain=False,
            ) from error
        try:
            yield smtp
            # Not after a fault: a line that has gone silent would be waited for twice.
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
        finally:
            smtp.close()

    def _login(self, smtp: smtplib.SMTP_SSL) -> None:
        """One way only: the library's own login tries the others with the same wrong password, and a provider that
        counts failures would lock the mailbox sooner."""
        try:
            smtp.ehlo_or_helo_if_needed()
            smtp.user, smtp.password = self.user, self.password
            offered = smtp.esmtp_features.get("auth", "").upper().split()
            if "PLAIN" in offered:
                smtp.auth("PLAIN", smtp.auth_plain)
            else:
                smtp.auth("LOGIN", smtp.auth_login)
        except smtplib.SMTPAuthenticationError as error:
            # 4xx: the provider cannot check it just now (RFC 4954, 6).
            raise self._no_entry() if error.smtp_code >= 500 else _interrupted() from error
        except (OSError, smtplib.SMTPException) as error:
            raise _interrupted() from error

    def _begin(self, smtp: smtplib.SMTP_SSL, to: str) -> None:
        """Everything before the body: whatever goes wrong here, nothing was sent."""
        try:
            for code, reply in (smtp.mail(self.address), smtp.rcpt(to)):
                if code not in (250, 251):
                    raise _refused(code, reply)
            code, reply = smtp.docmd("DATA")
            if code != 354:
                raise _refused(code, reply)
        except (OSError, smtplib.SMTPException) as error:
            raise _interrupted() from error

    @contextmanager
    def _mailbox(self) -> Iterator[tuple[imapclient.IMAPClient, Watch]]:
        watch = Watch(self.patience)
        try:
            with self._reading(watch) as client:
                yield client, watch
        finally:
            watch.end()

    @contextmanager
    def _reading(self, watch: Watch) -> Iterator[imapclient.IMAPClient]:
        try:
            client = WatchedImap(self._place(self.imap_host, self.imap_port), watch, self._tls())
        except ssl.SSLCertVerificationError as error:
            raise _unproven(self.imap_host, error) from error
        except (OSError, IMAPClientError) as error:
            raise self._unreadable() from error
        try:
            client.login(self.user, self.password)
            client.select_folder(self.folder, readonly=True)
            yield client
            watch.again(self.timeout)
            client.logout()
        except LoginError as error:
            # "Unavailable" is the provider's own trouble (RFC 5530), not a wrong password.
            raise self._unreadable() if "UNAVAILABLE" in str(error).upper() else self._no_entry() from error
        except (OSError, IMAPClientError) as error:
            raise self._unreadable() from error
        finally:
            with suppress(OSError, IMAPClientError):
                client.shutdown()

    def _place(self, host: str, port: int) -> Place:
        return Place(host, port, self.timeout, self.reach)

    def _no_entry(self) -> ChannelError:
        return ChannelError(
            say(
                "Il gestore PEC non accetta utente e password della casella {address}.", address=self.address
            ),
            say(
                "Correggerli nella pagina del canale (Impostazioni, Canali)"
                ": dopo troppi tentativi il gestore blocca la casella."
            ),
            uncertain=False,
            permanent=True,
        )

    def _unreadable(self) -> ChannelError:
        return ChannelError(
            say("La casella PEC {address} non si può leggere adesso.", address=self.address), uncertain=False
        )

    def _tls(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self.trusted_ca or None)
        except (OSError, ssl.SSLError) as error:
            raise ChannelError(
                say("Il certificato dell'autorità del gestore PEC non si può leggere."),
                say("Controllare il percorso nella pagina del canale (Impostazioni, Canali)."),
                uncertain=False,
                permanent=True,
            ) from error


def _unproven(host: str, error: ssl.SSLCertVerificationError) -> ChannelError:
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


def _interrupted() -> ChannelError:
    return ChannelError(
        say("La connessione con il gestore PEC si è interrotta prima dell'invio."), uncertain=False
    )


def _give(smtp: smtplib.SMTP_SSL, data: bytes) -> None:
    """The body and its answer; between them nobody knows."""
    # RFC 5321, 4.5.2: a line that begins with a dot gets a second one. The message ends with CRLF (EmailMessage).
    body = re.sub(rb"(?m)^\.", b"..", data)
    try:
        smtp.send(body + b".\r\n")
        code, reply = smtp.getreply()
    except (OSError, smtplib.SMTPException) as error:
        raise ChannelError(
            say(
                "La connessione con il gestore PEC si è interrotta durante l'invio: non si sa se abbia accettato."
            ),
            say("Fattorino cerca la ricevuta di accettazione nella casella; non invia di nuovo."),
            uncertain=True,
        ) from error
    if code != 250:
        raise _refused(code, reply, of_file=code >= 500)


def _refused(code: int, reply: bytes, *, of_file: bool = False) -> ChannelError:
    """4xx: not now. 5xx: not so (RFC 5321, 4.2.1)."""
    words = " ".join(reply.decode("utf-8", "replace").split())[:200]
    return ChannelError(
        say("Il gestore PEC non ha accettato il messaggio: {code} {reply}", code=code, reply=words),
        uncertain=False,
        permanent=code >= 500,
        of_file=of_file,
    )


def _validity(client: imapclient.IMAPClient, folder: str) -> int:
    return int(client.select_folder(folder, readonly=True)[b"UIDVALIDITY"])


def _headers(client: imapclient.IMAPClient, uids: Sequence[int]) -> dict[int, bytes]:
    """Some headers of each; a letter that is missing here is fetched to be sure."""
    found = {}
    for uid, parts in client.fetch(uids, [_HEADERS]).items():
        for name, value in parts.items():
            if name.upper().startswith(b"BODY[HEADER") and isinstance(value, bytes):
                found[uid] = value
    return found


def _content(client: imapclient.IMAPClient, uid: int) -> bytes:
    found = client.fetch([uid], ["BODY.PEEK[]"])
    content = found.get(uid, {}).get(b"BODY[]")
    if not isinstance(content, bytes):
        raise IMAPClientError(f"letter {uid} is gone")
    return content
