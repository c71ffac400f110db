"""a38 0.1.8 (Truelite): typed models, 15 of SdI's codes, no schema.

Validating is its own `Validation` over the model that it has read.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from a38.fattura import auto_from_etree
from a38.validation import Validation
from defusedxml import ElementTree

Task = tuple[Callable[[Any], Any], Callable[[Any], object]]


def read(data: bytes) -> object:
    return auto_from_etree(ElementTree.fromstring(data))


def write(fattura: object) -> bytes:
    out = io.BytesIO()
    # Nothing is known here of the peer's types: it is installed in an environment of its own. So below.
    # A38 is untyped.
    fattura.build_etree().write(out, encoding="utf-8", xml_declaration=True)  # type: ignore[attr-defined]
    return out.getvalue()


def check(data: bytes) -> Validation:
    validation = Validation()
    read(data).validate(validation)  # type: ignore[attr-defined]  # a38 is untyped
    return validation


def parse() -> Task:
    return bytes, read


def build() -> Task:
    return read, write


def validate() -> Task:
    return bytes, check


def roundtrip() -> Task:
    return bytes, lambda data: write(read(data))


TASKS = {"parse": parse, "build": build, "validate": validate, "roundtrip": roundtrip}
