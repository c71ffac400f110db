"""The test button of a channel, and the daily look at certificates."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from fattorino import clock
from fattorino.hub.flows import channel_settings as flows
from fattorino.hub.flows import expiry, keys
from fattorino.hub.queries_channels import companies_with_channels
from fattorino.organisations.scope import company_scope, system_scope

AGAIN = RetryStrategy(max_attempts=5, exponential_wait=2, retry_exceptions={OperationalError, InterfaceError})


@app.task(name="hub.examine_channel", retry=AGAIN)
def examine_channel(company_id: int, channel_id: int) -> None:
    """Try a channel; nothing is sent."""
    with company_scope(company_id):
        row = flows.begin_test(company_id, channel_id)
    if row is None:
        return
    steps = flows.steps_of(row, now=clock.now())
    with company_scope(company_id):
        flows.end_test(company_id, channel_id, steps, now=clock.now())


@app.periodic(cron="41 3 * * *", periodic_id="channel_certificates")
@app.task(name="hub.channel_certificates", queueing_lock="hub.channel_certificates")
def channel_certificates(timestamp: int) -> None:
    """See when the certificates of all channels end: the dashboards warn from what is written here. Who administers
    is told of what ends soon, also of the key that signs."""
    with system_scope():
        companies = companies_with_channels()
    for company_id in companies:
        flows.look_at_certificates(company_id, now=clock.now())
    with system_scope():
        companies = expiry.companies()
    for company_id in companies:
        keys.look_at_certificate(company_id, now=clock.now())
        expiry.warn(company_id, now=clock.now())
