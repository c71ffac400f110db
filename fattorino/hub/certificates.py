"""What the test button says of certificates: can they be read, do they go with their keys, how long do they last."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from cryptography import x509

from fattorino.clock import day
from fattorino.core.texts import say

# From then on the test says that it is time: SdI takes weeks to issue another.
SOON = datetime.timedelta(days=30)


def validity(certificates: Iterable[x509.Certificate], now: datetime.datetime) -> tuple[bool, str]:
    """Whether they are good today, and in words. Of several that do the same the one that lasts longest counts: the
    others stand beside it while one is renewed."""
    found = list(certificates)
    if not found:
        return False, say("Manca il certificato.")
    best = max(found, key=lambda each: each.not_valid_after_utc)
    end = best.not_valid_after_utc
    shown = f"{day(end):%d/%m/%Y}"
    if now > end:
        return False, say("Il certificato è scaduto il {day}: va rinnovato.", day=shown)
    if now < best.not_valid_before_utc:
        first = f"{day(best.not_valid_before_utc):%d/%m/%Y}"
        return False, say("Il certificato vale solo dal {day}.", day=first)
    if end - now < SOON:
        return True, say("Il certificato scade il {day}: chiederne subito un altro allo SdI.", day=shown)
    return True, say("Il certificato vale fino al {day}.", day=shown)
