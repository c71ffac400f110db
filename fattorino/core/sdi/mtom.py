"""MTOM/XOP: the multipart form in which SOAP stacks carry files (W3C XOP 1.0, MTOM 1.0; RFC 2387).

Own and small on purpose: the library parsers for mail rewrite line ends, and files must stay as they came.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from email.message import Message
from urllib.parse import unquote

from fattorino.core.errors import InputError
from fattorino.core.texts import say

XOP = "http://www.w3.org/2004/08/xop/include"
_MAX_PARTS = 20


def is_multipart(content_type: str) -> bool:
    return content_type.strip().lower().startswith("multipart/")


def split(body: bytes, content_type: str) -> tuple[bytes, dict[str, bytes]]:
    """The envelope and the attachments by Content-ID (without angle brackets).

    Raises InputError for a body that is not what `content_type` says.
    """
    header = _header(content_type)
    boundary = str(header.get_param("boundary", ""))
    if header.get_content_type() != "multipart/related" or not 0 < len(boundary) <= 200:
        raise InputError(say("La richiesta SOAP ha un tipo multipart che non è ammesso."))
    start = str(header.get_param("start", "")).strip("<> ")
    root: bytes | None = None
    attachments: dict[str, bytes] = {}
    for fields, content in _parts(body, boundary.encode("ascii", "replace")):
        identity = fields.get("content-id", "").strip("<> ")
        content = _decoded(content, fields.get("content-transfer-encoding", "binary"))
        # Without `start` the first part is the envelope (RFC 2387, 3.2).
        if root is None and (not start or identity == start):
            root = content
        elif identity in attachments:
            raise InputError(say("La richiesta SOAP ha due allegati con lo stesso identificativo."))
        else:
            attachments[identity] = content
    if root is None:
        raise InputError(say("Nella richiesta SOAP multipart manca la busta."))
    return root, attachments


def join(envelope: bytes, attachments: Mapping[str, bytes], boundary: str) -> tuple[bytes, str]:
    """(body, Content-Type). `boundary` must not occur in any part; a hash of the envelope will do."""
    start = f"root.{boundary}@fattorino"
    parts = [
        f'Content-Type: application/xop+xml; charset=UTF-8; type="text/xml"\r\n'
        f"Content-Transfer-Encoding: binary\r\nContent-ID: <{start}>\r\n\r\n".encode()
        + envelope
    ]
    for identity, content in attachments.items():
        head = (
            "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n"
            f"Content-ID: <{identity}>\r\n\r\n"
        )
        parts.append(head.encode() + content)
    mark = b"--" + boundary.encode()
    body = mark + b"\r\n" + (b"\r\n" + mark + b"\r\n").join(parts) + b"\r\n" + mark + b"--\r\n"
    kind = f'multipart/related; type="application/xop+xml"; boundary="{boundary}"; start="<{start}>"'
    return body, f'{kind}; start-info="text/xml"'


def identity_of(href: str) -> str:
    """The Content-ID that an xop:Include names: "cid:a%40b" -> "a@b"."""
    if not href.lower().startswith("cid:"):
        raise InputError(say("La richiesta SOAP rimanda a un allegato che non è nel messaggio."))
    return unquote(href[4:])


def decode_base64(text: str) -> bytes:
    """base64Binary of any line length. Raises InputError where it is not base64."""
    try:
        return base64.b64decode("".join(text.split()).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise InputError(say("Il file allegato non è in base64.")) from error


def _header(content_type: str) -> Message:
    header = Message()
    # A line break in a header would only be an attempt to add another one.
    header["Content-Type"] = re.sub(r"[\r\n]+", " ", content_type)
    return header


def _parts(body: bytes, boundary: bytes) -> list[tuple[dict[str, str], bytes]]:
    mark = re.compile(rb"(?:^|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|$)")
    marks = list(mark.finditer(body))
    if len(marks) > _MAX_PARTS + 1:
        raise InputError(say("La richiesta SOAP ha troppi allegati."))
    if not marks or not marks[-1][1]:
        raise InputError(say("La richiesta SOAP multipart è incompleta."))
    found = []
    for this, following in zip(marks, marks[1:], strict=False):
        if this[1]:
            break
        part = body[this.end() : following.start()]
        head, blank, content = _cut_head(part)
        if not blank:
            raise InputError(say("La richiesta SOAP multipart ha una parte senza intestazioni."))
        found.append((_fields(head), content))
    return found


def _cut_head(part: bytes) -> tuple[bytes, bool, bytes]:
    gap = re.search(rb"\r?\n\r?\n", part)
    return (part[: gap.start()], True, part[gap.end() :]) if gap else (part, False, b"")


def _fields(head: bytes) -> dict[str, str]:
    lines = re.sub(rb"\r?\n[ \t]+", b" ", head).decode("latin-1").splitlines()
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return {name.strip().lower(): value.strip() for name, value in pairs}


def _decoded(content: bytes, encoding: str) -> bytes:
    encoding = encoding.lower()
    if encoding in ("binary", "8bit", "7bit", ""):
        return content
    if encoding == "base64":
        return decode_base64(content.decode("ascii", "replace"))
    raise InputError(
        say(
            "La richiesta SOAP ha un allegato con codifica «{encoding}», che non è ammessa.",
            encoding=encoding,
        )
    )
