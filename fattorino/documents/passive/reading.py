"""What stands in the file of a received invoice: how it reads, what is attached, who signed it. Touches no database."""

from __future__ import annotations

import dataclasses
import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fattorino import clock
from fattorino.core.errors import FattorinoError, InputError, XmlError
from fattorino.core.fatturapa import read_fattura
from fattorino.core.fatturapa.envelope import Unwrapped, has_xades, judge_signatures, unwrap
from fattorino.core.sdi.message_io import read_message
from fattorino.core.sdi.messages import FileMetadati, MetadatiInvioFile
from fattorino.core.texts import say
from fattorino.documents.passive.integration_draft import Term, needs_integration, term_of
from fattorino.documents.readable import Fattura, render_html, render_pdf

if TYPE_CHECKING:
    from fattorino.core.fatturapa.findings import Finding
    from fattorino.core.signatures import Signer

# Attachments that a browser may be given under their name; anything else is only bytes.
TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "txt": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "xml": "application/xml",
    "zip": "application/zip",
    "p7m": "application/pkcs7-mime",
}


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """`number` counts the attachments of the invoice from 1."""

    number: int
    name: str
    description: str
    size: int


@dataclass(frozen=True, slots=True)
class SignerView:
    name: str
    issuer: str
    when: datetime.datetime | None
    not_after: datetime.datetime | None
    kind: str
    holds: bool


@dataclass(frozen=True, slots=True)
class SignatureView:
    """Who signed, and what SdI would object to on the day of reception."""

    signers: tuple[SignerView, ...]
    findings: tuple[Finding, ...]

    @property
    def good(self) -> bool:
        return bool(self.signers) and not any(finding.is_error for finding in self.findings)


@dataclass(frozen=True, slots=True)
class MetadataView:
    """What the MT says."""

    codice_destinatario: str
    formato: str
    tentativi: int | None
    message_id: str


@dataclass(frozen=True, slots=True)
class Contents:
    """`problem` says why the file cannot be shown; the rest is then empty."""

    html: str = ""
    attachments: tuple[AttachmentView, ...] = ()
    signature: SignatureView = SignatureView((), ())
    # The tax is the buyer's to reckon (TD16-TD19); until when SdI must have it, where there is a term.
    to_integrate: bool = False
    integrate_by: Term | None = None
    problem: str = ""


def read(content: bytes, position: int, *, at: datetime.datetime) -> Contents:
    """All that the page shows of the file. Never raises for what it holds."""
    try:
        opened = unwrap(content)
        reading = read_fattura(opened.content)
    except FattorinoError as error:
        return Contents(problem=error.text)
    fattura = only(reading.fattura, position)
    return Contents(
        render_html(fattura),
        _attachments(fattura),
        signature(opened, at=at),
        needs_integration(reading, position),
        term_of(reading, position, received=clock.day(at)),
    )


def pdf(content: bytes, position: int, *, now: datetime.datetime) -> bytes:
    """The readable copy as PDF/A-3, with the XML as it came inside. Raises FattorinoError."""
    opened = unwrap(content)
    fattura = only(read_fattura(opened.content).fattura, position)
    return render_pdf(fattura, xml=opened.content, created=now)


def only(fattura: Fattura, position: int) -> Fattura:
    """A lotto as if it held this one document; positions count from 1."""
    bodies = fattura.fattura_elettronica_body
    if len(bodies) < 2 or not 1 <= position <= len(bodies):
        return fattura
    body = bodies[position - 1]
    return dataclasses.replace(fattura, fattura_elettronica_body=(body,))  # type: ignore[arg-type]  # its own body


def attachment(content: bytes, position: int, number: int) -> tuple[str, bytes, str]:
    """Name, bytes and type of one attachment.

    Raises:
        InputError: there is none of that number, or the file cannot be read.
    """
    fattura = only(read_fattura(unwrap(content).content).fattura, position)
    found = fattura.fattura_elettronica_body[0].allegati
    if not 1 <= number <= len(found):
        raise InputError(say("La fattura non ha un allegato con questo numero."))
    one = found[number - 1]
    name = _file_name(one.nome_attachment, one.formato_attachment)
    return name, bytes(one.attachment), TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def _attachments(fattura: Fattura) -> tuple[AttachmentView, ...]:
    found = fattura.fattura_elettronica_body[0].allegati
    return tuple(
        AttachmentView(
            number,
            _file_name(one.nome_attachment, one.formato_attachment),
            one.descrizione_attachment or "",
            len(one.attachment),
        )
        for number, one in enumerate(found, 1)
    )


def _file_name(name: str, extension: str | None) -> str:
    """The name as the supplier wrote it, without folders, with the extension that its format says."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1].strip() or "allegato"
    if "." not in last and extension:
        return f"{last}.{extension.lower()}"
    return last


def signature(opened: Unwrapped, *, at: datetime.datetime) -> SignatureView:
    """Who signed, when, and whether it was valid on the day of reception."""
    told = judge_signatures(opened, at=at)
    signers = [_signer(s, "CAdES") for s in opened.signers]
    if has_xades(opened):
        from fattorino.core.xades import read_xades

        try:
            inner = read_xades(opened.content)
        except XmlError:
            inner = None
        if inner is not None:
            signers.append(_signer(inner, "XAdES"))
    return SignatureView(tuple(signers), told.findings)


def _signer(signer: Signer, kind: str) -> SignerView:
    return SignerView(
        signer.name or say("(firmatario senza nome)"),
        signer.issuer,
        signer.signing_time,
        signer.not_after,
        kind,
        signer.valid,
    )


def metadata(content: bytes) -> MetadataView | None:
    """What SdI's MT says; None where there is none, or none that can be read."""
    try:
        message = read_message(content).message if content else None
    except InputError:
        return None
    if not isinstance(message, MetadatiInvioFile | FileMetadati):
        return None
    return MetadataView(
        message.codice_destinatario or "",
        message.formato or "",
        message.tentativi_invio,
        message.message_id or "",
    )
