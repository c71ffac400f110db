"""A PEC mailbox as a way to SdI: submission over SMTP, receipts over IMAP, both with TLS from the first octet.

The only doubtful moment is after the body has left and before the provider has answered. Then nothing is sent again:
`resolve` looks for the provider's own receipts, which name our Message-ID.
"""

from __future__ import annotations

import email.message
import email.policy
import email.utils
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypedDict

import imapclient
from imapclient.exceptions import IMAPClientError, LoginError

from fattorino.core.errors import ChannelError, InputError
from fattorino.core.pec.messages import read_pec
from fattorino.core.sdi.pec import LARGEST
from fattorino.core.texts import say

# Of what came, in one go: a mailbox may hold years, a worker's memory not.
AT_ONCE = 50
Fate = Literal["sent", "not_sent", "unknown"]


class Settings(TypedDict, total=False):
    """What may be shown of a channel of this kind."""

    address: str  # of the mailbox, the sender of all we send
    user: str  # what the provider wants at login; empty: the address
    smtp_host: str
    smtp_port: int  # 465 where empty: TLS from the first octet
    imap_host: str
    imap_port: int  # 993 where empty
    folder: str  # INBOX where empty
    trusted_ca: str  # path of a PEM; empty: the system's authorities
    assigned: str  # the address of SdI to write to, written by the Hub when SdI assigns one; empty: sdi01
    test: bool  # believe SdI's messages of its test environment ("SIMULAZIONE")


class Secrets(TypedDict, total=False):
    """What is kept encrypted."""

    password: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """Up to where a mailbox was read. Another `validity` (RFC 3501, UIDVALIDITY) makes `uid` meaningless."""

    validity: int = 0
    uid: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it lies in the mailbox, and the cursor that stands behind it."""

    content: bytes
    cursor: Cursor


@dataclass(frozen=True, slots=True)
class PecMailbox:
    """A company's mailbox.

    Attributes:
        address: the PEC address, which is also the sender. user: what the provider wants at login.
        timeout: seconds for each answer. trusted_ca: path of a PEM with the authority of the provider; empty: the
            system's.
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

    def message_id(self, file_name: str) -> str:
        """Of the message that carries this file. A file's name is used once for ever, and so is this."""
        return f"<sdi.{file_name}@{self.address.rpartition('@')[2]}>"

    def send(self, file_name: str, content: bytes, *, to: str, now: datetime) -> None:
        """Hand one file to our provider, for SdI. That the provider took it is certain when this returns.

        Args:
            to: the address that SdI assigned, or its first one (core.sdi.pec.FIRST_ADDRESS). now: aware.

        Raises:
            ChannelError: not taken for certain, or (`uncertain`) the line broke after the body had left.
        """
        data = self._message(file_name, content, to, now)
        if len(data) > LARGEST:
            raise ChannelError(
                say("Il messaggio con il file {name} supera i 30 MB ammessi per la PEC.", name=file_name),
                uncertain=False,
                permanent=True,
            )
        with self._submission() as smtp:
            self._prepare(smtp, to)
            _give(smtp, data)

    def resolve(self, file_name: str) -> Fate:
        """What became of a send that ended in doubt, by the receipts in the mailbox.

        Raises:
            ChannelError: the mailbox cannot be read (nothing is known then).
        """
        wanted = self.message_id(file_name)
        with self._mailbox() as client:
            for uid in client.search(["HEADER", "X-Riferimento-Message-ID", wanted.strip("<>")]):
                with suppress(InputError):
                    found = read_pec(_content(client, uid))
                    # The search finds parts of values: only the whole one is ours.
                    if found.sort == "ricevuta" and found.riferimento == wanted:
                        return "not_sent" if found.tipo == "non-accettazione" else "sent"
        return "unknown"

    def letters(self, after: Cursor) -> Iterator[Letter]:
        """What came since, oldest first, at most `AT_ONCE`; the mailbox itself is not changed.

        With another UIDVALIDITY everything comes again: taking a message twice must be harmless.

        Raises:
            ChannelError: the mailbox cannot be read.
        """
        with self._mailbox() as client:
            validity = _validity(client, self.folder)
            first = after.uid + 1 if after.validity == validity else 1
            uids = sorted(uid for uid in client.search(["UID", f"{first}:*"]) if uid >= first)
            for uid in uids[:AT_ONCE]:
                yield Letter(_content(client, uid), Cursor(validity, uid))

    def _message(self, file_name: str, content: bytes, to: str, now: datetime) -> bytes:
        message = email.message.EmailMessage(policy=email.policy.SMTP)
        message["From"], message["To"], message["Subject"] = self.address, to, file_name
        message["Date"] = email.utils.format_datetime(now)
        message["Message-ID"] = self.message_id(file_name)
        # The whole invoice back with every receipt would only fill the mailbox: the file is kept here.
        message["X-TipoRicevuta"] = "breve"
        message.set_content(f"{file_name}\n")
        subtype = "pkcs7-mime" if file_name.lower().endswith(".p7m") else "octet-stream"
        message.add_attachment(content, maintype="application", subtype=subtype, filename=file_name)
        return message.as_bytes()

    @contextmanager
    def _submission(self) -> Iterator[smtplib.SMTP_SSL]:
        try:
            smtp = smtplib.SMTP_SSL(self.smtp_host, self.smtp_port, timeout=self.timeout, context=self._tls())
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelError(
                say("Il server di invio della PEC ({host}) non risponde.", host=self.smtp_host),
                uncertain=False,
            ) from error
        try:
            yield smtp
        finally:
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            smtp.close()

    def _prepare(self, smtp: smtplib.SMTP_SSL, to: str) -> None:
        """Everything before the body: whatever goes wrong here, nothing was sent."""
        try:
            _login(smtp, self.user, self.password)
            for code, reply in (smtp.mail(self.address), smtp.rcpt(to)):
                if code not in (250, 251):
                    raise _refused(code, reply)
            code, reply = smtp.docmd("DATA")
            if code != 354:
                raise _refused(code, reply)
        except smtplib.SMTPAuthenticationError as error:
            raise ChannelError(
                say(
                    "Il gestore PEC non accetta utente e password della casella {address}.",
                    address=self.address,
                ),
                say(
                    "Correggerli nella pagina del canale: dopo troppi tentativi il gestore blocca la casella."
                ),
                uncertain=False,
                permanent=True,
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelError(
                say("La connessione con il gestore PEC si è interrotta prima dell'invio."), uncertain=False
            ) from error

    @contextmanager
    def _mailbox(self) -> Iterator[imapclient.IMAPClient]:
        try:
            client = imapclient.IMAPClient(
                self.imap_host, self.imap_port, ssl=True, ssl_context=self._tls(), timeout=self.timeout
            )
        except (OSError, IMAPClientError) as error:
            raise self._unreadable() from error
        try:
            client.login(self.user, self.password)
            client.select_folder(self.folder, readonly=True)
            yield client
            client.logout()
        except LoginError as error:
            raise ChannelError(
                say(
                    "Il gestore PEC non accetta utente e password della casella {address}.",
                    address=self.address,
                ),
                say(
                    "Correggerli nella pagina del canale: dopo troppi tentativi il gestore blocca la casella."
                ),
                uncertain=False,
                permanent=True,
            ) from error
        except (OSError, IMAPClientError) as error:
            raise self._unreadable() from error
        finally:
            with suppress(OSError, IMAPClientError):
                client.shutdown()

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
                say("Controllare il percorso nella pagina del canale."),
                uncertain=False,
                permanent=True,
            ) from error


