"""What pages read of received files and of how they came. Every query names its company, but for nobody's files."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet
from django.db.models.functions import Length

from fattorino.documents.models import BroughtFile, ImportedFile, PassiveInvoice, Reception, WatchedFolder
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import system_scope
from fattorino.workflow.queries import visible_documents

PAGE = 50
State = STATES = Reception.State
# What a person may let be read again, and take away as it came: the others are documents, with their own files.
UNREAD = (State.UNREADABLE.value, State.NOBODY.value)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One file that arrived. `document_id`: the document it became or is about, where the actor may see it; `own`: that
    is one that the company itself issued."""

    id: int
    received_at: datetime.datetime
    name: str
    size: int
    source_label: str
    identificativo_sdi: str
    arrivals: int
    state: str
    state_label: str
    note: str
    document_id: int | None
    own: bool

    @property
    def again(self) -> bool:
        return self.state in UNREAD


@dataclass(frozen=True, slots=True)
class Arrivals:
    rows: list[Arrival]
    # Where the next page begins; None where there is none.
    next: int | None


@dataclass(frozen=True, slots=True)
class Brought:
    """One file of those that were handed in together. `arrival` None: no invoice file, `note` says why."""

    position: int
    name: str
    note: str
    arrival: Arrival | None


def arrivals(actor: Actor, state: str = "", before: int | None = None, limit: int = PAGE) -> Arrivals:
    """What arrived for the company, newest first."""
    rows = _light(Reception.objects.filter(company_id=actor.company_id))
    return _page(actor, rows, state, before, limit)


def every_arrival(actor: Actor, state: str = "") -> Iterator[Arrival]:
    """All of them, for a table as a file."""
    before: int | None = None
    while True:
        page = arrivals(actor, state, before, limit=500)
        yield from page.rows
        if page.next is None:
            return
        before = page.next


def to_look_at(actor: Actor) -> int:
    """How many files could not be read or are for somebody else."""
    return Reception.objects.filter(company_id=actor.company_id, state__in=UNREAD).count()


def arrival_file(actor: Actor, reception_id: int) -> tuple[str, bytes] | None:
    """Name and bytes of a file that became no document."""
    row = Reception.objects.filter(pk=reception_id, company_id=actor.company_id, state__in=UNREAD).first()
    return (row.name, bytes(row.content)) if row else None


def nobodys(before: int | None = None, limit: int = PAGE) -> Arrivals:
    """What belongs to no company, for who administers the installation."""
    with system_scope():
        return _page(None, _light(Reception.objects.filter(company=None)), "", before, limit)


def nobodys_file(reception_id: int) -> tuple[str, bytes] | None:
    with system_scope():
        row = Reception.objects.filter(pk=reception_id, company=None).first()
        return (row.name, bytes(row.content)) if row else None


def bringings(actor: Actor, before: int | None = None, limit: int = 30) -> list[ImportedFile]:
    """What was handed in, newest first."""
    rows = ImportedFile.objects.filter(company_id=actor.company_id, received=True)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows.select_related("created_by").order_by("-pk")[:limit])


def bringing(actor: Actor, import_id: int) -> ImportedFile | None:
    rows = ImportedFile.objects.filter(pk=import_id, company_id=actor.company_id, received=True)
    return rows.select_related("created_by").first()


def progress(actor: Actor, import_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """How many files of each are in which state; "" counts what is no invoice file."""
    rows = (
        BroughtFile.objects.filter(company_id=actor.company_id, imported_id__in=import_ids)
        .values("imported_id", "reception__state")
        .annotate(n=Count("pk"))
    )
    found: dict[int, dict[str, int]] = {import_id: {} for import_id in import_ids}
    for row in rows:
        found[row["imported_id"]][row["reception__state"] or ""] = row["n"]
    return found


def brought(actor: Actor, import_id: int, after: int = 0, limit: int = PAGE) -> list[Brought]:
    """The files of one import, in their order."""
    rows = list(
        BroughtFile.objects.filter(
            company_id=actor.company_id, imported_id=import_id, position__gt=after
        ).order_by("position")[:limit]
    )
    wanted = [row.reception_id for row in rows if row.reception_id]
    receptions = _light(Reception.objects.filter(company_id=actor.company_id, pk__in=wanted))
    by_id = {row.id: row for row in _arrivals(actor, list(receptions))}
    return [Brought(r.position, r.name, r.note, by_id.get(r.reception_id or 0)) for r in rows]


def folders(actor: Actor) -> list[WatchedFolder]:
    """The watched folders of the company, those in use first."""
    return list(WatchedFolder.objects.filter(company_id=actor.company_id).order_by("-active", "path"))


def _light(rows: QuerySet[Reception]) -> QuerySet[Reception]:
    return rows.defer("content", "metadata").annotate(size=Length("content"))


def _page(
    actor: Actor | None, rows: QuerySet[Reception], state: str, before: int | None, limit: int
) -> Arrivals:
    if state:
        rows = rows.filter(state=state)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: limit + 1])
    shown = found[:limit]
    return Arrivals(_arrivals(actor, shown), shown[-1].pk if len(found) > limit else None)


def _arrivals(actor: Actor | None, rows: Sequence[Reception]) -> list[Arrival]:
    about = {row.pk: row.document_id for row in rows if row.document_id}
    if actor is not None:
        done = [row.pk for row in rows if row.state == State.DONE]
        first = PassiveInvoice.objects.filter(company_id=actor.company_id, reception_id__in=done)
        for reception_id, document_id in first.order_by("-position").values_list("reception_id", "pk"):
            about[reception_id] = document_id
        seen = set(visible_documents(actor).filter(pk__in=about.values()).values_list("pk", flat=True))
        about = {reception: document for reception, document in about.items() if document in seen}
    return [
        Arrival(
            id=row.pk,
            received_at=row.received_at,
            name=row.name,
            size=getattr(row, "size", 0),
            source_label=row.get_source_display(),
            identificativo_sdi=row.identificativo_sdi,
            arrivals=row.arrivals,
            state=row.state,
            state_label=row.get_state_display(),
            note=row.note,
            document_id=about.get(row.pk),
            own=row.state == State.OWN,
        )
        for row in rows
    ]
