"""Taking what arrived: its bytes are committed before anything is acknowledged or read."""

from __future__ import annotations

import datetime
import hashlib

from django.db import connection

from fattorino.core.texts import say
from fattorino.documents.models import Reception
from fattorino.organisations.scope import system_scope
from fattorino.workflow import queue

State = Reception.State
# What a new reading may still find out.
UNSETTLED = frozenset({State.WAITING.value, State.UNREADABLE.value, State.NOBODY.value})
_TAKE = """
  insert into documents_reception (company_id, brought_for, source, identificativo_sdi, name, sha256, content,
    metadata_name, metadata, received_at, arrivals, state, note)
  values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1, 'waiting', '')
  on conflict (identificativo_sdi, sha256, brought_for) do update set arrivals = documents_reception.arrivals + 1,
    metadata_name = case when documents_reception.metadata is null then excluded.metadata_name
      else documents_reception.metadata_name end,
    metadata = coalesce(documents_reception.metadata, excluded.metadata)
  returning id, state
"""


def take_invoice(
    source: str,
    identificativo_sdi: str,
    name: str,
    content: bytes,
    metadata_name: str,
    metadata: bytes,
    *,
    company_id: int | None,
    now: datetime.datetime,
) -> int:
    """Keep an invoice file that arrived and queue its reading. The same delivery again only counts.

    Args:
        source: Reception.Source.
        identificativo_sdi: SdI's number of the file; empty where nobody told it.
        metadata_name, metadata: its MT; empty where it came without.
        company_id: whose channel or person brought it; None at the installation's own door.

    Returns:
        the reception's id. When this returns (and the caller's transaction, if any, is committed), SdI may be told
        that the invoice was taken.
    """
    from fattorino.documents.tasks_receiving import read_reception

    values = [
        company_id,
        company_id or 0,
        source,
        identificativo_sdi[:36],
        shown_name(name),
        hashlib.sha256(content).hexdigest(),
        content,
        shown_name(metadata_name) if metadata else "",
        metadata or None,
        now,
    ]
    with system_scope():
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, values)
            reception_id, state = cursor.fetchone()
        if state in UNSETTLED:
            queue.defer(read_reception, lock=f"reception:{reception_id}", reception_id=reception_id)
    return int(reception_id)


def shown_name(name: str) -> str:
    """A foreign file name as it may be kept and shown: its last part, printable, not too long."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in last)
    return clean[:255] or say("(senza nome)")
