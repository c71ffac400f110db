"""What the Hub's interface for other programs answers."""

from __future__ import annotations

import datetime
from typing import Literal

from ninja import Schema
from pydantic import Field

from fattorino.api.schemas import Strict


class ServiceOut(Schema):
    """Per quale azienda vale il token, e che cosa può fare."""

    version: Literal[1] = 1
    company: str
    partita_iva: str
    role: str
    may_write: bool
    last: int = Field(description="numero dell'ultimo evento; 0 se non ce n'è ancora nessuno")


class HubFileOut(Schema):
    """Un file consegnato al Digital Hub e dove si trova."""

    name: str
    kind: Literal["FA", "EC"]
    sha256: str
    size: int
    state: Literal["received", "acquired", "sending", "with_sdi", "closed", "returned"] = Field(
        description="`returned`: certamente non inviato, e non lo sarà se non viene consegnato di nuovo"
    )
    text: str = Field(description="perché, quando il file è fermo o restituito")
    identificativo_sdi: str = Field(description="vuoto finché SdI non ha preso in carico il file")
    document: int | None = Field(description="il documento dell'azienda, in /api/v1/documents")
    received_at: datetime.datetime
    changed_at: datetime.datetime


class FileEvent(Schema):
    """Un file consegnato è passato a un altro stato."""

    number: int
    type: Literal["file"] = "file"
    at: datetime.datetime
    name: str
    state: str
    text: str
    identificativo_sdi: str


class MessageEvent(Schema):
    """Un messaggio di SdI, com'è arrivato."""

    number: int
    type: Literal["message"] = "message"
    at: datetime.datetime
    name: str
    file: str = Field(description="il file consegnato di cui parla; vuoto se riguarda una fattura ricevuta")
    identificativo_sdi: str
    content: str = Field(description="i byte, in base64")


class InvoiceEvent(Schema):
    """Una fattura ricevuta dall'azienda, con i suoi metadati (MT)."""

    number: int
    type: Literal["invoice"] = "invoice"
    at: datetime.datetime
    name: str
    identificativo_sdi: str
    content: str = Field(description="i byte, in base64")
    metadata_name: str
    metadata: str = Field(description="i byte dell'MT, in base64; vuoto se non c'è")
    delivered_at: datetime.datetime | None = Field(
        None,
        description="quando SdI ha consegnato la fattura al Digital Hub, se è noto: da qui corrono i termini di una PA",
    )


class FeedOut(Schema):
    events: list[FileEvent | MessageEvent | InvoiceEvent]
    next: int = Field(description="il `since` della prossima richiesta")
    more: bool = Field(description="ce ne sono altri già adesso")


class FeedPlace(Strict):
    """Da dove il programma continua a leggere gli eventi."""

    since: int = Field(0, ge=0, le=2**63 - 1, description="0, o il `next` della risposta precedente")
    limit: int = Field(100, ge=1, le=200)
