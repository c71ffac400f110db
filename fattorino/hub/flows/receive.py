"""What SdI sends back: kept as it came, then read, matched, counted once, applied."""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from fattorino.core.errors import InputError, SetupError
from fattorino.core.sdi.message_io import ReadMessage, messages_in, read_message
from fattorino.core.sdi.origin import Origin
from fattorino.core.texts import say, say_many, together
from fattorino.documents import receiving
from fattorino.hub.flows import answers, bodies, matching, origins, receipts, terms
from fattorino.hub.flows.matching import Target, sdi_id
from fattorino.hub.models import Message, Submission
from fattorino.organisations.rows import among
from fattorino.organisations.scope import company_scope, system_scope
from fattorino.workflow import flows as workflow
from fattorino.workflow import queue

State = Message.State


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message as it came.

    Attributes:
        identificativo_sdi: as who brought it says; may be empty. collected_id: what it was taken out of.
    """

    name: str
    content: bytes
    identificativo_sdi: str
    collected_id: int | None = None


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
    """As `take_messages`, of one; its id."""
    arrived = Arrived(name, content, identificativo_sdi, collected_id)
    return take_messages([arrived], now=now, company_id=company_id, channel_id=channel_id)[0]


def take_messages(
    arrived: Sequence[Arrived],
    *,
    now: datetime.datetime,
    company_id: int | None = None,
    channel_id: int | None = None,
) -> list[int]:
    """Keep messages before anything is read, and queue their application. The same bytes again are one message.

    Args:
        company_id: whose way they came by, where the way belongs to one company. channel_id: that way.

    Returns: the messages' ids, in their order. When this returns, SdI may be told that they were taken.
    """
    from fattorino.hub.tasks import apply_message

    if not arrived:
        return []
    hashes = [hashlib.sha256(each.content).hexdigest() for each in arrived]
    times = Counter(hashes)
    with system_scope():
        new = {
            sha: Message(
                sha256=sha,
                name=each.name[:255],
                content=each.content,
                identificativo_sdi=each.identificativo_sdi[:36],
                received_at=now,
                arrivals=0,
                company_id=company_id,
                channel_id=channel_id,
                collected_id=each.collected_id,
            )
            for sha, each in reversed(list(zip(hashes, arrived, strict=True)))
        }
        Message.objects.bulk_create(list(new.values()), ignore_conflicts=True)
        # Always in the same order: two that bring the same ones do not wait in a ring.
        rows = Message.objects.select_for_update().defer("content").filter(among("sha256", list(new)))
        messages = {message.sha256: message for message in rows.order_by("pk")}
        for often in sorted(set(times.values())):
            some = [message.pk for sha, message in messages.items() if times[sha] == often]
            Message.objects.filter(among("pk", some)).update(arrivals=F("arrivals") + often)
        for message in messages.values():
            if _came_elsewhere(message, company_id):
                # By the first way it could speak of that company's documents only; by this one it may find its own.
                message.company_id, message.applied_at, message.state = company_id, None, State.WAITING
                message.save(update_fields=["company_id", "applied_at", "state"])
        waiting = [message.pk for message in messages.values() if message.applied_at is None]
        queue.defer_many(apply_message, [(f"message:{pk}", {"message_id": pk}) for pk in waiting])
        return [messages[sha].pk for sha in hashes]


def _came_elsewhere(message: Message, company_id: int | None) -> bool:
    """Whether bytes that meant nothing to the company they came to first come by another way now."""
    lost = message.state == State.TO_MATCH and message.submission_id is None and message.document_id is None
    return lost and message.company_id is not None and message.company_id != company_id


def apply_message(message_id: int, *, now: datetime.datetime) -> None:
    """Read a kept message and tell what it is about; doing it again changes nothing."""
    with system_scope():
        message = Message.objects.get(pk=message_id)
        if message.applied_at is not None or _split(message, now):
            return
        try:
            read = read_message(bytes(message.content))
            origin = origins.examine(message, read, trusted := origins.anchors())
        except InputError as exc:
            _keep(message, say("Il messaggio non si legge: {error}", error=exc.text), now)
            return
        except SetupError as exc:
            _keep(message, exc.text, now)
            return
        note_down(message, read)
        if _late_metadata(message, read, now):
            return
        target = matching.find(message, read)
        if message.company_id is not None and origin.verdict != "valid":
            # Who brings something by a company's own way may speak of that company's documents only.
            target = target.of(message.company_id)
        if why := _doubt(target, read) or _unproven(origin, anchored=bool(trusted)):
            _propose(message, target)
            _keep(message, why, now)
            return
        settle(message_id, target, read, message, now=now)


def _late_metadata(message: Message, read: ReadMessage, now: datetime.datetime) -> bool:
    """An MT that came after its invoice, by the company's own way: both are read together."""
    if read.message.tipo != "MT" or message.company_id is None:
        return False
    about = getattr(read.message, "nome_file", "") or ""
    content = bytes(message.content)
    name = receiving.complete_with(
        message.company_id, about, message.identificativo_sdi, message.name, content, now=now
    )
    if name:
        message.applied_at, message.state = now, State.APPLIED
        message.note = say("Accompagna la fattura {name}, arrivata prima da sola.", name=name)
        message.save()
    return bool(name)


