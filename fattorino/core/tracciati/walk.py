"""One walk down a document along its declaration: it reads the typed objects and finds what is wrong.

Reader and format check are the same walk, so that they cannot disagree. A fault is `fatal` where it leaves no
faithful object to make; a reader of invoices that were already delivered goes on after the others, a check not.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any, cast

from lxml import etree

from fattorino.core.texts import say
from fattorino.core.tracciati import faults
from fattorino.core.tracciati.declaration import Field, Record, record_of
from fattorino.core.tracciati.faults import Fault
from fattorino.core.tracciati.plans import Line, Plan, plan_of
from fattorino.core.tracciati.refusals import shown
from fattorino.core.tracciati.values import Base64
from fattorino.core.xml import name_of

XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
XS = "http://www.w3.org/2001/XMLSchema"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
MOST_PROBLEMS = 1000  # a hostile file must not fill the memory with remarks nobody reads
BLANKS = " \t\r\n"
# Asked once for a document: looking for attributes element by element costs a tenth of the walk.
_HAS_ATTRIBUTES_INSIDE = etree.XPath(
    # One step: libxml2 joins the results of a further one in quadratic time.
    "boolean(descendant::*[@*][not(ancestor-or-self::ds:Signature)])",
    namespaces={"ds": "http://www.w3.org/2000/09/xmldsig#"},
)


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault at one place; message and hint in Italian."""

    path: str
    line: int | None
    message: str
    hint: str = ""
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a walk brought home.

    Attributes:
        value: the typed root object; None when a fatal problem left no object to make.
        problems: the first `MOST_PROBLEMS` of them, in the order of the document.
        tolerated: what was read over although nothing is wrong with it for the schema, in Italian.
    """

    value: Any
    problems: tuple[Problem, ...]
    tolerated: tuple[str, ...]


def walk(root: etree._Element, cls: type, *, unsigned: bool = False) -> Outcome:
    """Read `root` as the document that `cls` (a declared class with ROOT) describes. Never raises.

    `unsigned`: an obligatory signature is still to come, and not missed.
    """
    walker = _Walker(record_of(cls), root, unsigned)
    try:
        value = walker.document(root)
    except _Enough:
        value = None
    return Outcome(value, tuple(walker.problems), tuple(walker.tolerated))


class _Enough(Exception):
    """The problems are as many as will be told, and no object will come of it: the rest need not be read."""


class _Missing:
    """Stands for a value that could not be read."""


_MISSING = _Missing()


# Where an element is: the place above it (None: the root is), its line, its number among those of its name.
# Paths are spelled from it only when there is something to say.
_Place = tuple[Any, Field, int]


def _path(place: _Place | None, *more: str) -> str:
    steps: list[str] = [*more]
    while place is not None:
        place, field, count = place
        steps.insert(0, f"{field.name}[{count}]" if field.repeatable else field.name)
    return "".join(f"/{step}" for step in steps)


class _Walker:
    def __init__(self, record: Record, root: etree._Element, unsigned: bool) -> None:
        assert record.root is not None, record.cls
        self.record = record
        self.root = record.root
        self.needs_signature = record.root.signature == "required" and not unsigned
        self.attributed = bool(_HAS_ATTRIBUTES_INSIDE(root))
        self.problems: list[Problem] = []
        self.tolerated: list[str] = []

    def found(self, element: etree._Element, path: str, fault: Fault, *, fatal: bool = False) -> None:
        if not self.full:
            self.problems.append(Problem(path, line_of(element), *fault, fatal))
        elif fatal:
            raise _Enough

    @property
    def full(self) -> bool:
        return len(self.problems) >= MOST_PROBLEMS

    def tolerate(self, element: etree._Element, note: str) -> None:
        if self.attentive:
            self.tolerated.append(say("Riga {line}: {note}", line=line_of(element) or "?", note=note))

    @property
    def attentive(self) -> bool:
        """Whether one more remark would still be told: a hostile file gives occasion to a million of them."""
        return len(self.tolerated) < MOST_PROBLEMS

    # ------------------------------------------------------------------------------------------ the root

    def document(self, root: etree._Element) -> Any:
        expected = f"{{{self.root.namespace}}}{self.root.element}"
        if root.tag != expected:
            self._wrong_root(root)
        values = self._root_attributes(root)
        obligatory = {line.attribute: "" for line in self.record.attributes if line.fewest}
        block = self._block(root, plan_of(self.record.cls), None, obligatory | values)
        if self.needs_signature and not any(child.tag == SIGNATURE for child in root):
            self.found(root, "/Signature", faults.not_signed(self.root.element))
        return None if block is _MISSING or obligatory.keys() - values.keys() else block

    def _wrong_root(self, root: etree._Element) -> None:
        name = name_of(root)
        if name.localname != self.root.element:
            self.found(root, "", faults.other_root(name.localname, self.root.element), fatal=True)
        else:
            fault = faults.other_namespace(name.namespace, self.root.element, self.root.namespace)
            self.found(root, "", fault)

    def _root_attributes(self, root: etree._Element) -> dict[str, Any]:
        values: dict[str, Any] = {}
        expected = {line.name: line for line in self.record.attributes}
        self._attributes(root, None, self.record.xsd, allowed=expected)
        for name, line in expected.items():
            raw = root.get(name)
            assert line.value is not None
            if raw is None:
                if line.fewest:
                    fault = faults.attribute_missing(line, self.root.versions)
                    self.found(root, f"/@{name}", fault, fatal=True)
                continue
            refusal = line.value.refusal(line.value.normal(raw))
            if refusal:
                self.found(root, f"/@{name}", faults.attribute_refused(line, refusal))
            values[line.attribute] = raw
        return values

    # ---------------------------------------------------------------------------------------- the blocks

    def _block(
        self, element: etree._Element, plan: Plan, place: _Place | None, values: dict[str, Any]
    ) -> Any:
        """The object of a block, or _MISSING. `values` holds the attributes already read (root only)."""
        if self.attributed and place is not None:
            self._attributes(element, place, plan.record.xsd)
        text = element.text
        if text and text.strip(BLANKS):
            self._stray_text(element, place)
        by_name = plan.by_name
        got, last, whole = 0, -1, True
        counts: dict[int, int] = {}
        lists: dict[str, list[Any]] = {}
        for child in element:
            tail = child.tail
            if tail and tail.strip(BLANKS):
                self._stray_text(element, place)
            line = by_name.get(child.tag)
            if line is None:
                if self._passed_over(child, place):
                    continue
                line = self._line_in_a_namespace(child, plan, place)
                if line is None:
                    self._unexpected(child, plan, place)
                    whole = False
                    continue
            position = line.position
            if position > last:
                last, count = position, 1
            else:
                count = counts[position] = counts.get(position, got >> position & 1) + 1
                if position < last:
                    self._out_of_place(
                        child, line.field, plan.record.fields[last], (place, line.field, count)
                    )
                if count > line.field.most:
                    self._repeated(child, line.field, place)
                    whole = False
                    continue
            got |= line.bit
            if line.plan is not None:
                value = self._block(child, line.plan, (place, line.field, count), {})
            else:
                value = None if self.attributed or len(child) else line.read(child.text or "")
                if value is None:
                    value = self._leaf(child, line.field, (place, line.field, count))
            if value is _MISSING:
                whole = False
            elif line.repeatable:
                lists.setdefault(line.attribute, []).append(value)
            else:
                values[line.attribute] = value
        if got & plan.must != plan.must or got & plan.choosable not in plan.choices:
            whole = self._complete(element, plan, place, got) and whole
        if not whole:
            return _MISSING
        for attribute, items in lists.items():
            values[attribute] = tuple(items)
        return plan.cls(**values)

    def _passed_over(self, child: etree._Element, place: _Place | None) -> bool:
        """A comment or instruction, where the parser was told to keep them; the signature of the whole."""
        if not isinstance(child.tag, str):
            return True
        if place is not None or child.tag != SIGNATURE or self.root.signature == "none":
            return False
        return _is_last(child)

    def _complete(self, element: etree._Element, plan: Plan, place: _Place | None, got: int) -> bool:
        """Says what is missing; whether an object can be made all the same."""
        whole = True
        parent = name_of(element).localname
        for line in plan.record.fields:
            if line.fewest and not got >> line.position & 1:
                self.found(element, _path(place, line.name), faults.missing(line, parent), fatal=True)
                whole = False
        if got & plan.choosable not in plan.choices:
            assert plan.record.choice is not None
            seen = {line.name for line in plan.record.fields if got >> line.position & 1}
            fault = faults.choice_not_met(plan.record.choice.groups, seen, parent)
            self.found(element, _path(place), fault)
        return whole

    # ---------------------------------------------------------------------------------------- the leaves

    def _leaf(self, child: etree._Element, line: Field, place: _Place) -> Any:
        """The value of a leaf with which something may be the matter, or _MISSING."""
        value = line.value
        assert value is not None
        if self.attributed:
            self._attributes(child, place, value.xsd)
        raw = child.text or ""
        if len(child):
            if any(isinstance(inside.tag, str) for inside in child):
                self.found(child, _path(place), faults.elements_inside(line), fatal=True)
                return _MISSING
            raw += "".join(inside.tail or "" for inside in child)
        if not raw and line.default:
            raw = line.default
            note = say(
                "<{element}> è vuoto: per lo schema vale {value}.", element=line.name, value=shown(raw)
            )
            self.tolerate(child, note)
        text = value.normal(raw)
        refusal = None if self.full else value.refusal(text)
        drops_blanks = value.space == "collapse" and not isinstance(value, Base64)
        if drops_blanks and text != raw and self.attentive:
            self.tolerate(child, say("spazi attorno al valore di <{element}>.", element=line.name))
        try:
            result = value.value(text if drops_blanks else raw)
        except ValueError:
            result = _MISSING
        if refusal is not None:
            self.found(child, _path(place), faults.refused(line, refusal), fatal=result is _MISSING)
        elif result is _MISSING:  # the last midnight of the year 9999
            self.found(child, _path(place), faults.beyond_us(line, text), fatal=True)
        return result

    # ------------------------------------------------------------------------------- what does not belong

    def _stray_text(self, element: etree._Element, place: _Place | None) -> None:
        if not self.full:
            self.found(element, _path(place), faults.stray_text(name_of(element).localname))

    def _line_in_a_namespace(self, child: etree._Element, plan: Plan, place: _Place | None) -> Line | None:
        if not child.tag.startswith("{"):
            return None
        name = name_of(child)
        line = plan.by_name.get(name.localname) if name.namespace == self.root.namespace else None
        if line is not None and not self.full:
            self.found(child, _path(place, name.localname), faults.in_a_namespace(name.localname))
        return line

    def _unexpected(self, child: etree._Element, plan: Plan, place: _Place | None) -> None:
        if self.full:
            raise _Enough  # looking for the close name of a million unknown elements takes seconds
        above = child.getparent()
        parent = name_of(above).localname if above is not None else self.root.element
        name = name_of(child).localname
        close = difflib.get_close_matches(name[:60], plan.by_name, 1, 0.75)
        perhaps = close[0] if close and close[0] != name else ""
        self.found(child, _path(place, name), faults.unexpected(name, parent, perhaps), fatal=True)

    def _repeated(self, child: etree._Element, line: Field, place: _Place | None) -> None:
        self.found(child, _path(place, line.name), faults.repeated(line), fatal=True)

    def _out_of_place(self, child: etree._Element, line: Field, last: Field, place: _Place) -> None:
        if not self.full:
            self.found(child, _path(place), faults.out_of_place(line, last))

    def _attributes(
        self,
        element: etree._Element,
        place: _Place | None,
        xsd: str,
        allowed: dict[str, Field] | None = None,
    ) -> None:
        # Names only: a value is looked for among all attributes, and a hostile element has half a million.
        for name in element.attrib:
            if isinstance(name, bytes) or name in (allowed or ()):
                continue
            if len(self.problems) >= MOST_PROBLEMS:
                return
            value = str(element.get(name)) if name.startswith(XSI) else ""
            if name in (f"{XSI}noNamespaceSchemaLocation", f"{XSI}schemaLocation"):
                if name == f"{XSI}schemaLocation" and len(value.split()) % 2:
                    # libxml2 says nothing; the parser SdI uses refuses the file (00200).
                    self.found(element, _path(place), faults.odd_schema_location())
                continue
            local = name_of(name).localname
            tag = name_of(element).localname
            if name == f"{XSI}type" and self._is_own_type(element, value, xsd):
                note = say("l'attributo xsi:type di <{element}> non viene conservato.", element=tag)
                self.tolerate(element, note)
                continue
            self.found(element, _path(place), faults.attribute_unknown(local, tag))

    def _is_own_type(self, element: etree._Element, value: str, xsd: str) -> bool:
        prefix, _, local = value.strip().rpartition(":")
        namespace = element.nsmap.get(prefix or None)
        if xsd.startswith("xs:"):
            return (namespace, local) == (XS, xsd[3:])
        return (namespace, local) == (self.root.namespace, xsd)


def line_of(element: etree._Element) -> int | None:
    """The line in the file; None for an element that was built."""
    return cast("int | None", element.sourceline) or None


def _is_last(child: etree._Element) -> bool:
    return not any(isinstance(later.tag, str) for later in child.itersiblings())
