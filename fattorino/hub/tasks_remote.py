"""Background jobs of the Hub that serves other programs: acquiring, telling, calling webhooks."""

from __future__ import annotations

import logging
import traceback

from django.db import InterfaceError, OperationalError
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from fattorino import clock
from fattorino.core.errors import ChannelError, RefusedError
from fattorino.hub import calling
from fattorino.hub.flows import reaching, remote_feed, remote_files, webhooks
from fattorino.organisations.scope import company_scope, system_scope

log = logging.getLogger(__name__)

# The database went away: nothing was decided, so the same job is simply done again.
AGAIN = RetryStrategy(
    max_attempts=10, exponential_wait=2, retry_exceptions={OperationalError, InterfaceError}
)


@app.task(name="hub.acquire_remote", retry=AGAIN)
def acquire_remote(company_id: int, file_id: int) -> None:
    """Make a document of a file that another program handed in, or send its outcome on."""
    try:
        remote_files.acquire(company_id, file_id, now=clock.now())
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - the border of the job: whoever handed the file in must not wait for ever
        log.error("remote file %s\n%s", file_id, traceback.format_exc())
        remote_files.give_back_broken(company_id, file_id, now=clock.now())


@app.periodic(cron="* * * * * */3", periodic_id="tell_remote")
@app.task(name="hub.tell_remote", lock="hub.tell_remote", queueing_lock="hub.tell_remote")
def tell_remote(timestamp: int) -> None:
    """Append to the events of served companies what has changed, so that their webhooks are called."""
    for company_id in remote_feed.waiting_companies():
        with company_scope(company_id):
            remote_feed.publish(company_id, now=clock.now())


@app.task(name="hub.deliver_webhook", retry=AGAIN)
def deliver_webhook(company_id: int, delivery_id: int) -> None:
    """Call a webhook once; nothing is open meanwhile."""
    with company_scope(company_id):
        call = webhooks.begin(company_id, delivery_id, now=clock.now())
    if call is None:
        return
    status, error = None, ""
    try:
        status = calling.post(call.url, call.body, call.headers, reaching.of_webhooks())
    except (ChannelError, RefusedError) as exc:
        error = exc.message
    with company_scope(company_id):
        webhooks.settle(company_id, delivery_id, call, status, error, now=clock.now())


@app.periodic(cron="41 * * * *", periodic_id="tidy_remote")
@app.task(name="hub.tidy_remote", queueing_lock="hub.tidy_remote")
def tidy_remote(timestamp: int) -> None:
    """Calls of webhooks that lost their job come back, old ones are forgotten."""
    now = clock.now()
    with system_scope():
        lost = webhooks.without_job(now=now)
        webhooks.forget_old(now=now)
    for company_id, delivery_id in lost:
        with company_scope(company_id):
            webhooks.queue_again(company_id, delivery_id)
