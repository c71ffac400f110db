"""What served companies are told, in an order that readers can trust.

The database notes each change in the transaction that makes it (RemoteChange). Whoever publishes takes those notes away
and appends events, one publisher per company at a time to the end of its transaction: so an event's number is never
smaller than one that could be read before, and a cursor misses nothing whatever committed late.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q

from fattorino.core.texts import say
from fattorino.documents.received import any_stands_in
from fattorino.hub.flows.webhooks import wake
from fattorino.hub.models import (
    Message,
    OutcomeSent,
    RemoteChange,
    RemoteEvent,
    RemoteFile,
    Submission,
)
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import system_scope
from fattorino.workflow import flows as workflow
from fattorino.workflow.queries import hidden_states, last_outcomes, open_actions, possibilities

# First key of the advisory lock under which a company's events are numbered.
PUBLISHING = 0x1F33D
# Notes taken in one transaction, and files looked at for whether they stand still.
AT_ONCE = 500
State, Status = RemoteFile.State, Submission.Status
_STATES = {
    Status.QUEUED: State.SENDING,
    Status.SENDING: State.SENDING,
    Status.UNCERTAIN: State.SENDING,
    Status.BY_HAND: State.SENDING,
    Status.ACCEPTED: State.WITH_SDI,
    Status.CLOSED: State.CLOSED,
}
GIVEN_BACK = say("Il Digital Hub non ha potuto inviare il file, che certamente non è arrivato a SdI.")


def publish(company_id: int, *, now: datetime.datetime) -> int:
    """Append what is new to the company's events; how many notes were taken. Call it inside the company's scope."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, %s)", [PUBLISHING, company_id])
    notes = list(RemoteChange.objects.filter(company_id=company_id).order_by("id")[:AT_ONCE])
    RemoteChange.objects.filter(pk__in=[note.pk for note in notes]).delete()
    by_kind: dict[str, list[int]] = {}
    for note in notes:
        by_kind.setdefault(note.what, []).append(note.row_id)
    _hold_files(company_id, by_kind)
    moved = _of_submissions(company_id, by_kind.get("submission", ()), now)
    moved += _of_outcomes(company_id, by_kind.get("outcome", ()), now)
    moved += _standing_still(company_id, now)
    told = {each.file for each in moved}
    handed_in = RemoteFile.objects.filter(company_id=company_id, pk__in=set(by_kind.get("file", ())) - told)
    moved += [_Moved(file.pk, file.state, file.text) for file in handed_in.order_by("pk")]
    events = [
        RemoteEvent(
            company_id=company_id, kind="file", at=now, file_id=each.file, state=state, text=each.text
        )
        for each in moved
        for state in each.states()
    ]
    events += _messages(company_id, by_kind.get("message", ()), now)
    events += [
        RemoteEvent(company_id=company_id, kind="invoice", at=now, reception_id=reception)
        for reception in dict.fromkeys(by_kind.get("reception", ()))
    ]
    if events:
        RemoteEvent.objects.bulk_create(events, ignore_conflicts=True)
        wake(company_id, now=now)
    return len(notes)


def _hold_files(company_id: int, noted: Mapping[str, Sequence[int]]) -> None:
    """Lock every file that this may write or name, before any document: as acquiring does (remote_files.acquire), which
    has its file and then waits for its document."""
    named = Submission.objects.filter(company_id=company_id, pk__in=noted.get("submission", ()))
    about = Message.objects.filter(company_id=company_id, pk__in=noted.get("message", ()))
    wanted = (
        Q(base_name__in=named.values("base_name"))
        | Q(base_name__in=about.filter(submission__isnull=False).values("submission__base_name"))
        | Q(outcome__in=noted.get("outcome", ()))
        | Q(pk__in=noted.get("file", ()))
        | Q(pk__in=[file.pk for file in _early(company_id)])
    )
    rows = RemoteFile.objects.filter(wanted, company_id=company_id).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class _Moved:
    """A file in its new state; `before` is where readers know it to be."""

    file: int
    state: str
    text: str
    before: str = ""

    def states(self) -> list[str]:
        # Whatever ended had been with SdI, also where both came at once: readers wait for that word.
        skipped = self.state == State.CLOSED and self.before != State.WITH_SDI
        return [State.WITH_SDI, self.state] if skipped else [self.state]


