"""SdIFtp: supports laid into, and taken out of, the two folders that SdI visits by SFTP (FTP411, 4).

SdI is the client: every ten minutes it fetches from DatiVersoSdI what has a support's name, deletes it, and puts its
answers into DatiDaSdI, each under its last name only when it is complete. Laying a support down is certain, therefore:
a file is there under that name, or it is not.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from fattorino.core.errors import ChannelError, InputError
from fattorino.core.sdi.ftp.names import SupportName, complete, is_report, parse_support_name
from fattorino.core.sdi.ftp.supports import LARGEST, SMALL
from fattorino.core.texts import say

TO_SDI, FROM_SDI = "DatiVersoSdI", "DatiDaSdI"
TEST = "Test"
# In the same file system as the exchange folders, so that moving into place is one step; out of SdI's sight.
BENCH = "in-lavorazione"


class Settings(TypedDict, total=False):
    """What may be shown of a channel of this kind. Certificates are PEM texts, not paths."""

    node: str  # codice fiscale of the node as accredited, 11 characters
    root: str  # folder that holds DatiVersoSdI and DatiDaSdI, on every machine that runs a worker
    test: bool  # the folders of the agreed tests, supports 900 to 999
    signing_certificate: str  # ours, told to SdI: whose key signs what we send
    reading_certificate: str  # ours, told to SdI: for whose key SdI encrypts; several while it is renewed
    sdi_signing_certificates: (
        str  # whose signature on what comes is believed; several may stand one after the other
    )
    sdi_reading_certificate: str  # SdI's: for whom we encrypt
    sftp_user: str  # only for our own SFTP server (hub/sftp.py): the account that SdI was told
    sftp_public_key: str  # the same; OpenSSH's one line, where SdI comes with a key


class Secrets(TypedDict, total=False):
    """What is kept encrypted: private keys as PEM without a password of their own."""

    signing_key: str
    reading_key: str  # several while it is renewed
    sftp_password: str  # only for our own SFTP server


@dataclass(frozen=True, slots=True)
class Arrival:
    """A complete file that SdI left: a support (FO), an answer (EO, ER) or a daily report (ST)."""

    file: str
    content: bytes
    support: SupportName | None


@dataclass(frozen=True, slots=True)
class SdiFtpFolders:
    """The exchange folders of one node, below `root`.

    Attributes:
        test: use the folders of the agreed tests, where supports have numbers from 900 on.
    """

    root: Path
    test: bool = False

    @property
    def to_sdi(self) -> Path:
        return self.root / (TO_SDI + TEST * self.test)

    @property
    def from_sdi(self) -> Path:
        return self.root / (FROM_SDI + TEST * self.test)

    def prepare(self) -> None:
        """Make the folders. Raises ChannelError where the place cannot be used."""
        try:
            for folder in (self.to_sdi, self.from_sdi, self.root / BENCH):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unusable(error) from error

    def waiting(self) -> dict[str, int]:
        """Supports that SdI has not fetched yet: file name and size in bytes."""
        found = {}
        with _told():
            for entry in os.scandir(self.to_sdi):
                with contextlib.suppress(InputError, FileNotFoundError):
                    parse_support_name(entry.name)
                    found[entry.name] = entry.stat().st_size
        return found

    def has_room_for(self, size: int) -> bool:
        """Whether a support of this size may be laid beside those that wait: of small ones only one (3.1.2)."""
        return size >= SMALL or not any(each < SMALL for each in self.waiting().values())

    def lay(self, name: SupportName, sealed: bytes) -> None:
        """Put a sealed support where SdI fetches it; whole or not at all. Laying the same one again changes nothing.

        Raises:
            ChannelError: certainly not laid down (`uncertain` is False).
        """
        if len(sealed) > LARGEST:
            raise ChannelError(
                say("Il supporto {name} supera i 150 MB.", name=name.file), uncertain=False, permanent=True
            )
        if name.is_test is not self.test:
            raise ChannelError(
                say("Il supporto {name} non è del flusso di questa cartella.", name=name.file),
                say("I numeri da 900 a 999 sono riservati ai flussi di test."),
                uncertain=False,
                permanent=True,
            )
        unfinished = self.root / BENCH / name.file
        with _told():
            with unfinished.open("wb") as stream:
                stream.write(sealed)
                stream.flush()
                os.fsync(stream.fileno())
            unfinished.replace(self.to_sdi / name.file)
            _sync_folder(self.to_sdi)

    def arrivals(self) -> Iterator[Arrival]:
        """What SdI has finished, oldest name first. Files still being written, and others, are left alone.

        Nothing is removed: `forget` does that once the arrival is stored."""
        with _told():
            names = sorted(
                entry.name for entry in os.scandir(self.from_sdi) if entry.is_file(follow_symlinks=False)
            )
        for name in names:
            support = complete(name)
            if support is None and not is_report(name):
                continue
            with _told():
                try:
                    content = (self.from_sdi / name).read_bytes()
                except FileNotFoundError:
                    continue  # another worker was quicker
            yield Arrival(name, content, support)

    def forget(self, arrival: Arrival) -> None:
        """Remove what is stored; not there any more is as good."""
        with _told():
            (self.from_sdi / arrival.file).unlink(missing_ok=True)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unusable(error) from error


def _unusable(error: OSError) -> ChannelError:
    return ChannelError(
        say(
            "Le cartelle di scambio SdIFtp non si possono usare: {reason}.",
            reason=error.strerror or str(error),
        ),
        say("Controllare nella pagina del canale il percorso, i permessi e lo spazio su disco."),
        uncertain=False,
    )


def _sync_folder(folder: Path) -> None:
    """The name must be on disk too, or a power cut takes the support back after it was counted as laid."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
