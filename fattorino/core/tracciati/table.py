"""The reference page of a declared record format, in Italian and Markdown: what the official table says, and codes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fattorino.core.tracciati import patterns
from fattorino.core.tracciati.declaration import Field, Record, record_of
from fattorino.core.tracciati.patterns import Width
from fattorino.core.tracciati.schema import days_of_use, facets
from fattorino.core.tracciati.values import (
    Base64,
    Coded,
    Counter,
    Day,
    Moment,
    Number,
    Pattern,
    Text,
    Value,
)

_CHARACTERS = {
    "ascii": "lettere senza accento, cifre, segni (ASCII)",
    "latin": "anche lettere accentate (Latin-1)",
    "any": "tutti i caratteri",
}
_SPACES = {
    "preserve": "contano",
    "replace": "contano; a capo e tabulazioni valgono spazi",
    "collapse": "attorno al valore non contano",
}


@dataclass(frozen=True, slots=True)
class ControlNote:
    """A control as the page tells of it: code, official text, ids of the elements it looks at."""

    code: str
    text: str
    looks_at: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: official id from the root down, depth from 1, the field, the block it stands in."""

    number: str
    depth: int
    field: Field
    within: Record


def lines(cls: type) -> Iterator[Line]:
    """All lines of the table in the order of the document; a block that occurs at two places comes twice."""
    yield from _lines(record_of(cls), "", 1)


def _lines(record: Record, above: str, depth: int) -> Iterator[Line]:
    for line in record.fields:
        number = f"{above}{line.number}"
        yield Line(number, depth, line, record)
        if line.record is not None:
            yield from _lines(record_of(line.record), f"{number}.", depth + 1)


def width(value: Value) -> Width | None:
    """Fewest and most characters of a value as it is usually written; None where the format sets no limit."""
    match value:
        case Text():
            return Width(value.shortest, value.longest)
        case Pattern():
            found = patterns.width(value.pattern.pattern)
            most = [n for n in (found.most, value.longest) if n is not None]
            return Width(max(found.fewest, value.shortest), min(most) if most else None)
        case Coded():
            sizes = [len(code) for code in value.codes.values]
            return Width(min(sizes), max(sizes))
        case Number():
            return Width(2 + value.fewest, value.signed + value.digits + 1 + value.most)
        case Counter():
            return Width(len(str(value.lowest)), len(str(value.highest)))
        case Day():
            return Width(10, 10)
        case Moment():
            return Width(19, 19)
    return None


