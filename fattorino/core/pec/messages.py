"""Tell PEC messages apart: envelope, provider's receipt, anomaly, ordinary mail (RFC 6109, 3).

A receipt is what has X-Ricevuta at the top and no X-Trasporto: a forged one can only arrive inside an envelope, and
is then what somebody wrote to us, not what a provider certifies.
"""

from __future__ import annotations

import email
import email.header
import email.message
import email.policy
import email.utils
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from typing import Literal

from fattorino.core.asn1 import Asn1Error
from fattorino.core.errors import InputError
from fattorino.core.fatturapa.cms import read_signed_data
from fattorino.core.pec.daticert import DatiCert, read_daticert
from fattorino.core.signatures import Signer
from fattorino.core.texts import say

LIMIT = 120_000_000  # bytes: the largest message a provider is known to carry is 100 MB
MOST_PARTS = 500

Sort = Literal["busta", "anomalia", "ricevuta", "ordinaria"]


@dataclass(frozen=True, slots=True)
class File:
    """A file of a message; `content` as it was before it was encoded for the post."""

    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Pec:
    """A message of a PEC mailbox.

    Attributes:
        sort: busta (certified mail from somebody), ricevuta (of a provider, about a message of ours), anomalia
            (ordinary mail that a provider lets through), ordinaria (came round the provider, or was never PEC).
        tipo: of a receipt, the value of X-Ricevuta in small letters; else "".
        message_id: of this message. riferimento: Message-ID of the message it is about or carries.
        sender: address of the one who wrote: in an envelope the certified sender, not the provider.
        subject: of the original message, without the provider's "POSTA CERTIFICATA:" and the like.
        daticert: None where it is missing or cannot be read.
        text: of the original message, in an envelope; else of this one.
        files: attachments of the original message (envelope) or of this one (anomalia, ordinaria); of receipts
            none, since what they hold is ours.
    """

    sort: Sort
    tipo: str
    message_id: str
    riferimento: str
    sender: str
    reply_to: str
    subject: str
    daticert: DatiCert | None
    text: str
    files: tuple[File, ...]


def read_pec(data: bytes) -> Pec:
    """Raises InputError for what is no message, is too large or has too many parts."""
    if len(data) > LIMIT:
        raise InputError(say("Il messaggio è troppo grande per essere letto."))
    message = _parsed(data)
    carried = _header(message, "X-Trasporto").lower()
    receipt = _header(message, "X-Ricevuta").lower()
    parts = list(_parts(message))
    certified = _daticert(parts)
    if carried == "posta-certificata":
        return _envelope(message, parts, certified)
    sort: Sort = "anomalia" if carried else "ricevuta" if receipt else "ordinaria"
    inner = _original(parts) if sort == "anomalia" else None
    shown = inner or message
    return Pec(
        sort=sort,
        tipo="" if carried else receipt,
        message_id=_header(message, "Message-ID"),
        riferimento=_header(message, "X-Riferimento-Message-ID"),
        sender=_address(shown, "From"),
        reply_to=_address(shown, "Reply-To"),
        subject=_subject(_header(shown, "Subject")),
        daticert=certified,
        text=_text(shown),
        files=() if sort == "ricevuta" else _files(shown),
    )


@dataclass(frozen=True, slots=True)
class Heading:
    """What the headers alone say of a message, before it is fetched whole."""

    receipt: bool
    riferimento: str
    people: str  # From and Reply-To, decoded, in small letters


def read_heading(data: bytes) -> Heading:
    """Of headers, or of some of them. Never fails: what cannot be read is empty."""
    try:
        message = _parsed(data)
    except InputError:
        return Heading(False, "", "")
    people = f"{_header(message, 'From')} {_header(message, 'Reply-To')}"
    return Heading(
        bool(_header(message, "X-Ricevuta")), _header(message, "X-Riferimento-Message-ID"), people.lower()
    )


def _envelope(
    message: email.message.Message, parts: list[email.message.Message], certified: DatiCert | None
) -> Pec:
    inner = _original(parts)
    shown = inner if inner is not None else message
    # "Per conto di" stands in the envelope's From; who wrote is certified in daticert, and said in Reply-To.
    sender = (
        (certified.mittente if certified else "") or _address(message, "Reply-To") or _address(shown, "From")
    )
    return Pec(
        sort="busta",
        tipo="",
        message_id=_header(message, "Message-ID"),
        riferimento=_header(message, "X-Riferimento-Message-ID"),
        sender=sender.lower(),
        reply_to=_address(message, "Reply-To"),
        subject=_subject(_header(message, "Subject")),
        daticert=certified,
        text=_text(shown),
        files=_files(shown) if inner is not None else (),
    )


_HEADINGS = re.compile(
    r"^(?:POSTA CERTIFICATA|ACCETTAZIONE|CONSEGNA|ANOMALIA MESSAGGIO|PRESA IN CARICO|PROBLEMA DI SICUREZZA|"
    r"AVVISO DI (?:NON ACCETTAZIONE|MANCATA CONSEGNA)(?: PER [A-Z. ]+)?): ?",
    re.IGNORECASE,
)


