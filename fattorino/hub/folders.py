"""The two folders that SdI visits by SFTP (FTP411, 4): how a support is laid down, how what SdI left is taken.

SdI is the client: every ten minutes it fetches from DatiVersoSdI what has a support's name, deletes it, and puts its
answers into DatiDaSdI, each under its last name only when it is complete. Laying a support down is certain, therefore:
a file is there under that name, or it is not. A mark beside it tells later, when SdI has deleted it, that it was.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from fattorino.core.errors import ChannelError, InputError
from fattorino.core.sdi.ftp.names import SupportName, complete, is_report, parse_support_name
from fattorino.core.sdi.ftp.supports import LARGEST, SMALL
from fattorino.core.texts import say

TO_SDI, FROM_SDI = "DatiVersoSdI", "DatiDaSdI"
TEST = "Test"
# In the same file system as the exchange folders, so that moving into place is one step; out of SdI's sight.
BENCH = "in-lavorazione"
LAID = ".posato"
# Of what came, in one go, read one after the other.
AT_ONCE = 1_000
# The last name of a daily report is not documented (FTP411, 5.5): one without the mark of all other flows is complete
# once nobody has written for so many seconds.
STILL = 600


@dataclass(frozen=True, slots=True)
class Arrival:
    """A complete file that SdI left: a support (FO), an answer (EO, ER) or a daily report (ST).

    Attributes:
        laid_at: when it got its last name, which ends its transfer; by the file system, where no client sets it.
    """

    file: str
    content: bytes
    support: SupportName | None
    laid_at: datetime.datetime | None = None


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

    @property
    def bench(self) -> Path:
        return self.root / BENCH

    def prepare(self) -> None:
        """Make the folders. Raises ChannelError where the place cannot be used."""
        with _told():
            for folder in (self.to_sdi, self.from_sdi, self.bench):
                folder.mkdir(parents=True, exist_ok=True)

    def waiting(self) -> dict[str, int]:
        """Supports that SdI has not fetched yet: file name and size in bytes."""
        found = {}
        with _told():
            for entry in os.scandir(self.to_sdi):
                with contextlib.suppress(InputError, FileNotFoundError):
                    parse_support_name(entry.name)
                    found[entry.name] = entry.stat().st_size
        return found

    def has_room_for(self, name: SupportName, size: int) -> bool:
        """Whether a support of this size may be laid beside those that wait: of small ones only one (3.1.2)."""
        others = [each for file, each in self.waiting().items() if file != name.file]
        return size >= SMALL or not any(each < SMALL for each in others)

    def lay(self, name: SupportName, sealed: bytes) -> None:
        """Put a sealed support where SdI fetches it; whole or not at all, and only once however often this is called.

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
        if self.was_laid(name):
            return
        unfinished = self.bench / name.file
        with _told():
            with unfinished.open("wb") as stream:
                stream.write(sealed)
                stream.flush()
                os.fsync(stream.fileno())
            # The mark after the file and before the move: with it, a file that is gone from the bench was moved.
            (self.bench / (name.file + LAID)).touch()
            _sync_folder(self.bench)
            unfinished.replace(self.to_sdi / name.file)
            _sync_folder(self.to_sdi)

    def was_laid(self, name: SupportName) -> bool:
        """Whether a support was laid down, be it there still or fetched. Certain, while the folders are the same.

        Raises:
            ChannelError: the folders cannot be looked into.
        """
        with _told():
            on_bench = {entry.name for entry in os.scandir(self.bench)}
            there = (self.to_sdi / name.file).exists()
        return there or (name.file + LAID in on_bench and name.file not in on_bench)

    def unanswered(self) -> list[SupportName]:
        """Supports that SdI has fetched and not answered yet, oldest first.

        Raises:
            ChannelError: the folders cannot be looked into.
        """
        with _told():
            marks = sorted(
                entry.name.removesuffix(LAID) for entry in os.scandir(self.bench) if entry.name.endswith(LAID)
            )
        waiting = self.waiting()
        names = [parse_support_name(each)[0] for each in marks if each not in waiting]
        return [each for each in names if self.was_laid(each) and each.is_test is self.test]

    def free(self) -> int:
        """Bytes left on the disk of the folders."""
        with _told():
            return shutil.disk_usage(self.bench).free

    def try_out(self) -> None:
        """Write, move and remove a file as laying down does, under a name that SdI does not fetch.

        Raises:
            ChannelError: something of it is not possible.
        """
        trial = f"prova-{os.getpid()}.tmp"
        with _told():
            self._look()
            (self.bench / trial).write_bytes(b"")
            (self.bench / trial).replace(self.to_sdi / trial)
            (self.to_sdi / trial).unlink()
            (self.from_sdi / trial).write_bytes(b"")
            (self.from_sdi / trial).unlink()

    def _look(self) -> None:
        for folder in (self.to_sdi, self.from_sdi, self.bench):
            folder.stat()

    def arrivals(self) -> Iterator[Arrival]:
        """What SdI has finished, by name, at most `AT_ONCE`. Files still being written, and others, are left alone.

        Nothing is removed: `forget` does that once the arrival is stored."""
        with _told():
            names = sorted(
                entry.name
                for entry in os.scandir(self.from_sdi)
                if entry.is_file(follow_symlinks=False) and _finished(entry)
            )
        for name in islice(names, AT_ONCE):
            with _told():
                try:
                    with (self.from_sdi / name).open("rb") as stream:
                        content, changed = stream.read(), os.fstat(stream.fileno()).st_ctime
                except FileNotFoundError:
                    continue  # another worker was quicker
            yield Arrival(
                name, content, complete(name), datetime.datetime.fromtimestamp(changed, datetime.UTC)
            )

    def forget(self, file: str) -> None:
        """Remove what is stored; not there any more is as good. An answer ends what was known of its support."""
        support = complete(file)
        with _told():
            if support is not None and support.kind in ("EO", "ER"):
                (self.bench / (support.of_kind("FI").file + LAID)).unlink(missing_ok=True)
            (self.from_sdi / file).unlink(missing_ok=True)


def _finished(entry: os.DirEntry[str]) -> bool:
    if not is_report(entry.name):
        return complete(entry.name) is not None
    # The machine's time, which the file system's is, not the house's clock.
    return entry.name.lower().endswith(".run") or entry.stat().st_mtime < time.time() - STILL


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
        say(
            "Controllare nella pagina del canale (Impostazioni, Canali) il percorso, i permessi e lo spazio su disco."
        ),
        uncertain=False,
    )


def _sync_folder(folder: Path) -> None:
    """The name must be on disk too, or a power cut takes the support back after it was counted as laid."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
