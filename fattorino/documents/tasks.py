"""Background jobs of the invoice desk."""

from __future__ import annotations

from typing import Any

from django.db import InterfaceError, OperationalError
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from fattorino import clock
from fattorino.documents import (
    importing,
    tasks_receiving,  # noqa: F401 - the queue knows only what is imported from here
)
from fattorino.organisations.queries import Actor

# The database went away: nothing was decided, so the same job is simply done again.
AGAIN = RetryStrategy(
    max_attempts=10, exponential_wait=2, retry_exceptions={OperationalError, InterfaceError}
)


@app.task(name="documents.read_import", retry=AGAIN)
def read_import(company_id: int, import_id: int, actor: dict[str, Any]) -> None:
    """Read an imported file and make its documents."""
    who = Actor(actor.get("kind", "utente"), actor["label"], company_id, actor["user_id"], actor["role"])
    importing.read_import(who, import_id, now=clock.now())