def _subject(text: str) -> str:
    return _HEADINGS.sub("", text, count=1)


def _parsed(data: bytes) -> email.message.Message:
    try:
        return email.message_from_bytes(data, policy=email.policy.compat32)
    except (MessageError, RecursionError, ValueError, LookupError) as error:
        raise InputError(say("Il messaggio non si può leggere.")) from error


def _parts(message: email.message.Message) -> Iterator[email.message.Message]:
    """All parts in order, without going into attached messages."""
    todo = [message]
    seen = 0
    while todo:
        part = todo.pop(0)
        seen += 1
        if seen > MOST_PARTS:
            raise InputError(say("Il messaggio ha troppe parti per essere letto."))
        yield part
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            todo[:0] = [each for each in part.get_payload() if isinstance(each, email.message.Message)]


def _name(part: email.message.Message) -> str:
    try:
        name = part.get_filename() or ""
    except (ValueError, LookupError, MessageError):
        return ""
    return _decoded(name)


def _decoded(text: str) -> str:
    try:
        return str(email.header.make_header(email.header.decode_header(text)))
    except (ValueError, LookupError, MessageError):
        return text


def _header(message: email.message.Message, name: str) -> str:
    try:
        value = message.get(name)
    except (ValueError, LookupError, MessageError):
        return ""
    return " ".join(_decoded(str(value)).split()) if value is not None else ""


def _address(message: email.message.Message, name: str) -> str:
    return email.utils.parseaddr(_header(message, name))[1].lower()


def _content(part: email.message.Message) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError, MessageError):
        return b""
    return payload if isinstance(payload, bytes) else b""


def _daticert(parts: list[email.message.Message]) -> DatiCert | None:
    for part in parts:
        # RFC 6109 itself writes both names.
        if _name(part).lower() in ("daticert.xml", "certdata.xml"):
            try:
                return read_daticert(_content(part))
            except InputError:
                return None
    return None


def _original(parts: list[email.message.Message]) -> email.message.Message | None:
    """postacert.eml: the message inside."""
    named = [part for part in parts if _name(part).lower() == "postacert.eml"]
    for part in named or [each for each in parts if each.get_content_type() == "message/rfc822"]:
        if part.is_multipart():
            inside = part.get_payload(0)
            # Some encode the attached message, which RFC 2046 forbids; its "headers" are then base64.
            if isinstance(inside, email.message.Message):
                encoded = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
                return _reopened(inside) if encoded in ("base64", "quoted-printable") else inside
        elif content := _content(part):
            return _parsed(content)
    return None


def _reopened(inside: email.message.Message) -> email.message.Message:
    text = inside.get_payload() if not inside.keys() else None
    if not isinstance(text, str):
        return inside
    carrier = email.message.Message()
    carrier["Content-Transfer-Encoding"] = "base64"
    carrier.set_payload(text)
    return _parsed(_content(carrier))


def _text(message: email.message.Message) -> str:
    for part in _parts(message):
        if part.get_content_type() == "text/plain" and not _name(part):
            content = _content(part)
            for charset in (part.get_content_charset() or "ascii", "utf-8"):
                try:
                    return content.decode(charset)
                except (LookupError, ValueError):  # also of names that are no charset, as "undefined"
                    continue
            return content.decode("latin-1")
    return ""


def _files(message: email.message.Message) -> tuple[File, ...]:
    found = []
    for part in _parts(message):
        name = _name(part)
        if not name or part.get_content_maintype() == "multipart":
            continue
        found.append(File(name, _attached(part) or _content(part), part.get_content_type()))
    return tuple(found)


def _attached(part: email.message.Message) -> bytes:
    """A whole message that was attached."""
    inside = part.get_payload(0) if part.is_multipart() else None
    return inside.as_bytes() if isinstance(inside, email.message.Message) else b""


def signature_of(data: bytes) -> Signer | None:
    """Who signed the message, with what is wrong with the signature; None where it bears none that can be read.

    The first part is hashed octet by octet with CRLF line ends, as S/MIME wants (RFC 8551, 3.5.3): a mailbox may
    have kept other ones.
    """
    message = _parsed(data)
    if message.get_content_type() != "multipart/signed":
        return None
    boundary = message.get_boundary()
    if not boundary:
        return None
    text = re.sub(rb"\r\n|\r|\n", b"\r\n", data)
    border = re.escape(boundary.encode("ascii", "replace"))
    pieces = re.split(rb"(?:^|\r\n)--" + border + rb"(?:--)?[ \t]*(?=\r\n|$)", text)
    if len(pieces) < 3:
        return None
    signed = pieces[1].removeprefix(b"\r\n")
    try:
        found = read_signed_data(_content(_parsed(pieces[2].removeprefix(b"\r\n"))), content=signed)
    except Asn1Error:
        return None
    return found.signers[0]
