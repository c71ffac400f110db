"""Whom a company's channel believes, where it names an authority of its own."""

from __future__ import annotations

import ssl

from fattorino.core.errors import ChannelError
from fattorino.core.texts import say


def authorities(trusted_ca: str, unreadable: str) -> ssl.SSLContext:
    """TLS that believes this PEM (a path), or where it is empty the system's authorities.

    Raises:
        ChannelError: it cannot be read, told as `unreadable`.
    """
    try:
        return ssl.create_default_context(cafile=trusted_ca or None)
    except (OSError, ssl.SSLError) as error:
        raise ChannelError(
            unreadable,
            say("Controllare il percorso nella pagina del canale (Impostazioni, Canali)."),
            uncertain=False,
            permanent=True,
        ) from error
