"""Identifiers of the field, checked as far as a form alone can tell.

Every class is a `str`, already compact and in capital letters, made by `parse`, which raises InputError with
an Italian message. A right check digit says that the code was not mistyped, not that it exists: only the
Anagrafe Tributaria knows that (SdI's 00300-00306).

The check digits are python-stdnum's, loaded when the first number is read: it takes longer than all the rest of
the formats, which most programs import to read or write and not to check.
"""

from __future__ import annotations

import re
from typing import Self

from fattorino.core.errors import InputError
from fattorino.core.texts import say

UNKNOWN_RECIPIENT = "0000000"
FOREIGN_RECIPIENT = "XXXXXXX"
# Ufficio Tributario of San Marino; secondary sources, unanimous.
SAN_MARINO_RECIPIENT = "2R4GTO8"
# For an administration that is not in IPA.
NOT_IN_IPA_RECIPIENT = "999999"

_SEPARATORS = re.compile(r"[\s.\-]+")
# SdI's own mailboxes may not be a recipient (Allegato A, control 00330).
_SDI_MAILBOX = re.compile(r"sdi\d{2}@pec\.fatturapa\.it", re.IGNORECASE)
# The pattern of PECDestinatario in the schema, without its rarer forms (quoted local part, IP domain).
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
)


def _compact(text: str) -> str:
    return _SEPARATORS.sub("", text).upper()


class PartitaIva(str):
    """Italian VAT number, 11 digits without the prefix IT."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises InputError when length, digits or check digit are wrong."""
        from stdnum import luhn

        number = _compact(text).removeprefix("IT")
        if not (number.isascii() and number.isdigit() and len(number) == 11):
            raise InputError(say("«{text}» non è una partita IVA italiana: servono 11 cifre.", text=text))
        # Only the check digit: stdnum.it.iva also wants a known office code in digits 8-10, and numbers
        # without one are in the official samples.
        if not luhn.is_valid(number):
            raise InputError(
                say("La partita IVA {number} ha la cifra di controllo sbagliata.", number=number),
                say("Ricontrollare le cifre: probabilmente una è stata scambiata."),
            )
        return cls(number)


class CodiceFiscale(str):
    """Italian tax code: 16 characters of a person (homocody included), or 11 digits of another subject."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises InputError when the shape or the check character is wrong."""
        from stdnum import luhn
        from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError
        from stdnum.it import codicefiscale

        code = _compact(text)
        try:
            if len(code) == 11 and code.isascii() and code.isdigit():
                return cls(luhn.validate(code))
            return cls(codicefiscale.validate(code))
        except InvalidChecksum as error:
            raise InputError(
                say("Il codice fiscale {code} ha il carattere di controllo sbagliato.", code=code),
                say("Ricontrollare i caratteri: probabilmente uno è stato scambiato."),
            ) from error
        except InvalidLength as error:
            raise InputError(
                say(
                    "Il codice fiscale {code} ha {length} caratteri:"
                    " ne servono 16 per le persone, 11 cifre per gli enti.",
                    code=code,
                    length=len(code),
                )
            ) from error
        except ValidationError as error:
            raise InputError(say("«{text}» non ha la forma di un codice fiscale.", text=text)) from error

    @property
    def is_person(self) -> bool:
        """A natural person's code has 16 characters (a temporary code of a person has 11 digits too)."""
        return len(self) == 16


class Iban(str):
    """Bank account, any country, without blanks."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises InputError when country, length or check digits are wrong."""
        from stdnum import iban
        from stdnum.exceptions import InvalidChecksum, ValidationError

        number = _compact(text)
        try:
            # Some national rules behind stdnum are stricter than ISO 13616 and refuse IBANs in use.
            return cls(iban.validate(number, check_country=False))
        except InvalidChecksum as error:
            raise InputError(
                say("L'IBAN {number} ha le cifre di controllo sbagliate.", number=number),
                say("Ricopiarlo dal documento della banca."),
            ) from error
        except ValidationError as error:
            raise InputError(
                say("«{text}» non è un IBAN.", text=text),
                say("Un IBAN italiano ha 27 caratteri e comincia con IT."),
            ) from error


class Bic(str):
    """Bank identifier (SWIFT), 8 or 11 characters."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises InputError when the shape is wrong."""
        from stdnum import bic
        from stdnum.exceptions import ValidationError

        try:
            return cls(bic.validate(_compact(text)))
        except ValidationError as error:
            raise InputError(
                say("«{text}» non è un codice BIC: servono 8 o 11 caratteri.", text=text)
            ) from error


class CodiceDestinatario(str):
    """1.1.4: 6 characters for an office of a public administration, 7 for anybody else."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises InputError unless it is 6 or 7 letters and digits; only SdI and IPA know if it exists."""
        code = "".join(text.split()).upper()
        if not re.fullmatch(r"[A-Z0-9]{6,7}", code, re.ASCII):
            raise InputError(
                say("Il codice destinatario «{code}» non va bene.", code=text.strip()),
                say(
                    "Servono 6 caratteri per un ufficio della pubblica amministrazione, 7 per tutti gli altri,"
                    " solo lettere e cifre."
                ),
            )
        return cls(code)

    @property
    def is_office(self) -> bool:
        """An office of a public administration (IPA)."""
        return len(self) == 6


class PecAddress(str):
    """1.1.6: the certified mailbox where SdI delivers."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises InputError when it is no address, or one of SdI's own mailboxes (00330)."""
        address = text.strip()
        if not 7 <= len(address) <= 256 or not _ADDRESS.fullmatch(address):
            raise InputError(
                say("«{address}» non è un indirizzo PEC.", address=address),
                say("Un indirizzo ha la forma nome@dominio.it, senza spazi."),
            )
        if is_sdi_mailbox(address):
            raise InputError(
                say(
                    "{address} è una casella del Sistema di Interscambio, non del cliente (scarto 00330).",
                    address=address,
                ),
                say("Scrivere la PEC del cliente."),
            )
        return cls(address)


def is_sdi_mailbox(address: str) -> bool:
    """Whether the address is one of sdiXX@pec.fatturapa.it (control 00330)."""
    return _SDI_MAILBOX.fullmatch(address.strip()) is not None


def vat_number_problem(code: str) -> str | None:
    """What is wrong with an Italian VAT number by its own check digit (Italian), or None."""
    try:
        PartitaIva.parse(code)
    except InputError as error:
        return error.message
    return None


def tax_id_problem(code: str) -> str | None:
    """What is wrong with an Italian tax code or VAT number by its own check digit (Italian), or None."""
    try:
        CodiceFiscale.parse(code)
    except InputError as error:
        return error.message
    return None