def note_down(message: Message, read: ReadMessage) -> None:
    message.kind = read.message.tipo
    message.identificativo_sdi = sdi_id(read)[:36] or message.identificativo_sdi
    message.message_id = (getattr(read.message, "message_id", None) or "")[:36]


def _doubt(target: Target, read: ReadMessage) -> str:
    """Why nothing can be done with it, whoever wrote it."""
    kind = read.message.tipo
    if kind not in matching.TO_TRANSMITTER | matching.TO_RECIPIENT:
        return say("Un file di tipo {kind} accompagna una fattura e da solo non dice nulla.", kind=kind)
    if not target:
        if kind == "SE":
            return say(
                "Nessuna fattura ricevuta da questa installazione porta quell'identificativo: da abbinare."
            )
        return say("Nessun invio di questa installazione porta quel nome di file: da abbinare.")
    return matching.other_file(target, read)


def _unproven(origin: Origin, *, anchored: bool) -> str:
    if origins.may_act(origin.verdict, anchored=anchored):
        return ""
    return together(
        say("Non è provato che il messaggio venga da SdI, quindi non cambia nulla."),
        origin.note,
    )


def _propose(message: Message, target: Target) -> None:
    """Whom it seems to be about: who looks at it is that company's administrator."""
    if message.company_id is None and len(target.companies) == 1:
        message.company_id = target.company_id
    mine = target.of(message.company_id) if message.company_id is not None else Target()
    message.submission = mine.submission
    message.document_id = mine.received[0].document_id if mine.received and not mine.submission else None


def _keep(message: Message, why: str, now: datetime.datetime) -> None:
    message.applied_at, message.note, message.state = now, why, State.TO_MATCH
    message.save()


def _split(message: Message, now: datetime.datetime) -> bool:
    """An archive of several messages becomes those messages; each is then one that came by the same way."""
    found = messages_in(bytes(message.content))
    if len(found) < 2:
        return False
    for member in found:
        take_message(
            member.name.rsplit("/", 1)[-1],
            member.content,
            "",
            now=message.received_at,
            company_id=message.company_id,
            channel_id=message.channel_id,
            collected_id=message.collected_id,
        )
    message.applied_at, message.state = now, State.APPLIED
    message.note = say_many(
        "Archivio con {number} messaggio, che si trova qui da solo.",
        "Archivio con {number} messaggi, che si trovano qui uno per uno.",
        len(found),
    )
    message.save()
    return True


def settle(
    message_id: int,
    target: Target,
    read: ReadMessage,
    told: Message,
    *,
    now: datetime.datetime,
    by: str = "",
) -> None:
    """Apply a message to what it is about, once: documents first, as every flow locks.

    Args:
        told: what was found out about it so far. by: the person who matched it by hand.
    """
    with transaction.atomic():
        for document_id in sorted(_documents(target)):
            workflow.lock(document_id)
        message = Message.objects.select_for_update().get(pk=message_id)
        row: Submission | None = None
        if message.applied_at is not None and not by:
            return
        for name in ("kind", "identificativo_sdi", "message_id", "signature", "signature_note"):
            setattr(message, name, getattr(told, name))
        message.applied_at, message.state = now, State.APPLIED
        message.company_id, message.document_id, message.submission = target.company_id, None, None
        for company_id in sorted({each.company_id for each in target.received}):
            mine = [each for each in target.received if each.company_id == company_id]
            with company_scope(company_id):
                answers.apply(mine, message, read, by=by, now=now)
            message.document_id = mine[0].document_id
        if target.submission is not None:
            message.document_id = None
            with company_scope(target.submission.company_id):
                rows = Submission.objects.select_for_update(of=("self",)).select_related("document")
                row = rows.get(pk=target.submission.pk)
                message.submission = row
                if not receipts.apply(row, message, read, by=by, now=now):
                    message.state = State.TO_MATCH
        message.save()
        if row is not None:
            with company_scope(row.company_id):
                terms.keep_of(row, now=now)


def _documents(target: Target) -> set[int]:
    mine = set(bodies.documents_of(target.submission)) if target.submission is not None else set[int]()
    return mine | {each.document_id for each in target.received}


def set_aside(message_id: int, why: str, *, now: datetime.datetime) -> None:
    """A message that cannot be applied is kept with the reason, for a person to look at; no job comes back for it."""
    with system_scope():
        waiting = Message.objects.filter(pk=message_id, applied_at=None)
        waiting.update(applied_at=now, note=why, state=State.TO_MATCH)
