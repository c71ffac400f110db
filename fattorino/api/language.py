"""The language of an answer: Italian, unless the program names English first.

Unlike a page's (organisations/languages.py): a program has no profile to choose it in, and what it asks for is what
whoever wrote it means.
"""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from fattorino.organisations.languages import known, recorded

_RANGE = re.compile(r"\s*([A-Za-z]{1,8})[A-Za-z0-9-]*\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?")
_MOST = 20  # who names more languages than these does not care


def asked(request: HttpRequest) -> str:
    """The best of ours in Accept-Language (RFC 9110, 12.5.4); of equals the first."""
    best, weight = settings.LANGUAGE_CODE, 0.0
    for part in request.headers.get("Accept-Language", "").split(",", _MOST)[:_MOST]:
        found = _RANGE.fullmatch(part)
        if found and known(found[1].lower()) and float(found[2] or 1) > weight:
            best, weight = found[1].lower(), float(found[2] or 1)
    return best


def told(text: str) -> str:
    """Words out of a row, see `recorded`."""
    return recorded(text)[0]


def told_findings(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Findings out of a row: what happened and what to do are for people, all else is for programs."""
    return [{**row, **{key: told(row[key]) for key in ("message", "hint") if row.get(key)}} for row in rows]
