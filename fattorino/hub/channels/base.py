"""The port between the Hub and a way to SdI. A channel knows neither models nor other channels.

Three kinds of way fit it. Where each file goes by itself and is answered at once (SDICoop, another Hub) `prepare`
makes nothing. Where files travel inside something (a PEC message, an SdIFtp support) `prepare` makes it, its bytes are
stored, and only then is it handed over; what became of it comes later, as an answer or by `resolve`. A way that only
waits to be visited (folders) is the second kind too.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from fattorino.core.errors import ChannelError

Fate = Literal["sent", "not_sent", "unknown"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One file for SdI.

    Attributes:
        kind: FA an invoice file, EC the outcome of a PA buyer, which needs `identificativo_sdi` of the invoice.
    """

    file_name: str
    content: bytes
    kind: Literal["FA", "EC"] = "FA"
    identificativo_sdi: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The file was taken. `identificativo_sdi` is empty where only a later receipt tells it (then SdI itself has not
    spoken yet: only who carries the file has)."""

    identificativo_sdi: str = ""
    received_at: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """SdI answered at once, and for good, that it does not take an outcome: with its SE as it came (may be empty)."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Untried:
    """Nothing of it has left, and nobody has failed: it goes with the next ones."""


Result = Accepted | Refused | ChannelError | Untried


@dataclass(frozen=True, slots=True)
class Parcel:
    """What files travel in, under the name by which answers call it.

    Equal arguments of `prepare` give equal bytes, but for what encryption must draw by lot."""

    name: str
    content: bytes
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Raw:
    """Something whole as it was fetched, and the cursor that stands behind it.

    Without a name: nothing worth keeping came, only the cursor moved on.

    Attributes:
        laid_at: when it was put where it was fetched, where the way tells that (aware). Who keeps it makes of a moment
            in the future the moment of fetching.
    """

    name: str
    content: bytes
    cursor: str
    laid_at: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class MessageItem:
    """A message of SdI: a receipt, a notification, an SE."""

    name: str
    content: bytes
    identificativo_sdi: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceItem:
    """An invoice that somebody sent to us, with its MT (empty where it came without).

    Attributes:
        delivered_at: when SdI delivered it, where the way tells that (aware): the terms run from there, not from when
            somebody looked.
    """

    identificativo_sdi: str
    name: str
    content: bytes
    metadata_name: str = ""
    metadata: bytes = b""
    delivered_at: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class AnswerItem:
    """What became of a parcel of ours: `taken`, or not, for certain.

    Attributes:
        doubtful: not taken now, but perhaps later after all: what is in it is not told as certainly not sent.
        assigned: from now on use this address (to be kept as the channel's setting `assigned`); "" changes nothing.
            An answer without `parcel` says nothing but that.
    """

    parcel: str
    taken: bool
    text: str
    assigned: str = ""
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class OtherItem:
    """Something else (a daily report, a letter of a stranger): kept, and said what it seems to be."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ReportItem:
    """The other side's own list of what was exchanged, to be compared with ours.

    Attributes:
        kind: what it lists, as the way calls it. claims: (what is claimed, the parcel's name without extension, the
            line as it came). text: what it seems to be, in words.
    """

    name: str
    kind: str
    claims: tuple[tuple[str, str, str], ...]
    text: str


Item = MessageItem | InvoiceItem | AnswerItem | ReportItem | OtherItem


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the test button tried, in words for the page."""

    name: str
    ok: bool
    text: str


class ChannelPort(Protocol):
    """A way to SdI.

    Whatever goes wrong is a ChannelError that says whether SdI may have taken the file (`uncertain`) and whether trying
    again unchanged is pointless (`permanent`).

    Attributes:
        most: files in one parcel; 0 where each file goes by itself, through `send`.
        room: bytes that the files of one parcel may have together; a single file that is larger is refused by
            `prepare`.
    """

    @property
    def most(self) -> int: ...

    @property
    def room(self) -> int: ...

    def send(self, file: Outgoing) -> Accepted | Refused:
        """Hand over one file, where each goes by itself.

        Raises:
            ChannelError: not taken (certain) or nobody knows (`uncertain`).
        """
        ...

    def prepare(self, files: Sequence[Outgoing], *, number: int, now: datetime.datetime) -> Parcel:
        """Make what the files travel in; touches no network.

        Args:
            number: never used before in the same minute of this channel, from 1. now: aware.

        Raises:
            ChannelError: these files cannot travel together (`permanent`).
        """
        ...

    def hand_over(self, parcel: Parcel) -> None:
        """Give a parcel away. That it was given is certain when this returns; doing it again need be harmless only
        where `resolve` answered "not_sent".

        Raises:
            ChannelError: as `send`. Not permanent and not uncertain also where there is no room for it now.
        """
        ...

    def resolve(self, parcel: Parcel) -> Fate:
        """What became of a parcel (or of a file that went by itself: its name, no content) whose handing over ended
        in doubt, as far as it can be found out by asking; "unknown" where only waiting helps.

        Raises:
            ChannelError: nobody can be asked now.
        """
        ...

    def fetch(self, cursor: str) -> Iterator[Raw]:
        """What came since, oldest first, a limited number. Taking the same thing twice must be harmless.

        Raises:
            ChannelError: nothing can be fetched now.
        """
        ...

    def read(self, raw: Raw) -> Sequence[Item]:
        """What is inside; pure. Raises InputError for what cannot be opened: it is kept, and a person told."""
        ...

    def done(self, raw: Raw) -> None:
        """It is stored: the way may forget it. Raises ChannelError; then it comes again."""
        ...

    def examine(self, *, now: datetime.datetime) -> Sequence[Step]:
        """Try everything that can be tried without sending an invoice, up to the first step that fails."""
        ...


@runtime_checkable
class Together(Protocol):
    """A way that sends many files at the same time by itself."""

    def send_many(self, files: Sequence[Outgoing], *, width: int) -> Sequence[Result | Exception]:
        """What `send` would give or raise for each, `width` of them under way at the same time.

        Once the way itself has failed with one, no further file is begun: those are Untried. An exception that is no
        ChannelError is a fault of the program; nobody knows how far that file came.
        """
        ...


class Alone:
    """What is the same on every way on which each file goes by itself and nothing is fetched."""

    most = 0
    room = 0

    def prepare(self, files: Sequence[Outgoing], *, number: int, now: datetime.datetime) -> Parcel:
        raise ValueError("files go by themselves on this way")

    def hand_over(self, parcel: Parcel) -> None:
        raise ValueError("files go by themselves on this way")

    def resolve(self, parcel: Parcel) -> Fate:
        return "unknown"

    def fetch(self, cursor: str) -> Iterator[Raw]:
        return iter(())

    def read(self, raw: Raw) -> Sequence[Item]:
        return ()

    def done(self, raw: Raw) -> None:
        return None
