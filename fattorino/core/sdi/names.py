"""File names of invoices and of SdI's messages: build, read, refuse.

Sources: Specifiche tecniche SdI 1.8.1, point 2.2 and Allegato B-1, point 1.1; Allegato A 1.6.1, point 1.2.2.
The name is the invoice's identity for SdI: a name once used is used for ever, even if the file was refused
(00002). Names come from outside too, so only ASCII letters, digits, `_` and `.` ever get through here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fattorino.core.errors import InputError
from fattorino.core.texts import say

INVOICE_EXTENSIONS = (".xml", ".xml.p7m", ".zip")
MESSAGE_TYPES = ("RC", "NS", "MC", "NE", "MT", "EC", "SE", "DT", "AT")

# The longest part of an invalid name that SdI repeats in the name of its notification (Allegato B-1, 1.1).
_KEPT_OF_INVALID = 36
_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LAST_PROGRESSIVE = 36**5 - 1

_INVOICE = re.compile(
    r"(?P<paese>[A-Z]{2})(?P<identificativo>[A-Za-z0-9]{2,28})_(?P<progressivo>[A-Za-z0-9]{1,5})"
    r"(?P<estensione>\.[Xx][Mm][Ll](?:\.[Pp]7[Mm])?|\.[Zz][Ii][Pp])"
)
# The stem may itself be an invalid name that SdI only repeats, hence the loose middle.
_MESSAGE = re.compile(
    rf"(?P<fattura>[A-Za-z0-9_.]{{1,45}}?)_(?P<tipo>{'|'.join(MESSAGE_TYPES)})_(?P<progressivo>[A-Za-z0-9]{{0,3}})"
    r"(?P<estensione>\.[Xx][Mm][Ll]|\.[Zz][Ii][Pp])"
)


@dataclass(frozen=True, slots=True)
class InvoiceName:
    """`IT01234567890_00001.xml`: the transmitter's country and code, a progressive, what the file is."""

    paese: str
    identificativo: str
    progressivo: str
    estensione: str

    @property
    def stem(self) -> str:
        """The name without extension, which SdI's messages begin with."""
        return f"{self.paese}{self.identificativo}_{self.progressivo}"

    @property
    def is_archive(self) -> bool:
        return self.estensione.lower() == ".zip"

    @property
    def is_cades(self) -> bool:
        return self.estensione.lower() == ".xml.p7m"

    def __str__(self) -> str:
        return self.stem + self.estensione


@dataclass(frozen=True, slots=True)
class MessageName:
    """`IT01234567890_00001_RC_001.xml`: the invoice's stem, the kind of message, a counter."""

    fattura: str
    tipo: str
    progressivo: str
    estensione: str = ".xml"

    def __str__(self) -> str:
        return f"{self.fattura}_{self.tipo}_{self.progressivo}{self.estensione}"


def invoice_name(paese: str, identificativo: str, progressivo: str, estensione: str = ".xml") -> InvoiceName:
    """The name of a file to send. Raises InputError if a part is not what SdI takes (00001).

    Args:
        paese: two capital letters.
        identificativo: codice fiscale of the transmitter (IT: 11 to 16 characters; elsewhere 2 to 28).
        progressivo: 1 to 5 letters or digits, see `progressive`.
        estensione: ".xml" (unsigned or XAdES), ".xml.p7m" (CAdES) or ".zip".
    """
    if estensione not in INVOICE_EXTENSIONS:
        raise InputError(
            say("Un file per lo SdI non può avere l'estensione «{extension}».", extension=estensione)
        )
    return parse_invoice_name(f"{paese}{identificativo}_{progressivo}{estensione}")


def parse_invoice_name(name: str) -> InvoiceName:
    """Read the name of an invoice, lotto or archive; the extension may be in capitals.

    Raises InputError (SdI's 00001) for anything else: folders, control or look-alike characters, `_DF_` names.
    """
    found = _INVOICE.fullmatch(name)
    if found is None or (found["paese"] == "IT" and not 11 <= len(found["identificativo"]) <= 16):
        raise InputError(
            say("Il nome «{name}» non è un nome di file ammesso dallo SdI (00001).", name=_printable(name)),
            say(
                "Deve essere paese e codice fiscale di chi trasmette, «_», da 1 a 5 lettere o cifre e l'estensione "
                "xml, xml.p7m o zip: per esempio IT01234567890_00001.xml."
            ),
        )
    return InvoiceName(found["paese"], found["identificativo"], found["progressivo"], found["estensione"])


def is_invoice_name(name: str) -> bool:
    """Whether SdI would take this name (else 00001)."""
    try:
        parse_invoice_name(name)
    except InputError:
        return False
    return True


def message_name(invoice: str, tipo: str, progressivo: str = "001", estensione: str = ".xml") -> MessageName:
    """The name of a message about the file `invoice` (its name with extension).

    An invalid invoice name is cut at 36 characters and freed from what a name cannot hold, as SdI does.
    Raises InputError for an unknown kind or a counter that is not 1 to 3 letters or digits.
    """
    if tipo not in MESSAGE_TYPES or re.fullmatch(r"[A-Za-z0-9]{1,3}", progressivo) is None:
        raise InputError(
            say(
                "Il nome di un messaggio SdI non può contenere «{kind}» e «{counter}».",
                kind=tipo,
                counter=_printable(progressivo),
            )
        )
    try:
        stem = parse_invoice_name(invoice).stem
    except InputError:
        stem = re.sub(r"[^A-Za-z0-9_.]", "", _without_extension(invoice))[:_KEPT_OF_INVALID] or "X"
    return MessageName(stem, tipo, progressivo, estensione)


def parse_message_name(name: str) -> MessageName:
    """Read the name of a message. A missing counter (AdE's own samples have `_NS__001`) is taken as empty.

    Raises InputError if it is none.
    """
    found = _MESSAGE.fullmatch(name.replace("__", "_"))
    if found is None:
        raise InputError(say("«{name}» non è il nome di un messaggio dello SdI.", name=_printable(name)))
    return MessageName(found["fattura"], found["tipo"], found["progressivo"], found["estensione"])


def progressive(number: int) -> str:
    """The n-th progressive, five characters base 36: 1 -> "00001", 36 -> "00010".

    Raises InputError below zero and after "ZZZZZ" (60,466,175).
    """
    if not 0 <= number <= _LAST_PROGRESSIVE:
        raise InputError(
            say("I progressivi dei nomi di file sono esauriti."),
            say("Occorre un altro codice di trasmittente."),
        )
    digits = []
    for _ in range(5):
        number, digit = divmod(number, 36)
        digits.append(_BASE36[digit])
    return "".join(reversed(digits))


def next_progressive(previous: str | None) -> str:
    """The progressive after `previous` ("00001" when there is none); lower case counts as upper case.

    Raises InputError if `previous` is no progressive or the last one.
    """
    if previous is None:
        return progressive(1)
    if re.fullmatch(r"[A-Za-z0-9]{1,5}", previous) is None:
        raise InputError(
            say("«{progressive}» non è un progressivo di file.", progressive=_printable(previous))
        )
    return progressive(int(previous, 36) + 1)


def _without_extension(name: str) -> str:
    lower = name.lower()
    for extension in sorted(INVOICE_EXTENSIONS, key=len, reverse=True):
        if lower.endswith(extension):
            return name[: -len(extension)]
    return name


def _printable(name: str) -> str:
    """A foreign name as it may be shown: short, and with nothing that moves the text around it."""
    shown = "".join(c if c.isprintable() else "�" for c in name[:60])
    return shown + ("…" if len(name) > 60 else "")
