"""A receipt told to the document that was sent."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

from fattorino.core.errors import FattorinoError, FormatError, RefusedError
from fattorino.core.fatturapa.rules.explain import explain
from fattorino.core.sdi.meaning import Meaning, meaning
from fattorino.core.sdi.message_io import ReadMessage
from fattorino.core.texts import say, together
from fattorino.core.workflow.decide import HubReported, Refusal
from fattorino.documents import flows as documents
from fattorino.hub.flows import bodies
from fattorino.hub.flows.matching import sdi_id
from fattorino.hub.flows.transmit import TAKEN, arrived
from fattorino.hub.models import Message, Submission
from fattorino.workflow import flows as workflow
from fattorino.workflow.flows import Line
from fattorino.workflow.flows.moves import Step

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
    actor = workflow.system_actor(row.company_id, "sdi")
    try:
        sense = meaning(read.message)
    except FormatError as exc:
        listed = [(pk, message.name, stored) for pk in bodies.documents_of(row)]
        documents.attach_many(row.company_id, documents.RECEIPT, listed, now=now)
        message.note = together(exc.text, say("Il messaggio è conservato, lo stato non cambia."))
        workflow.record(row.document_id, message.kind, actor, now=now, message=message.note)
        return False
    meant = bodies.about(row, sense.reference)
    message.event, message.document_id = sense.event, meant.one
    listed = [(pk, message.name, stored) for pk in meant.documents or bodies.documents_of(row)]
    documents.attach_many(row.company_id, documents.RECEIPT, listed, now=now)
    # When a PA was last not reached the MC does not say (its DataOraRicezione is that of the invoice): when it came.
    message.happened_at = (sense.happened if sense.event == "RC" else None) or message.received_at
    message.note = _tell(row, sense, read, meant, repeated, stored.sha256, by, now)
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
    meant: bodies.About,
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
    ends = sense.final and not meant.other and meant.left <= set(meant.documents)
    ends = ends or row.status == Status.CLOSED
    row.status = Status.CLOSED if ends else Status.ACCEPTED
    row.save(update_fields=["identificativo_sdi", "accepted_at", "status"])
    arrived(row, now=now)
    if not row.current:
        note = say("Riguarda un invio precedente dello stesso documento: conservata, lo stato non cambia.")
        lines = [Line(pk, sense.event, note, sha256=sha256, alone=True) for pk in meant.documents]
        workflow.record_many(lines, actor, now=now)
        return note
    if sense.event == "NS" and UNKNOWN_ADDRESS & set(sense.codes):
        documents.forget_address(row.document_id, row.company_id)
    if meant.other:
        note = say(
            "Riguarda la fattura {number}, non questa: conservata, lo stato non cambia.", number=meant.other
        )
        workflow.record(row.document_id, sense.event, actor, now=now, message=note, sha256=sha256)
        return note
    step = Step(
        row.document_id, HubReported(sense.event), actor, together(_words(row, sense), by_hand(by)),
        _errors(read), sha256, alone=True,
    )  # fmt: skip
    return _report(step, row, meant, final=sense.final, now=now)


def _report(step: Step, row: Submission, meant: bodies.About, *, final: bool, now: datetime.datetime) -> str:
    """Tell each document that is meant; whose last word came before keeps it."""
    silent = set(meant.documents) - meant.left if final and meant.one is None else set()
    lines = [
        Line(pk, step.event.status, step.message, step.detail, step.sha256, alone=True)
        for pk in sorted(silent)
        if isinstance(step.event, HubReported)
    ]
    workflow.record_many(lines, step.actor, now=now)
    steps = [replace(step, document_id=pk) for pk in meant.documents if pk not in silent]
    notes = []
    for told in workflow.advance_many(row.company_id, steps, now=now):
        if isinstance(told.answer, Refusal):
            raise RefusedError(told.answer.why, told.answer.remedy)
        notes.append(told.answer.note)
    return next(filter(None, notes), "")


def _words(row: Submission, sense: Meaning) -> str:
    if sense.event == "MC" and documents.is_abroad(row.document_id):
        # A customer abroad has no reserved area (sdi.md 7): XXXXXXX is never delivered.
        return say(
            "Emessa. SdI la registra e non la consegna all'estero: inviarne una copia al cliente per altra via."
        )
    return say("{label}. {explanation}", label=sense.label, explanation=sense.explanation)


def by_hand(name: str) -> str:
    return say("Abbinata a mano da {name}.", name=name) if name else ""


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
