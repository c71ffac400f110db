"""The XML Schema 1.0 of a declared record format.

It accepts what the official schema accepts and is built alike; what it says more is the description of every element
and the days of use of every code. White space, patterns and limits are those that `values` checks, because both come
from the one declaration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from lxml import etree

from fattorino.core.tracciati import patterns
from fattorino.core.tracciati.codelists import Code
from fattorino.core.tracciati.declaration import MANY, Field, Record, record_of
from fattorino.core.tracciati.values import Coded, Counter, Day, Number, Pattern, Text, Value

XS = "http://www.w3.org/2001/XMLSchema"
DS = "http://www.w3.org/2000/09/xmldsig#"
# Where the official schemas look for the schema of the signature.
XMLDSIG = "http://www.w3.org/TR/2002/REC-xmldsig-core-20020212/xmldsig-core-schema.xsd"

_BASES = {"preserve": "xs:string", "replace": "xs:normalizedString", "collapse": "xs:token"}
_LETTERS = {"ascii": r"\p{IsBasicLatin}", "latin": r"\p{IsBasicLatin}\p{IsLatin-1Supplement}"}
_Type = TypeVar("_Type", Record, Value)


@dataclass(frozen=True, slots=True)
class Facets:
    """How a value type is restricted, in the words of XML Schema part 2, 4.3.

    Attributes:
        base: built-in type, as "xs:string".
        fewest, most: length in characters; lowest, highest: limits of the value, as it is written.
    """

    base: str
    pattern: str = ""
    fewest: int | None = None
    most: int | None = None
    lowest: str = ""
    highest: str = ""
    codes: tuple[Code, ...] = ()

    def restrictions(self) -> Iterator[tuple[str, str]]:
        """Name and value of each facet but for the codes, in the order in which official schemas have them."""
        if self.fewest is not None and self.fewest == self.most:
            yield "length", str(self.fewest)
        else:
            if self.fewest is not None:
                yield "minLength", str(self.fewest)
            if self.most is not None:
                yield "maxLength", str(self.most)
        if self.lowest:
            yield "minInclusive", self.lowest
        if self.highest:
            yield "maxInclusive", self.highest
        if self.pattern:
            yield "pattern", self.pattern


def facets(value: Value) -> Facets:
    """Raises TypeError for a type that XML Schema cannot say (a programming mistake)."""
    match value:
        case Text(charset="any"):
            return Facets(_BASES[value.space], fewest=value.shortest, most=value.longest)
        case Text():
            pattern = f"[{_LETTERS[value.charset]}]{_times(value.shortest, value.longest)}"
            return Facets(_BASES[value.space], pattern=pattern)
        case Pattern():
            return _pattern(value)
        case Coded():
            return Facets("xs:string", codes=value.codes.codes)
        case Number():
            sign = "-?" if value.signed else ""
            decimals = _times(value.fewest, value.most)
            highest = "" if value.maximum is None else str(value.maximum)
            pattern = rf"{sign}[0-9]{_times(1, value.digits)}\.[0-9]{decimals}"
            return Facets("xs:decimal", pattern=pattern, highest=highest)
        case Counter():
            return Facets("xs:integer", lowest=str(value.lowest), highest=str(value.highest))
        case Day():
            return Facets("xs:date", lowest=value.since.isoformat() if value.since else "")
    if value.xsd.startswith("xs:"):
        return Facets(value.xsd)
    raise TypeError(f"{value.xsd}: XML Schema does not know {type(value).__name__}")


def _pattern(value: Pattern) -> Facets:
    try:
        patterns.width(value.pattern.pattern)
    except ValueError as error:
        raise TypeError(f"{value.xsd}: {error}") from error
    if value.pattern.flags != re.UNICODE:
        raise TypeError(f"{value.xsd}: a flag that XML Schema does not know")
    return Facets(_BASES[value.space], value.pattern.pattern, value.shortest or None, value.longest)


def _times(fewest: int, most: int) -> str:
    return f"{{{fewest}}}" if fewest == most else f"{{{fewest},{most}}}"


def days_of_use(code: Code) -> str:
    """When a code may be used, in Italian: "dal 01/10/2020"; "" where no limit is known."""
    said = [f"dal {code.since:%d/%m/%Y}"] if code.since else []
    said += [f"fino al {code.until:%d/%m/%Y}"] if code.until else []
    said += [f"nei documenti nuovi {code.instead}"] if code.instead else []
    return ", ".join(said)


def schema_text(cls: type, *, xmldsig: str = XMLDSIG) -> str:
    """The schema of the document that `cls` (a declared class with ROOT) describes, with its XML declaration.

    Args:
        xmldsig: where the schema of ds:Signature is: its address, or the name of a copy beside the schema for
            parsers that have no network or must not use it.

    Raises TypeError for what is no document or cannot be said in XML Schema (programming mistakes).
    """
    schema = _Schema(record_of(cls), xmldsig).element
    _indent(schema, "\n")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{etree.tostring(schema, encoding="unicode")}\n'


class _Schema:
    def __init__(self, record: Record, xmldsig: str) -> None:
        root = record.root
        if root is None:
            raise TypeError(f"{record.cls.__name__} is no document: it has no ROOT")
        self.record = record
        self.signature = root.signature
        self.blocks: dict[str, Record] = {}
        self.values: dict[str, Value] = {}
        self._collect(record)
        namespaces: Any = {"xs": XS, None: root.namespace}  # the stubs know no None
        if self.signature != "none":
            namespaces["ds"] = DS
        self.element = etree.Element(f"{{{XS}}}schema", nsmap=namespaces, targetNamespace=root.namespace)
        if root.edition:
            self.element.set("version", root.edition)
        if self.signature != "none":
            _add(self.element, "import", namespace=DS, schemaLocation=xmldsig)
        _document(_add(self.element, "element", name=root.element, type=record.xsd), root.title)
        for block in self.blocks.values():
            self._block(block)
        for value in self.values.values():
            _simple_type(self.element, value)

    def _collect(self, record: Record) -> None:
        """All types by name, in the order in which a document meets them."""
        if _known(self.blocks, record.xsd, record):
            return
        for line in (*record.attributes, *record.fields):
            if line.record is not None:
                self._collect(record_of(line.record))
            elif line.value is not None and not line.value.xsd.startswith("xs:"):
                _known(self.values, line.value.xsd, line.value)

    def _block(self, record: Record) -> None:
        kind = _add(self.element, "complexType", name=record.xsd)
        sequence = _add(kind, "sequence")
        for step in _steps(record):
            if isinstance(step, Field):
                _element(sequence, step, step.fewest)
                continue
            choice = _add(sequence, "choice")
            for group in step:
                inside = _add(choice, "sequence")
                for line in group:
                    _element(inside, line, 1)
        if record is self.record and self.signature != "none":
            signature = _add(sequence, "element", ref="ds:Signature")
            if self.signature == "optional":
                signature.set("minOccurs", "0")
        for line in record.attributes:
            assert line.value is not None
            use = "required" if line.fewest else "optional"
            made = _add(kind, "attribute", name=line.name, type=line.value.xsd, use=use)
            _document(made, line.description)


def _known(types: dict[str, _Type], name: str, found: _Type) -> bool:
    """Whether the type was already there. One name for two types would be a schema that nobody accepts."""
    known = name in types
    if types.setdefault(name, found) != found:
        raise TypeError(f"{name} is the name of two different types")
    return known


def _steps(record: Record) -> Iterator[Field | list[list[Field]]]:
    """The lines of a block in order; those of its choice together, group by group."""
    groups = record.choice.groups if record.choice else ()
    chosen = [name for group in groups for name in group]
    for line in record.fields:
        if line.name not in chosen:
            yield line
        elif line.name == chosen[0]:
            yield [[record.by_name[name] for name in group] for group in groups]


def _element(parent: etree._Element, line: Field, fewest: int) -> None:
    kind = line.value.xsd if line.value is not None else record_of(line.record).xsd if line.record else ""
    element = _add(parent, "element", name=line.name, type=kind)
    if not fewest:
        element.set("minOccurs", "0")
    if line.most > 1:
        element.set("maxOccurs", "unbounded" if line.most == MANY else str(line.most))
    if line.default:
        element.set("default", line.default)
    _document(element, line.description)


def _simple_type(parent: etree._Element, value: Value) -> None:
    found = facets(value)
    restriction = _add(_add(parent, "simpleType", name=value.xsd), "restriction", base=found.base)
    for name, limit in found.restrictions():
        _add(restriction, name, value=limit)
    for code in found.codes:
        days = days_of_use(code)
        made = _add(restriction, "enumeration", value=code.value)
        _document(made, f"{code.description} ({days})" if days else code.description)


def _add(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{XS}}}{tag}", attributes)


def _document(parent: etree._Element, text: str) -> None:
    if text:
        _add(_add(parent, "annotation"), "documentation").text = text


def _indent(element: etree._Element, margin: str) -> None:
    """One element a line, but an annotation on one: the schema is there to be read."""
    inner = f"{margin}  "
    if not len(element) or element.tag == f"{{{XS}}}annotation":
        return
    element.text = inner
    for child in element:
        _indent(child, inner)
        child.tail = inner
    element[-1].tail = margin
