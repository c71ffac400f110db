"""What SdI sends back: kept as it came, then read, matched, counted once, applied."""

from __future__ import annotations

import datetime
import hashlib
from typing import Any

from django.db import transaction
from django.db.models import F

from fattorino.core.errors import FattorinoError, FormatError, InputError
from fattorino.core.fatturapa.rules.explain import explain
from fattorino.core.sdi.meaning import Meaning, meaning
from fattorino.core.sdi.message_io import ReadMessage, read_message
from fattorino.core.sdi.names import parse_message_name
from fattorino.core.texts import say, together
from fattorino.documents import flows as documents
from fattorino.hub.flows.transmit import TAKEN
from fattorino.hub.models import Message, Submission
from fattorino.organisations.scope import company_scope, system_scope
from fattorino.workflow import flows as workflow
from fattorino.workflow import queue

Status = Submission.Status
TO_MATCH = Message.State.TO_MATCH
# CodiceDestinatario that does not exist or is not active (sdi.md 2.2).
UNKNOWN_ADDRESS = frozenset({"00311", "00312"})


def take_message(
    name: str,
    content: bytes,
    identificativo_sdi: str,
    *,
    now: datetime.datetime,
    company_id: int | None = None,
    channel_id: int | None = None,
    collected_id: int | None = None,
) -> int:
    """Keep a message before anything is read, and queue its application. The same bytes again are one message.

    Args:
        company_id: whose way it came by, where the way belongs to one company. channel_id: that way. collected_id: what
            it was taken out of.

    Returns: the message's id. When this returns, SdI may be told that it was taken.
    """
    from fattorino.hub.tasks import apply_message

    with system_scope():
        sha = hashlib.sha256(content).hexdigest()
        Message.objects.bulk_create(
            [
                Message(
                    sha256=sha,
                    name=name[:255],
                    content=content,
                    identificativo_sdi=identificativo_sdi[:36],
                    received_at=now,
                    arrivals=0,
                    company_id=company_id,
                    channel_id=channel_id,
                    collected_id=collected_id,
                )
            ],
            ignore_conflicts=True,
        )
        message = Message.objects.select_for_update().get(sha256=sha)
        Message.objects.filter(pk=message.pk).update(arrivals=F("arrivals") + 1)
        if message.applied_at is None:
            queue.defer(apply_message, lock=f"message:{message.pk}", message_id=message.pk)
        return message.pk


def apply_message(message_id: int, *, now: datetime.datetime) -> None:
    """Read a kept message and tell the document; doing it again changes nothing."""
    with system_scope():
        message = Message.objects.get(pk=message_id)
        if message.applied_at is not None:
            return
        try:
            read: ReadMessage | None = read_message(bytes(message.content))
        except InputError as exc:
            read, note = None, say("Il messaggio non si legge: {error}", error=exc.text)
        if read is None:
            Message.objects.filter(pk=message_id).update(applied_at=now, note=note, state=TO_MATCH)
            return
        submission_id, company_id = _match(message, read)
    if company_id is None or submission_id is None:
        with system_scope():
            Message.objects.filter(pk=message_id).update(
                applied_at=now,
                kind=read.message.tipo,
                state=TO_MATCH,
                note=say("Nessun invio di questa installazione porta quel nome di file: da abbinare."),
            )
        return
    with system_scope():
        Message.objects.filter(pk=message_id).update(company_id=company_id)
    with company_scope(company_id):
        _apply(message_id, submission_id, read, now)


def set_aside(message_id: int, why: str, *, now: datetime.datetime) -> None:
    """A message that cannot be applied is kept with the reason, for a person to look at; no job comes back for it."""
    with system_scope():
        waiting = Message.objects.filter(pk=message_id, applied_at=None)
        waiting.update(applied_at=now, note=why, state=TO_MATCH)


