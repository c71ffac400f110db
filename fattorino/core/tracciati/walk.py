"""One walk down a document along its declaration: it reads the typed objects and finds what is wrong.

Reader and format check are the same walk, so that they cannot disagree. A fault is `fatal` where it leaves no
faithful object to make; a reader of invoices that were already delivered goes on after the others, a check not.
"""

from __future__ import annotations

import difflib
import functools
from dataclasses import dataclass
from typing import Any, cast

from lxml import etree

from fattorino.core.texts import say
from fattorino.core.tracciati.declaration import Field, Record, record_of
from fattorino.core.tracciati.plans import Line, Plan, plan_of
from fattorino.core.tracciati.values import Base64, shown
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

    def fault(
        self, element: etree._Element, path: str, message: str, hint: str = "", *, fatal: bool = False
    ) -> None:
        if not self.full:
            self.problems.append(Problem(path, line_of(element), message, hint, fatal))
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
            message = say("Manca la firma <ds:Signature> in <{element}>.", element=self.root.element)
            self.fault(root, "/Signature", message, say("Firmare il documento."))
        return None if block is _MISSING or obligatory.keys() - values.keys() else block

    def _wrong_root(self, root: etree._Element) -> None:
        name = name_of(root)
        if name.localname != self.root.element:
            message = say(
                "L'elemento radice è <{found}>: serve <{element}>.",
                found=name.localname,
                element=self.root.element,
            )
            self.fault(root, "", message, fatal=True)
            return
        if name.namespace:
            message = say(
                "Il namespace di <{element}> è «{namespace}».",
                element=self.root.element,
                namespace=name.namespace,
            )
        else:
            message = say("Il namespace di <{element}> è assente.", element=self.root.element)
        hint = say("Serve il namespace «{namespace}».", namespace=self.root.namespace)
        self.fault(root, "", message, hint)

    def _root_attributes(self, root: etree._Element) -> dict[str, Any]:
        values: dict[str, Any] = {}
        expected = {line.name: line for line in self.record.attributes}
        self._attributes(root, None, self.record.xsd, allowed=expected)
        for name, line in expected.items():
            raw = root.get(name)
            assert line.value is not None
            if raw is None:
                if line.fewest:
                    message = say(
                        "Manca l'attributo obbligatorio {attribute} ({description}).",
                        attribute=name,
                        description=line.description,
                    )
                    hint = say(
                        'Scrivere {attribute}="{versions}".',
                        attribute=name,
                        versions=_one_of(self.root.versions),
                    )
                    self.fault(root, f"/@{name}", message, hint, fatal=True)
                continue
            refusal = line.value.refusal(line.value.normal(raw))
            if refusal:
                message = say("L'attributo {attribute} {refusal}.", attribute=name, refusal=refusal.message)
                self.fault(root, f"/@{name}", message, refusal.hint)
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
                message = say(
                    "Manca l'elemento obbligatorio <{element}> ({description}) in <{parent}>.",
                    element=line.name,
                    description=line.description,
                    parent=parent,
                )
                hint = say("Aggiungere <{element}>.", element=line.name)
                self.fault(element, _path(place, line.name), message, hint, fatal=True)
                whole = False
        if got & plan.choosable not in plan.choices:
            seen = {line.name for line in plan.record.fields if got >> line.position & 1}
            self._choice(element, plan.record, place, seen, parent)
        return whole

    def _choice(
        self, element: etree._Element, record: Record, place: _Place | None, seen: set[str], parent: str
    ) -> None:
        assert record.choice is not None
        groups = record.choice.groups
        touched = [group for group in groups if any(name in seen for name in group)]
        ways = _either([_both([f"<{name}>" for name in group]) for group in groups])
        if not touched:
            message = say("Mancano {elements} in <{parent}>.", elements=ways, parent=parent)
        elif len(touched) == 1:
            absent = next(name for name in touched[0] if name not in seen)
            message = say("Manca l'elemento <{element}> in <{parent}>.", element=absent, parent=parent)
        else:
            names = [f"<{name}>" for group in touched for name in group if name in seen]
            message = say(
                "{elements} non possono stare insieme in <{parent}>.",
                elements=", ".join(names),
                parent=parent,
            )
        self.fault(element, _path(place), message, say("Indicare soltanto {elements}.", elements=ways))

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
                message = say(
                    "<{element}> ({description}) non può contenere altri elementi.",
                    element=line.name,
                    description=line.description,
                )
                self.fault(child, _path(place), message, fatal=True)
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
            message = say(
                "<{element}> ({description}) {refusal}.",
                element=line.name,
                description=line.description,
                refusal=refusal.message,
            )
            self.fault(child, _path(place), message, refusal.hint, fatal=result is _MISSING)
        elif result is _MISSING:  # the last midnight of the year 9999
            message = say(
                "<{element}> ({description}) vale {value}, che non si può trattare.",
                element=line.name,
                description=line.description,
                value=shown(text),
            )
            self.fault(child, _path(place), message, fatal=True)
        return result

    # ------------------------------------------------------------------------------- what does not belong

    def _stray_text(self, element: etree._Element, place: _Place | None) -> None:
        if self.full:
            return
        message = say("In <{element}> c'è testo fuori dagli elementi.", element=name_of(element).localname)
        self.fault(element, _path(place), message, say("Togliere il testo."))

    def _line_in_a_namespace(self, child: etree._Element, plan: Plan, place: _Place | None) -> Line | None:
        if not child.tag.startswith("{"):
            return None
        name = name_of(child)
        line = plan.by_name.get(name.localname) if name.namespace == self.root.namespace else None
        if line is not None:
            message = say(
                "<{element}> è in un namespace: soltanto la radice deve averne uno.", element=name.localname
            )
            hint = say("Togliere il prefisso, oppure l'attributo xmlns senza prefisso dalla radice.")
            self.fault(child, _path(place, name.localname), message, hint)
        return line

    def _unexpected(self, child: etree._Element, plan: Plan, place: _Place | None) -> None:
        if self.full:
            raise _Enough  # looking for the close name of a million unknown elements takes seconds
        above = child.getparent()
        parent = name_of(above).localname if above is not None else self.root.element
        name = name_of(child).localname
        close = difflib.get_close_matches(name[:60], plan.by_name, 1, 0.75)
        if close and close[0] != name:
            hint = say("Forse si intende <{element}>.", element=close[0])
        else:
            hint = say("Togliere <{element}>.", element=name)
        message = say("<{element}> non è previsto in <{parent}>.", element=name, parent=parent)
        self.fault(child, _path(place, name), message, hint, fatal=True)

    def _repeated(self, child: etree._Element, line: Field, place: _Place | None) -> None:
        if line.most == 1:
            message = say(
                "<{element}> ({description}) è ripetuto: è ammesso una sola volta.",
                element=line.name,
                description=line.description,
            )
        else:
            message = say(
                "<{element}> ({description}) è ripetuto: è ammesso al massimo {most} volte.",
                element=line.name,
                description=line.description,
                most=line.most,
            )
        self.fault(child, _path(place, line.name), message, say("Togliere le ripetizioni."), fatal=True)

    def _out_of_place(self, child: etree._Element, line: Field, last: Field, place: _Place) -> None:
        if self.full:
            return
        message = say(
            "<{element}> ({description}) è fuori posto: deve stare prima di <{following}>.",
            element=line.name,
            description=line.description,
            following=last.name,
        )
        hint = say("Spostare <{element}> prima di <{following}>.", element=line.name, following=last.name)
        self.fault(child, _path(place), message, hint)

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
                    message = say("L'attributo xsi:schemaLocation deve contenere coppie di URI.")
                    hint = say("Togliere l'attributo xsi:schemaLocation.")
                    self.fault(element, _path(place), message, hint)
                continue
            local = name_of(name).localname
            tag = name_of(element).localname
            if name == f"{XSI}type" and self._is_own_type(element, value, xsd):
                note = say("l'attributo xsi:type di <{element}> non viene conservato.", element=tag)
                self.tolerate(element, note)
                continue
            message = say(
                "L'attributo {attribute} non è previsto in <{element}>.", attribute=local, element=tag
            )
            self.fault(element, _path(place), message, say("Togliere {attribute}.", attribute=local))

    def _is_own_type(self, element: etree._Element, value: str, xsd: str) -> bool:
        prefix, _, local = value.strip().rpartition(":")
        namespace = element.nsmap.get(prefix or None)
        if xsd.startswith("xs:"):
            return (namespace, local) == (XS, xsd[3:])
        return (namespace, local) == (self.root.namespace, xsd)


def _both(names: list[str]) -> str:
    return functools.reduce(lambda one, other: say("{one} e {other}", one=one, other=other), names)


def _either(ways: list[str]) -> str:
    return functools.reduce(lambda one, other: say("{one} oppure {other}", one=one, other=other), ways)


def _one_of(values: tuple[str, ...]) -> str:
    return functools.reduce(lambda one, other: say("{one} o {other}", one=one, other=other), values)


def line_of(element: etree._Element) -> int | None:
    """The line in the file; None for an element that was built."""
    return cast("int | None", element.sourceline) or None


def _is_last(child: etree._Element) -> bool:
    return not any(isinstance(later.tag, str) for later in child.itersiblings())
