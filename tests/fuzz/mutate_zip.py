"""Mutations of archives: their members, and the fields of their headers."""

from __future__ import annotations

import io
import random
import re
import warnings
import zipfile
from collections.abc import Callable

from fattorino.core.errors import ArchiveError
from fattorino.core.fatturapa.archive import read_zip

_NAMES = (
    "IT01234567897_00001.xml",
    "a.xml.p7m",
    "../a.xml",
    "/a.xml",
    "a\\b.xml",
    "c/",
    "",
    "è.xml",
    "A.XML",
    "x" * 300,
)
_NUMBERS = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x01\0\0\0", b"\0\0\0\x80", b"PK\x05\x06", b"\x09\0\x08\0")


def mutate(data: bytes, rng: random.Random, inner: Callable[[bytes], bytes]) -> bytes:
    if rng.random() < 0.5:
        return _headers(data, rng)
    try:
        opened = read_zip(data, max_members=50, max_total_size=5_000_000)
    except ArchiveError:
        return _headers(data, rng)
    members = [(member.name, member.content) for member in opened]
    for _ in range(rng.choice((1, 2, 3))):
        members = _members(members, rng, inner)
    return packed(members, rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)))


def packed(members: list[tuple[str, bytes]], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of duplicate names
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return buffer.getvalue()


def _members(
    members: list[tuple[str, bytes]], rng: random.Random, inner: Callable[[bytes], bytes]
) -> list[tuple[str, bytes]]:
    if not members:
        return [("a.xml", b"<a/>")]
    place = rng.randrange(len(members))
    name, content = members[place]
    match rng.randrange(6):
        case 0:
            return members[:place] + members[place + 1 :]
        case 1:
            return [*members, (name, content)]
        case 2:
            members[place] = (rng.choice(_NAMES) or " ", content)
        case 3:
            members[place] = (name, b"\0" * rng.choice((0, 10, 100_000)))
        case 4:
            members[place] = (name, packed(members[:3]))
        case _:
            members[place] = (name, inner(content))
    return members


def _headers(data: bytes, rng: random.Random) -> bytes:
    """Bytes of one header changed: sizes, offsets, flags, methods, lengths of names."""
    headers = [found.start() for found in re.finditer(rb"PK[\x01\x03\x05]", data)]
    if not headers:
        return data
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        place = min(rng.choice(headers) + rng.randrange(50), len(changed) - 1)
        if rng.random() < 0.5:
            changed[place] = rng.choice((0, 1, 8, 0xFF, rng.randrange(256)))
        else:
            changed[place : place + 4] = rng.choice(_NUMBERS)
    return bytes(changed)
