"""A receipt told to the document that was sent."""

from __future__ import annotations

import datetime
from typing import Any

from fattorino.core.errors import FattorinoError, FormatError
from fattorino.core.fatturapa.rules.explain import explain
from fattorino.core.sdi.meaning import Meaning, meaning
from fattorino.core.sdi.message_io import ReadMessage
from fattorino.core.texts import say, together
from fattorino.documents import flows as documents
from fattorino.hub.flows.matching import sdi_id
from fattorino.hub.flows.transmit import TAKEN, arrived
from fattorino.hub.models import Message, Submission
from fattorino.workflow import flows as workflow

Status = Submission.Status
# CodiceDestinatario that does not exist or is not active (sdi.md 2.2).
UNKNOWN_ADDRESS = frozenset({"00311", "00312"})


def apply(row: Submission, message: Message, read: ReadMessage, *, by: str, now: datetime.datetime) -> bool:
    """Tell the submission and its document; within the company's scope, document and submission locked.

    Args:
        message: gets event and note (not saved). by: the person who matched it, empty where it matched by itself.

    Returns:
        False where nobody can tell what the message says: kept, and for a person to look at.
    """
    repeated = _repeated(message, row)
    stored = documents.store(row.company_id, bytes(message.content), now=now)
    documents.attach(row.document_id, row.company_id, documents.RECEIPT, message.name, stored, now=now)
    actor = workflow.system_actor(row.company_id, "sdi")
    try:
        sense = meaning(read.message)
    except FormatError as exc:
        message.note = together(exc.text, say("Il messaggio è conservato, lo stato non cambia."))
        workflow.record(row.document_id, message.kind, actor, now=now, message=message.note)
        return False
    message.event = sense.event
    # When a PA was last not reached the MC does not say (its DataOraRicezione is that of the invoice): when it came.
    message.happened_at = (sense.happened if sense.event == "RC" else None) or message.received_at
    message.note = _tell(row, sense, read, repeated, stored.sha256, by, now)
    return True


def _repeated(message: Message, row: Submission) -> bool:
    """Another message with the same (IdentificativoSdI, tipo, MessageId) was applied already."""
    if not message.message_id:
        return False
    return (
        Message.objects.filter(
            company_id=row.company_id,
            identificativo_sdi=message.identificativo_sdi,
            kind=message.kind,
            message_id=message.message_id,
            state=Message.State.APPLIED,
        )
        .exclude(pk=message.pk)
        .exists()
    )


def _tell(
    row: Submission,
    sense: Meaning,
    read: ReadMessage,
    repeated: bool,
    sha256: str,
    by: str,
    now: datetime.datetime,
) -> str:
    actor = workflow.system_actor(row.company_id, "sdi")
    if repeated:
        return say("Ricevuta ripetuta: già applicata.")
    if _own_duplicate(row, sense, read):
        note = say(
            "SdI conferma che il primo invio con questo nome era arrivato (00002): se ne attende la ricevuta."
        )
        row.status = Status.CLOSED if row.status == Status.CLOSED else Status.ACCEPTED
        row.accepted_at = row.accepted_at or now
        row.save(update_fields=["status", "accepted_at"])
        workflow.record(row.document_id, "NS", actor, now=now, message=note, sha256=sha256)
        return note
    if row.current and row.accepted_at is None:
        # The answer to the send is still to come, or was lost: the document must not wait for it.
        text = say("Preso in carico da SdI: lo prova il messaggio arrivato.")
        workflow.report_status(row.document_id, TAKEN, actor, now=now, message=text)
    row.identificativo_sdi = sdi_id(read)[:36] or row.identificativo_sdi
    row.accepted_at = row.accepted_at or now
    # Whatever receipt came, SdI had the file: an attempt still in doubt is settled. An earlier one may come later.
    other = _another_invoice(row, sense)
    ends = (sense.final and not other) or row.status == Status.CLOSED
    row.status = Status.CLOSED if ends else Status.ACCEPTED
    row.save(update_fields=["identificativo_sdi", "accepted_at", "status"])
    arrived(row, now=now)
    if not row.current:
        note = say("Riguarda un invio precedente dello stesso documento: conservata, lo stato non cambia.")
        workflow.record(row.document_id, sense.event, actor, now=now, message=note, sha256=sha256)
        return note
    if sense.event == "NS" and UNKNOWN_ADDRESS & set(sense.codes):
        documents.forget_address(row.document_id, row.company_id)
    if other:
        note = say("Riguarda la fattura {number}, non questa: conservata, lo stato non cambia.", number=other)
        workflow.record(row.document_id, sense.event, actor, now=now, message=note, sha256=sha256)
        return note
    decision = workflow.report_status(
        row.document_id,
        sense.event,
        actor,
        now=now,
        message=together(_words(row, sense), by_hand(by)),
        detail=_errors(read),
        sha256=sha256,
    )
    return decision.note


def _words(row: Submission, sense: Meaning) -> str:
    if sense.event == "MC" and documents.is_abroad(row.document_id):
        # A customer abroad has no reserved area (sdi.md 7): XXXXXXX is never delivered.
        return say(
            "Emessa. SdI la registra e non la consegna all'estero: inviarne una copia al cliente per altra via."
        )
    return say("{label}. {explanation}", label=sense.label, explanation=sense.explanation)


def by_hand(name: str) -> str:
    return say("Abbinata a mano da {name}.", name=name) if name else ""


def _another_invoice(row: Submission, sense: Meaning) -> str:
    """NE and DT of a lotto name the one invoice they are about (RiferimentoFattura): its number, if it is not ours."""
    number = (sense.reference.numero_fattura or "") if sense.reference else ""
    return number if number != row.document.number else ""


def _own_duplicate(row: Submission, sense: Meaning, read: ReadMessage) -> bool:
    """A refusal for a duplicate name of a file that we ourselves offered twice is no refusal of the invoice.

    Whatever else it finds (00404: the invoice was received before, by that very file) is about the second copy.
    """
    return sense.event == "NS" and "00002" in sense.codes and row.offered_again


def _errors(read: ReadMessage) -> list[dict[str, Any]]:
    errors = getattr(read.message, "lista_errori", ()) or ()
    rows = []
    for error in errors:
        code = error.codice or ""
        try:
            plain = explain(code)
            message, hint, field = plain.plain, plain.remedy, plain.field
        except (FattorinoError, KeyError):
            message, hint, field = error.descrizione or "", getattr(error, "suggerimento", "") or "", ""
        rows.append(
            {
                "code": code,
                "severity": "error",
                "path": "",
                "field": field,
                "official": error.descrizione or "",
                "message": message,
                "hint": hint,
            }
        )
    return rows
