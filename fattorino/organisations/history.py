"""What the audit tells: who changed what and when, of one company or of what the whole installation shares."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from fattorino.clock import ROME
from fattorino.organisations.models import AuditEntry, User

# The "person" of what no person did: the command line, a program.
NOBODY = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One change. `who` is "" where no person made it; `detail` holds the facts, in Italian as they were recorded."""

    id: int
    at: datetime.datetime
    who: str
    what: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which changes. Days are Italian days, both included; `person` is a user's number or NOBODY.

    Attributes:
        whats: only these kinds of change; () means all.
        without: by name of a fact, the values for which a change is not shown (what is reserved to others).
    """

    since: datetime.date | None = None
    until: datetime.date | None = None
    person: int | None = None
    whats: tuple[str, ...] = ()
    without: Mapping[str, Collection[int]] = field(default_factory=dict)


def entries(
    company_id: int | None, wanted: Wanted, before: int | None = None, limit: int = 50
) -> list[Entry]:
    """The changes of a company, or with None of the installation, newest first, from before the one called `before`."""
    rows = _rows(company_id, wanted)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return [
        Entry(row.pk, row.at, str(row.actor) if row.actor else "", row.what, row.detail)
        for row in rows.select_related("actor").order_by("-pk")[:limit]
    ]


def every_entry(company_id: int | None, wanted: Wanted) -> Iterator[Entry]:
    """The same without pages, for the export."""
    before: int | None = None
    while rows := entries(company_id, wanted, before, limit=500):
        yield from rows
        before = rows[-1].id


def people(company_id: int | None) -> list[tuple[int, str]]:
    """Who has changed something: number and name, by name; those who left the company too."""
    ids = _all(company_id).exclude(actor=None).order_by().values("actor")
    found = [(user.pk, str(user)) for user in User.objects.filter(pk__in=ids.distinct())]
    return sorted(found, key=lambda person: (person[1].casefold(), person[0]))


def names(user_ids: Collection[int]) -> dict[int, str]:
    """What people are called whom a change names by number."""
    return {user.pk: str(user) for user in User.objects.filter(pk__in=user_ids)}


def _all(company_id: int | None) -> QuerySet[AuditEntry]:
    of_nobody = Q(company__isnull=True)
    return AuditEntry.objects.filter(of_nobody if company_id is None else Q(company_id=company_id))


def _rows(company_id: int | None, wanted: Wanted) -> QuerySet[AuditEntry]:
    rows = _all(company_id)
    if wanted.since:
        rows = rows.filter(at__gte=_midnight(wanted.since))
    if wanted.until and wanted.until < datetime.date.max:
        rows = rows.filter(at__lt=_midnight(wanted.until + datetime.timedelta(days=1)))
    if wanted.person is not None:
        rows = rows.filter(actor_id=None if wanted.person == NOBODY else wanted.person)
    if wanted.whats:
        rows = rows.filter(what__in=wanted.whats)
    for name, values in wanted.without.items():
        # Said twice: of a fact that is not there the database knows neither that it is in the list nor that it is not.
        absent = Q(**{f"detail__{name}__isnull": True})
        rows = rows.filter(absent | ~Q(**{f"detail__{name}__in": list(values)}))
    return rows


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), ROME)