def reference_page(cls: type, controls: Sequence[ControlNote] = (), *, command: str = "") -> str:
    """The page of the document that `cls` (a declared class with ROOT) describes.

    Args:
        controls: what is checked beyond the format.
        command: the command that writes the page anew, named at its head.

    Raises TypeError for a class without ROOT (a programming mistake).
    """
    record = record_of(cls)
    root = record.root
    if root is None:
        raise TypeError(f"{cls.__name__} is no document: it has no ROOT")
    table = list(lines(cls))
    fields = (*record.attributes, *(line.field for line in table))
    values = {f.value.xsd: f.value for f in fields if f.value is not None}
    parts = [
        f"# {root.title or root.element}",
        f"Questa pagina è prodotta dal tracciato dichiarato nel programma con `{command}`: non va modificata a mano."
        if command
        else "",
        f"Schema {root.edition}; radice `<{root.element}>` nel namespace `{root.namespace}`; gli altri elementi sono "
        f"senza namespace. Versioni: {', '.join(f'`{version}`' for version in root.versions)}.",
        "Cardinalità `<A.B>`: A = 0 facoltativo, 1 obbligatorio; B = quante occorrenze al massimo (N: senza limite). "
        "Un elemento obbligatorio in un blocco facoltativo serve soltanto se il blocco c'è. Dimensione in caratteri.",
        *_attributes(record),
        "## Elementi",
        _markdown(
            ("Id", "Elemento", "Card.", "Tipo", "Dim.", "Descrizione", "Controlli"),
            (_row(line, controls) for line in table),
        ),
        "## Tipi",
        _markdown(
            ("Tipo", "Base", "Formato", "Spazi", "Espressione"),
            (_type_row(value) for value in values.values() if not isinstance(value, Coded)),
        ),
        "## Codici",
        *_codes(values.values()),
        *_controls(controls),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _attributes(record: Record) -> Iterator[str]:
    if record.attributes:
        yield "## Attributi della radice"
        yield _markdown(
            ("Attributo", "Card.", "Tipo", "Dim.", "Descrizione"),
            (
                (f"`{line.name}`", f"`{line.cardinality}`", _type(line), _size(line), line.description)
                for line in record.attributes
            ),
        )


def _row(line: Line, controls: Sequence[ControlNote]) -> tuple[str, ...]:
    field = line.field
    description = field.description + _alternative(line)
    if field.default:
        description += f" (se vuoto vale `{field.default}`)"
    codes = ", ".join(control.code for control in controls if line.number in control.looks_at)
    name = f"`{field.name}`" if field.value else f"**`{field.name}`**"
    return line.number, name, f"`{field.cardinality}`", _type(field), _size(field), description, codes


def _alternative(line: Line) -> str:
    """How a member of a choice stands to the others: " (con `Cognome`, in alternativa a `Denominazione`)"."""
    groups = line.within.choice.groups if line.within.choice else ()
    mine = next((group for group in groups if line.field.name in group), None)
    if mine is None:
        return ""
    together = " e ".join(f"`{name}`" for name in mine if name != line.field.name)
    others = " o ".join(" e ".join(f"`{name}`" for name in group) for group in groups if group is not mine)
    return f" ({f'con {together}, ' if together else ''}in alternativa a {others})"


def _type(field: Field) -> str:
    if field.value is None:
        return ""
    name = field.value.xsd
    return f"[{name}](#{name.lower()})" if isinstance(field.value, Coded) else name


def _size(field: Field) -> str:
    found = width(field.value) if field.value is not None else None
    if found is None:
        return ""
    if found.most is None:
        return f"almeno {found.fewest}"
    return str(found.fewest) if found.fewest == found.most else f"{found.fewest}-{found.most}"


def _type_row(value: Value) -> tuple[str, ...]:
    found = facets(value)
    spaces = _SPACES[value.space]
    # The patterns of texts and numbers say what the format says.
    pattern = f"`{found.pattern}`" if isinstance(value, Pattern) else ""
    return f"`{value.xsd}`", f"`{found.base}`", _format(value), spaces, pattern


def _format(value: Value) -> str:
    match value:
        case Text():
            return f"testo di {value.shortest}-{value.longest} caratteri: {_CHARACTERS[value.charset]}"
        case Pattern():
            return value.shape
        case Number():
            decimals = f"{value.fewest}" if value.fewest == value.most else f"{value.fewest}-{value.most}"
            sign = "anche negativo" if value.signed else "non negativo"
            limit = f", al massimo {value.maximum}" if value.maximum is not None else ""
            return f"numero {sign}, fino a {value.digits} cifre, punto, {decimals} decimali{limit}"
        case Counter():
            return f"numero intero da {value.lowest} a {value.highest}"
        case Day():
            return "data come 2026-01-31" + (f", dal {value.since:%d/%m/%Y}" if value.since else "")
        case Moment():
            return "data e ora come 2026-01-31T09:30:00"
        case Base64():
            return "contenuto di un file in base64 (RFC 2045)"
    return ""


def _codes(values: Iterable[Value]) -> Iterator[str]:
    for value in values:
        if isinstance(value, Coded):
            yield f"### {value.xsd}"
            rows = ((f"`{code.value}`", code.description, days_of_use(code)) for code in value.codes.codes)
            yield _markdown(("Codice", "Descrizione", "Uso"), rows)


def _controls(controls: Sequence[ControlNote]) -> Iterator[str]:
    if controls:
        yield "## Controlli"
        yield "I controlli dello SdI che guardano gli elementi della tabella."
        yield _markdown(("Codice", "Testo"), ((control.code, control.text) for control in controls))


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; columns that no row fills are left out."""
    filled = [list(row) for row in rows]
    used = [i for i in range(len(head)) if any(row[i] for row in filled)]
    table = [[head[i] for i in used], ["---"] * len(used), *([_cell(row[i]) for i in used] for row in filled)]
    return "\n".join(f"| {' | '.join(row)} |" for row in table)


def _cell(text: str) -> str:
    """In a table a bar ends the cell also inside code; an element's name outside code would be HTML."""
    text = text.replace("|", "\\|")
    return text if "`" in text else re.sub(r"<[^<>]*>", r"`\g<0>`", text)
