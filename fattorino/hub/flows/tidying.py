"""What was fetched grows for ever: after a while its bytes go, since what was inside is kept where it belongs.

The row stays, with the hash: the same thing fetched again (a mailbox numbered anew) is known and not read again.
"""

from __future__ import annotations

import datetime

from django.db import transaction

from fattorino.hub.models import Collected
from fattorino.organisations.scope import system_scope

# Longer than anybody asks a provider or SdI about something that came, and than any term of SdI.
KEPT = datetime.timedelta(days=365)
AT_ONCE = 200


def empty_collected(*, now: datetime.datetime) -> int:
    """Empty what was read so long ago; how many. What was never read, or set aside for a person, keeps its bytes."""
    with system_scope(), transaction.atomic():
        old = Collected.objects.filter(emptied_at=None, read_at__isnull=False, received_at__lt=now - KEPT)
        rows = old.filter(set_aside=False).order_by("received_at").select_for_update(skip_locked=True)
        ids = list(rows.values_list("pk", flat=True)[:AT_ONCE])
        return Collected.objects.filter(pk__in=ids).update(content=b"", emptied_at=now)
