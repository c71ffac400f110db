"""The clock's jobs about what SdI owes, what it reports, and about messages that nobody could match yet."""

from __future__ import annotations

from procrastinate.contrib.django import app

from fattorino import clock
from fattorino.hub.flows import daily_reports, terms, to_match


# Hourly: the terms are days. The lock: two workers would only wait for each other.
@app.periodic(cron="11 * * * *", periodic_id="terms")
@app.task(name="hub.terms", lock="hub.terms", queueing_lock="hub.terms")
def look_at_terms(timestamp: int) -> None:
    """Warn of what is due soon, tell what has passed."""
    while terms.look(now=clock.now()) >= terms.AT_ONCE:
        pass


@app.periodic(cron="26 * * * *", periodic_id="daily_reports")
@app.task(name="hub.daily_reports", lock="hub.daily_reports", queueing_lock="hub.daily_reports")
def look_at_reports(timestamp: int) -> None:
    """Look again at what did not agree with SdI's reports; tell of what still does not."""
    daily_reports.look(now=clock.now())


@app.periodic(cron="41 * * * *", periodic_id="match_again")
@app.task(name="hub.match_again", lock="hub.match_again", queueing_lock="hub.match_again")
def match_again(timestamp: int) -> None:
    """A message may come before what it is about is known here (an invoice that is still being read)."""
    to_match.try_recent(now=clock.now())
