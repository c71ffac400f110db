"""Mutants made by changing the text: whatever XML lets one write, or does not, with the same tree or another."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from lxml import etree

from fattorino.core import xml
from tests.core.fatturapa.mutants import DS, XSI
from tests.core.fatturapa.mutants_tree import VALUES

_LEAF = re.compile(r"<(\w+)>([^<>]*)</\1>")
_ENTITIES = (
    *("&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&nbsp;", "&", "&#0;"),
    *("&#13;", "&#10;", "&#x9;", "&#32;", "&#xA0;", "&#x20AC;", "]]>", ">"),
)
_TAG = re.compile(r"<(/?)([\w:]+)([^<>]*)>")


def spoil(data: bytes, rng: random.Random) -> bytes:
    root = xml.parse(data)
    for signature in root.findall(f"{{{DS}}}Signature"):
        root.remove(signature)  # what is inside is not looked at here, and text has no inside
    text = etree.tostring(root, encoding="unicode")
    for _ in range(rng.choice((1, 1, 1, 2))):
        if _TAG.search(text):  # a cut may have left less than a tag
            text = rng.choice(_TEXT_MUTATIONS)(text, rng)
    return _encoded(text, rng)


def _encoded(text: str, rng: random.Random) -> bytes:
    """Mostly UTF-8; sometimes another encoding, with the declaration that belongs to it or not."""
    if rng.random() < 0.6:
        return b'<?xml version="1.0" encoding="UTF-8"?>\n' + text.encode("utf-8", "surrogatepass")
    encoding = rng.choice(("utf-8", "cp1252", "iso-8859-1", "utf-16", "ascii"))
    declared = {"cp1252": "windows-1252", "ascii": "US-ASCII"}.get(encoding, encoding)
    declaration = rng.choice(
        (
            f'<?xml version="1.0" encoding="{declared}"?>',
            f"<?xml version='1.0' encoding='{declared}' standalone='yes' ?>",
            f'<?xml version="1.0" encoding="{declared}"?>\r\n<?xml-stylesheet type="text/xsl" href="f.xsl"?>',
            '<?xml version="1.0"?>',
            '<?xml version="1.1" encoding="UTF-8"?>',
            '<?xml version="1.0" encoding="utf-9"?>',
            '\n<?xml version="1.0" encoding="UTF-8"?>',
            '<!DOCTYPE FatturaElettronica [<!ENTITY e "x">]>',
            "",
        )
    )
    mark = rng.choice((b"", b"", b"\xef\xbb\xbf", b"\0"))
    return mark + (declaration + text).encode(encoding, rng.choice(("xmlcharrefreplace", "replace")))


def _at_leaf(text: str, rng: random.Random, change: Callable[[str, str], str]) -> str:
    leaves = list(_LEAF.finditer(text))
    if not leaves:
        return text
    leaf = rng.choice(leaves)
    return text[: leaf.start()] + change(leaf[1], leaf[2]) + text[leaf.end() :]


def _spelling(text, rng):
    def change(name: str, inside: str) -> str:
        at = rng.randint(0, len(inside))
        head, tail = inside[:at], inside[at:]
        note = rng.choice(("<!-- nota -->", "<!---->", "<?pi x?>", "<!-- a -- b -->"))
        return rng.choice(
            (
                f"<{name}><![CDATA[{inside}]]></{name}>",
                f"<{name}>{head}<![CDATA[{tail}]]></{name}>",
                f"<{name}>{head}{note}{tail}</{name}>",
                f"<{name}>{head}<![CDATA[]]>{tail}</{name}>",
                f"<{name}>{''.join(f'&#{ord(c)};' for c in head)}{tail}</{name}>",
                f"<{name}>{head}{''.join(f'&#x{ord(c):x};' for c in tail)}</{name}>",
                f"<{name}>{head}{rng.choice(_ENTITIES)}{tail}</{name}>",
                f"<{name}>{head}{rng.choice(_ENTITIES)}{tail}</{name}>",
                f"<{name}/>",
                f"<{name} />",
                f"<{name}></{name}>",
                f"<{name} >{inside}</{name}\n>",
                f'<{name} xmlns="">{inside}</{name}>',
                f'<{name} xmlns:x="urn:x">{inside}</{name}>',
                f"<{name} a='1'>{inside}</{name}>",
                f"<{name}><x/>{inside}</{name}>",
                f"<{name}> {inside}</{name}>",
                f"<{name}>{inside}\n</{name}>",
                f"{note}<{name}>{inside}</{name}>",
                f"<{name}>{inside}</{name}>{note}",
                f"x<{name}>{inside}</{name}>",
                f"&#32;<{name}>{inside}</{name}>",
                f"<![CDATA[ ]]><{name}>{inside}</{name}>",
                f"<{name}>{inside}</{name.lower()}>",
                f"<{name}>0{inside}</{name}>",
                f"<{name}>+{inside}</{name}>",
                f"<{name}>{inside}0</{name}>",
                f"<{name}>{inside}Z</{name}>",
                f"<{name}>{inside}+01:00</{name}>",
            )
        )

    return _at_leaf(text, rng, change)


def _other_value(text, rng):
    value = rng.choice(VALUES).replace("&", "&amp;").replace("<", "&lt;")
    return _at_leaf(text, rng, lambda name, _: f"<{name}>{value}</{name}>")


def _slip(text, rng):
    """A character lost, doubled, changed: what a cut or a bad disk leaves."""
    at = rng.randrange(len(text))
    put = rng.choice(
        ("", text[at] * 2, rng.choice("<>&\"'/= ax0\n\t\x0b\x00\ufffe\ufeffè"), "</", "<!--", "-->", "]]>")
    )
    return text[:at] + put + text[at + 1 :]


def _cut(text, rng):
    return text[: rng.randrange(len(text))]


def _lines(text, rng):
    return text.replace(
        "\n", rng.choice(("\r\n", "\r", "", "\n\n", "\n<!-- x -->", "\n<?x?>", "\u0085", " x "))
    )


def _after(text, rng):
    return text + rng.choice(("\n", "<!-- fine -->", "<?fine?>", "x", "<a/>", "\0", "&#32;", " \r\n\t"))


def _prefix(text, rng):
    opening = _TAG.search(text)
    assert opening is not None
    prefix, _, name = opening[2].rpartition(":")
    new = rng.choice(("q", "", "xml", "p.1", "è"))
    text = re.sub(rf"(</?){re.escape(opening[2])}\b", rf"\g<1>{new}:{name}" if new else rf"\g<1>{name}", text)
    return text.replace(f"xmlns:{prefix}=", f"xmlns:{new}=" if new else "xmlns=") if prefix else text


def _root_tag(text, rng):
    opening = _TAG.search(text)
    assert opening is not None
    more = rng.choice(
        (
            ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#&quot;"',
            ' xmlns:z="non è un URI"',
            ' xmlns:z=""',
            ' xmlns="urn:x"',
            ' xmlns=""',
            ' xml:lang="it"',
            ' versione="FPR12"',
            " SistemaEmittente='12345678901'",
            " SistemaEmittente='&#65;'",
            f' xmlns:xsi="{XSI}" xsi:schemaLocation="a b c"',
            f' xmlns:xsi="{XSI}" xsi:schemaLocation="a b"',
            f' xmlns:xsi="{XSI}" xsi:schemaLocation="a &#32; b"',
            "\n  ",
            " a",
            "/",
        )
    )
    at = opening.end() - 1
    return text[:at] + more + text[at:]


_TEXT_MUTATIONS: tuple[Callable[[str, random.Random], str], ...] = (
    *(_spelling,) * 10,
    *(_other_value,) * 4,
    *(_slip,) * 2,
    *(_lines, _after, _prefix, _root_tag, _root_tag, _cut),
)
