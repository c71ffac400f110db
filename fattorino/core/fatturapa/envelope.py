"""The way into a signed file: whatever came (.xml, .p7m in all its encodings), out comes the invoice and who
signed it.

Nothing here looks at a file's name: real files are DER, BER, PEM, base64 on one line or many, base64 of base64,
signed twice, with a byte order mark in front, all under the name ``.xml.p7m``.

Sources: Specifiche tecniche SdI 1.8.1, point 2.1; Elenco dei controlli 00100-00107.
"""

from __future__ import annotations

import binascii
import datetime
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from fattorino.core import xml
from fattorino.core.asn1 import Asn1Error
from fattorino.core.errors import EnvelopeError, XmlError
from fattorino.core.fatturapa.findings import Finding
from fattorino.core.texts import say

if TYPE_CHECKING:
    from fattorino.core.signatures import Signer

# What reads signatures is imported where one is met: the cryptography takes longer to load than a check takes,
# and most files bear none.

MAX_SIZE = 20 * 1024 * 1024
MAX_LAYERS = 5
MAX_ENCODINGS = 3

Encoding = Literal["der", "pem", "base64"]


@dataclass(frozen=True, slots=True)
class Layer:
    """One signed envelope, outermost first. `encoding` is how its bytes came."""

    encoding: Encoding
    signers: tuple[Signer, ...]

    @property
    def valid(self) -> bool:
        return all(signer.valid for signer in self.signers)


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """The innermost content, byte for byte as it was signed, and the envelopes around it (() for plain XML)."""

    content: bytes
    layers: tuple[Layer, ...] = ()

    @property
    def valid(self) -> bool:
        """Every signature around the content holds; dates and issuers are judged by `verify`."""
        return all(layer.valid for layer in self.layers)

    @property
    def signers(self) -> tuple[Signer, ...]:
        return tuple(signer for layer in self.layers for signer in layer.signers)


