"""What pages read of SdI's messages. Every query names its company; a message about documents in states reserved to
others only is hidden, and one about a whole file is shown with a document that the person may see."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from fattorino.core.sdi.deadlines import ROME
from fattorino.core.sdi.names import MESSAGE_TYPES
from fattorino.core.texts import say, together
from fattorino.documents.lotti import head_of
from fattorino.hub import seen
from fattorino.hub.models import Message, Submission
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import system_scope
from fattorino.workflow import kinds
from fattorino.workflow import queries as workflow

if TYPE_CHECKING:
    from fattorino.workflow.models import Document

PAGE = 50
# The badge counts no further.
COUNTED = 100
EXPORTED = 10_000
State = Message.State
# As forms offer them: (value, label in the reader's language when it is shown).
STATES = State.choices
SIGNATURES = Message.Signature.choices
KINDS: dict[str, str] = {
    "RC": say("Ricevuta di consegna"),
    "NS": say("Scarto"),
    "MC": say("Mancata consegna"),
    "NE": say("Esito dell'amministrazione"),
    "AT": say("Attestazione di trasmissione"),
    "DT": say("Decorrenza dei termini"),
    "SE": say("Scarto dell'esito"),
    "MT": say("Metadati"),
    "EC": say("Esito committente"),
}


@dataclass(frozen=True, slots=True)
class Filters:
    kind: str = ""
    state: str = ""
    signature: str | None = None
    first: datetime.date | None = None
    last: datetime.date | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message as lists show it. `document_id` None: it is about nothing yet."""

    id: int
    name: str
    kind: str
    kind_label: str
    identificativo_sdi: str
    received_at: datetime.datetime
    arrivals: int
    state: str
    state_label: str
    signature: str
    signature_label: str
    signature_note: str
    note: str
    document_id: int | None
    document_title: str
    counterpart: str
    passive: bool
    settled_at: datetime.datetime | None
    settled_by: str
    settled_why: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some messages, the newest first; `older` is where the next page begins."""

    rows: list[MessageRow] = field(default_factory=list)
    older: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document that a message may be about."""

    id: int
    title: str
    date: datetime.date
    counterpart: str
    file_name: str
    identificativo_sdi: str


def page(actor: Actor, filters: Filters, before: int | None = None) -> Page:
    return _page(_found(_visible(actor), filters), before, actor)


def every(actor: Actor, filters: Filters) -> Iterator[MessageRow]:
    """For the files: the newest ones, as many as a spreadsheet is still read with."""
    rows = _found(_visible(actor), filters)
    return iter(_rows(list(_light(rows)[:EXPORTED]), actor))


def to_match(actor: Actor, before: int | None = None) -> Page:
    """What came by the company's own ways, or speaks of its documents, and waits for a person."""
    return _page(Message.objects.filter(company_id=actor.company_id, state=State.TO_MATCH), before, actor)


def nobodys(before: int | None = None) -> Page:
    """What belongs to no company; for who administers the installation."""
    with system_scope():
        return _page(Message.objects.filter(company=None, state=State.TO_MATCH), before)


def waiting(actor: Actor) -> int:
    """How many wait for this person, at most COUNTED."""
    if not actor.may_configure:
        return 0
    rows = Message.objects.filter(company_id=actor.company_id, state=State.TO_MATCH)
    return len(rows.values_list("pk", flat=True)[:COUNTED])


def find(actor: Actor, message_id: int) -> MessageRow | None:
    rows = _rows(list(_light(_visible(actor).filter(pk=message_id))), actor)
    return rows[0] if rows else None


def find_nobodys(message_id: int) -> MessageRow | None:
    with system_scope():
        rows = _rows(list(_light(Message.objects.filter(pk=message_id, company=None))))
    return rows[0] if rows else None


def content(actor: Actor, message_id: int) -> tuple[str, bytes] | None:
    """(name, bytes as they came)."""
    return _content(_visible(actor).filter(pk=message_id))


def nobodys_content(message_id: int) -> tuple[str, bytes] | None:
    with system_scope():
        return _content(Message.objects.filter(pk=message_id, company=None))


def of_document(actor: Actor, document_id: int) -> list[MessageRow]:
    """The messages about a document, the newest first."""
    # Of a lotto: what was said of its file, and of this document.
    file = Q(submission__document_id=head_of(document_id, actor.company_id), document=None)
    about = file | Q(document_id=document_id)
    return _rows(list(_light(_visible(actor).filter(about))), actor)