def _match(message: Message, read: ReadMessage) -> tuple[int | None, int | None]:
    """The submission a message speaks of: by file name, which is ours alone; else by SdI's identifier."""
    name = getattr(read.message, "nome_file", "") or ""
    base = name.split(".", 1)[0]
    if not base:
        try:
            base = parse_message_name(message.name).fattura
        except InputError:
            base = ""
    found = Submission.objects.filter(base_name=base).first() if base else None
    if found is None and _sdi_id(read):
        # Only ids that SdI gave in an answer to us; two rows cannot share one.
        found = Submission.objects.filter(identificativo_sdi=_sdi_id(read)).first()
    return (found.pk, found.company_id) if found else (None, None)


def _sdi_id(read: ReadMessage) -> str:
    # Every kind of message has it, each as its own field: the two flows spell it differently.
    return str(getattr(read.message, "identificativo_sdi", "") or "")


def _apply(message_id: int, submission_id: int, read: ReadMessage, now: datetime.datetime) -> None:
    with transaction.atomic():
        row = Submission.objects.get(pk=submission_id)
        workflow.lock(row.document_id)
        row = Submission.objects.select_for_update().get(pk=submission_id)
        message = Message.objects.select_for_update().get(pk=message_id)
        if message.applied_at is not None:
            return
        message.kind = read.message.tipo
        message.submission = row
        message.identificativo_sdi = _sdi_id(read)[:36] or message.identificativo_sdi
        message.message_id = (getattr(read.message, "message_id", None) or "")[:36]
        message.applied_at = now
        message.state = Message.State.APPLIED
        repeated = _repeated(message)
        stored = documents.store(row.company_id, bytes(message.content), now=now)
        documents.attach(row.document_id, row.company_id, documents.RECEIPT, message.name, stored, now=now)
        try:
            sense = meaning(read.message)
        except FormatError as exc:
            message.note = together(exc.text, say("Il messaggio è conservato, lo stato non cambia."))
            actor = workflow.system_actor(row.company_id, "sdi")
            workflow.record(row.document_id, message.kind, actor, now=now, message=message.note)
        else:
            message.event = sense.event
            message.note = _tell(row, sense, read, repeated, stored.sha256, now)
        message.save()


def _repeated(message: Message) -> bool:
    """Another message with the same (IdentificativoSdI, tipo, MessageId) was applied already."""
    if not message.message_id or message.company_id is None:
        return False
    return (
        Message.objects.filter(
            company_id=message.company_id,
            identificativo_sdi=message.identificativo_sdi,
            kind=message.kind,
            message_id=message.message_id,
        )
        .exclude(pk=message.pk)
        .exclude(applied_at=None)
        .exists()
    )


def _tell(
    row: Submission,
    sense: Meaning,
    read: ReadMessage,
    repeated: bool,
    sha256: str,
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
    row.identificativo_sdi = _sdi_id(read)[:36] or row.identificativo_sdi
    row.accepted_at = row.accepted_at or now
    # Whatever receipt came, SdI had the file: an attempt still in doubt is settled. An earlier one may come later.
    row.status = Status.CLOSED if sense.final or row.status == Status.CLOSED else Status.ACCEPTED
    row.save(update_fields=["identificativo_sdi", "accepted_at", "status"])
    if not row.current:
        note = say("Riguarda un invio precedente dello stesso documento: conservata, lo stato non cambia.")
        workflow.record(row.document_id, sense.event, actor, now=now, message=note, sha256=sha256)
        return note
    if sense.event == "NS" and UNKNOWN_ADDRESS & set(sense.codes):
        documents.forget_address(row.document_id, row.company_id)
    if other := _another_invoice(row, sense):
        note = say("Riguarda la fattura {number}, non questa: conservata, lo stato non cambia.", number=other)
        workflow.record(row.document_id, sense.event, actor, now=now, message=note, sha256=sha256)
        return note
    decision = workflow.report_status(
        row.document_id,
        sense.event,
        actor,
        now=now,
        message=_words(row, sense),
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