def unwrap(data: bytes, *, max_size: int = MAX_SIZE) -> Unwrapped:
    """Open every envelope of a file.

    A signature that does not hold is no error here: the content is there to be looked at, and the signer's
    findings say what is wrong. Ask `verify` before relying on it.

    Args:
        data: the file as it came.
        max_size: bytes; larger files are not looked at.

    Raises:
        EnvelopeError: empty (00106), too large (00003), neither XML nor signed file (00106), broken envelope,
            detached signature or too many envelopes (00102).
    """
    if len(data) > max_size:
        raise EnvelopeError(
            say("Il file supera la dimensione massima di {megabytes} MB.", megabytes=max_size // 1_048_576),
            say("SdI accetta fatture fino a 5 MB: ridurre o togliere gli allegati."),
            code="00003",
        )
    if is_xml(data):
        return Unwrapped(data)
    from fattorino.core.fatturapa.cms import read_signed_data

    layers: list[Layer] = []
    while not is_xml(data):
        if not data.strip(b"\0\t\r\n "):
            raise EnvelopeError(
                say("Il file è vuoto.") if not layers else say("La busta firmata è vuota."),
                say("Controllare che il file sia stato salvato per intero e caricarlo di nuovo."),
                code="00106",
            )
        envelope, encoding = _decode(data)
        if envelope is None:
            if layers:
                return Unwrapped(data, tuple(layers))
            raise EnvelopeError(
                say("Il file non è né un XML né un file firmato (.p7m)."),
                say(
                    "Caricare la fattura elettronica in formato XML, anche firmata o dentro un archivio ZIP."
                ),
                code="00106",
            )
        if len(layers) == MAX_LAYERS:
            raise EnvelopeError(
                say("Il file contiene più di {most} buste di firma una dentro l'altra.", most=MAX_LAYERS)
            )
        try:
            signed = read_signed_data(envelope)
        except Asn1Error as error:
            raise EnvelopeError(
                say("La busta di firma (.p7m) è danneggiata o non contiene il documento."),
                say("Scaricare o firmare di nuovo il file originale."),
            ) from error
        layers.append(Layer(encoding, signed.signers))
        data = signed.content
    return Unwrapped(data, tuple(layers))


def verify(unwrapped: Unwrapped, *, at: datetime.datetime, trusted: tuple[bytes, ...] = ()) -> list[Finding]:
    """What SdI would object to in the signatures of a file received at an instant.

    Signatures inside the XML (XAdES) are judged too. A file without any signature gives no finding: whether it
    had to have one depends on the flow.

    Args:
        at: the instant of reception, aware.
        trusted: DER certificates of the authorities to believe; () leaves the issuers unjudged.
    """
    return list(judge_signatures(unwrapped, at=at, trusted=trusted).findings)


@dataclass(frozen=True, slots=True)
class Signatures:
    """Whether there is any signature, around the file or in it, and what SdI would object to in them."""

    present: bool
    findings: tuple[Finding, ...]


def judge_signatures(
    unwrapped: Unwrapped, *, at: datetime.datetime, trusted: tuple[bytes, ...] = ()
) -> Signatures:
    """`is_signed` and `verify` in one go; arguments as there."""
    signers = list(unwrapped.signers)
    if _may_have_xades(unwrapped.content):
        from fattorino.core.xades import read_xades

        try:
            inner = read_xades(unwrapped.content)
        except XmlError:
            inner = None  # the check of the format says why
        if inner is not None:
            signers.append(inner)
    if not signers:
        return Signatures(False, ())
    from fattorino.core.signatures import judge

    remarks = (remark for signer in signers for remark in judge(signer, at=at, trusted=trusted))
    return Signatures(True, tuple(remarks))


def is_signed(unwrapped: Unwrapped) -> bool:
    """Whether there is a signature at all, around the file (CAdES) or in it (XAdES); it need not hold."""
    return bool(unwrapped.layers) or has_xades(unwrapped)


def has_xades(unwrapped: Unwrapped) -> bool:
    """Whether there is a ds:Signature anywhere in the XML; False where there is no XML that we accept."""
    if not _may_have_xades(unwrapped.content):
        return False
    try:
        root = xml.parse(unwrapped.content)
    except XmlError:
        return False
    return next(root.iter("{http://www.w3.org/2000/09/xmldsig#}Signature"), None) is not None


def _may_have_xades(content: bytes) -> bool:
    """Spares most files the parsing."""
    if b"\0" in content:  # so that UTF-16 hides nothing
        content = content.replace(b"\0", b"")
    return b"Signature" in content and is_xml(content)


def is_xml(data: bytes) -> bool:
    """Whether a file at least begins like XML, in any of the encodings XML may have."""
    start = data[:1024]
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    start = start.removeprefix(b"\xef\xbb\xbf").lstrip(b"\t\r\n ")
    return start.startswith((b"<", b"\0<"))


_PEM = re.compile(rb"\A\s*-----BEGIN [A-Z0-9 #]{2,40}-----\s(.*?)-----END [A-Z0-9 #]{2,40}-----", re.DOTALL)
_BASE64 = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
_BLANKS = b" \t\r\n\v\f"


def _decode(data: bytes) -> tuple[bytes | None, Encoding]:
    """The DER or BER of an envelope, out of at most `MAX_ENCODINGS` textual encodings; None: no envelope."""
    encoding: Encoding = "der"
    for _ in range(MAX_ENCODINGS + 1):
        data = data.removeprefix(b"\xef\xbb\xbf").lstrip(_BLANKS)
        # A SEQUENCE of long form: "0" followed by an octet that no text contains.
        if data[:1] == b"0" and data[1:2] >= b"\x80":
            return data, encoding
        pem = _PEM.match(data)
        text = (pem[1] if pem else data).translate(None, _BLANKS)
        # Any base64 of DER begins with "M" (0x30 and a long length); base64 of base64 with letters of it.
        if not _BASE64.fullmatch(text):
            return None, encoding
        if encoding == "der":
            encoding = "pem" if pem else "base64"
        text = text.rstrip(b"=")
        try:
            data = binascii.a2b_base64(text + b"=" * (-len(text) % 4))
        except binascii.Error:
            return None, encoding
    return None, encoding
