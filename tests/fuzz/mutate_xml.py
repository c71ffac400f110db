"""Mutations of XML at the level of elements, on the bytes: whatever is not touched stays as it was written.

No parser is used, so that files keep the plain form which the quick reader recognises, and files that are a little
broken can be broken further.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<!DOCTYPE[^>]*>|<[^<>]*>|[^<]+|<", re.DOTALL)
_OPEN = re.compile(rb"<([A-Za-z_][^\s/>]*)")

# Values at the edge of some rule or pattern of the two formats, and the traps of reading: digits that are none in
# ASCII, a line feed before the end, forms that a number type admits and the format does not.
VALUES: tuple[str, ...] = (
    *("", " ", "0", "0.00", "-0.00", "1.00", "-1.00", "1.5", "1,5", "+1.00", "007.50", "1E5", "NaN", "INF"),
    *("1.00\n", " 1.00", "100.00", "100.01", "22.00", "22.000", "4.00", "5.00", "10.00", "0.005", "1.00000000"),
    *("99999999999.99", "-99999999999.99", "999999999999.99", "12345678901234567890", "0.00000001", "9999", "10000"),
    *("١٢.٠٠", "１.００", "1.0０", "2026-11-2١"),
    *("2026-11-20", "2026-11-22", "2026-02-29", "2024-02-29", "1969-12-31", "1970-01-01", "0001-01-01"),
    *("9999-12-31", "2026-11-20Z", "2026-11-20+14:00", "2026-11-20-14:01", "10000-01-01", "-0001-01-01"),
    *("2026-11-20T24:00:00", "2026-11-20T10:00:00+02:00", "2026-11-20T10:00:00.123", "2026-11-20T23:59:60"),
    *("N1", "N2", "N2.1", "N2.2", "N3", "N3.5", "N4", "N6.1", "N6.9", "N7", "SI", "S", "I", "D", "SC", "MG"),
    *("TD01", "TD04", "TD05", "TD07", "TD16", "TD17", "TD20", "TD21", "TD26", "TD27", "TD28", "TD29", "TD99"),
    *("RF01", "RF02", "RF19", "RF20", "RT01", "RT04", "TC01", "TC22", "MP01", "MP05", "MP08", "TP01", "TP02"),
    *("FPA12", "FPR12", "FSM10", "1.1", "0000000", "XXXXXXX", "999999", "ABC1234", "UFABCD", "IT", "XX", "EL"),
    *("GB", "SM", "DE", "OO", "01234567897", "07643520567", "00000000000", "RSSMRA80A01H501U", "99999999999"),
    *("€", "è", "\x85", "\u2028", "\u00a0", "\ufeff", "😀", "İ", "&amp;", "&lt;", "&gt;", "&quot;", "&apos;"),
    *("&#65;", "&#x41;", "&#13;", "&#10;", "&#0;", "&#xD800;", "&nbsp;", "&", "]]>", "\x00", "\x0b", "\r\n", "\t"),
    "&lt;script&gt;",
    *("A" * 60, "A" * 61, "A" * 1001, "è" * 80, "QQ==", "QQ=", "Q Q = =", "QR==", "QUJD\nREVG", "=", "____"),
)  # fmt: skip
ATTRIBUTES = (
    b' xml:lang="it"',
    b' xmlns="urn:x"',
    b' xmlns=""',
    b' xmlns:p="urn:x"',
    b' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"',
    b' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="p:x"',
    b' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"',
    b' versione="FPR12"',
    b' versione="FPA12"',
    b" a='1'",
    b" ",
    b"\n",
    b' xmlns:ds="http://www.w3.org/2000/09/xmldsig#&quot;"',
)
INSERTS = (
    b"<!-- x -->",
    b"<!---->",
    b"<?x y?>",
    b"<![CDATA[1.00]]>",
    b"<![CDATA[]]>",
    b" ",
    b"\n",
    b"\t",
    b"x",
    b"&#32;",
    b"\xef\xbb\xbf",
    b"\xff",
    b"<x/>",
    b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>',
)
PROLOGUES = (
    b'<?xml version="1.0" encoding="UTF-8"?>',
    b"<?xml version='1.0' encoding='utf-8'?>\n",
    b'<?xml version="1.0"?>',
    b'<?xml version="1.1" encoding="UTF-8"?>',
    b'<?xml version="1.0" encoding="ISO-8859-1"?>',
    b'<?xml version="1.0" encoding="windows-1252"?>',
    b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>',
    b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?>',
    b'<?xml version="1.0" encoding="UTF-8"?><?xml-stylesheet type="text/xsl" href="fatturapa_v1.2.xsl"?>',
    b'<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE x [<!ENTITY e "1.00">]>',
    b" \n",
    b"",
)


@dataclass(frozen=True, slots=True)
class Span:
    """An element: tokens `first` (start tag) to `last` (end tag, or the same for `<a/>`)."""

    name: bytes
    first: int
    last: int


def tokens_of(data: bytes) -> list[bytes]:
    return _TOKEN.findall(data)


def spans_of(tokens: Sequence[bytes]) -> list[Span]:
    """The elements whose end is found, outer ones after those in them."""
    spans: list[Span] = []
    open_ones: list[tuple[bytes, int]] = []
    for number, token in enumerate(tokens):
        if token.startswith(b"</"):
            name = token[2:-1].strip()
            while open_ones:
                opened, first = open_ones.pop()
                if opened == name:
                    spans.append(Span(name, first, number))
                    break
        elif found := _OPEN.match(token):
            if token.endswith(b"/>"):
                spans.append(Span(found[1], number, number))
            else:
                open_ones.append((found[1], number))
    return spans


def mutate(data: bytes, rng: random.Random, donors: Sequence[bytes] = ()) -> bytes:
    """One to four mutations; other files lend their elements."""
    tokens = tokens_of(data)
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
        spans = spans_of(tokens)
        if not spans:
            break
        if donors and rng.random() < 0.1:
            tokens = _transplant(tokens, spans, rng, rng.choice(donors))
        else:
            tokens = rng.choice(_OPERATIONS)(tokens, spans, rng)
    mutant = b"".join(tokens)
    return _recoded(mutant, rng) if rng.random() < 0.05 else mutant


Operation = Callable[[list[bytes], list[Span], random.Random], list[bytes]]


def _drop(tokens: list[bytes], spans: list[Span], rng: random.Random) -> list[bytes]:
    span = rng.choice(spans)
    return tokens[: span.first] + tokens[span.last + 1 :]


def _repeat(tokens: list[bytes], spans: list[Span], rng: random.Random) -> list[bytes]:
    span = rng.choice(spans)
    times = rng.choice((1, 1, 1, 2, 5, 60))
    return tokens[: span.last + 1] + tokens[span.first : span.last + 1] * times + tokens[span.last + 1 :]


def _swap(tokens: list[bytes], spans: list[Span], rng: random.Random) -> list[bytes]:
    one, other = sorted((rng.choice(spans), rng.choice(spans)), key=lambda span: span.first)
    if one.last >= other.first:
        return _drop(tokens, spans, rng)
    return [
        *tokens[: one.first],
        *tokens[other.first : other.last + 1],
        *tokens[one.last + 1 : other.first],
        *tokens[one.first : one.last + 1],
        *tokens[other.last + 1 :],
    ]


def _move(tokens: list[bytes], spans: list[Span], rng: random.Random) -> list[bytes]:
    span = rng.choice(spans)
    piece = tokens[span.first : span.last + 1]
    rest = tokens[: span.first] + tokens[span.last + 1 :]
    place = rng.randrange(len(rest) + 1)
    return rest[:place] + piece + rest[place:]


def _transplant(tokens: list[bytes], spans: list[Span], rng: random.Random, donor: bytes) -> list[bytes]:
    theirs = tokens_of(donor)
    given = spans_of(theirs)
    if not given:
        return tokens
    span = rng.choice(spans)
    alike = [one for one in given if one.name == span.name]
    piece = rng.choice(alike or given)
    return tokens[: span.first] + theirs[piece.first : piece.last + 1] + tokens[span.last + 1 :]


def _leaves(tokens: list[bytes], spans: list[Span]) -> list[Span]:
    return [span for span in spans if 1 <= span.last - span.first <= 2]


def _new_text(tokens: list[bytes], spans: list[Span], rng: random.Random) -> list[bytes]:
    leaves = _leaves(tokens, spans)
    if not leaves:
        return _drop(tokens, spans, rng)
    span = rng.choice(leaves)
    text = rng.choice(VALUES).encode("utf-8")
    return [*tokens[: span.first + 1], text, *tokens[span.last :]]


def _lent_text(tokens: list[bytes], spans: list[Span], rng: random.Random) -> list[bytes]:
    leaves = _leaves(tokens, spans)
    if not leaves:
        return tokens
    span, lender = rng.choice(leaves), rng.choice(leaves)
    return [
        *tokens[: span.first + 1],
        *tokens[lender.first + 1 : lender.last],
        *tokens[span.last :],
    ]


def _bent_text(tokens: list[bytes], spans: list[Span], rng: random.Random) -> list[bytes]:
    """A character more, less or another one: what stands at the edge of a pattern or of a length."""
    leaves = [
        span for span in _leaves(tokens, spans) if span.last - span.first == 2 and tokens[span.first + 1]
    ]
    if not leaves:
        return tokens
    span = rng.choice(leaves)
    text = bytearray(tokens[span.first + 1])
    place = rng.randrange(len(text) + 1)
    fresh = rng.choice(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ.,-+ \n\r\t&;/_\x7f\x80\xc3\xa8")
    match rng.randrange(4):
        case 0:
            text.insert(place, fresh)
        case 1 if len(text) > 1:
            del text[min(place, len(text) - 1)]
        case 2:
            text[min(place, len(text) - 1)] = fresh
        case _:
            text[place:place] = bytes(text) * rng.choice((1, 1, 3, 20))
    return [*tokens[: span.first + 1], bytes(text), *tokens[span.last :]]


def _insert(tokens: list[bytes], spans: list[Span], rng: random.Random) -> list[bytes]:
    place = rng.randrange(len(tokens) + 1)
    return [*tokens[:place], rng.choice(INSERTS), *tokens[place:]]


def _attribute(tokens: list[bytes], spans: list[Span], rng: random.Random) -> list[bytes]:
    span = spans[-1] if rng.random() < 0.3 else rng.choice(spans)
    tag = tokens[span.first]
    end = len(tag) - (2 if tag.endswith(b"/>") else 1)
    return [*tokens[: span.first], tag[:end] + rng.choice(ATTRIBUTES) + tag[end:], *tokens[span.first + 1 :]]


def _rename(tokens: list[bytes], spans: list[Span], rng: random.Random) -> list[bytes]:
    span, other = rng.choice(spans), rng.choice(spans)
    name = rng.choice((other.name, span.name.lower(), b"p:" + span.name, span.name.rpartition(b":")[2], b"x"))
    if span.first == span.last:
        return [*tokens[: span.first], b"<" + name + b"/>", *tokens[span.first + 1 :]]
    inner = tokens[span.first + 1 : span.last]
    return [
        *tokens[: span.first],
        b"<" + name + b">",
        *inner,
        b"</" + name + b">",
        *tokens[span.last + 1 :],
    ]


def _empty(tokens: list[bytes], spans: list[Span], rng: random.Random) -> list[bytes]:
    span = rng.choice(spans)
    made = rng.choice(([b"<" + span.name + b"/>"], [b"<" + span.name + b">", b"</" + span.name + b">"]))
    return tokens[: span.first] + made + tokens[span.last + 1 :]


def _nest(tokens: list[bytes], spans: list[Span], rng: random.Random) -> list[bytes]:
    span = rng.choice(spans)
    depth = rng.choice((1, 1, 2, 300))
    return [
        *tokens[: span.first],
        *[b"<" + span.name + b">"] * depth,
        *tokens[span.first : span.last + 1],
        *[b"</" + span.name + b">"] * depth,
        *tokens[span.last + 1 :],
    ]


def _prologue(tokens: list[bytes], spans: list[Span], rng: random.Random) -> list[bytes]:
    root = min(span.first for span in spans)
    return [rng.choice(PROLOGUES), *tokens[root:]]


def _blanks(tokens: list[bytes], spans: list[Span], rng: random.Random) -> list[bytes]:
    """All that is between elements written in another way: one line, other line ends, other depths."""
    between = rng.choice((b"", b"\n", b"\r\n", b"\t", b"  \n", b" "))
    return [between if not token.strip() else token for token in tokens]


def _end_tag(tokens: list[bytes], spans: list[Span], rng: random.Random) -> list[bytes]:
    span = rng.choice(spans)
    name = rng.choice((span.name + b" ", b" " + span.name, span.name + b"\n", span.name[:-1], b""))
    return [*tokens[: span.last], b"</" + name + b">", *tokens[span.last + 1 :]]


def _cut(tokens: list[bytes], spans: list[Span], rng: random.Random) -> list[bytes]:
    if not tokens:
        return tokens
    place = rng.randrange(len(tokens))
    return [*tokens[:place], tokens[place][: rng.randrange(len(tokens[place]) + 1)]]


# What leaves a file close to valid is tried more often than what breaks it for good.
_OPERATIONS: tuple[Operation, ...] = (
    *(_new_text, _new_text, _new_text, _new_text, _lent_text, _lent_text, _bent_text, _bent_text, _bent_text),
    *(_drop, _drop, _repeat, _repeat, _swap, _move, _insert, _attribute, _rename, _empty, _nest, _prologue),
    *(_blanks, _end_tag, _cut),
)


def _recoded(data: bytes, rng: random.Random) -> bytes:
    text = data.decode("utf-8", "replace")
    encoding = rng.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "cp1252", "latin-1", "utf-32"))
    return text.encode(encoding, "replace")