def _login(smtp: smtplib.SMTP_SSL, user: str, password: str) -> None:
    """One way only: the library's own login tries the others with the same wrong password, and a provider that
    counts failures would lock the mailbox sooner."""
    smtp.ehlo_or_helo_if_needed()
    smtp.user, smtp.password = user, password
    offered = smtp.esmtp_features.get("auth", "").upper().split()
    if "PLAIN" in offered:
        smtp.auth("PLAIN", smtp.auth_plain)
    else:
        smtp.auth("LOGIN", smtp.auth_login)


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
        raise _refused(code, reply)


def _refused(code: int, reply: bytes) -> ChannelError:
    """4xx: not now. 5xx: not so (RFC 5321, 4.2.1)."""
    words = " ".join(reply.decode("utf-8", "replace").split())[:200]
    return ChannelError(
        say("Il gestore PEC non ha accettato il messaggio: {code} {reply}", code=code, reply=words),
        uncertain=False,
        permanent=code >= 500,
    )


def _validity(client: imapclient.IMAPClient, folder: str) -> int:
    return int(client.select_folder(folder, readonly=True)[b"UIDVALIDITY"])


def _content(client: imapclient.IMAPClient, uid: int) -> bytes:
    found = client.fetch([uid], ["BODY.PEEK[]"])
    content = found.get(uid, {}).get(b"BODY[]")
    if not isinstance(content, bytes):
        raise IMAPClientError(f"letter {uid} is gone")
    return content
