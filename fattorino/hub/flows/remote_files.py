"""Files that another program hands in: kept under their own names, then acquired as documents of its company.

The name is the identity: the same name with the same bytes is the same file however often it comes, with other bytes it
is refused. What became of it is told by remote_feed.
"""

from __future__ import annotations

import datetime
import hashlib
import logging
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import F

from fattorino.core.errors import ConflictError, InputError, RefusedError
from fattorino.core.sdi.names import parse_invoice_name, parse_message_name
from fattorino.core.texts import say, together
from fattorino.core.workflow.definition import Action
from fattorino.documents import flows as documents
from fattorino.documents import importing
from fattorino.hub.flows import remote_outcomes
from fattorino.hub.models import FileNameSeries, RemoteChange, RemoteFile, ServedCompany, Submission
from fattorino.organisations.queries import Actor, get_company
from fattorino.organisations.scope import company_scope
from fattorino.workflow import flows as workflow
from fattorino.workflow import queue
from fattorino.workflow.queries import possibilities

log = logging.getLogger(__name__)
State, Kind = RemoteFile.State, RemoteFile.Kind
# Twice what SdI takes for one invoice: what is only a little too large is judged, and told, as SdI would (00003).
LIMIT = 10_000_000
# The buttons by which a document goes to SdI: no other is pressed for a program that handed a file in.
SENDING = frozenset({Action.GENERATE, Action.GENERATE_AND_SEND, Action.VALIDATE, Action.SEND})


@dataclass(frozen=True, slots=True)
class RemoteView:
    """A file as its program sees it."""

    id: int
    kind: str
    name: str
    sha256: str
    size: int
    state: str
    text: str
    identificativo_sdi: str
    document_id: int | None
    received_at: datetime.datetime
    changed_at: datetime.datetime


def serve(company_id: int, *, now: datetime.datetime) -> None:
    """From now on the company's events are told to its programs; doing it again changes nothing."""
    ServedCompany.objects.bulk_create(
        [ServedCompany(company_id=company_id, since=now)], ignore_conflicts=True
    )


def push(
    actor: Actor,
    name: str,
    content: bytes,
    *,
    kind: str = Kind.INVOICE,
    identificativo_sdi: str = "",
    now: datetime.datetime,
) -> tuple[RemoteView, bool]:
    """Keep a file and queue its acquisition, in the caller's transaction. The second value: it had come before.

    A file that was given back is acquired anew when it comes again.

    Args:
        identificativo_sdi: of the received invoice, where `kind` is EC.

    Raises:
        RefusedError, InputError: not a name or a size that SdI takes; ConflictError: the name means another file.
    """
    _check(actor, name, content, kind, identificativo_sdi)
    base_name = name.split(".", 1)[0]
    with transaction.atomic():
        serve(actor.company_id, now=now)
        _lock_name(base_name)
        row = RemoteFile.objects.select_related("stored").filter(base_name=base_name).first()
        if row is not None:
            return _again(row, name, content, identificativo_sdi, now), True
        _reserve_name(actor.company_id, name, base_name, kind)
        row = RemoteFile(
            company_id=actor.company_id,
            kind=kind,
            name=name,
            base_name=base_name,
            stored=documents.store(actor.company_id, content, now=now),
            reception_sdi=identificativo_sdi,
            token_label=actor.label[:80],
            received_at=now,
            changed_at=now,
        )
        # The name may be another company's: the wall hides its row, and only the database knows.
        made = RemoteFile.objects.bulk_create([row], ignore_conflicts=True)
        row = RemoteFile.objects.select_related("stored").filter(base_name=made[0].base_name).first()
        if row is None:
            raise _taken(name)
        _defer_acquisition(row)
        return view_of(row), False


