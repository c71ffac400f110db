"""On which line of a file the element of a path stands; asked only for files that have findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import BinaryIO

from lxml import etree

from fattorino.core.tracciati.walk import line_of

Step = tuple[str, int]


class Places:
    """Lines of paths in a tree. A file may break a rule at many of its lines, so each block is gone through once."""

    def __init__(self, root: etree._Element) -> None:
        self._found: dict[str, etree._Element] = {"": root}
        self._children: dict[tuple[str, str], list[etree._Element]] = {}

    def line(self, path: str) -> int | None:
        """The line of the element, or of the nearest one above it that is there; None for the whole file."""
        while path and self._element(path) is None:
            path = path.rpartition("/")[0]
        return line_of(self._found[path]) if path else None

    def _element(self, path: str) -> etree._Element | None:
        if path in self._found:
            return self._found[path]
        above, _, step = path.rpartition("/")
        parent = self._element(above)
        if parent is None:
            return None
        name, index = _step(step)
        key = (above, name)
        if key not in self._children:
            self._children[key] = parent.findall(name)
        if index > len(self._children[key]):
            return None
        return self._found.setdefault(path, self._children[key][index - 1])


def _step(text: str) -> Step:
    name, _, index = text.rstrip("]").partition("[")
    return name, int(index or 1)


@dataclass(slots=True, eq=False)
class _Wanted:
    """A step of a wanted path: its line once it was seen, the steps below, how many children of a name there were."""

    below: dict[Step, _Wanted] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    line: int | None = None


def lines_in_stream(source: BinaryIO, paths: Iterable[str]) -> dict[str, int | None]:
    """As `Places.line` for each path, without holding more of the file than the element being read.

    `source` is at the beginning of a well-formed file without DOCTYPE (one that the quick way has read)."""
    chains = {path: [_step(step) for step in path.split("/")[1:]] for path in paths}
    root = _Wanted()
    for chain in chains.values():
        node = root
        for step in chain:
            node = node.below.setdefault(step, _Wanted())
    _find(source, root)
    return {path: _last_line(root, chain) for path, chain in chains.items()}


def _last_line(node: _Wanted, chain: list[Step]) -> int | None:
    line = None
    for step in chain:
        node = node.below[step]
        line = node.line or line
    return line


def _find(source: BinaryIO, root: _Wanted) -> None:
    """Set the lines of all wanted steps that are there."""
    above: list[_Wanted | None] = []
    events = etree.iterparse(
        source,
        events=("start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    for event, element in events:
        if event == "start":
            above.append(root if not above else _entered(above[-1], element))
        else:
            above.pop()
            element.clear()
            while (earlier := element.getprevious()) is not None:
                element.getparent().remove(earlier)


def _entered(parent: _Wanted | None, element: etree._Element) -> _Wanted | None:
    if parent is None or not parent.below:
        return None
    name = str(element.tag)
    index = parent.seen[name] = parent.seen.get(name, 0) + 1
    wanted = parent.below.get((name, index))
    if wanted is not None:
        wanted.line = line_of(element)
    return wanted
