"""How a record format is declared: frozen dataclasses whose annotations carry the official table.

    @dataclass(frozen=True, slots=True, kw_only=True)
    class IdFiscale:
        XSD: ClassVar = "IdFiscaleType"
        id_paese: Annotated[Nazione, E(1, "IdPaese", "codice del paese")]
        id_codice: Annotated[Codice, E(2, "IdCodice", "codice identificativo fiscale")]

The order of the fields is the order of the elements. The cardinality is in the type: ``T`` is <1.1>,
``T | None`` <0.1>, ``tuple[T, ...]`` with a default <0.N>, without one <1.N>. `E`'s number is the last part
of the official id, because one block occurs at several places; the whole id comes from the way down to it.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from fattorino.core.tracciati.values import Value

MANY = 1_000_000_000


@dataclass(frozen=True, slots=True)
class E:
    """An element of a block.

    Attributes:
        number: last part of the official id ("2.1.1.4" -> 4).
        name: official name.
        description: what it is, in Italian, lower case, as a message or a label may quote it.
        default: the value that the schema gives to the element when it is empty.
        most: most occurrences of a repeatable element, where the schema sets a limit.
    """

    number: int
    name: str
    description: str
    default: str = ""
    most: int = MANY


@dataclass(frozen=True, slots=True)
class A:
    """An attribute of the root element."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Groups of elements of which exactly one must be there, whole."""

    groups: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Root:
    """What a block needs to be a document.

    Attributes:
        versions: the admitted values of the attribute `versione`.
        title: what the document is, in Italian, as a heading says it.
        edition: version of the official schema that the declaration follows.
        signature: whether ds:Signature may or must be the last child.
    """

    element: str
    namespace: str
    prefix: str
    versions: tuple[str, ...]
    title: str = ""
    edition: str = ""
    signature: Literal["none", "optional", "required"] = "optional"


@dataclass(frozen=True, slots=True)
class Field:
    """One line of the table, as it was found in the annotations."""

    position: int
    number: int
    name: str
    attribute: str
    description: str
    fewest: int
    most: int
    value: Value | None
    record: type | None
    default: str

    @property
    def repeatable(self) -> bool:
        return self.most > 1

    @property
    def cardinality(self) -> str:
        """As the official table writes it: "<0.N>"; "<1.200>" where the schema sets a limit."""
        return f"<{self.fewest}.{'N' if self.most == MANY else self.most}>"


@dataclass(frozen=True, slots=True)
class Record:
    """A block: its class, its lines in order, its attributes (of a root), its choice."""

    cls: type
    xsd: str
    fields: tuple[Field, ...]
    attributes: tuple[Field, ...]
    by_name: dict[str, Field]
    choice: Choice | None
    root: Root | None


def python_name(official: str) -> str:
    """IdFiscaleIVA -> id_fiscale_iva, CFQuietanzante -> cf_quietanzante."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", official).lower()


@cache
def record_of(cls: type) -> Record:
    """The table of a declared class. Raises TypeError for a wrong declaration (a programming mistake)."""
    hints = typing.get_type_hints(cls, include_extras=True)
    fields: list[Field] = []
    attributes: list[Field] = []
    for member in dataclasses.fields(cls):
        has_default = member.default is not dataclasses.MISSING
        line = _line(cls, member.name, hints[member.name], has_default, len(fields))
        (fields if line.number else attributes).append(line)
    choice = getattr(cls, "CHOICE", None)
    root = getattr(cls, "ROOT", None)
    if choice is not None:
        _check_choice(cls, choice, fields)
    if attributes and root is None:
        raise TypeError(f"{cls.__name__}: only the root may have attributes, so far")
    return Record(
        cls=cls,
        xsd=getattr(cls, "XSD", f"{cls.__name__}Type"),
        fields=tuple(fields),
        attributes=tuple(attributes),
        by_name={f.name: f for f in fields},
        choice=choice,
        root=root,
    )


def _check_choice(cls: type, choice: Choice, fields: list[Field]) -> None:
    chosen = [name for group in choice.groups for name in group]
    members = [field for field in fields if field.name in chosen]
    # A member of a choice is optional by itself; whether the choice as a whole is met is asked apart.
    if any(field.fewest for field in members):
        raise TypeError(f"{cls.__name__}: the elements of a choice are optional")
    start = members[0].position if members else 0
    if [field.name for field in fields[start : start + len(chosen)]] != chosen:
        raise TypeError(f"{cls.__name__}: the elements of a choice must stand together, in its order")


def _line(cls: type, attribute: str, hint: Any, has_default: bool, position: int) -> Field:
    mark = next((m for m in getattr(hint, "__metadata__", ()) if isinstance(m, E | A)), None)
    if mark is None:
        raise TypeError(f"{cls.__name__}.{attribute} has no E(...)")
    if python_name(mark.name) != attribute:
        raise TypeError(f"{cls.__name__}.{attribute} should be {python_name(mark.name)}")
    inner, fewest, most = _cardinality(hint, has_default)
    if isinstance(mark, E) and mark.most != MANY:
        if not 1 < mark.most < most:
            raise TypeError(f"{cls.__name__}.{attribute}: a limit is for what may come more than once")
        most = mark.most
    value = next((m for m in getattr(inner, "__metadata__", ()) if isinstance(m, Value)), None)
    record = inner if value is None and dataclasses.is_dataclass(inner) else None
    if value is None and record is None:
        raise TypeError(f"{cls.__name__}.{attribute}: neither a value type nor a block: {inner}")
    return Field(
        position=position,
        number=mark.number if isinstance(mark, E) else 0,
        name=mark.name,
        attribute=attribute,
        description=mark.description,
        fewest=fewest,
        most=most,
        value=value,
        record=typing.cast("type | None", record),
        default=mark.default if isinstance(mark, E) else "",
    )


def _cardinality(hint: Any, has_default: bool) -> tuple[Any, int, int]:
    """The type without its cardinality, fewest, most, of Annotated[T, T | None or tuple[T, ...], mark].

    Annotated flattens: Annotated[Annotated[str, Text(...)], E(...)] has both marks at the same level, which
    is just what the caller looks for.
    """
    core = hint.__origin__
    if typing.get_origin(core) in (typing.Union, types.UnionType):
        (inner,) = (part for part in typing.get_args(core) if part is not type(None))
        return inner, 0, 1
    if typing.get_origin(core) is tuple:
        return typing.get_args(core)[0], 0 if has_default else 1, MANY
    return (hint, 1, 1) if any(isinstance(m, Value) for m in hint.__metadata__) else (core, 1, 1)
