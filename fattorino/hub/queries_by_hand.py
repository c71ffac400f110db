"""What the pages of what goes by hand read."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from fattorino.documents.lotti import head_of
from fattorino.hub.flows.channel_settings import kind_label
from fattorino.hub.models import Channel, CustomerLetter, Submission
from fattorino.organisations.queries import Actor
from fattorino.workflow.kinds import labels_of
from fattorino.workflow.queries import hidden_states

Status = Submission.Status
# Files in one zip: the portal takes no more than some hundred at a time, and a person neither.
MOST_FILES = 500
# The day of every member, so that the same files make the same zip.
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Carried:
    """One submission that a person carries."""

    id: int
    document_id: int
    kind_label: str
    number: str
    date: datetime.date
    counterpart: str
    total_cents: int
    currency: str
    file_name: str
    size: int
    identificativo_sdi: str
    since: datetime.datetime | None
    # Already loaded on the portal.
    sent: bool = False


def _rows(actor: Actor) -> QuerySet[Submission]:
    """The company's, but for documents that the actor may not see."""
    rows = Submission.objects.filter(company_id=actor.company_id, current=True)
    return rows.exclude(document__state__in=hidden_states(actor.company_id, actor))


def to_carry(actor: Actor, after: int = 0, limit: int = 100) -> list[Carried]:
    """What waits to be loaded on the portal, the oldest first, from behind the one called `after`."""
    return _views(_rows(actor).filter(status=Status.BY_HAND, pk__gt=after).order_by("pk")[:limit], actor)


def carried(actor: Actor, after: int = 0, limit: int = 100) -> list[Carried]:
    """What was loaded on the portal and of which SdI has not said its last word: of an invoice to a PA the delivery is
    not the end, a person brings its outcome too."""
    rows = _rows(actor).filter(status=Status.ACCEPTED, channel__kind=Channel.Kind.BY_HAND)
    return _views(rows.filter(pk__gt=after).order_by("pk")[:limit], actor)


def count_to_carry(actor: Actor) -> int:
    return _rows(actor).filter(status=Status.BY_HAND).count()


def find(actor: Actor, submission_id: int) -> Carried | None:
    rows = _views(_rows(actor).filter(pk=submission_id, status=Status.BY_HAND), actor)
    return rows[0] if rows else None


def of_document(actor: Actor, document_id: int) -> Carried | None:
    """The document's submission, where a person carries it and a receipt is still to come."""
    head = head_of(document_id, actor.company_id)
    rows = _rows(actor).filter(document_id=head, channel__kind=Channel.Kind.BY_HAND)
    found = _views(rows.filter(status__in=(Status.BY_HAND, Status.ACCEPTED)), actor)
    return found[0] if found else None


def letters_of(company_id: int, document_id: int) -> list[CustomerLetter]:
    """What was written to the document's customer, the newest first."""
    rows = CustomerLetter.objects.filter(company_id=company_id, document_id=document_id)
    return list(rows.exclude(run=None).order_by("-pk")[:20])


def goes_by_hand(company_id: int) -> bool:
    """Whether the company has a way on which a person carries files."""
    return Channel.objects.filter(company_id=company_id, kind=Channel.Kind.BY_HAND, active=True).exists()


def other_ways(company_id: int) -> list[tuple[str, str]]:
    """Number and name of the ways that what waits may take instead."""
    rows = Channel.objects.filter(company_id=company_id, active=True).exclude(kind=Channel.Kind.BY_HAND)
    found = rows.values_list("pk", "label", "kind")
    return [(str(pk), label or kind_label(kind)) for pk, label, kind in found]


def file_of(actor: Actor, submission_id: int) -> tuple[str, bytes] | None:
    """Name and bytes of one file that waits to be carried, or was carried."""
    row = _rows(actor).select_related("outgoing").filter(pk=submission_id, outgoing__isnull=False).first()
    if row is None or row.outgoing is None:
        return None
    return row.file_name, bytes(row.outgoing.content)


def zip_of(actor: Actor, submission_ids: Sequence[int], listing: bytes) -> bytes:
    """The files as a zip, with the list of what is in it."""
    rows = _rows(actor).select_related("outgoing").filter(pk__in=submission_ids, status=Status.BY_HAND)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("elenco.csv", _EPOCH), listing)
        for row in rows.order_by("pk")[:MOST_FILES].iterator(chunk_size=20):
            if row.outgoing is not None:
                archive.writestr(zipfile.ZipInfo(row.file_name, _EPOCH), bytes(row.outgoing.content))
    return out.getvalue()


def _views(rows: QuerySet[Submission], actor: Actor) -> list[Carried]:
    found = list(
        rows.select_related("document").values_list(
            *("pk", "document_id", "document__kind", "document__number", "document__date"),
            *("document__counterpart_name", "document__total_cents", "document__currency"),
            *("file_name", "outgoing__size", "identificativo_sdi", "accepted_at", "created_at", "status"),
        )
    )
    names = labels_of(actor.company_id, {document_id: kind for _, document_id, kind, *_ in found})
    return [_view(pk, document_id, names[document_id], *told) for pk, document_id, _, *told in found]


def _view(
    pk: int,
    document_id: int,
    kind_label: str,
    number: str,
    date: datetime.date,
    counterpart: str,
    total_cents: int,
    currency: str,
    file_name: str,
    size: int | None,
    identificativo_sdi: str,
    accepted_at: datetime.datetime | None,
    created_at: datetime.datetime,
    status: str,
) -> Carried:
    since, sent = accepted_at or created_at, status != Status.BY_HAND
    return Carried(
        *(pk, document_id, kind_label, number, date, counterpart, total_cents, currency),
        *(file_name, size or 0, identificativo_sdi, since, sent),
    )
