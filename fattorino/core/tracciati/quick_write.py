"""The quick way from typed objects to a file: one generated function for each block puts the text together.

The function knows the elements and their order; one expression over the values of the block proves their lengths,
characters, patterns and codes, and that no obligatory one is missing. What it writes, `emit` would write alike,
byte for byte; what it does not write goes the long way, which can say what is wrong with it.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from fattorino.core.tracciati.declaration import MANY, Field, Record, record_of
from fattorino.core.tracciati.shape import leaf
from fattorino.core.tracciati.source import LONGEST, NotPlain
from fattorino.core.tracciati.values import Base64, Day, Value

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
# Characters that XML does not admit, so that no value has them: between two values, and for a value not there.
_BETWEEN, _ABSENT = "\0", "\1"
# How the characters of a free text begin in `shape.leaf`, and the same without "&", "<" and ">".
_ANY_CHARACTER, _PLAIN_CHARACTER = r"[\t\n -", r"[\t\n -%'-;=?-"
_Write = Callable[[Any], str]
_MOST_KNOWN = 64  # functions of one block; a hostile file must not make thousands


def write_quick(document: Any) -> bytes | None:
    """The file of `document`, as `emit` would write it; None: take the long way."""
    cls: type = type(document)
    record = record_of(cls)
    root = record.root
    assert root is not None, f"{cls.__name__} is not a document"
    # First each number with the digits it has; if those are not admitted, with its decimals filled up.
    for careful in (False, True):
        try:
            inside = _writer(cls, "", 0, careful)(document)
            text = f"{DECLARATION}{_start_tag(document, record)}{inside}\n</{root.prefix}:{root.element}>\n"
        except (ValueError, TypeError, LookupError, AttributeError):
            continue  # not plain, or a value of another type than the declared one
        if len(text) <= LONGEST and _ABSENT not in text:
            return text.encode("latin-1")
    return None


def escaped(text: str) -> str:
    """Text as the content of an element."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def carried(text: str) -> str:
    """Text whose characters are the bytes of `text` in UTF-8: the whole file is then encoded by copying it, where
    one accent would have Python encode it character by character. Raises ValueError (surrogates)."""
    return text.encode().decode("latin-1")


def _start_tag(document: Any, record: Record) -> str:
    root = record.root
    assert root is not None
    written = [f'xmlns:{root.prefix}="{root.namespace}"']
    for line in record.attributes:
        value = getattr(document, line.attribute)
        if value is None and not line.fewest:
            continue
        assert line.value is not None
        text = _checked(line.value, value)
        if not text.isprintable() or not text.isascii() or any(c in text for c in '&<>"'):
            raise NotPlain(line.name)
        written.append(f'{line.name}="{text}"')
    return f"<{root.prefix}:{root.element} {' '.join(written)}>"


def _checked(value: Value, item: Any) -> str:
    """The text of a value that only its type can judge. Raises ValueError."""
    text = value.text(item)
    if value.normal(text) != text or value.refusal(text) is not None:
        raise NotPlain(text[:60])
    return text


def _content(item: Any) -> str:
    if type(item) is not bytes:
        raise NotPlain("no bytes, or base64 that is written in its own way")
    return binascii.b2a_base64(item, newline=False).decode("ascii")


def _day_since(value: Day, item: Any) -> str:
    if type(item) is not date or (value.since is not None and item < value.since):
        raise NotPlain("no day, or too early")
    return item.isoformat()


@cache
def _writer(cls: type, name: str, depth: int, careful: bool) -> _Write:
    """A function that gives the element `name` with a block of `cls` at `depth`, after a line end; with "" only the
    children of the block.

    Raises TypeError for a choice among blocks, which no format has.
    """
    return _Code(depth + 1, careful).function(record_of(cls), name)


@cache
def _writer_of_many(cls: type, name: str, depth: int, careful: bool) -> Callable[[tuple[Any, ...]], str]:
    """A function that gives the elements `name` with the blocks of `cls`, one after the other.

    It has a function for each set of optional children that it meets, which then asks no more what is there."""
    record = record_of(cls)
    optional = [f for f in record.fields if f.repeatable or (f.value is not None and not f.fewest)]
    if record.choice or not optional:
        whole = _writer(cls, name, depth, careful)
        return lambda blocks: whole(blocks[0]) if len(blocks) == 1 else "".join(map(whole, blocks))
    signs = [f"not o.{f.attribute}" if f.repeatable else f"o.{f.attribute} is None" for f in optional]
    code = f"def write(blocks): return ''.join([known[{', '.join(signs)},](o) for o in blocks])"
    names: dict[str, Any] = {"known": _Known(record, name, depth, careful, optional)}
    exec(compile(code, "<writer>", "exec"), names)
    write: Callable[[tuple[Any, ...]], str] = names["write"]
    return write