def _of_submissions(company_id: int, ids: Iterable[int], now: datetime.datetime) -> list[_Moved]:
    """Files whose submission moved, brought up to it."""
    rows = Submission.objects.filter(company_id=company_id, pk__in=list(ids)).order_by("pk")
    changed: list[_Moved] = []
    for row in rows:
        file = RemoteFile.objects.filter(company_id=company_id, base_name=row.base_name).first()
        if file is None or file.state == State.RETURNED:
            continue
        if row.status == Status.FAILED:
            # Handed in again, its button is pressed already: what comes of that is told (or see _standing_still).
            if open_actions([row.document_id]) or not _give_back(row):
                continue
            state, text = State.RETURNED, row.last_error or GIVEN_BACK
        elif (found := _STATES.get(Status(row.status))) is None:
            continue
        else:
            state, text = found, ""
        if (file.state, file.identificativo_sdi) == (state, row.identificativo_sdi):
            continue
        changed.append(_write(file, state, text, row.identificativo_sdi, now))
    return changed


def _give_back(row: Submission) -> bool:
    """From now on nobody here can send the file again: only then may its owner hold it for not sent.

    Several documents are held together, and not in the order in which others take theirs: where one is busy nobody is
    waited for, and the note comes again."""
    if not workflow.try_lock_many([row.document_id]):
        RemoteChange.objects.create(company_id=row.company_id, what="submission", row_id=row.pk)
        return False
    return bool(
        Submission.objects.filter(
            pk=row.pk,
            status__in=[Status.FAILED, Status.ACQUIRED, Status.VALIDATED, Status.SIGNED],
            accepted_at=None,
        ).update(status=Status.CLOSED)
    )


def _write(file: RemoteFile, state: str, text: str, identifier: str, now: datetime.datetime) -> _Moved:
    before = file.state
    file.state, file.text, file.identificativo_sdi, file.changed_at = state, text, identifier, now
    file.save(update_fields=["state", "text", "identificativo_sdi", "changed_at"])
    return _Moved(file.pk, state, text, before)


def _of_outcomes(company_id: int, ids: Iterable[int], now: datetime.datetime) -> list[_Moved]:
    """The same for answers of a PA buyer."""
    states = {
        OutcomeSent.Status.SENT: State.WITH_SDI,
        OutcomeSent.Status.TAKEN: State.CLOSED,
        OutcomeSent.Status.REFUSED: State.CLOSED,
        OutcomeSent.Status.FAILED: State.RETURNED,
    }
    changed: list[_Moved] = []
    for row in OutcomeSent.objects.filter(company_id=company_id, pk__in=list(ids)).order_by("pk"):
        state = states.get(OutcomeSent.Status(row.status), State.SENDING)
        file = RemoteFile.objects.filter(company_id=company_id, outcome=row).exclude(state=state).first()
        if file is not None:
            changed.append(_write(file, state, row.last_error, row.identificativo_sdi, now))
    return changed


def _standing_still(company_id: int, now: datetime.datetime) -> list[_Moved]:
    """Files that were acquired and do not go on: given back where only a corrected file helps, else told why."""
    files = _early(company_id)
    documents = [file.document_id for file in files if file.document_id]
    busy = open_actions(documents)
    told = last_outcomes([each for each in documents if each not in busy])
    named = Submission.objects.filter(company_id=company_id, base_name__in=[f.base_name for f in files])
    begun = {row.base_name: row for row in named}
    changed: list[_Moved] = []
    for file in files:
        row = begun.get(file.base_name)
        if file.document_id in busy or file.document_id is None or file.document is None:
            continue
        text = told.get(file.document_id, ("", now))[0]
        if file.document.state == "ANNULLATO":
            if row is None or _give_back(row):
                changed.append(_write(file, State.RETURNED, say("Annullato presso il Digital Hub."), "", now))
        elif row is not None and row.status == Status.FAILED:
            if _give_back(row):
                changed.append(_write(file, State.RETURNED, row.last_error or text or GIVEN_BACK, "", now))
        elif row is not None and row.status == Status.ACQUIRED:
            actor = workflow.system_actor(company_id)
            if possibilities(file.document, actor).may_edit and _give_back(row):
                changed.append(_write(file, State.RETURNED, text or GIVEN_BACK, "", now))
        elif row is not None and row.status in (Status.VALIDATED, Status.SIGNED) and text != file.text:
            changed.append(_write(file, State.ACQUIRED, text, "", now))
    return changed


def _early(company_id: int) -> list[RemoteFile]:
    rows = RemoteFile.objects.select_related("document").filter(
        company_id=company_id, state=State.ACQUIRED, kind=RemoteFile.Kind.INVOICE, document__isnull=False
    )
    return list(rows.order_by("-changed_at", "pk")[:AT_ONCE])


