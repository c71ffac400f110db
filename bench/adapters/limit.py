"""The physical limit: what libxml2 alone needs, called as lxml calls it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lxml import etree

Task = tuple[Callable[[Any], Any], Callable[[Any], object]]


def parse() -> Task:
    return bytes, etree.fromstring


def build() -> Task:
    return etree.fromstring, written


def validate() -> Task:
    schema = compiled(Path(os.environ["BENCH_SCHEMA"]))
    return bytes, lambda data: schema.assertValid(etree.fromstring(data))


def roundtrip() -> Task:
    return bytes, lambda data: written(etree.fromstring(data))


def written(root: Any) -> bytes:
    return etree.tostring(root, encoding="UTF-8")


class _BesideIt(etree.Resolver):
    """The official schema imports xmldsig from the web; the copy in its folder will do."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    # The stubs know neither the third argument nor what a resolver answers with.
    def resolve(self, url: str, public_id: str, context: Any) -> Any:  # type: ignore[override]
        if "xmldsig" in url:
            return self.resolve_filename(  # type: ignore[attr-defined]
                str(self.folder / "xmldsig-core-schema.xsd"), context
            )
        return None


def compiled(path: Path) -> etree.XMLSchema:
    """The official schema, compiled once; it imports xmldsig, whose copy lies beside it."""
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_BesideIt(path.parent))
    return etree.XMLSchema(etree.parse(str(path), parser))


TASKS = {"parse": parse, "build": build, "validate": validate, "roundtrip": roundtrip}
