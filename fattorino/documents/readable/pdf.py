"""The readable copy as PDF/A, set by typst from `copia.typ`.

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
from typing import Any

import typst

from .view import Copy

# What the two font families that typst carries can draw (measured; test_pdf.py measures it again). PDF/A forbids a
# missing glyph, and typst refuses the whole document for one.
_DRAWABLE = (
    "\t\n\r\x20-\u04ff\u2000-\u200a\u2010-\u2027\u202f-\u2040\u2042\u2044-\u2052\u2054-\u205f"
    "\u20a0-\u20bf\u2100-\u211e\u2120\u2122\u2124\u2126-\u214f\u2153-\u2184\u2190-\u22ff"
)
_FOREIGN = re.compile(f"[^{_DRAWABLE}]")
_COMBINING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u0300-\u036f\u0378-\u0379\u0483-\u0489]")

# A Compiler reads the fonts once and is not made for two threads at the same time.
_ONE_AT_A_TIME = threading.Lock()


def draw_pdf(copy: Copy, *, xml: tuple[str, bytes] | None = None, created: datetime.datetime) -> bytes:
    """The copy as PDF; the same arguments give the same bytes.

    Args:
        xml: name and bytes of the invoice to attach, unchanged; makes the PDF an A-3b.
        created: aware instant written as date of creation.
    """
    data: dict[str, Any] = _drawable(dataclasses.asdict(copy))
    if xml is not None:
        data["xml"] = {"name": xml[0], "data": _exact(xml[1])}
    with _ONE_AT_A_TIME:
        pdf = _compiler().compile(
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
            format="pdf",
            pdf_standards=["a-3b" if xml is not None else "a-2a", "ua-1"],
            timestamp=created.astimezone(datetime.UTC).replace(microsecond=0),
        )
    assert isinstance(pdf, bytes)
    return pdf


@functools.cache
def _compiler() -> typst.Compiler:
    """One per process: building it reads the fonts, which costs more than setting a page."""
    template = importlib.resources.files(__package__) / "copia.typ"
    return typst.Compiler(str(template), ignore_system_fonts=True)


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
