"""Background jobs about people."""

from __future__ import annotations

from django.core.management import call_command
from procrastinate.contrib.django import app


@app.periodic(cron="17 3 * * *", periodic_id="clear_sessions")
@app.task(name="organisations.clear_sessions", queueing_lock="organisations.clear_sessions")
def clear_sessions(timestamp: int) -> None:
    """Forget sign-ins that have ended: their rows are of no use and pile up."""
    call_command("clearsessions")
