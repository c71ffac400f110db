"""The language of whoever reads: Italian, unless she chose English.

Not what her browser prefers: an Ordine's desk whose browser came in English would find the pages in another language
than the manual and than the documents they are about.
"""

from __future__ import annotations

from typing import cast

from django.utils import translation

from fattorino.core.texts import Catalogue, in_language

_DJANGO = cast("Catalogue", translation)


def said(text: str) -> str:
    """A sentence of core or of a flow in the language in force (``django.utils.translation``)."""
    return in_language(text, _DJANGO)
