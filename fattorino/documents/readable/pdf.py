"""The readable copy as PDF/A, set by typst from `copia.typ`.

A table of very many rows is set as a listing, and by a process of its own: cell by cell an invoice of 9,999 lines took
10 s and 1.5 GB, which a web server does not have to spare; so it takes 2 s and 200 MB, which go when the process does.

PDF/A-2a (Allegato 2 of the AgID guidelines recommends A-2), tagged and PDF/UA-1 as well; PDF/A-3b when the XML
travels inside. Only structure is checked here (tests): no independent validator was at hand.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import importlib.resources
import json
import re
import threading
from pathlib import Path
from typing import Any, TypeVar

import typst

from fattorino.core.errors import InputError
from fattorino.core.texts import say
from fattorino.organisations import apart

from .listing import is_long, listing
from .view import Copy, Table

T = TypeVar("T")

# What the two font families that typst carries can draw (measured; test_pdf.py measures it again). PDF/A forbids a
# missing glyph, and typst refuses the whole document for one.
_DRAWABLE = (
    "\t\n\r\x20-\u04ff\u2000-\u200a\u2010-\u2027\u202f-\u2040\u2042\u2044-\u2052\u2054-\u205f"
    "\u20a0-\u20bf\u2100-\u211e\u2120\u2122\u2124\u2126-\u214f\u2153-\u2184\u2190-\u22ff"
)
_FOREIGN = re.compile(f"[^{_DRAWABLE}]")
_COMBINING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u0300-\u036f\u0378-\u0379\u0483-\u0489]")

# Of a long copy: many times what the longest invoice takes, on a slow machine. Address space is more than memory.
_SECONDS, _MEGABYTES, _WAIT = 60, 4000, 240.0

# A Compiler reads the fonts once and is not made for two threads at the same time.
_ONE_AT_A_TIME = threading.Lock()


def draw_pdf(copy: Copy, *, xml: tuple[str, bytes] | None = None, created: datetime.datetime) -> bytes:
    """The copy as PDF; the same arguments give the same bytes.

    Args:
        xml: name and bytes of the invoice to attach, unchanged; makes the PDF an A-3b.
        created: aware instant written as date of creation.

    Raises:
        InputError: it would take more time or memory than any invoice needs.
    """
    long = _is_long(copy)
    data: dict[str, Any] = _drawable(dataclasses.asdict(_listed(copy) if long else copy))
    if xml is not None:
        data["xml"] = {"name": xml[0], "data": _exact(xml[1])}
    text = json.dumps(data, ensure_ascii=False)
    standards: list[Any] = ["a-3b" if xml is not None else "a-2a", "ua-1"]
    at = created.astimezone(datetime.UTC).replace(microsecond=0)
    if long:
        return _set_apart(text, standards, at)
    with _ONE_AT_A_TIME:
        pdf = _compiler().compile(
            sys_inputs={"data": text}, format="pdf", pdf_standards=standards, timestamp=at
        )
    assert isinstance(pdf, bytes)
    return pdf


def _is_long(copy: Copy) -> bool:
    return any(
        isinstance(part, Table) and is_long(part)
        for body in copy.bodies
        for part in (body.lines, body.summary, *body.after)
    )


def _listed(copy: Copy) -> Copy:
    """The same, its long tables as listings; short ones stay what they are."""

    def listed(part: T) -> T:
        if isinstance(part, Table) and is_long(part):
            return dataclasses.replace(part, rows=(), listing=tuple(listing(part)))
        return part

    bodies = tuple(
        dataclasses.replace(
            body,
            lines=listed(body.lines),
            summary=listed(body.summary),
            after=tuple(listed(part) for part in body.after),
        )
        for body in copy.bodies
    )
    return dataclasses.replace(copy, bodies=bodies)


def _set_apart(data: str, standards: list[str], at: datetime.datetime) -> bytes:
    given = {"template": _template(), "data": data, "standards": standards, "timestamp": at.isoformat()}
    script = Path(__file__).with_name("setting.py")
    try:
        return apart.run(
            script, json.dumps(given).encode(), seconds=_SECONDS, megabytes=_MEGABYTES, wait=_WAIT
        )
    except apart.TooMuchError as error:
        raise InputError(
            say("La copia in PDF di questo documento sarebbe troppo grande."),
            say("Leggerlo sulla sua pagina, o scaricare il file XML."),
        ) from error


def _template() -> str:
    return str(importlib.resources.files(__package__) / "copia.typ")


@functools.cache
def _compiler() -> typst.Compiler:
    """One per process: building it reads the fonts, which costs more than setting a page."""
    return typst.Compiler(_template(), ignore_system_fonts=True)


def _exact(data: bytes) -> str | list[int]:
    """In a form that typst turns into the same bytes: UTF-8 text is five times shorter than a list of numbers."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return list(data)


def _drawable(value: Any) -> Any:
    """The same data with every character that the fonts lack written as its code point: "[U+4E2D]"."""
    if isinstance(value, str):
        return _FOREIGN.sub(_code_point, _COMBINING.sub(_code_point, value))
    if isinstance(value, dict):
        return {key: _drawable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_drawable(item) for item in value]
    return value


def _code_point(match: re.Match[str]) -> str:
    return f"[U+{ord(match.group()):04X}]"
