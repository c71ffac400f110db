"""Background jobs about keys: a token or a remote service takes its time, and a page must not wait for it."""

from __future__ import annotations

import datetime
import time

from django.db import InterfaceError, OperationalError
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from fattorino import clock
from fattorino.hub.flows import keys, signing_again
from fattorino.organisations.scope import company_scope, system_scope
from fattorino.workflow.tasks_bulk import carry_out

# The database went away: nothing was decided, so the same job is simply done again.
AGAIN = RetryStrategy(
    max_attempts=10, exponential_wait=2, retry_exceptions={OperationalError, InterfaceError}
)
# Then the next job takes over, so that others get their turn.
SECONDS = 3.0
LATE = datetime.timedelta(minutes=3)


@app.task(name="hub.prove_key")
def prove_key(company_id: int, key_id: int, actor_id: int | None) -> None:
    """Open a proposed key, and use it from now on where that works."""
    keys.prove(key_id, company_id, now=clock.now(), actor_id=actor_id)


@app.task(name="hub.try_key")
def try_key(company_id: int) -> None:
    """The test button of the key's page."""
    keys.try_out(company_id, now=clock.now())


@app.task(name="hub.sign_again", retry=AGAIN)
def sign_again(company_id: int) -> None:
    """Sign what waits for a service that was away: one document first, the others when that one was signed."""
    until, ahead = time.monotonic() + SECONDS, True
    while True:
        with company_scope(company_id):
            started = signing_again.begin(company_id, ahead=ahead, now=clock.now())
        carry_out(company_id, started)
        with company_scope(company_id):
            if not signing_again.is_due(company_id, now=clock.now()):
                signing_again.come_later(company_id, now=clock.now())
                return
            if time.monotonic() > until:
                signing_again.go_on(company_id)
                return
        # Until one was really tried nobody knows whether the service is back.
        ahead = ahead and not started


@app.periodic(cron="*/3 * * * *", periodic_id="signatures_forgotten")
@app.task(name="hub.signatures_forgotten", queueing_lock="hub.signatures_forgotten")
def signatures_forgotten(timestamp: int) -> None:
    """What waits for a signature without a job, after a fault nobody thought of."""
    with system_scope():
        companies = signing_again.forgotten(now=clock.now(), late=LATE)
    for company_id in companies:
        with company_scope(company_id):
            signing_again.go_on(company_id)