class _Known(dict[tuple[bool, ...], _Write]):
    """The functions for blocks of one class, by which of the optional children are absent."""

    def __init__(self, record: Record, name: str, depth: int, careful: bool, optional: list[Field]) -> None:
        self._made_for = (record, name, depth, careful, optional)

    def __missing__(self, absent: tuple[bool, ...]) -> _Write:
        record, name, depth, careful, optional = self._made_for
        if len(self) >= _MOST_KNOWN:
            return _writer(record.cls, name, depth, careful)
        present = frozenset(f.name for f, missing in zip(optional, absent, strict=True) if not missing)
        self[absent] = _Code(depth + 1, careful, present).function(record, name)
        return self[absent]


class _Code:
    """Writes a function. `depth` is that of the children.

    `present`: names of the optional children that are there, for a function of such blocks alone; None for any block.
    """

    def __init__(self, depth: int, careful: bool, present: frozenset[str] | None = None) -> None:
        self.depth = depth
        self.careful = careful
        self.present = present
        self.lines: list[str] = []
        self.names: dict[str, Any] = {
            "odd": NotPlain("odd"),
            "escaped": escaped,
            "carried": carried,
            "Decimal": Decimal,
            "date": date,
        }

    def function(self, record: Record, name: str) -> _Write:
        self.block(record, name)
        exec(compile("\n".join(["def write(o):", *self.lines]), "<writer>", "exec"), self.names)
        return self.names["write"]

    def absent(self, field: Field) -> bool:
        return self.present is not None and not field.fewest and field.name not in self.present

    def certain(self, field: Field) -> bool:
        """Whether the child is there in each block that the function is for."""
        return field.fewest > 0 or (self.present is not None and field.name in self.present)

    def block(self, record: Record, name: str) -> None:
        single = [field for field in record.fields if field.value is not None and not field.repeatable]
        single = [field for field in single if not self.absent(field)]
        for field in single:
            self.text_of(field)
        if single:
            self.proved(record, single)
        pieces: list[str] = []
        for field in (f for f in record.fields if f.record and not f.repeatable or not self.absent(f)):
            pieces += self.repeated(field) if field.repeatable else self.single(field)
        start, end = f"{self.indent[:-2]}<{name}>", f"{self.indent[:-2]}</{name}>"
        if not name:
            self.add(1, f"return {_joined(pieces)}")
        elif record.choice or any(f.fewest for f in record.fields):
            self.add(1, f"return {_joined([repr(start), *pieces, repr(end)])}")
        else:
            # A block that may be empty is then one self-closed tag.
            self.add(1, f"s = {_joined(pieces)}")
            self.add(1, f"return {start!r} + s + {end!r} if s else {start[:-1] + '/>'!r}")

    def proved(self, record: Record, single: list[Field]) -> None:
        """Lines that match the texts of the single leaves together, and escape those that need it."""
        certain = {field.name for field in single if self.certain(field)}
        expression = _expression(record, single, certain)
        match = self.name(re.compile(expression).fullmatch)
        texts = "".join(
            f"t{f.position}, "
            if f.name in certain
            else f"{_ABSENT!r} if t{f.position} is None else t{f.position}, "
            for f in single
        )
        self.add(1, f"j = {_BETWEEN!r}.join(({texts}))")
        free = [f for f in single if f.value is not None and leaf(f.value).how in ("text", "checked")]
        if not free:
            self.add(1, f"if {match}(j) is None: raise odd")
            return
        # Most texts need no entity, and one match proves that too.
        clean = self.name(re.compile(expression.replace(_ANY_CHARACTER, _PLAIN_CHARACTER)).fullmatch)
        self.add(1, f"if {clean}(j) is None:")
        self.add(2, f"if {match}(j) is None: raise odd")
        for field in free:
            self.add(2, f"{self.if_there(field)}t{field.position} = escaped(t{field.position})")
        self.add(1, "if not j.isascii():")
        for field in free:
            name = f"t{field.position}"
            question = f"if not {name}.isascii(): " if self.certain(field) else self.if_there(field)
            self.add(2, f"{question}{name} = carried({name})")

    def if_there(self, field: Field) -> str:
        return "" if self.certain(field) else f"if t{field.position} is not None: "

    def single(self, field: Field) -> list[str]:
        """The expressions whose texts make the element."""
        if field.record is not None:
            inner = self.inner(field)
            if field.fewest:
                return [f"{inner}(o.{field.attribute})"]
            self.add(1, f"s = o.{field.attribute}")
            self.add(1, f"s{field.position} = '' if s is None else {inner}(s)")
            return [f"s{field.position}"]
        start, end = f"{self.indent}<{field.name}>", f"</{field.name}>"
        text = f"t{field.position}"
        if self.certain(field):
            return [repr(start), text, repr(end)]
        self.add(
            1, f"s{field.position} = '' if {text} is None else {_joined([repr(start), text, repr(end)])}"
        )
        return [f"s{field.position}"]

    def repeated(self, field: Field) -> list[str]:
        items = f"s{field.position}"
        self.add(1, f"{items} = o.{field.attribute}")
        if field.fewest or field.most != MANY:
            self.add(1, f"if not {field.fewest} <= len({items} or ()) <= {field.most}: raise odd")
        if field.record is not None:
            many = self.name(_writer_of_many(field.record, field.name, self.depth, self.careful))
            if self.certain(field):
                return [f"{many}({items})"]
            self.add(1, f"{items} = {many}({items}) if {items} else ''")
            return [items]
        assert field.value is not None
        self.add(1, f"p{field.position} = []")
        self.add(1, f"for t in {items} or ():")
        self.converted(field, "t", 2)
        match = self.name(re.compile(_admitted(field)).fullmatch)
        self.add(2, f"if {match}(t) is None: raise odd")
        start, end = f"{self.indent}<{field.name}>", f"</{field.name}>"
        self.add(2, f"p{field.position} += ({start!r}, carried(escaped(t)), {end!r})")
        return [f"*p{field.position}"]

    def text_of(self, field: Field) -> None:
        """Lines that put the text of a single leaf, or None, into its variable."""
        name = f"t{field.position}"
        self.add(1, f"{name} = o.{field.attribute}")
        if self.certain(field):
            self.converted(field, name, 1)
            return
        before = len(self.lines)
        self.converted(field, name, 2)
        if len(self.lines) > before:
            self.lines.insert(before, f"    if {name} is not None:")

    def converted(self, field: Field, name: str, level: int) -> None:
        """Lines that make the text of the value in the variable `name`, and prove its type. A text stays as it is:
        joining refuses what is none."""
        value = field.value
        assert value is not None
        how = leaf(value).how
        if how in ("text", "word", "code"):
            return
        if isinstance(value, Base64):
            function: Any = _content
        elif how == "checked":
            function = lambda item: _checked(value, item)
        elif isinstance(value, Day) and value.since is not None:
            function = lambda item: _day_since(value, item)
        elif self.careful:
            function = value.text
        else:
            kind = {"count": "int", "day": "date"}.get(how, "Decimal")
            self.add(level, f"if type({name}) is not {kind}: raise odd")
            self.add(level, f"{name} = str({name})")
            return
        self.add(level, f"{name} = {self.name(function)}({name})")

    def inner(self, field: Field) -> str:
        assert field.record is not None
        return self.name(_writer(field.record, field.name, self.depth, self.careful))

    @property
    def indent(self) -> str:
        return "\n" + "  " * self.depth

    def name(self, thing: Any) -> str:
        name = f"x{len(self.names)}"
        self.names[name] = thing
        return name

    def add(self, level: int, line: str) -> None:
        self.lines.append("    " * level + line)


