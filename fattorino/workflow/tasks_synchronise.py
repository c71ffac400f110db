"""*Sincronizza* by schedule: the same as the button, for every company with something that waits."""

from __future__ import annotations

from procrastinate.contrib.django import app

from fattorino import clock
from fattorino.organisations.scope import company_scope, system_scope
from fattorino.workflow import flows, outcomes


@app.periodic(cron="*/5 * * * *", periodic_id="synchronise")
@app.task(name="workflow.synchronise", queueing_lock="workflow.synchronise")
def synchronise(timestamp: int) -> None:
    """Statuses are tried again after every move; this finds what a new configuration has made possible."""
    with system_scope():
        companies = outcomes.companies_holding()
    for company_id in companies:
        left = True
        while left:
            with company_scope(company_id):
                applied, left = flows.bring_held(company_id, now=clock.now(), most=100)
            left = left and applied > 0
