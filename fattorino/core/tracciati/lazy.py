"""A `dataclass` whose methods are made when they are first needed.

`dataclasses.dataclass` compiles up to eight functions for each class. A record format has a hundred classes, of which
a program uses a few: compiling them all was a third of what `import fattorino.core.fatturapa` cost. Here a class gets
its fields and slots at once; its `__init__` is compiled at the first object, the other methods are the same for all.

Only what declarations use is offered: frozen, with slots, keyword-only, neither bases nor `field(...)`.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

_Class = TypeVar("_Class", bound=type)

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, frozen: bool, slots: bool, kw_only: bool) -> Callable[[_Class], _Class]:
        """As `dataclasses.dataclass(frozen=True, slots=True, kw_only=True)`, and only so.

        Raises TypeError for a class with bases or a __post_init__.
        """
        if not (frozen and slots and kw_only):
            raise TypeError("declarations are frozen, with slots and keyword-only")
        return _declared


def _declared(cls: Any) -> Any:
    if cls.__bases__ != (object,) or "__post_init__" in cls.__dict__:
        raise TypeError(f"{cls.__name__}: bases and __post_init__ are not for declarations")
    # Else dataclasses would have inspect write out the signature for it.
    cls.__doc__ = cls.__doc__ or cls.__name__
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=True, slots=True)(cls)
    for name, method in _METHODS.items():
        setattr(made, name, method)
    return made


class _Signature:
    """What `inspect.signature` tells of the class: that of the `__init__` that it will have."""

    def __get__(self, instance: object, cls: Any) -> inspect.Signature:
        signature = inspect.signature(_initialiser(cls))
        return signature.replace(parameters=[p for p in signature.parameters.values() if p.name != "self"])


def _init(self: Any, **values: Any) -> None:
    cls = self.__class__
    cls.__init__ = _initialiser(cls)
    cls.__init__(self, **values)


@cache
def _initialiser(cls: type) -> Callable[..., None]:
    """The `__init__` of the class. It sets the slots by their descriptors, which do not ask `__setattr__`."""
    known: dict[str, Any] = {}
    arguments, body = [], []
    for field in dataclasses.fields(cls):
        known[f"set_{field.name}"] = cls.__dict__[field.name].__set__
        known[f"default_{field.name}"] = field.default
        default = "" if field.default is dataclasses.MISSING else f"=default_{field.name}"
        arguments.append(f"{field.name}{default}")
        body.append(f"set_{field.name}(self, {field.name})")
    source = f"def __init__(self, *, {', '.join(arguments)}):\n {'; '.join(body)}"
    exec(compile(source, f"<__init__ of {cls.__name__}>", "exec"), known)
    made: Callable[..., None] = known["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


@cache
def _names(cls: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(cls))


@cache
def _values_of(cls: type) -> Callable[[Any], tuple[Any, ...]]:
    names = _names(cls)
    if len(names) == 1:
        one = attrgetter(names[0])
        return lambda self: (one(self),)
    return attrgetter(*names)


def _repr(self: Any) -> str:
    said = ", ".join(f"{name}={getattr(self, name)!r}" for name in _names(self.__class__))
    return f"{type(self).__qualname__}({said})"


def _eq(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    values = _values_of(self.__class__)
    return values(self) == values(other)


def _hash(self: Any) -> int:
    return hash(_values_of(self.__class__)(self))


def _setattr(self: Any, name: str, value: Any) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _getstate(self: Any) -> tuple[Any, ...]:
    return _values_of(self.__class__)(self)


def _setstate(self: Any, state: tuple[Any, ...]) -> None:
    for name, value in zip(_names(self.__class__), state, strict=True):
        object.__setattr__(self, name, value)


_METHODS: dict[str, Any] = {
    "__signature__": _Signature(),
    "__init__": _init,
    "__repr__": _repr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__setattr__": _setattr,
    "__delattr__": _delattr,
    "__getstate__": _getstate,
    "__setstate__": _setstate,
}
