"""Whether a certificate may sign today, wherever its key is kept."""

from __future__ import annotations

import datetime

from fattorino.core.errors import SigningError
from fattorino.core.texts import say


def check_validity(
    name: str,
    not_before: datetime.datetime,
    not_after: datetime.datetime,
    *,
    at: datetime.datetime,
    renewal: str,
) -> None:
    """All instants are aware; `renewal` says what to do about a certificate that has expired.

    Raises SigningError when it is expired or not yet valid at that instant.
    """
    if at > not_after:
        raise SigningError(
            say(
                "Il certificato di firma di {name} è scaduto il {day}.",
                name=name,
                day=f"{not_after:%d/%m/%Y}",
            ),
            renewal,
        )
    if at < not_before:
        raise SigningError(
            say(
                "Il certificato di firma di {name} vale solo dal {day}.",
                name=name,
                day=f"{not_before:%d/%m/%Y}",
            ),
            say("Controllare data e ora del server."),
        )
