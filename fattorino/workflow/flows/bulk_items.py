"""What became of the documents of a run. A run's figures change, and it ends, with its documents' outcomes."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from fattorino.organisations.rows import array, update_rows
from fattorino.workflow.models import BulkItem

Outcome = BulkItem.Outcome

_ENDED = """
with ended as (
  update workflow_bulkitem i set outcome = e.outcome, message = e.message, at = %s
  from unnest(%s::bigint[], %s::text[], %s::text[]) as e (document, outcome, message)
  where i.company_id = %s and i.document_id = e.document and i.outcome = 'started' returning i.run_id, i.outcome
) select run_id, outcome, count(*) from ended group by run_id, outcome order by run_id
"""
# All have their outcome, or nobody begins those that have none.
_COUNT = """
update workflow_bulkrun r set
  started = n.started, done = n.done, failed = n.failed, refused = n.refused,
  status = case when r.status in ('running', 'paused') and n.ended then 'done' else r.status end,
  finished_at = case when n.ended or r.status = 'cancelled' and n.started = 0 then coalesce(r.finished_at, %s) end
from (
  select c.*, c.done + c.failed + c.refused = c.total as ended from (
    select id, total, started + %s as started, done + %s as done, failed + %s as failed, refused + %s as refused
    from workflow_bulkrun where id = %s for no key update
  ) c
) n where r.id = n.id and r.company_id = %s
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """The last action of a document has ended, and nothing runs on from it."""

    document_id: int
    ok: bool
    message: str


def note_ended(company_id: int, ended: Sequence[Ended], *, now: datetime.datetime) -> None:
    """Write the outcomes of those that a run had begun; the others are nobody's business here."""
    if not ended:
        return
    outcomes = [str(Outcome.DONE if each.ok else Outcome.FAILED) for each in ended]
    with connection.cursor() as cursor:
        cursor.execute(
            _ENDED,
            [
                now,
                array([e.document_id for e in ended]),
                array(outcomes),
                array([e.message for e in ended]),
                company_id,
            ],
        )
        rows = cursor.fetchall()
    by_run: dict[int, Counter[str]] = {}
    for run_id, outcome, number in rows:
        by_run.setdefault(run_id, Counter())[outcome] += number
    for run_id, counted in by_run.items():
        count(company_id, run_id, counted, now=now, off=sum(counted.values()))


@dataclass(frozen=True, slots=True)
class Begun:
    """Its turn has come: its action was started, its state was changed, or neither was allowed."""

    item_id: int
    outcome: str
    message: str = ""


def note_begun(company_id: int, run_id: int, begun: Sequence[Begun], *, now: datetime.datetime) -> None:
    """Write what became of these items of a run."""
    rows = [(b.item_id, b.outcome, b.message, now) for b in begun]
    update_rows(BulkItem, company_id, ("outcome", "message", "at"), rows)
    count(company_id, run_id, Counter(b.outcome for b in begun), now=now)


def count(
    company_id: int, run_id: int, outcomes: Counter[str], *, now: datetime.datetime, off: int = 0
) -> None:
    """Add to the run's figures and close it where nothing is left to do.

    Args:
        off: how many are not under way any more.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT,
            [
                now,
                outcomes[Outcome.STARTED] - off,
                outcomes[Outcome.DONE],
                outcomes[Outcome.FAILED],
                outcomes[Outcome.REFUSED],
                run_id,
                company_id,
            ],
        )
