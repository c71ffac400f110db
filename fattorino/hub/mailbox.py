"""A PEC mailbox: submission over SMTP, reading over IMAP, both with TLS from the first octet.

The only doubtful moment is after the body has left and before the provider has answered. Then nothing is sent again:
the provider's own receipts, which name our Message-ID, are looked for.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from imapclient.exceptions import IMAPClientError, LoginError

from fattorino.core.errors import ChannelError
from fattorino.core.texts import say
from fattorino.hub import mail_submission
from fattorino.hub.mail_lines import Place, WatchedImap, no_entry, trusting, unproven
from fattorino.hub.reach import EVERYWHERE, Reach, Watch

# Letters in one go, and how many are looked at together, by their headers.
AT_ONCE, LOOKED_AT = 1_000, 500
# Letters that are fetched whole with one question, and their octets: so many are in memory. A larger one comes alone.
PORTION, PORTION_OCTETS = 50, 4_000_000
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
        mail_submission.submit(self._account(), message, to=to)

    def receipts_of(self, message_id: str) -> Sequence[bytes]:
        """The letters in the mailbox that name a message of ours, oldest first.

        Raises:
            ChannelError: the mailbox cannot be read (nothing is known then).
        """
        with self._mailbox() as visit:
            found = visit.client.search(["HEADER", "X-Riferimento-Message-ID", message_id.strip("<>")])
            return [visit.contents([uid])[uid] for uid in sorted(found)]

    def try_submission(self) -> None:
        """Log in where messages are submitted, and leave. Raises ChannelError."""
        mail_submission.try_signing_in(self._account())

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
        with self._mailbox() as visit:
            first = after.uid + 1 if after.validity == visit.validity else 1
            uids = sorted(uid for uid in visit.client.search(["UID", f"{first}:*"]) if uid >= first)
            room = AT_ONCE
            for start in range(0, len(uids), LOOKED_AT):
                some = uids[start : start + LOOKED_AT]
                looked = visit.look(some)
                chosen = [uid for uid in some if uid not in looked or wanted(looked[uid].headers)]
                for portion in _portions(chosen[:room], looked):
                    if time.monotonic() > until:
                        return
                    contents = visit.contents(portion)
                    for uid in portion:
                        yield Letter(contents.pop(uid), Cursor(visit.validity, uid))
                if len(chosen) > room:
                    return
                room -= len(chosen)
                if some[-1] not in chosen:
                    yield Letter(b"", Cursor(visit.validity, some[-1]))

    @contextmanager
    def _mailbox(self) -> Iterator[_Visit]:
        watch = Watch(self.patience)
        try:
            with self._reading(watch) as visit:
                yield visit
        finally:
            watch.end()

    @contextmanager
    def _reading(self, watch: Watch) -> Iterator[_Visit]:
        try:
            client = WatchedImap(
                self._place(self.imap_host, self.imap_port), watch, trusting(self.trusted_ca)
            )
        except ssl.SSLCertVerificationError as error:
            raise unproven(self.imap_host, error) from error
        except (OSError, IMAPClientError) as error:
            raise self._unreadable() from error
        try:
            client.login(self.user, self.password)
            found = client.select_folder(self.folder, readonly=True)
            yield _Visit(client, watch, self.patience, int(found[b"UIDVALIDITY"]))
            watch.again(self.timeout)
            client.logout()
        except LoginError as error:
            # "Unavailable" is the provider's own trouble (RFC 5530), not a wrong password.
            raise (
                self._unreadable() if "UNAVAILABLE" in str(error).upper() else no_entry(self.address)
            ) from error
        except (OSError, IMAPClientError) as error:
            raise self._unreadable() from error
        finally:
            with suppress(OSError, IMAPClientError):
                client.shutdown()

    def _account(self) -> mail_submission.Account:
        place = self._place(self.smtp_host, self.smtp_port)
        return mail_submission.Account(
            place, self.trusted_ca, self.address, self.user, self.password, self.patience
        )

    def _place(self, host: str, port: int) -> Place:
        return Place(host, port, self.timeout, self.reach)

    def _unreadable(self) -> ChannelError:
        return ChannelError(
            say("La casella PEC {address} non si può leggere adesso.", address=self.address), uncertain=False
        )


@dataclass(frozen=True, slots=True)
class _Looked:
    """A letter before it is fetched. `size`: in octets, as the server says."""

    headers: bytes
    size: int


@dataclass(frozen=True, slots=True)
class _Visit:
    """An open folder. `patience`: seconds for each answer."""

    client: WatchedImap
    watch: Watch
    patience: float
    validity: int

    def look(self, uids: Sequence[int]) -> dict[int, _Looked]:
        """Some headers of each; a letter that is missing here is fetched to be sure."""
        found = {}
        for uid, parts in self._fetch(uids, [_HEADERS, "RFC822.SIZE"]).items():
            for name, value in parts.items():
                if name.upper().startswith(b"BODY[HEADER") and isinstance(value, bytes):
                    size = parts.get(b"RFC822.SIZE")
                    found[uid] = _Looked(value, size if isinstance(size, int) else PORTION_OCTETS)
        return found

    def contents(self, uids: Sequence[int]) -> dict[int, bytes]:
        """These letters, byte by byte. Raises IMAPClientError where one is gone."""
        found = {uid: parts.get(b"BODY[]") for uid, parts in self._fetch(uids, ["BODY.PEEK[]"]).items()}
        whole = {uid: content for uid in uids if isinstance(content := found.get(uid), bytes)}
        if len(whole) < len(uids):
            raise IMAPClientError("a letter is gone")
        return whole

    def _fetch(self, uids: Sequence[int], what: Sequence[str]) -> Any:
        self.watch.again(self.patience)
        self.client.begin_answer()
        found = self.client.fetch(uids, what)
        self.watch.end()  # what is done with it takes as long as it takes
        return found


def _portions(uids: Sequence[int], looked: Mapping[int, _Looked]) -> Iterator[list[int]]:
    """These, as many together as one question may bring."""
    portion, octets = list[int](), 0
    for uid in uids:
        size = looked[uid].size if uid in looked else PORTION_OCTETS
        if portion and (len(portion) == PORTION or octets + size > PORTION_OCTETS):
            yield portion
            portion, octets = [], 0
        portion.append(uid)
        octets += size
    if portion:
        yield portion
