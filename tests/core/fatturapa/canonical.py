"""What an invoice says, without how it is laid out: the measure of "nothing lost"."""

from __future__ import annotations

import re

from lxml import etree

from fattorino.core import xml
from fattorino.core.fatturapa.format_check import DOCUMENTS
from fattorino.core.tracciati import record_of

SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"


def _blocks(cls: type) -> set[str]:
    """Names of the elements that hold others: blanks in them are layout, even where they hold none."""
    inner = {line.name: line.record for line in record_of(cls).fields if line.record is not None}
    return set(inner).union(*(_blocks(record) for record in inner.values()))


_BLOCKS = set().union(*(_blocks(cls) for cls in DOCUMENTS.values()))


def content(root: etree._Element) -> bytes:
    """Canonical XML of the invoice without layout, signature, schema locations and namespace declarations.

    Texts and attributes are as they came, character by character. Changes `root`.
    """
    for signature in root.findall(SIGNATURE):
        root.remove(signature)
    for element in root.iter(etree.Element):
        element.tail = None
        if len(element) or element.tag in _BLOCKS:
            element.text = None
        for attribute in [name for name in element.attrib if "chemaLocation" in str(name)]:
            del element.attrib[attribute]
    etree.cleanup_namespaces(root)  # of those that it does not use some have no canonical form
    attributes = sorted(f"{name}={value}" for name, value in root.attrib.items())
    inside = b"".join(xml.canonical(child) for child in root)
    # On each child of a root whose namespaces it does not use.
    return "\n".join(attributes).encode() + re.sub(rb' xmlns(:[^=\s]+)?="[^"]*"', b"", inside)
