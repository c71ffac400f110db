"""A folder of the machine, opened once: its files are reached through it, and links are not followed."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from fattorino.documents.receiving.bundles import metadata_of, stem

LIMIT = 150 * 1024 * 1024  # bytes of one file: the largest archive that is opened
TAKEN = "presi"  # the folder within, where what was taken goes
_INTERESTING = (".xml", ".p7m", ".zip", ".eml")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as it was seen. `changed_ns`: when its bytes or its name last changed."""

    name: str
    size: int
    changed_ns: int

    @property
    def shown(self) -> str:
        """The name as it may be kept and said: bytes that are no UTF-8 are written out."""
        return self.name.encode("utf-8", "backslashreplace").decode()[:255]


class Directory:
    """Use it as a context. Every method may raise OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1

    def __enter__(self) -> Self:
        self._fd = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._fd)

    def entries(self) -> list[Entry]:
        """The files that may hold invoices, by name; links, pipes and what is hidden are passed over."""
        found = []
        for name in os.listdir(self._fd):
            if name.startswith(".") or not name.lower().endswith(_INTERESTING):
                continue
            try:
                seen = os.stat(name, dir_fd=self._fd, follow_symlinks=False)
            except FileNotFoundError:
                continue  # gone since
            if stat.S_ISREG(seen.st_mode):
                found.append(_entry(name, seen))
        return sorted(found, key=lambda entry: entry.name)

    def read(self, entry: Entry) -> bytes:
        """The bytes of a file, if it is still the one that was seen."""
        handle = os.open(
            entry.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self._fd
        )
        with open(handle, "rb") as file:
            seen = os.fstat(handle)
            if not stat.S_ISREG(seen.st_mode) or _entry(entry.name, seen) != entry:
                raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            content = file.read(LIMIT + 1)
            if len(content) > LIMIT:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
            if _entry(entry.name, os.fstat(handle)) != entry:
                raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return content

    def move(self, entry: Entry) -> None:
        """Put a file into the folder of those that were taken; one of the same name stays beside it."""
        with contextlib.suppress(FileExistsError):
            os.mkdir(TAKEN, 0o750, dir_fd=self._fd)
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        target = os.open(TAKEN, flags, dir_fd=self._fd)
        try:
            name = entry.name
            if _exists(name, target):
                name = f"{entry.changed_ns}-{entry.name}"[-255:]
            os.rename(entry.name, name, src_dir_fd=self._fd, dst_dir_fd=target)
        finally:
            os.close(target)


def paired(entries: Iterable[Entry]) -> Iterator[tuple[Entry, Entry | None]]:
    """Every file with the MT that lies beside it under its name; an MT alone is left alone."""
    entries = list(entries)
    metadata = {metadata_of(entry.name): entry for entry in entries if metadata_of(entry.name)}
    for entry in entries:
        if not metadata_of(entry.name):
            yield entry, metadata.get(stem(entry.name))


def _exists(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _entry(name: str, seen: os.stat_result) -> Entry:
    return Entry(name, seen.st_size, max(seen.st_mtime_ns, seen.st_ctime_ns))
