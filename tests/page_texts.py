"""What a page says, with the language each piece is marked with."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser

READ_ALOUD = frozenset({"title", "alt", "placeholder", "aria-label", "aria-description", "label", "summary"})
_VOID = frozenset(
    {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)


@dataclass(frozen=True)
class Piece:
    """A text node or a text of an attribute. `language` is "" for a part of a page, which has no html element."""

    text: str
    language: str
    # In a drawing, whose long names are broken into lines and cut.
    drawn: bool = False


def pieces(html: str) -> list[Piece]:
    """Every text a person is shown or read, in the order of the page; also what scripts may show (data-...)."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.found


def _is_shown(tag: str, name: str, value: str, given: dict[str, str | None]) -> bool:
    if name == "value":
        return tag == "input" and given.get("type") in ("submit", "button", "reset")
    # What a script may show; what it only reads is one word, or values in braces.
    return name in READ_ALOUD or (name.startswith("data-") and " " in value and value[0] not in "{[")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Piece] = []
        self.open: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        language = given.get("lang") or self._language()
        for name, value in attrs:
            if value and _is_shown(tag, name, value, given):
                self._add(value, language)
        if tag not in _VOID:
            self.open.append((tag, language))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        # Up to the element that this one closes: a paragraph or a list item may be left open.
        for place in range(len(self.open) - 1, -1, -1):
            if self.open[place][0] == tag:
                del self.open[place:]
                return

    def handle_data(self, data: str) -> None:
        if not any(tag in ("script", "style") for tag, _ in self.open):
            self._add(data, self._language())

    def _language(self) -> str:
        return self.open[-1][1] if self.open else ""

    def _add(self, text: str, language: str) -> None:
        if words := " ".join(text.split()):
            self.found.append(Piece(words, language, any(tag == "svg" for tag, _ in self.open)))