def _joined(pieces: list[str]) -> str:
    """The expression of the pieces in one text; literals side by side are one piece."""
    merged: list[str] = []
    for piece in pieces:
        if merged and piece[0] in "'\"" and merged[-1][0] in "'\"":
            merged[-1] += f" {piece}"
        else:
            merged.append(piece)
    return f"''.join(({', '.join(merged)},))"


def _expression(record: Record, single: list[Field], certain: set[str]) -> str:
    """The texts of the single leaves of a block, one after the other; the `certain` ones are there."""
    choice = record.choice
    chosen = [name for names in choice.groups for name in names] if choice else []
    by_name = {field.name: field for field in single}
    if not by_name.keys() >= set(chosen):
        raise TypeError(f"{record.cls.__name__}: a choice among blocks")
    parts: list[str] = []
    for field in single:
        if field.name not in chosen:
            parts.append(_admitted(field) if field.name in certain else f"(?:{_ABSENT}|{_admitted(field)})")
        elif field.name == chosen[0]:
            assert choice is not None
            ways = [
                _BETWEEN.join(_admitted(by_name[name]) if name in names else _ABSENT for name in chosen)
                for names in choice.groups
            ]
            parts.append(f"(?:{'|'.join(ways)})")
    return _BETWEEN.join(parts)


def _admitted(field: Field) -> str:
    assert field.value is not None
    return leaf(field.value, True).source
