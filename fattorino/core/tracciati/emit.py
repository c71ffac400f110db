"""Typed objects to XML, strictly: what is written is what the declaration admits, or nothing is written."""

from __future__ import annotations

from typing import Any

from lxml import etree

from fattorino.core.texts import say
from fattorino.core.tracciati.declaration import Field, Record, record_of
from fattorino.core.tracciati.walk import Problem, walk

DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'


def emit(document: Any) -> tuple[bytes, tuple[Problem, ...]]:
    """The file of `document` (an object of a declared class with ROOT), UTF-8, only the root prefixed.

    Returns the bytes and no problem, or b"" and what keeps the document from being written.
    """
    cls: type = type(document)
    record = record_of(cls)
    assert record.root is not None, f"{type(document).__name__} is not a document"
    problems: list[Problem] = []
    root = etree.Element(
        f"{{{record.root.namespace}}}{record.root.element}", nsmap={record.root.prefix: record.root.namespace}
    )
    for line in record.attributes:
        value = getattr(document, line.attribute)
        if value is not None:
            _write(root, value, line, f"/@{line.name}", problems)
    _fill(root, document, record, "", problems)
    if not problems:
        problems.extend(walk(root, cls, unsigned=True).problems)
    if problems:
        return b"", tuple(problems)
    return DECLARATION + etree.tostring(root, encoding="UTF-8", pretty_print=True), ()


def _fill(parent: etree._Element, block: Any, record: Record, path: str, problems: list[Problem]) -> None:
    for line in record.fields:
        value = getattr(block, line.attribute)
        if value is None:
            continue  # an obligatory element that is missing is found by the walk over what was built
        for count, item in enumerate(value if line.repeatable else (value,), 1):
            place = f"{path}/{line.name}[{count}]" if line.repeatable else f"{path}/{line.name}"
            child = etree.SubElement(parent, line.name)
            if line.record is not None:
                _fill(child, item, record_of(line.record), place, problems)
            else:
                _write(child, item, line, place, problems)


def _write(target: etree._Element, item: Any, line: Field, place: str, problems: list[Problem]) -> None:
    """Write a value as the text of `target`, or as its attribute."""
    assert line.value is not None
    try:
        text = line.value.text(item)
    except ValueError as error:
        message = say(
            "<{element}> ({description}): {problem}.",
            element=line.name,
            description=line.description,
            problem=error.args[0],  # as it was said; str() would forget its origin
        )
        problems.append(Problem(place, None, message, fatal=True))
        return
    try:
        if line.number:
            target.text = text
        else:
            target.set(line.name, text)
    except ValueError:
        message = say(
            "<{element}> ({description}) contiene un carattere che XML non ammette.",
            element=line.name,
            description=line.description,
        )
        hint = say("Togliere i caratteri di controllo, spesso incollati per errore.")
        problems.append(Problem(place, None, message, hint, fatal=True))
