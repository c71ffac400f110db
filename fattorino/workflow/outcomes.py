"""What the Hub told and no state expected: kept with the document, shown here until it was applied, and after."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from fattorino.core.texts import together
from fattorino.core.workflow import decide as rules
from fattorino.core.workflow.decide import Decision, Facts, HubReported
from fattorino.core.workflow.definition import Dashboard
from fattorino.core.workflow.statuses import status_label
from fattorino.organisations.queries import Actor
from fattorino.workflow import kinds, queries
from fattorino.workflow.models import Document
from fattorino.workflow.queries import StateView

# What became of an outcome: it waits for the document to be ready, it was applied later, it is kept without effect.
WAITING, APPLIED, KEPT = "attesa", "applicato", "conservato"
# Which rows of the list: those somebody still has to look at, those somebody has marked as seen, all.
OPEN, SEEN, ALL = "aperti", "visti", ""
# Above this a number is told as "more than".
COUNTED = 1000

_BECAME = f"""
case when c.event = any(d.held_statuses) then '{WAITING}'
     when exists (select 1 from workflow_statechange m where m.document_id = c.document_id and m.id > c.id
                  and m.event = c.event and m.outcome = 'moved') then '{APPLIED}'
     else '{KEPT}' end
"""
_UNEXPECTED = f"""
select * from (
  select c.id, c.document_id, d.kind, d.number, d.date, d.counterpart_name, d.dashboard, d.state, c.event, c.at,
    c.message, {_BECAME} as became, s.at as seen_at, s.actor_label, s.note
  from workflow_statechange c join workflow_document d on d.id = c.document_id and d.company_id = c.company_id
    left join workflow_outcomeseen s on s.change_id = c.id and s.company_id = c.company_id
  where c.company_id = %s and c.outcome = 'unexpected' and c.id < %s and d.state <> all(%s)
) told where %s in ('', became) and case %s when '{OPEN}' then seen_at is null and became <> '{APPLIED}'
  when '{SEEN}' then seen_at is not null else true end
order by id desc limit %s
"""


@dataclass(frozen=True, slots=True)
class UnexpectedOutcome:
    """One row of *Esiti non attesi*. `became` is WAITING, APPLIED or KEPT; `seen_at` None where nobody marked it."""

    id: int
    document_id: int
    document: str
    date: datetime.date
    counterpart: str
    dashboard: str
    state: StateView | None
    status: str
    at: datetime.datetime
    message: str
    became: str
    seen_at: datetime.datetime | None
    seen_by: str
    note: str

    @property
    def status_label(self) -> str:
        return status_label(self.status)

    @property
    def open(self) -> bool:
        """Whether somebody still has to look at it: what was applied in the end needs nobody."""
        return self.seen_at is None and self.became != APPLIED


def unexpected(
    actor: Actor, became: str = "", before: int | None = None, limit: int = 50, *, which: str = ALL
) -> list[UnexpectedOutcome]:
    """Outcomes that came for a state that did not expect them, newest first; only of documents the actor may see."""
    looks = {s.code: s for s in queries.state_views(actor.company_id, actor)}
    rows = _read(actor, became, which, before, limit)
    called = kinds.labels_of(actor.company_id, {row[1]: row[2] for row in rows})
    return [
        UnexpectedOutcome(
            id=row[0],
            document_id=row[1],
            document=together(called[row[1]], row[3]),
            date=row[4],
            counterpart=row[5],
            dashboard=row[6],
            state=looks.get(row[7]),
            status=row[8],
            at=row[9],
            message=row[10],
            became=row[11],
            seen_at=row[12],
            seen_by=row[13] or "",
            note=row[14] or "",
        )
        for row in rows
    ]


def all_unexpected(actor: Actor, became: str = "", *, which: str = ALL) -> Iterator[UnexpectedOutcome]:
    """The same without pages, for the export."""
    before: int | None = None
    while rows := unexpected(actor, became, before, limit=500, which=which):
        yield from rows
        before = rows[-1].id


def count_unexpected(actor: Actor, became: str, *, which: str = ALL, most: int = COUNTED) -> int:
    """How many, up to `most` + 1."""
    return len(_read(actor, became, which, None, most + 1))


def _read(actor: Actor, became: str, which: str, before: int | None, limit: int) -> list[tuple[Any, ...]]:
    hidden = queries.hidden_states(actor.company_id, actor)
    start = before if before is not None else 2**63 - 1
    values: list[Any] = [actor.company_id, start, hidden, became, which, limit]
    with connection.cursor() as cursor:
        cursor.execute(_UNEXPECTED, values)
        return list(cursor.fetchall())


# ------------------------------------------------------------------------------------- what could be applied


def companies_holding() -> list[int]:
    """Companies some document of which holds a status. In the system's scope only."""
    return list(
        Document.objects.exclude(held_statuses=[]).order_by().values_list("company_id", flat=True).distinct()
    )


def ready(company_id: int, after: int, limit: int) -> tuple[list[int], int | None]:
    """Of the next `limit` documents that hold a status, those whose state is ready for it by now; and the number of
    the last one looked at, None at the end."""
    _, workflow = queries.workflow_of(company_id)
    rows = list(
        Document.objects.filter(company_id=company_id, pk__gt=after)
        .exclude(held_statuses=[])
        .order_by("pk")
        .values_list("pk", "dashboard", "state", "held_statuses")[:limit]
    )
    found = []
    for pk, dashboard, state, held in rows:
        facts = Facts(Dashboard(dashboard))
        answers = [rules.decide(workflow, state, HubReported(status), facts) for status in held]
        if any(isinstance(answer, Decision) and answer.to_state for answer in answers):
            found.append(pk)
    return found, rows[-1][0] if len(rows) == limit else None
