"""Background jobs about keys: a token or a remote service takes its time, and a page must not wait for it."""

from __future__ import annotations

from procrastinate.contrib.django import app

from fattorino import clock
from fattorino.hub.flows import keys


@app.task(name="hub.prove_key")
def prove_key(company_id: int, key_id: int, actor_id: int | None) -> None:
    """Open a proposed key, and use it from now on where that works."""
    keys.prove(key_id, company_id, now=clock.now(), actor_id=actor_id)


@app.task(name="hub.try_key")
def try_key(company_id: int) -> None:
    """The test button of the key's page."""
    keys.try_out(company_id, now=clock.now())
