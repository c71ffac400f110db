"""Background jobs of the workflow; each only calls flows, and each may run twice."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from fattorino import clock
from fattorino.organisations.scope import company_scope, system_scope
from fattorino.workflow import (
    acting,
    counts,
    flows,
    tasks_bulk,  # noqa: F401 - the queue knows only what is imported from here
    tasks_notices,  # noqa: F401
    tasks_synchronise,  # noqa: F401
)
from fattorino.workflow.flows.counts import AT_ONCE, roll_up

RETIRED_AGAIN = 60  # seconds


# The database went away: nothing was decided, so the same job is simply done again.
AGAIN = RetryStrategy(
    max_attempts=10, exponential_wait=2, retry_exceptions={OperationalError, InterfaceError}
)


@app.task(name="workflow.run_action", retry=AGAIN)
def run_action(company_id: int, pending_id: int) -> None:
    """Carry out one pending action: no transaction is open while it acts."""
    with company_scope(company_id):
        pending = flows.take_pending(pending_id, company_id)
    if pending is None:
        return
    result = acting.act(pending, now=clock.now())
    with company_scope(company_id):
        flows.finish_action(pending_id, company_id, result, now=clock.now())


@app.periodic(cron="* * * * * */10", periodic_id="roll_up_counts")
@app.task(name="workflow.roll_up_counts", queueing_lock="workflow.roll_up_counts")
def roll_up_counts(timestamp: int) -> None:
    """Add up what changed, company by company. Not urgent: counts are exact without it, only slower to read."""
    with system_scope():
        companies = counts.waiting()
    for company_id in companies:
        taken = AT_ONCE
        while taken == AT_ONCE:
            with company_scope(company_id):
                taken = roll_up(company_id)


@app.task(name="workflow.leave_retired", retry=AGAIN)
def leave_retired(company_id: int) -> None:
    """Move the documents of withdrawn states to the states that took their place, some at a time."""
    left = True
    while left:
        with company_scope(company_id):
            moved, left = flows.leave_retired(company_id, now=clock.now())
        if left and not moved:
            # What is left is being worked on: looked at again when that has ended.
            with company_scope(company_id):
                flows.empty_retired(company_id, seconds=RETIRED_AGAIN)
            return
