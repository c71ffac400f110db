"""What goes in and out as JSON. Amounts are text ("427.00"), dates ISO 8601; a field nobody declared is refused."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from fattorino.api.draft_schema import DraftJson
from fattorino.core.texts import say


def _printable(text: str) -> str:
    if "\x00" in text:
        raise ValueError(say("Il testo contiene un carattere NUL."))
    return text


Text = Annotated[str, StringConstraints(max_length=200), AfterValidator(_printable)]


# What an operation declares whose request is the bytes of a file (border.raw_body).
FILE_AS_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class Strict(Schema):
    model_config = ConfigDict(extra="forbid")


class Filters(Strict):
    """I filtri dell'elenco; vuoto vuol dire tutti."""

    state: Text = Field("", description="codice dello stato adempimento")
    kind: Literal["", "fattura", "nota_credito", "ricevuta"] = ""
    date_from: datetime.date | None = None
    date_to: datetime.date | None = None
    counterpart: Text = Field("", description="parte del nome del cliente")
    number: Text = Field("", description="inizio del numero")
    text: Text = Field("", description="parole in nome, descrizioni, causale, CIG")
    check: Literal["", "issued", "in_esterometro", "preserved"] = Field(
        "",
        description="solo i documenti in uno stato con questo check: documento emesso, comunica in esterometro,"
        " conservazione sostitutiva",
    )
    cursor: Text = Field("", description="`next` o `previous` di una risposta precedente")
    limit: int = Field(50, ge=1, le=200)


class Since(Strict):
    """Da dove il programma continua a leggere i cambiamenti."""

    since: int = Field(0, ge=0, le=2**63 - 1, description="0, o il `next` della risposta precedente")
    limit: int = Field(200, ge=1, le=500)


class NewDocument(Strict):
    kind: Literal["fattura", "ricevuta"] = Field(
        "fattura", description="una nota di credito è una fattura con tipo_documento TD04"
    )
    sezionale: Text = ""
    draft: DraftJson


class ChangedDocument(Strict):
    version: int = Field(description="la `version` che si è letta", ge=0, le=2**31 - 1)
    sezionale: Text | None = Field(None, description="assente: quello che il documento ha")
    draft: DraftJson


class Press(Strict):
    """Il pulsante dello stato. Con `action`, solo se è ancora quella: altrimenti 409."""

    action: Text = ""


class ChosenState(Strict):
    state: Text
    reason: Annotated[str, StringConstraints(max_length=500), AfterValidator(_printable)] = ""


class StateOut(Schema):
    code: str
    label: str
    type: str
    tab: str
    colour: str
    icon: str
    tooltip: str
    issued: bool = Field(description="documento emesso: si può contabilizzare dal ciclo vendite")
    in_esterometro: bool = Field(description="comunica in esterometro")
    preserved: bool = Field(description="conservazione sostitutiva: vedi `preservation` del documento")


class DocumentOut(Schema):
    """Una riga dell'elenco."""

    id: int
    kind: str
    number: str
    date: datetime.date
    counterpart: str
    total: str
    currency: str
    dashboard: str = Field(description="PA, PR o vuoto per le ricevute")
    state: StateOut | None
    state_since: datetime.datetime | None
    busy: str = Field(description="l'operazione in corso, se ce n'è una")
    outcome: str = Field(description="l'ultimo evento")
    outcome_at: datetime.datetime | None
    change: int = Field(description="il numero dell'ultimo cambiamento: vedi /changes")


class DocumentList(Schema):
    documents: list[DocumentOut]
    next: str | None
    previous: str | None


class PossibilitiesOut(Schema):
    """Che cosa il token può fare adesso."""

    action: str
    action_label: str
    action_offered: bool
    may_edit: bool
    why_not_edit: str
    states: list[StateOut] = Field(description="gli stati assegnabili con «Cambia stato»")


class ChangeOut(Schema):
    """Un fatto nella storia del documento."""

    at: datetime.datetime
    event: str
    from_state: str
    to_state: str
    action: str
    outcome: str
    actor: str
    message: str
    detail: list[dict[str, Any]]
    file_sha256: str


class FileOut(Schema):
    id: int
    kind: str
    kind_label: str
    name: str
    size: int
    created_at: datetime.datetime
    url: str


class PreservationData(Strict):
    """Ciò che l'archivio deve sapere e la fattura non dice, con i nomi dell'Allegato 5."""

    riservato: bool = False
    tempo_di_conservazione: int = Field(10, ge=0, le=99999, description="anni: almeno 10")
    indice_di_classificazione: Text = ""
    descrizione_classificazione: Text = ""
    id_aggregazione: Text = Field("", description="il fascicolo o la serie")
    parole_chiave: list[Text] = Field([], max_length=20, description="al massimo cinque")
    note: Annotated[str, StringConstraints(max_length=500), AfterValidator(_printable)] = ""


class PreservationIn(PreservationData):
    version: int = Field(description="la `version` di `preservation` che si è letta", ge=0, le=2**31 - 1)


class PreservationOut(PreservationData):
    open: bool = Field(description="lo stato del documento li chiede adesso")
    version: int = Field(description="0: nessuno li ha ancora indicati, valgono quelli predefiniti")
    saved_at: datetime.datetime | None
    saved_by: str


class DocumentDetail(DocumentOut):
    version: int
    source: str
    tipo_documento: str
    formato: str
    sezionale: str
    codice_destinatario: str
    pec_destinatario: str
    confirmed: bool
    taxable: str
    tax: str
    due: str
    draft: DraftJson | None
    possibilities: PossibilitiesOut
    history: list[ChangeOut]
    files: list[FileOut]
    preservation: PreservationOut | None = Field(
        description="solo dove lo stato chiede i dati di conservazione"
    )
    findings: list[dict[str, Any]] = Field(description="che cosa correggere, se lo stato viene da un rifiuto")


class ChangesOut(Schema):
    """Ogni documento cambiato, una volta, com'è adesso. Si continua chiedendo `since` = `next`."""

    documents: list[DocumentOut]
    next: int
    more: bool


class AttachmentOut(Schema):
    sha256: str = Field(description="da scrivere in `draft.allegati[].sha256`")
    size: int


class OutcomeOut(Schema):
    """Che cosa ne è stato di un file."""

    name: str
    ok: bool
    message: str
    hint: str
    code: str
    document_id: int | None
    documents: list[int] = Field([], description="di un lotto tutti i documenti, nell'ordine del file")
    tolerated: list[str]


class ImportOut(Schema):
    id: int
    name: str
    size: int
    sha256: str
    status: Literal["waiting", "done", "partly", "refused"]
    created_at: datetime.datetime
    outcomes: list[OutcomeOut]
