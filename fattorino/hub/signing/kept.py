"""Keys out of files that were opened a moment ago: opening one hashes its password thousands of times, signing once.

Only in this process, for a short time, and only for who has the very same stored bytes in hand. A key on a device or at
a service is never kept: it belongs to its session.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence

from fattorino.hub.signing.base import Signer

KEPT_FOR = 60.0  # seconds from the opening, however often it is used meanwhile
MOST_KEPT = 16
_kept: dict[bytes, Signer] = {}
_keeping = threading.Lock()


def opened(stored: Sequence[bytes], open_it: Callable[[], Signer]) -> Signer:
    """The key that `open_it` makes out of what is stored of it (encrypted), or made a moment ago; may be shared by
    threads. Raises what `open_it` raises; nothing is remembered of that.
    """
    name = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in stored)).digest()
    with _keeping:
        if (key := _kept.get(name)) is not None:
            return key
    key = open_it()
    with _keeping:
        if name not in _kept and len(_kept) < MOST_KEPT:
            _kept[name] = key
            # Not only when somebody asks again: a worker that has nothing to do must not hold it either.
            timer = threading.Timer(KEPT_FOR, _forget, [name])
            timer.daemon = True
            timer.start()
    return key


def _forget(name: bytes) -> None:
    with _keeping:
        _kept.pop(name, None)
