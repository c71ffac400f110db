"""One visit to the mail server: letters are handed over, and each answer is given its meaning.

Only what the server says of the recipient makes an address bad (RFC 5321 4.2.1: a 5yz answer to RCPT; RFC 3463: 5.7.x
is about rights, ours not hers). Everything else may be different tomorrow.
"""

from __future__ import annotations

import re
import smtplib
from types import TracebackType
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fattorino.core.texts import say
from fattorino.organisations import languages
from fattorino.workflow.flows.notice_mails import Letter


class ServerDown(Exception):
    """The mail server cannot be reached or does not let us in: no letter can go."""


class NotNow(Exception):
    """This letter was not taken; it may be another time."""


class BadAddress(Exception):
    """The server says that the recipient does not exist: it would say so again."""


class Postman:
    """Used as a context; connects when the first letter is handed over, and again where the line broke."""

    def __init__(self) -> None:
        self._connection = get_connection()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up()

    def connect(self) -> None:
        """Raises: ServerDown."""
        try:
            self._connection.open()
        except OSError as error:  # of which all errors of smtplib and ssl are kinds
            self._hang_up()
            raise ServerDown(_what(error)) from error

    def hand_over(self, letter: Letter) -> None:
        """Returns when the server has taken it.

        Raises:
            ServerDown, NotNow, BadAddress: it has not; after NotNow, perhaps it has (the answer never came).
        """
        try:
            validate_email(letter.address)
            letter.address.encode("ascii")
        except (ValidationError, UnicodeEncodeError) as error:
            raise BadAddress(say("non è un indirizzo e-mail")) from error
        message = compose(letter)
        self.connect()
        try:
            self._connection.send_messages([message])
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            if code == 421:
                self._hang_up()
            if _is_for_good(code, said):
                raise BadAddress(_said(code, said)) from error
            raise NotNow(_said(code, said)) from error
        except OSError as error:
            # Also where the line broke: the next letter begins with a new one.
            self._hang_up()
            raise NotNow(_what(error)) from error

    def _hang_up(self) -> None:
        try:
            self._connection.close()
        except OSError:
            return  # it was gone already


def _is_for_good(code: int, said: bytes) -> bool:
    policy = re.match(rb"\s*5\.7\.", said)
    return 500 <= code < 600 and code != 530 and not policy


def _what(error: OSError) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        answer = error.smtp_error
        return _said(error.smtp_code, answer if isinstance(answer, bytes) else str(answer).encode())
    if isinstance(error, TimeoutError):
        return say("il server di posta non ha risposto in tempo")
    return f"{type(error).__name__}: {error}"


def _said(code: int, said: bytes) -> str:
    """The server's own words, on one line."""
    return " ".join(f"{code} {said.decode('utf-8', 'replace')}".split())


# ------------------------------------------------------------------------------------------- the letter


def compose(letter: Letter) -> EmailMultiAlternatives:
    """Text and HTML in the recipient's language. Nothing personal but number, date, counterpart and state."""
    with translation.override(letter.language):
        return _composed(letter)


def _composed(letter: Letter) -> EmailMultiAlternatives:
    context = {
        "letter": letter,
        "lines": [(row, address(reverse("notices:open", args=[row.id]))) for row in letter.rows],
        "all": address(reverse("notices:list")),
        "preferences": address(reverse("notices:preferences")),
    }
    message = EmailMultiAlternatives(
        subject=" ".join(_subject(letter).split())[:200],
        body=render_to_string("workflow/notices/mail.txt", context),
        to=[letter.address],
        headers={
            # The same at every attempt: a repeat after a crash is known as such.
            "Message-ID": f"<{letter.key}@{_domain()}>",
            # RFC 3834: no automatic answers to this.
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        },
    )
    message.attach_alternative(render_to_string("workflow/notices/mail.html", context), "text/html")
    return message


def _subject(letter: Letter) -> str:
    count = len(letter.rows) + letter.more
    first = letter.rows[0]
    if letter.digest:
        text = ngettext(
            "Riepilogo: %(count)d avviso · %(company)s", "Riepilogo: %(count)d avvisi · %(company)s", count
        )
    elif count > 1:
        text = _("%(count)d avvisi · %(company)s")
    else:
        text = "%(title)s: %(state)s" if first.state else "%(title)s · %(company)s"
    state = first.state.label if first.state else ""
    return text % {
        "count": count,
        "company": letter.company,
        "title": languages.said(first.title),
        "state": state,
    }


def address(path: str) -> str:
    """A page of ours as it is called from outside."""
    return f"{settings.SITE_URL}{path}"


def _domain() -> str:
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("<> ") or "localhost"