def candidates(actor: Actor, row: MessageRow, text: str, limit: int = 20) -> list[Candidate]:
    """Documents that the message may be about: what it seems to mean, or what is searched for."""
    documents = workflow.visible_documents(actor)
    sent = Submission.objects.filter(company_id=actor.company_id)
    words = text.split()
    if words:
        for word in words[:5]:
            documents = documents.filter(
                Q(number__icontains=word)
                | Q(counterpart_name__icontains=word)
                | Q(submissions__base_name=word)
            )
    else:
        ids = sent.filter(identificativo_sdi=row.identificativo_sdi).exclude(identificativo_sdi="")
        documents = documents.filter(Q(pk__in=[row.document_id or 0]) | Q(pk__in=ids.values("document_id")))
    found = list(
        documents.filter(Q(dashboard="PS") | Q(submissions__isnull=False)).distinct().order_by("-pk")[:limit]
    )
    called = kinds.labels_of(actor.company_id, {d.pk: d.kind for d in found})
    files = {s.document_id: s for s in sent.filter(document__in=found).order_by("pk").defer("last_error")}
    return [
        Candidate(
            id=d.pk,
            title=together(called[d.pk], d.number),
            date=d.date,
            counterpart=d.counterpart_name,
            file_name=files[d.pk].file_name if d.pk in files else "",
            identificativo_sdi=files[d.pk].identificativo_sdi if d.pk in files else "",
        )
        for d in found
    ]


def _visible(actor: Actor) -> QuerySet[Message]:
    """The company's messages; what is about nothing yet is for who administers it."""
    rows = Message.objects.filter(company_id=actor.company_id)
    if not actor.may_configure:
        rows = rows.exclude(submission=None, document=None)
    hidden = workflow.hidden_states(actor.company_id, actor)
    if hidden:
        of_one = Q(document__isnull=False) & ~Q(document__state__in=hidden)
        of_file = Q(document=None, submission__isnull=False) & seen.any_of_file(
            actor, "submission__document_id"
        )
        of_nothing = Q(document=None, submission=None)
        rows = rows.filter(of_one | of_file | of_nothing | seen.any_with_receipt(actor, "sha256"))
    return rows


def _found(rows: QuerySet[Message], filters: Filters) -> QuerySet[Message]:
    if filters.kind in MESSAGE_TYPES:
        rows = rows.filter(kind=filters.kind)
    if filters.state in State.values:
        rows = rows.filter(state=filters.state)
    if filters.signature is not None:
        rows = rows.filter(signature=filters.signature)
    if filters.first:
        rows = rows.filter(received_at__gte=_midnight(filters.first))
    if filters.last:
        rows = rows.filter(received_at__lt=_midnight(filters.last + datetime.timedelta(days=1)))
    if filters.text:
        rows = rows.filter(Q(name__icontains=filters.text) | Q(identificativo_sdi=filters.text))
    return rows


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), ROME)


def _page(rows: QuerySet[Message], before: int | None, actor: Actor | None = None) -> Page:
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = _rows(list(_light(rows)[: PAGE + 1]), actor)
    return Page(found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None)


def _light(rows: QuerySet[Message]) -> QuerySet[Message]:
    # Not the bytes: an AT holds the whole invoice.
    return rows.defer("content").select_related("submission__document", "document").order_by("-pk")


def _content(rows: QuerySet[Message]) -> tuple[str, bytes] | None:
    found = rows.values_list("name", "content").first()
    return (found[0], bytes(found[1])) if found else None


def _rows(messages: list[Message], actor: Actor | None = None) -> list[MessageRow]:
    about = {message.pk: _about(message) for message in messages}
    hidden = workflow.hidden_states(actor.company_id, actor) if actor else []
    if actor and hidden:
        about |= _instead(actor, [m for m in messages if (one := about[m.pk]) and one.state in hidden])
    called = kinds.labels_of(actor.company_id, {d.pk: d.kind for d in about.values() if d}) if actor else {}
    return [_row(message, about[message.pk], called) for message in messages]


def _about(message: Message) -> Document | None:
    return message.document or (message.submission.document if message.submission else None)


def _instead(actor: Actor, messages: list[Message]) -> dict[int, Document | None]:
    """The documents that the actor is shown in place of those that are reserved to others, by message."""
    files = seen.of_files(
        actor, {m.submission.document_id for m in messages if m.submission and not m.document_id}
    )
    lying = seen.with_receipts(actor, {m.sha256 for m in messages})
    found: dict[int, Document | None] = {}
    for message in messages:
        members = files.get(message.submission.document_id, []) if message.submission else []
        found[message.pk] = members[0] if members else lying.get(message.sha256)
    return found


def _row(message: Message, about: Document | None, called: dict[int, str]) -> MessageRow:
    return MessageRow(
        id=message.pk,
        name=message.name,
        kind=message.kind,
        kind_label=KINDS.get(message.kind, ""),
        identificativo_sdi=message.identificativo_sdi,
        received_at=message.received_at,
        arrivals=message.arrivals,
        state=message.state,
        state_label=str(message.get_state_display()),
        signature=message.signature,
        signature_label=str(message.get_signature_display()),
        signature_note=message.signature_note,
        note=message.note,
        document_id=about.pk if about else None,
        document_title=together(called.get(about.pk, ""), about.number) if about else "",
        counterpart=about.counterpart_name if about else "",
        passive=about is not None and message.submission is None,
        settled_at=message.settled_at,
        settled_by=message.settled_by,
        settled_why=message.settled_why,
    )
