"""Submission of messages over SMTP, many over one line: signing in takes longer than a letter, and providers count it.

A line that is open belongs to whoever took it, until it is given back: two threads never speak on the same one. Only
after a letter that was taken is it given back; after anything else it is closed. Before the next letter it must answer,
and until the body leaves a new line may take its place: nothing was sent then.
"""

from __future__ import annotations

import re
import smtplib
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from fattorino.core.errors import ChannelError
from fattorino.core.texts import say
from fattorino.hub.mail_lines import Place, WatchedSmtp, no_entry, trusting, unproven
from fattorino.hub.reach import Watch

# Letters on one line. Servers that count them answer MAIL with 4xx after 100 or more, and Exim leaves what comes after
# its own number lying a while; signing in once for so many is no burden to anybody.
MOST_LETTERS = 50
# Seconds of an unused line: providers admit few at a time. Servers wait 300 (RFC 5321, 4.5.3.2.7).
IDLE = 15.0
# And of any line: who the server is was proven when it was opened.
LASTS = 300.0
# How long a line that was unused may think about whether it is still there; then a new one is opened.
PROBE = 10.0
# Unused lines of all mailboxes together.
MOST_KEPT = 50
# How providers say that too many letters came in a short time, some of them with a code that means "never": Legalmail
# answers MAIL with 550 and "Too much traffic from this sender" above six a minute (InfoCert, help pages).
_TOO_FAST = re.compile(r"too (much|many|fast)|rate.?limit|limit exceeded", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Account:
    """Where messages are submitted, and by whom.

    Attributes:
        address: the sender. trusted_ca: path of a PEM, or empty for the system's authorities.
        patience: seconds for all that a letter needs, the signing in included.
    """

    place: Place
    trusted_ca: str
    address: str
    user: str
    password: str = field(repr=False)
    patience: float


def submit(account: Account, message: bytes, *, to: str) -> None:
    """Hand a message over. That it was taken is certain when this returns.

    Args:
        message: whole, with CRLF line ends. to: its one recipient.

    Raises:
        ChannelError: not taken for certain, or (`uncertain`) the line broke after the body had left.
    """
    line = _begun(account, to)
    try:
        line.give(message)
    except BaseException:
        line.close()
        raise
    KEPT.give_back(line)


def try_signing_in(account: Account) -> None:
    """Open a line, sign in, and leave. Raises ChannelError."""
    _Line(account).leave()


def _begun(account: Account, to: str) -> _Line:
    """A line on which the body may follow: one that is open, where it still serves, or else a new one."""
    line = KEPT.take(account)
    if line is not None:
        try:
            line.go_on(to)
            return line
        except ChannelError as error:
            # Not now, on this line: it has died, or had as many letters as the server wants.
            if error.permanent or isinstance(error, _TooFastError):
                raise
    line = _Line(account)
    line.begin(to)
    return line


class _TooFastError(ChannelError):
    """Later the provider takes letters again; signing in anew would only add to what it counts."""


class _Line:
    """One connection, signed in. Closed as soon as anything goes wrong before the body."""

    def __init__(self, account: Account) -> None:
        self.account, self.letters = account, 0
        self.opened = self.since = time.monotonic()
        self._watch = Watch(account.patience)
        try:
            self._smtp = self._open()
        except BaseException:
            self._watch.end()
            raise
        try:
            self._sign_in()
        except BaseException:
            self.close()
            raise

    def _open(self) -> WatchedSmtp:
        host = self.account.place.host
        try:
            return WatchedSmtp(self.account.place, self._watch, trusting(self.account.trusted_ca))
        except ssl.SSLCertVerificationError as error:
            raise unproven(host, error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelError(
                say("Il server di invio della PEC ({host}) non risponde.", host=host), uncertain=False
            ) from error

    def _sign_in(self) -> None:
        """One way only: the library's own login tries the others with the same wrong password, and a provider that
        counts failures would lock the mailbox sooner."""
        smtp = self._smtp
        try:
            smtp.ehlo_or_helo_if_needed()
            smtp.user, smtp.password = self.account.user, self.account.password
            offered = smtp.esmtp_features.get("auth", "").upper().split()
            if "PLAIN" in offered:
                smtp.auth("PLAIN", smtp.auth_plain)
            else:
                smtp.auth("LOGIN", smtp.auth_login)
        except smtplib.SMTPAuthenticationError as error:
            # 4xx: the provider cannot check it just now (RFC 4954, 6).
            raise no_entry(self.account.address) if error.smtp_code >= 500 else _interrupted() from error
        except (OSError, smtplib.SMTPException) as error:
            raise _interrupted() from error

    def go_on(self, to: str) -> None:
        """As `begin`, on a line that was unused: it must show first that it is still there."""
        self.since = time.monotonic()
        self._watch.again(self.account.patience)
        with self._before_the_body():
            timeout = self.account.place.timeout
            self._wait(min(PROBE, timeout))
            if self._smtp.rset()[0] != 250:
                raise _interrupted()
            self._wait(timeout)
        self.begin(to)

    def _wait(self, seconds: float) -> None:
        if self._smtp.sock is not None:
            self._smtp.sock.settimeout(seconds)

    def begin(self, to: str) -> None:
        """Everything before the body."""
        with self._before_the_body():
            for code, reply in (self._smtp.mail(self.account.address), self._smtp.rcpt(to)):
                if code not in (250, 251):
                    raise _too_fast(code, reply) or _refused(code, reply)
            code, reply = self._smtp.docmd("DATA")
            if code != 354:
                raise _too_fast(code, reply) or _refused(code, reply)

    @contextmanager
    def _before_the_body(self) -> Iterator[None]:
        """Whatever goes wrong in here, nothing was sent, and the line is closed."""
        try:
            yield
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise _interrupted() from error
        except BaseException:
            self.close()
            raise

    def give(self, message: bytes) -> None:
        """The body and its answer; between them nobody knows."""
        # RFC 5321, 4.5.2: a line that begins with a dot gets a second one. The message ends with CRLF (EmailMessage).
        body = re.sub(rb"(?m)^\.", b"..", message)
        try:
            self._smtp.send(body + b".\r\n")
            code, reply = self._smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise _doubtful() from error
        if not 400 <= code < 600 and code != 250:
            # Whatever that means, it is no refusal.
            raise _doubtful()
        if code != 250:
            raise _refused(code, reply, of_file=code >= 500)
        self.letters += 1

    def serves(self, now: float) -> bool:
        """Whether another letter may go on it."""
        return self.letters < MOST_LETTERS and now - self.opened < LASTS and now - self.since < IDLE

    def rest(self) -> bool:
        """From now on it is unused; false where it was too slow to be kept: its watch may just be cutting it."""
        now = time.monotonic()
        in_time = now - self.since < self.account.patience / 2
        self._watch.end()
        self.since = now
        return in_time

    def leave(self) -> None:
        """Say goodbye, without waiting for the answer, and close."""
        with suppress(OSError, smtplib.SMTPException):
            self._smtp.putcmd("quit")
        self.close()

    def close(self) -> None:
        self._watch.end()
        self._smtp.close()


class _Kept:
    """The lines that are open and unused."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._unused: list[_Line] = []
        self._timer: threading.Timer | None = None

    def take(self, account: Account) -> _Line | None:
        """One of this account, the one used last; nobody else has it from now on."""
        now, found = time.monotonic(), None
        with self._guard:
            for line in reversed(self._unused):
                if line.account == account and line.serves(now):
                    found = line
                    self._unused.remove(line)
                    break
        return found

    def give_back(self, line: _Line) -> None:
        if not (line.rest() and line.serves(time.monotonic())):
            line.leave()
            return
        with self._guard:
            self._unused.append(line)
            many = self._unused[:-MOST_KEPT]
            del self._unused[:-MOST_KEPT]
            self._look_again()
        for old in many:
            old.leave()

    def close(self) -> None:
        """Leave all of them."""
        with self._guard:
            unused, self._unused = self._unused, []
        for line in unused:
            line.leave()

    def _look_again(self) -> None:
        """Lines that nobody takes any more are left when their time is over. The guard is held."""
        if self._timer is None and self._unused:
            self._timer = threading.Timer(IDLE, self._sweep)
            self._timer.daemon = True
            self._timer.start()

    def _sweep(self) -> None:
        now = time.monotonic()
        with self._guard:
            old = [line for line in self._unused if not line.serves(now)]
            self._unused = [line for line in self._unused if line not in old]
            self._timer = None
            self._look_again()
        for line in old:
            line.leave()


KEPT = _Kept()


def _interrupted() -> ChannelError:
    return ChannelError(
        say("La connessione con il gestore PEC si è interrotta prima dell'invio."), uncertain=False
    )


def _doubtful() -> ChannelError:
    return ChannelError(
        say(
            "La connessione con il gestore PEC si è interrotta durante l'invio: non si sa se abbia accettato."
        ),
        # What becomes of the file if there is none is said by whoever sends it.
        say("Fattorino cerca la ricevuta di accettazione nella casella."),
        uncertain=True,
    )


def _too_fast(code: int, reply: bytes) -> ChannelError | None:
    """A refusal for good that is none."""
    if code < 500 or not _TOO_FAST.search(_words(reply)):
        return None
    return _TooFastError(
        _not_accepted(code, reply),
        say(
            "Indicare nella pagina del canale (Impostazioni, Canali) quanti file al minuto ammette il gestore."
        ),
        uncertain=False,
    )


def _not_accepted(code: int, reply: bytes) -> str:
    return say("Il gestore PEC non ha accettato il messaggio: {code} {reply}", code=code, reply=_words(reply))


def _words(reply: bytes) -> str:
    return " ".join(reply.decode("utf-8", "replace").split())[:200]


def _refused(code: int, reply: bytes, *, of_file: bool = False) -> ChannelError:
    """4xx: not now. 5xx: not so (RFC 5321, 4.2.1)."""
    return ChannelError(
        _not_accepted(code, reply),
        uncertain=False,
        permanent=code >= 500,
        of_file=of_file,
    )
