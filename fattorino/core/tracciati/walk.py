"""One walk down a document along its declaration: it reads the typed objects and finds what is wrong.

Reader and format check are the same walk, so that they cannot disagree. A fault is `fatal` where it leaves no
faithful object to make; a reader of invoices that were already delivered goes on after the others, a check not.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any, cast

from lxml import etree

from fattorino.core.tracciati.declaration import Field, Record, record_of
from fattorino.core.tracciati.values import Base64, shown
from fattorino.core.xml import name_of

XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
XS = "http://www.w3.org/2001/XMLSchema"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
MOST_PROBLEMS = 1000  # a hostile file must not fill the memory with remarks nobody reads


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


def walk(root: etree._Element, cls: type) -> Outcome:
    """Read `root` as the document that `cls` (a declared class with ROOT) describes. Never raises."""
    walker = _Walker(record_of(cls))
    value = walker.document(root)
    return Outcome(value, tuple(walker.problems), tuple(walker.tolerated))


class _Missing:
    """Stands for a value that could not be read."""


_MISSING = _Missing()


class _Walker:
    def __init__(self, record: Record) -> None:
        assert record.root is not None, record.cls
        self.record = record
        self.root = record.root
        self.problems: list[Problem] = []
        self.tolerated: list[str] = []

    def say(
        self, element: etree._Element, path: str, message: str, hint: str = "", *, fatal: bool = False
    ) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(path, line_of(element), message, hint, fatal))

    def tolerate(self, note: str) -> None:
        if len(self.tolerated) < MOST_PROBLEMS:
            self.tolerated.append(note)

    # ------------------------------------------------------------------------------------------ the root

    def document(self, root: etree._Element) -> Any:
        expected = f"{{{self.root.namespace}}}{self.root.element}"
        if root.tag != expected:
            self._wrong_root(root)
        values = self._root_attributes(root)
        block = self._block(root, self.record, "", values)
        return None if block is _MISSING else block

    def _wrong_root(self, root: etree._Element) -> None:
        name = name_of(root)
        if name.localname != self.root.element:
            message = f"L'elemento radice è <{name.localname}>: serve <{self.root.element}>"
            self.say(root, "", f"{message}.", fatal=True)
            return
        found = f"«{name.namespace}»" if name.namespace else "assente"
        self.say(
            root,
            "",
            f"Il namespace di <{self.root.element}> è {found}.",
            f"Serve il namespace «{self.root.namespace}».",
        )

    def _root_attributes(self, root: etree._Element) -> dict[str, Any]:
        values: dict[str, Any] = {}
        expected = {line.name: line for line in self.record.attributes}
        self._attributes(root, "", self.record.xsd, allowed=expected)
        for name, line in expected.items():
            raw = root.get(name)
            assert line.value is not None
            if raw is None:
                if line.fewest:
                    self.say(
                        root,
                        f"/@{name}",
                        f"Manca l'attributo obbligatorio {name} ({line.description}).",
                        f'Scrivere {name}="{" o ".join(self.root.versions)}".',
                        fatal=True,
                    )
                continue
            refusal = line.value.refusal(line.value.normal(raw))
            if refusal:
                self.say(root, f"/@{name}", f"L'attributo {name} {refusal.message}.", refusal.hint)
            values[line.attribute] = raw
        return values

    # ---------------------------------------------------------------------------------------- the blocks

    def _block(
        self, element: etree._Element, record: Record, path: str, values: dict[str, Any] | None = None
    ) -> Any:
        """The object of a block, or _MISSING. `values` holds the attributes already read (root only)."""
        is_root = values is not None
        values = {} if values is None else values
        if not is_root and element.attrib:
            self._attributes(element, path, record.xsd)
        found: dict[str, list[Any]] = {}
        seen: dict[str, int] = {}
        last: Field | None = None
        whole = True
        self._no_text(element, element.text, path)
        for child in element:
            if not isinstance(child.tag, str):
                continue  # a comment or a processing instruction, where the parser was told to keep them
            self._no_text(element, child.tail, path)
            if is_root and child.tag == SIGNATURE and _is_last(child):
                continue
            line = record.by_name.get(child.tag) or self._line_in_a_namespace(child, record, path)
            if line is None:
                self._unexpected(child, record, path)
                whole = False
                continue
            count = seen[line.name] = seen.get(line.name, 0) + 1
            if last is not None and line.position < last.position:
                self._out_of_place(child, line, last, _step(path, line, count))
            else:
                last = line
            if count > line.most:
                message = f"<{line.name}> ({line.description}) è ripetuto: è ammesso una sola volta."
                self.say(child, f"{path}/{line.name}", message, "Togliere le ripetizioni.", fatal=True)
                whole = False
                continue
            value = self._child(child, line, path, count)
            if value is _MISSING:
                whole = False
            else:
                found.setdefault(line.attribute, []).append(value)
        whole = self._complete(element, record, path, seen) and whole
        if not whole:
            return _MISSING
        for line in record.fields:
            got = found.get(line.attribute)
            if got is not None:
                values[line.attribute] = tuple(got) if line.repeatable else got[0]
        if is_root and any(line.fewest and line.attribute not in values for line in record.attributes):
            return _MISSING
        return record.cls(**values)

    def _child(self, child: etree._Element, line: Field, path: str, count: int) -> Any:
        if line.record is None:
            return self._leaf(child, line, path, count)
        return self._block(child, record_of(line.record), _step(path, line, count))

    def _complete(self, element: etree._Element, record: Record, path: str, seen: dict[str, int]) -> bool:
        whole = True
        where = f"in <{name_of(element).localname}>"
        for line in record.fields:
            if line.fewest and line.name not in seen:
                message = f"Manca l'elemento obbligatorio <{line.name}> ({line.description}) {where}."
                self.say(element, f"{path}/{line.name}", message, f"Aggiungere <{line.name}>.", fatal=True)
                whole = False
        if record.choice is not None:
            self._choice(element, record, path, seen, where)
        return whole

    def _choice(
        self, element: etree._Element, record: Record, path: str, seen: dict[str, int], where: str
    ) -> None:
        assert record.choice is not None
        groups = record.choice.groups
        touched = [group for group in groups if any(name in seen for name in group)]
        whole = [group for group in touched if all(name in seen for name in group)]
        if len(touched) == 1 and whole:
            return
        ways = " oppure ".join(" e ".join(f"<{name}>" for name in group) for group in groups)
        if not touched:
            message = f"Mancano {ways} {where}"
        elif len(touched) == 1:
            absent = next(name for name in touched[0] if name not in seen)
            message = f"Manca l'elemento <{absent}> {where}"
        else:
            names = [f"<{name}>" for group in touched for name in group if name in seen]
            message = f"{', '.join(names)} non possono stare insieme {where}"
        self.say(element, path, f"{message}.", f"Indicare soltanto {ways}.")

    # ---------------------------------------------------------------------------------------- the leaves

    def _leaf(self, child: etree._Element, line: Field, path: str, count: int) -> Any:
        value = line.value
        assert value is not None
        if child.attrib:
            self._attributes(child, _step(path, line, count), value.xsd)
        raw = child.text or ""
        if len(child):
            inside = [c for c in child if isinstance(c.tag, str)]
            if inside:
                message = f"<{line.name}> ({line.description}) non può contenere altri elementi."
                self.say(child, _step(path, line, count), message, fatal=True)
                return _MISSING
            raw += "".join(c.tail or "" for c in child)
        if not raw and line.default:
            raw = line.default
        text = value.normal(raw)
        refusal = value.refusal(text)
        if text != raw and value.space == "collapse" and not isinstance(value, Base64):
            self.tolerate(f"Riga {line_of(child) or '?'}: spazi attorno al valore di <{line.name}>.")
        try:
            result = value.value(text if value.space == "collapse" else raw)
        except ValueError:
            result = _MISSING
        if refusal is not None:
            message = f"<{line.name}> ({line.description}) {refusal.message}."
            self.say(child, _step(path, line, count), message, refusal.hint, fatal=result is _MISSING)
        elif result is _MISSING:  # the last midnight of the year 9999
            message = f"<{line.name}> ({line.description}) vale {shown(text)}, che non si può trattare."
            self.say(child, _step(path, line, count), message, fatal=True)
        return result

    # ------------------------------------------------------------------------------- what does not belong

    def _no_text(self, element: etree._Element, text: str | None, path: str) -> None:
        if text and text.strip(" \t\r\n"):
            name = name_of(element).localname
            self.say(element, path, f"In <{name}> c'è testo fuori dagli elementi.", "Togliere il testo.")

    def _line_in_a_namespace(self, child: etree._Element, record: Record, path: str) -> Field | None:
        name = name_of(child)
        line = record.by_name.get(name.localname) if name.namespace == self.root.namespace else None
        if line is not None:
            self.say(
                child,
                f"{path}/{line.name}",
                f"<{line.name}> è in un namespace: soltanto la radice deve averne uno.",
                "Togliere il prefisso, oppure l'attributo xmlns senza prefisso dalla radice.",
            )
        return line

    def _unexpected(self, child: etree._Element, record: Record, path: str) -> None:
        if len(self.problems) >= MOST_PROBLEMS:
            return  # looking for the close name of a million unknown elements takes seconds
        above = child.getparent()
        parent = name_of(above).localname if above is not None else self.root.element
        name = name_of(child).localname
        close = difflib.get_close_matches(name[:60], record.by_name, 1, 0.75)
        hint = f"Forse si intende <{close[0]}>." if close and close[0] != name else f"Togliere <{name}>."
        self.say(child, f"{path}/{name}", f"<{name}> non è previsto in <{parent}>.", hint, fatal=True)

    def _out_of_place(self, child: etree._Element, line: Field, last: Field, path: str) -> None:
        message = f"<{line.name}> ({line.description}) è fuori posto: deve stare prima di <{last.name}>."
        self.say(child, path, message, f"Spostare <{line.name}> prima di <{last.name}>.")

    def _attributes(
        self, element: etree._Element, path: str, xsd: str, allowed: dict[str, Field] | None = None
    ) -> None:
        for name, value in element.attrib.items():
            if isinstance(name, bytes) or isinstance(value, bytes) or name in (allowed or ()):
                continue
            if name in (f"{XSI}noNamespaceSchemaLocation", f"{XSI}schemaLocation"):
                if name == f"{XSI}schemaLocation" and len(value.split()) % 2:
                    # libxml2 says nothing; the parser SdI uses refuses the file (00200).
                    message = "L'attributo xsi:schemaLocation deve contenere coppie di URI."
                    self.say(element, path, message, "Togliere l'attributo xsi:schemaLocation.")
                continue
            if name == f"{XSI}type" and self._is_own_type(element, value, xsd):
                continue
            local = name_of(name).localname
            tag = name_of(element).localname
            self.say(element, path, f"L'attributo {local} non è previsto in <{tag}>.", f"Togliere {local}.")

    def _is_own_type(self, element: etree._Element, value: str, xsd: str) -> bool:
        prefix, _, local = value.strip().rpartition(":")
        namespace = element.nsmap.get(prefix or None)
        if xsd.startswith("xs:"):
            return (namespace, local) == (XS, xsd[3:])
        return (namespace, local) == (self.root.namespace, xsd)


def line_of(element: etree._Element) -> int | None:
    """The line in the file; None for an element that was built."""
    return cast("int | None", element.sourceline) or None


def _step(path: str, line: Field, count: int) -> str:
    return f"{path}/{line.name}[{count}]" if line.repeatable else f"{path}/{line.name}"


def _is_last(child: etree._Element) -> bool:
    return not any(isinstance(later.tag, str) for later in child.itersiblings())
