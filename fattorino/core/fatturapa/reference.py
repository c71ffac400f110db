"""The reference pages of the two invoices: their tables with the controls that look at each element."""

from __future__ import annotations

import re

from fattorino.core.fatturapa.rules.table import CONTROLS
from fattorino.core.fatturapa.semplificata import FatturaElettronicaSemplificata
from fattorino.core.tracciati.declaration import record_of
from fattorino.core.tracciati.table import ControlNote, lines, reference_page

_MENTION = re.compile(r"( o )?(?<![\d.])(\d+(?:\.\d+)+) <([^<>]+)>")

# Controls whose official text names no element. Source: tabular description 1.8 and of the simplified invoice.
_UNNAMED = {
    "00404": ("2.1.1.3", "2.1.1.4"),
    "00409": ("2.1.1.3", "2.1.1.4"),
    "00445": ("2.1.1.7.7", "2.2.1.14", "2.2.2.2"),
    "00459": ("1.2.1.8",),
    "00477": ("2.2.1.16.2",),
}
_ONLY_SIMPLIFIED = {"00460": ["2.2.2"]}
# The official texts name the elements of the ordinary invoice; the simplified one has these in their place.
_IN_SIMPLIFIED = {
    "1.1.1.2": "1.1.1.2",
    "1.1.3": "1.1.3",
    "1.1.4": "1.1.4",
    "1.1.6": "1.1.5",
    "1.2.1.1": "1.2.1",
    "1.2.1.1.1": "1.2.1.1",
    "1.2.1.1.2": "1.2.1.2",
    "1.2.1.2": "1.2.2",
    "1.3.1.1.2": "1.2.8.1.2",
    "1.4.1.1": "1.3.1.1",
    "1.4.1.1.1": "1.3.1.1.1",
    "1.4.1.1.2": "1.3.1.1.2",
    "1.4.1.2": "1.3.1.2",
    "1.4.4.1.2": "1.3.2.6.1.2",
    "2.1.1.1": "2.1.1.1",
    "2.1.1.3": "2.1.1.3",
    "2.1.1.4": "2.1.1.4",
    "2.1.6.3": "2.1.2.2",
    "2.2.1.12": "2.2.3.2",
    "2.2.1.14": "2.2.4",
}


def fattura_page(cls: type, *, command: str = "") -> str:
    """The reference page of an invoice class, in Markdown. `command` as in `reference_page`."""
    return reference_page(cls, control_notes(cls), command=command)


def control_notes(cls: type) -> tuple[ControlNote, ...]:
    """The controls that look at elements of an invoice class, by code, with ids and names of that class's table."""
    root = record_of(cls).root
    kinds = set(root.versions) if root else set()
    names = {line.number: line.field.name for line in lines(cls)}
    simplified = cls is FatturaElettronicaSemplificata
    notes = []
    for control in CONTROLS.values():
        number_of = _IN_SIMPLIFIED if simplified else {number: number for number in names}
        named = [m[2] for m in _MENTION.finditer(control.text)] + list(_UNNAMED.get(control.code, ()))
        looks_at = [number_of[number] for number in named if number in number_of]
        if simplified:
            looks_at += _ONLY_SIMPLIFIED.get(control.code, [])
        if looks_at and kinds & set(control.kinds):
            text = _translated(control.text, number_of, names) if simplified else control.text
            notes.append(ControlNote(control.code, text, tuple(looks_at)))
    return tuple(notes)


def _translated(text: str, number_of: dict[str, str], names: dict[str, str]) -> str:
    """The text with the other table's ids and names; an alternative that is not there is left out."""

    def other(match: re.Match[str]) -> str:
        number = number_of.get(match[2])
        return f"{match[1] or ''}{number} <{names[number]}>" if number else ""

    return _MENTION.sub(other, text)
