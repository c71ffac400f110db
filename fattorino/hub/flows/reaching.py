"""Whom the addresses that companies write may reach in this installation."""

from __future__ import annotations

import threading

from django.conf import settings

from fattorino.core.errors import ChannelError
from fattorino.hub.reach import Reach, not_admitted

# Seconds that a form waits for a name server. What it has not said by then is found out at the first call.
PATIENCE = 2.0


def of_companies() -> Reach:
    return Reach.of(settings.ALLOWED_NETWORKS)


def of_webhooks() -> Reach:
    return of_companies().and_loopback() if settings.WEBHOOK_LOOPBACK else of_companies()


def refused(host: str, reach: Reach) -> str:
    """Why an address may not be kept, as far as that can be told now; "" where it may. Each call asks again."""
    if reach.refuses(host):
        return not_admitted(host)
    if not settings.RESOLVE_AT_SAVING:
        return ""
    found: list[str] = []

    def ask() -> None:
        try:
            reach.numbers(host, 443)
        except ChannelError as error:
            if error.permanent:
                found.append(error.message)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(PATIENCE)
    return found[0] if found else ""
