"""What a received file holds: its documents, the remarks on them, what SdI's MT says. Touches no database."""

from __future__ import annotations

import datetime
import hashlib
import re
from dataclasses import dataclass
from typing import Any

from fattorino.core.errors import InputError
from fattorino.core.fatturapa import check, read_fattura
from fattorino.core.fatturapa.envelope import judge_signatures, unwrap
from fattorino.core.fatturapa.findings import Finding
from fattorino.core.fatturapa.summary import Summary, summarise_each
from fattorino.core.sdi.message_io import read_message
from fattorino.core.sdi.messages import FileMetadati, MetadatiInvioFile
from fattorino.core.texts import say

# What a check of the receiver's side need not say: SdI has taken the file under this name already.
_BODY = re.compile(r"/FatturaElettronicaBody\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Metadata:
    """SdI's MT as far as it was there and could be read; `remark` where it does not fit the file."""

    identificativo_sdi: str = ""
    codice_destinatario: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    documents: tuple[Summary, ...]
    # For each document, as JSON for its row.
    findings: tuple[list[dict[str, Any]], ...]


def read_contents(content: bytes, *, at: datetime.datetime, on: datetime.date) -> Contents:
    """Open a file as it came.

    A broken signature or an error of the contents is a finding here: SdI has delivered the invoice, so it is issued.

    Raises:
        InputError: no invoice can be read in it.
    """
    opened = unwrap(content)
    documents = summarise_each(read_fattura(opened.content))
    signatures = judge_signatures(opened, at=at).findings
    found = [*signatures, *check(opened.content, on=on, side="receiver")]
    return Contents(
        documents,
        tuple(
            [finding_json(f) for f in found if _concerns(f, place)] for place in range(1, len(documents) + 1)
        ),
    )


def read_metadata(content: bytes, invoice: bytes) -> Metadata:
    """What the MT says; one that cannot be read is said in `remark` and keeps nothing from being taken."""
    if not content:
        return Metadata()
    try:
        message = read_message(content).message
    except InputError as exc:
        return Metadata(remark=say("I metadati (MT) non si leggono: {error}", error=exc.text))
    if not isinstance(message, MetadatiInvioFile | FileMetadati):
        return Metadata(remark=say("Al posto dei metadati (MT) c'è un messaggio {kind}.", kind=message.tipo))
    remark = ""
    told = message.hash if isinstance(message, FileMetadati) else None
    if told and told.lower() != hashlib.sha256(invoice).hexdigest():
        remark = say("L'impronta scritta nei metadati (MT) non è quella del file.")
    return Metadata(message.identificativo_sdi or "", message.codice_destinatario or "", remark)


def _concerns(finding: Finding, place: int) -> bool:
    body = _BODY.search(finding.path)
    return body is None or int(body[1]) == place


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding as rows and history keep it."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "path": finding.path,
        "line": finding.line,
        "message": finding.message,
        "hint": finding.hint,
    }
