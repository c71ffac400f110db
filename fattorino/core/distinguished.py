"""A distinguished name (RFC 4514) in a person's words: who, with which codice fiscale, of what body.

Sources: RFC 4514; ETSI EN 319 412-1, 5.1.3 and 5.1.4 for what serialNumber and organizationIdentifier hold ("TINIT-"
and a codice fiscale, "VATIT-" and a partita IVA); older Italian certificates write "IT:" instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509 import NameOID

SHORT_NAMES = {
    NameOID.SURNAME: "SN",
    NameOID.GIVEN_NAME: "GN",
    NameOID.SERIAL_NUMBER: "serialNumber",
    NameOID.DN_QUALIFIER: "dnQualifier",
    NameOID.ORGANIZATION_IDENTIFIER: "organizationIdentifier",
}
_LONG_NAMES = {short: oid for oid, short in SHORT_NAMES.items()}
_TAX_CODE = re.compile(r"(?:TINIT-|IT:)?([A-Z]{6}[0-9A-Z]{10}|[0-9]{11})")


@dataclass(frozen=True, slots=True)
class Words:
    """
    Attributes:
        name: the person's, else the common name. codice_fiscale, organisation: empty where it does not say them.
    """

    name: str
    codice_fiscale: str = ""
    organisation: str = ""

    @property
    def of(self) -> str:
        """The organisation, where the name does not say it already."""
        return "" if self.organisation.casefold() == self.name.casefold() else self.organisation


def in_words(distinguished: str) -> Words | None:
    """What a distinguished name says; None where it cannot be read (cut off, empty) or names nobody."""
    try:
        name = x509.Name.from_rfc4514_string(distinguished, _LONG_NAMES)
    except ValueError:
        return None
    person = " ".join(filter(None, [_first(name, NameOID.GIVEN_NAME), _first(name, NameOID.SURNAME)]))
    organisation = _first(name, NameOID.ORGANIZATION_NAME)
    shown = person or _first(name, NameOID.COMMON_NAME) or organisation
    return Words(shown, _tax_code(name), organisation) if shown else None


def _tax_code(name: x509.Name) -> str:
    for oid in (NameOID.SERIAL_NUMBER, NameOID.DN_QUALIFIER):
        if found := _TAX_CODE.fullmatch(_first(name, oid).upper()):
            return found[1]
    return ""


def _first(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value).strip() if found else ""
