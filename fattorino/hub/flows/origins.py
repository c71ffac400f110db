"""Whose a message is, as far as it can be proven: its signature against the authorities that the installation believes.

See docs/decisions/0012: what proves a receipt, and what a receipt that is not proven may do.
"""

from __future__ import annotations

import functools
import logging
import re
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings

from fattorino.core.errors import SetupError
from fattorino.core.sdi.message_io import ReadMessage
from fattorino.core.sdi.origin import Origin, Verdict, origin_of
from fattorino.core.texts import say
from fattorino.hub.models import Message

log = logging.getLogger(__name__)
# By law without a signature (MessaggiTypes 1.1): they are no receipts, and move nothing by themselves.
UNSIGNED = frozenset({"MT", "EC"})
_SHOWN: dict[Verdict, str] = {
    "valid": Message.Signature.VALID,
    "unproven": Message.Signature.UNKNOWN,
    "foreign": Message.Signature.FOREIGN,
    "broken": Message.Signature.BROKEN,
    "missing": Message.Signature.MISSING,
}


def anchors() -> tuple[bytes, ...]:
    """The authorities to believe, DER; () where none is set.

    Raises:
        SetupError: what is set cannot be read. Then nothing may pass for proven or for forged.
    """
    place = Path(settings.SDI_TRUSTED_CA) if settings.SDI_TRUSTED_CA else None
    if place is None:
        return ()
    files = sorted(place.glob("*/ca.pem")) if place.is_dir() else [place]
    try:
        # Read anew when a file is replaced: an authority's successor needs no restart.
        return tuple(der for file in files for der in _certificates(file, file.stat().st_mtime_ns))
    except (OSError, ValueError) as error:
        raise SetupError(
            say("Il certificato dell'autorità di SdI in {path} non si legge.", path=str(place)),
            say("Indicare in FATTORINO_SDI_TRUSTED_CA un file PEM o DER che il programma possa leggere."),
        ) from error


@functools.lru_cache(maxsize=16)
def _certificates(file: Path, changed: int) -> tuple[bytes, ...]:
    content = file.read_bytes()
    if b"-----BEGIN" in content:
        found = x509.load_pem_x509_certificates(content)
    else:
        found = [x509.load_der_x509_certificate(content)]
    return tuple(each.public_bytes(Encoding.DER) for each in found)


def examine(message: Message, read: ReadMessage, trusted: tuple[bytes, ...]) -> Origin:
    """Who signed the message; written onto the row (not saved)."""
    if read.message.tipo in UNSIGNED:
        origin = Origin("missing", say("Questo genere di messaggio non porta firma."))
    else:
        origin = origin_of(read.xml, at=message.received_at, trusted=trusted)
    message.signature = _SHOWN[origin.verdict]
    message.signature_note = origin.note[:300]
    return origin


def may_act(verdict: Verdict, *, anchored: bool) -> bool:
    """Whether a message moves a document by itself.

    With an authority to check against nothing else counts. Without one the way it came by proves it (every way knows
    who brings something), unless its signature says by itself that it is not SdI's, or not what SdI wrote.
    """
    return verdict == "valid" or (not anchored and verdict in ("unproven", "missing"))


def same_hash(written: str, sha256: str) -> bool:
    """Whether a hash as SdI writes it (hexadecimal, once in capitals) is this one; what is no SHA-256 says nothing."""
    found = written.strip().lower()
    return re.fullmatch(r"[0-9a-f]{64}", found) is None or found == sha256
