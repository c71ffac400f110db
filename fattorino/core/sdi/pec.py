"""SdI over PEC: which messages are SdI's, what they carry, which address to use next (sdi.md 5.3).

Sources: Allegato A 1.6.1, point 1.3.1 and 1.5.5; Specifiche tecniche SdI 1.8.1, point 3.1.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fattorino.core.pec.messages import File, Pec, read_heading

FIRST_ADDRESS = "sdi01@pec.fatturapa.it"
LARGEST = 30_000_000  # bytes of a whole message, as it travels
_ADDRESS = re.compile(r"sdi[0-9]{2}@pec\.fatturapa\.it")
_MENTIONED = re.compile(r"(?<![\w.@-])sdi[0-9]{2}@pec\.fatturapa\.it(?![\w@-])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SdiMail:
    """A message of SdI.

    Attributes:
        address: the one it came from. assigned: the one to use from now on; equal to `address` where the text names
            no other.
        files: the xml, p7m and zip files it carries: a receipt, or an invoice with its MT.
        simulated: from the test environment, whose messages mean nothing in production.
    """

    address: str
    assigned: str
    files: tuple[File, ...]
    simulated: bool


def is_sdi(address: str) -> bool:
    return _ADDRESS.fullmatch(address.lower()) is not None


def message_id(file_name: str, mailbox: str) -> str:
    """Of the message by which this mailbox sends a file to SdI. A file's name is used once for ever, and so is this."""
    return f"<sdi.{file_name}@{mailbox.rpartition('@')[2]}>"


def concerns_sdi(headers: bytes) -> bool:
    """Whether a letter is worth fetching: a receipt for a message to SdI, or one that names SdI as who wrote it (if it
    did, only the whole letter tells). What else comes into a mailbox is nobody's business here."""
    heading = read_heading(headers)
    if heading.receipt:
        return heading.riferimento.startswith("<sdi.")
    return "@pec.fatturapa.it" in heading.people


def from_sdi(message: Pec) -> SdiMail | None:
    """None for what SdI did not send. Only an envelope counts: who wrote it is certified by the providers."""
    if message.sort != "busta" or message.daticert is None or not is_sdi(message.daticert.mittente):
        return None
    address = message.daticert.mittente.lower()
    named = [found.lower() for found in _MENTIONED.findall(message.text)]
    files = tuple(file for file in message.files if file.name.lower().endswith((".xml", ".p7m", ".zip")))
    return SdiMail(
        address, named[-1] if named else address, files, "(SIMULAZIONE)" in message.subject.upper()
    )