def _messages(company_id: int, ids: Iterable[int], now: datetime.datetime) -> list[RemoteEvent]:
    """Messages about files that were handed in, and about received invoices; of the company's other documents none."""
    rows = Message.objects.select_related("submission").filter(company_id=company_id, pk__in=list(ids))
    found = list(rows.defer("content").order_by("pk"))
    names = {row.submission.base_name for row in found if row.submission}
    handed_in = dict(
        RemoteFile.objects.filter(company_id=company_id, base_name__in=names).values_list("base_name", "pk")
    )
    return [
        RemoteEvent(
            company_id=company_id,
            kind="message",
            at=now,
            message=row,
            file_id=handed_in.get(row.submission.base_name) if row.submission else None,
        )
        for row in found
        if row.submission is None or row.submission.base_name in handed_in
    ]


@dataclass(frozen=True, slots=True)
class Told:
    """One event with all that belongs to it: the bytes as they came."""

    number: int
    kind: str
    at: datetime.datetime
    name: str
    state: str = ""
    text: str = ""
    identificativo_sdi: str = ""
    content: bytes = b""
    metadata_name: str = ""
    metadata: bytes = b""
    # The file handed in that a message is about, by its name.
    about: str = ""
    # When SdI delivered a received invoice; None where nobody knows.
    delivered_at: datetime.datetime | None = None


def read(actor: Actor, after: int, *, limit: int, most_bytes: int) -> tuple[list[Told], bool, int]:
    """The events after that number, oldest first, at most so many and so large (one always); whether there are more;
    and the number to go on after.

    Received invoices that stand in a state reserved to others are not told, and no message about them.
    """
    rows = RemoteEvent.objects.filter(company_id=actor.company_id, pk__gt=after).order_by("pk")
    numbers = list(rows.values_list("pk", flat=True)[: limit + 1])
    hidden = hidden_states(actor.company_id, actor)
    found: list[Told] = []
    size = 0
    for number in numbers[:limit]:
        told = _told(actor.company_id, number, hidden)
        size += len(told.content) + len(told.metadata) if told else 0
        if found and size > most_bytes:
            return found, True, after
        after = number
        if told:
            found.append(told)
    return found, len(numbers) > limit, after


def _told(company_id: int, number: int, hidden: list[str]) -> Told | None:
    event = RemoteEvent.objects.select_related("file", "message__document", "reception").get(
        pk=number, company_id=company_id
    )
    if event.message is not None:
        message = event.message
        if hidden and _about_hidden(message, company_id, hidden):
            return None
        return Told(
            number,
            event.kind,
            event.at,
            message.name,
            identificativo_sdi=message.identificativo_sdi,
            content=bytes(message.content),
            about=event.file.name if event.file else "",
        )
    if event.reception is not None:
        invoice = event.reception
        if hidden and invoice.documents.filter(document__state__in=hidden).exists():
            return None
        return Told(
            number,
            event.kind,
            event.at,
            invoice.name,
            identificativo_sdi=invoice.identificativo_sdi,
            content=bytes(invoice.content),
            metadata_name=invoice.metadata_name,
            metadata=bytes(invoice.metadata or b""),
            delivered_at=invoice.delivered_at,
        )
    assert event.file is not None
    file = event.file
    return Told(number, event.kind, event.at, file.name, event.state, event.text, file.identificativo_sdi)


def _about_hidden(message: Message, company_id: int, hidden: list[str]) -> bool:
    """Whether it tells of a received invoice that does not exist for the reader; of a lotto one is enough, since the
    message is one file about all of them. What a program handed in itself it is told of whatever the state."""
    if message.submission_id is not None:
        return False
    if message.document is not None and message.document.state in hidden:
        return True
    return any_stands_in(message.identificativo_sdi, company_id, hidden)


def last_number(company_id: int) -> int:
    """The number of the last event; 0 where there is none."""
    found = RemoteEvent.objects.filter(company_id=company_id).order_by("-pk").values_list("pk", flat=True)
    return found.first() or 0


def waiting_companies() -> Sequence[int]:
    """Companies of which something is to be told, or may stand still."""
    with system_scope():
        noted = set(RemoteChange.objects.values_list("company_id", flat=True).distinct())
        early = (
            RemoteFile.objects.filter(state=State.ACQUIRED).values_list("company_id", flat=True).distinct()
        )
        return sorted(noted | set(early))
