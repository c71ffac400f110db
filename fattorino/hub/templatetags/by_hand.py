"""What the pages of what goes by hand call a document."""

from __future__ import annotations

from typing import Protocol

from django import template

from fattorino.organisations.languages import said

register = template.Library()


class Called(Protocol):
    """A document of a list or of its own page."""

    @property
    def kind_label(self) -> str: ...
    @property
    def number(self) -> str: ...


@register.filter
def called(row: Called) -> str:
    """A document as people name it, in the reader's language: "Parcella 12/A"."""
    return f"{said(row.kind_label)} {row.number}".strip()
