"""What the paths of a command line mean: files and folders, read one after the other, whatever they turn out to be."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from fattorino.cli.i18n import register
from fattorino.core.fatturapa import archive, envelope
from fattorino.core.texts import say

SUFFIXES = (".xml", ".p7m", ".zip")

# The system's own texts are English whatever the user speaks.
_REASONS = {
    errno.ENOENT: say("il file non esiste più, o il collegamento non porta a nulla"),
    errno.EACCES: say("manca il permesso di lettura"),
    errno.EPERM: say("manca il permesso di lettura"),
    errno.ELOOP: say("i collegamenti formano un cerchio"),
    errno.EISDIR: say("è una cartella"),
    errno.ENAMETOOLONG: say("il nome è troppo lungo"),
}
_PIECE = 256 * 1024  # bytes
_NO_FILE = say("non è un file ma un canale o un dispositivo")

register(
    {
        "il file non esiste più, o il collegamento non porta a nulla": (
            "the file is no longer there, or the link leads nowhere"
        ),
        "manca il permesso di lettura": "no permission to read it",
        "i collegamenti formano un cerchio": "the links form a circle",
        "è una cartella": "it is a folder",
        "il nome è troppo lungo": "the name is too long",
        "non è un file ma un canale o un dispositivo": "it is no file but a pipe or a device",
    }
)


@dataclass(frozen=True, slots=True)
class Input:
    """Something that may be an invoice. `problem`: why it cannot be read, in Italian, or ""."""

    name: str
    problem: str = ""


def inputs(path: str) -> Iterator[Input]:
    """What a path means: itself, or everything in the folder that may be an invoice, sorted by name.

    Links to folders are not followed: they may lead around in a circle.
    """
    if path == "-" or not os.path.isdir(path):
        yield Input(path)
        return
    problems: list[Input] = []

    def remember(error: OSError) -> None:
        problems.append(Input(os.fspath(error.filename), reason(error)))

    for folder, folders, files in os.walk(path, onerror=remember):
        folders.sort()
        for name in sorted(files):
            if name.lower().endswith(SUFFIXES):
                yield _in_folder(os.path.join(folder, name))
        yield from problems
        problems.clear()
    yield from problems


def _in_folder(name: str) -> Input:
    try:
        mode = os.stat(name).st_mode
    except OSError as error:
        return Input(name, reason(error))
    # Opened, a pipe that nobody writes to would wait for ever. One named on the command line is meant.
    return Input(name) if stat.S_ISREG(mode) else Input(name, _NO_FILE)


def read(name: str) -> bytes:
    """The bytes of a file, or of standard input for "-"; of a too large file a little more than is accepted, so that
    it is refused and not cut. Raises OSError."""
    if name == "-":
        return _read(sys.stdin.buffer)
    with open(name, "rb", buffering=0) as file:
        return _read(cast(BinaryIO, file))


def _read(file: BinaryIO) -> bytes:
    # In pieces, because asking for the limit at once would take memory for all of it, however small the file is.
    start = file.read(_PIECE)
    pieces = [start]
    size = len(start)
    limit = archive.MAX_SIZE if archive.is_zip(start) else envelope.MAX_SIZE
    while size <= limit and (piece := file.read(_PIECE)):
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def reason(error: OSError) -> str:
    """Why something cannot be read, in Italian where it is one of the usual reasons."""
    return _REASONS.get(error.errno or 0) or error.strerror or str(error)