def _check(actor: Actor, name: str, content: bytes, kind: str, identificativo_sdi: str) -> None:
    if not actor.may_write:
        raise RefusedError(say("Il ruolo di consultazione non permette di consegnare file."))
    if not content:
        raise RefusedError(say("Il corpo della richiesta è vuoto."), say("Inviare i byte del file."))
    if kind == Kind.INVOICE:
        if parse_invoice_name(name).is_archive:
            raise RefusedError(
                say("Un archivio ZIP contiene più fatture: ciascuna ha il suo stato e le sue ricevute."),
                say("Consegnare i file uno per uno, ciascuno con il proprio nome."),
            )
    elif parse_message_name(name).tipo != "EC" or not identificativo_sdi:
        raise InputError(
            say("Un esito committente ha un nome con «_EC_» e l'IdentificativoSdI della fattura ricevuta."),
            say("Per esempio IT01234567890_00001_EC_001.xml con identificativo_sdi=123456."),
        )


def _lock_name(base_name: str) -> None:
    """Two requests with the same name follow each other; and who asks what became of it waits for them."""
    number = int.from_bytes(hashlib.sha256(base_name.encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [number])


def _again(
    row: RemoteFile, name: str, content: bytes, identificativo_sdi: str, now: datetime.datetime
) -> RemoteView:
    same = row.stored.sha256 == hashlib.sha256(content).hexdigest()
    if row.name != name or not same or row.reception_sdi != identificativo_sdi:
        raise ConflictError(
            say("Con il nome {name} è già stato consegnato un altro file.", name=row.name),
            say("Un nome vale per un solo file, per sempre: usare un progressivo nuovo."),
        )
    RemoteFile.objects.filter(pk=row.pk).update(arrivals=F("arrivals") + 1)
    _reopen(row, now)
    return view_of(row)


def _reopen(row: RemoteFile, now: datetime.datetime) -> None:
    if row.state == State.RETURNED:
        row.state, row.text, row.changed_at = State.RECEIVED, "", now
        row.save(update_fields=["state", "text", "changed_at"])
        _defer_acquisition(row)


def _reserve_name(company_id: int, name: str, base_name: str, kind: str) -> None:
    """The names given here must not meet those that come from elsewhere."""
    if kind != Kind.INVOICE:
        return
    if Submission.objects.filter(base_name=base_name).exists():
        raise _taken(name)
    parts, company = parse_invoice_name(name), get_company(company_id)
    series = FileNameSeries.objects.select_for_update().filter(
        id_paese=parts.paese, id_codice=parts.identificativo
    )
    known = series.first()
    if known is None:
        return
    if (parts.paese, parts.identificativo) != (company.trasmittente_paese, company.trasmittente_codice):
        raise RefusedError(
            say(
                "I nomi di file del trasmittente {code} sono dati da questo Digital Hub a un'altra azienda.",
                code=f"{parts.paese}{parts.identificativo}",
            ),
            say("Usare nel nome del file il codice fiscale di chi lo prepara."),
        )
    number = int(parts.progressivo, 36)
    series.filter(last__lt=number).update(last=number)


def _taken(name: str) -> ConflictError:
    return ConflictError(
        say("Il nome {name} è già stato usato presso questo Digital Hub.", name=name),
        say("Un nome vale per un solo file, per sempre: usare un progressivo nuovo."),
    )


def _defer_acquisition(row: RemoteFile) -> None:
    from fattorino.hub.tasks_remote import acquire_remote  # the task calls these flows

    queue.defer(acquire_remote, lock=f"remote:{row.pk}", company_id=row.company_id, file_id=row.pk)


def view_of(row: RemoteFile) -> RemoteView:
    return RemoteView(
        row.pk,
        row.kind,
        row.name,
        row.stored.sha256,
        row.stored.size,
        row.state,
        row.text,
        row.identificativo_sdi,
        row.document_id,
        row.received_at,
        row.changed_at,
    )


def find(company_id: int, name: str) -> RemoteView | None:
    """The file of this name, after whoever is handing it in at this moment has ended."""
    _lock_name(name.split(".", 1)[0])
    row = RemoteFile.objects.select_related("stored").filter(company_id=company_id, name=name).first()
    return view_of(row) if row else None


def acquire_again(actor: Actor, name: str, *, now: datetime.datetime) -> RemoteView:
    """Acquire anew a file that was given back; nothing happens to one that is on its way.

    Raises:
        RefusedError: the actor only reads, or there is no such file.
    """
    if not actor.may_write:
        raise RefusedError(say("Il ruolo di consultazione non permette di consegnare file."))
    with transaction.atomic():
        rows = RemoteFile.objects.select_for_update(of=("self",)).select_related("stored")
        row = rows.filter(company_id=actor.company_id, name=name).first()
        if row is None:
            raise RefusedError(say("Con questo nome non è stato consegnato nessun file."))
        _reopen(row, now)
        return view_of(row)


def acquire(company_id: int, file_id: int, *, now: datetime.datetime) -> None:
    """Make a document of a file that was handed in and press its button; doing it again changes nothing.

    The file is locked before its document, as wherever both are."""
    with company_scope(company_id):
        row = RemoteFile.objects.select_for_update(of=("self",), no_key=True).select_related("stored")
        file = row.filter(pk=file_id, company_id=company_id).first()
        if file is None or file.state != State.RECEIVED:
            return
        actor = Actor("gestionale", file.token_label, company_id, None, "operator")
        if file.kind == Kind.OUTCOME:
            remote_outcomes.acquire(file, now=now)
        else:
            _acquire_invoice(file, actor, now)
        file.changed_at = now
        file.save(update_fields=["state", "text", "document", "outcome", "changed_at"])
        RemoteChange.objects.create(company_id=company_id, what="file", row_id=file.pk)


def give_back_broken(company_id: int, file_id: int, *, now: datetime.datetime) -> None:
    """A file whose acquisition breaks something of ours is given back: nothing of it was sent."""
    with company_scope(company_id):
        waiting = RemoteFile.objects.filter(pk=file_id, company_id=company_id, state=State.RECEIVED)
        text = say(
            "L'acquisizione si è interrotta per un errore interno, annotato nel registro del servizio."
        )
        if waiting.update(state=State.RETURNED, text=text, changed_at=now):
            RemoteChange.objects.create(company_id=company_id, what="file", row_id=file_id)


def _acquire_invoice(file: RemoteFile, actor: Actor, now: datetime.datetime) -> None:
    if file.document_id is None:
        told = importing.take_at_once(actor, file.name, bytes(file.stored.content), now=now)
        if not told["ok"]:
            file.state, file.text = State.RETURNED, together(told["message"], told["hint"])
            return
        file.document_id = told["document_id"]
    sent = Submission.objects.filter(company_id=file.company_id, base_name=file.base_name).first()
    if sent is not None and (sent.outgoing_id is None or not sent.current):
        file.state = State.RETURNED
        file.text = say("Lo stesso file è già stato restituito: serve un file corretto, con un nome nuovo.")
        return
    if sent is not None and sent.status == Submission.Status.CLOSED and sent.accepted_at is None:
        # Given back after a failed transmission: the same file may go again, now that whoever owns it asks.
        sent.status = Submission.Status.FAILED
        sent.save(update_fields=["status"])
    file.state = State.ACQUIRED
    # The button looks for the file's name: it must be known by then.
    file.save(update_fields=["document", "state"])
    file.text = _press(file, actor, now)


def _press(file: RemoteFile, actor: Actor, now: datetime.datetime) -> str:
    """Press the document's button, where it is one that sends; what is left to say."""
    assert file.document is not None and file.document_id is not None
    can = possibilities(file.document, actor)
    if can.action not in SENDING:
        return say("Acquisito: nel suo stato il documento attende una persona presso il Digital Hub.")
    try:
        with transaction.atomic():
            workflow.request_action(file.document_id, actor, now=now)
    except RefusedError as refused:
        return refused.text
    return ""
