"""What other rooms and the Hub's own flows read."""

from __future__ import annotations

from lxml import etree

from fattorino.core import xml
from fattorino.core.errors import XmlError
from fattorino.core.fatturapa.envelope import is_xml

_DS = "{http://www.w3.org/2000/09/xmldsig#}Signature"


def is_p7m(data: bytes) -> bool:
    """Whether a file is a CAdES envelope rather than plain XML."""
    return not is_xml(data)


def is_signed(data: bytes) -> bool:
    """Whether a file bears a signature, CAdES or XAdES."""
    if is_p7m(data):
        return True
    try:
        root = xml.parse(data)
    except XmlError:
        return False
    return any(isinstance(child, etree._Element) and child.tag == _DS for child in root)


def known_for(submission: Submission) -> Known:
    """What the company's own history tells about duplicates (00404): numbers it has with SdI already."""
    return Known()
