"""Taking what arrived: its bytes are committed before anything is acknowledged or read."""

from __future__ import annotations

import datetime
import hashlib

from django.db import connection

from fattorino.core.errors import RefusedError
from fattorino.core.fatturapa.archive import printable
from fattorino.core.texts import say
from fattorino.documents.models import Reception
from fattorino.organisations.flows import audit
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope, system_scope
from fattorino.workflow import queue

State = Reception.State
# What a person or a folder of the company puts in: no line of SdI led it there, and when SdI delivered it nobody knows.
BY_HAND = frozenset({Reception.Source.IMPORT.value, Reception.Source.FOLDER.value})
# What a new reading may still find out.
UNSETTLED = frozenset({State.WAITING.value, State.UNREADABLE.value, State.NOBODY.value})
_TAKE = """
  insert into documents_reception (company_id, brought_for, source, identificativo_sdi, name, sha256, content,
    metadata_name, metadata, received_at, delivered_at, arrivals, state, note)
  values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1, 'waiting', '')
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
    delivered_at: datetime.datetime | None = None,
) -> int:
    """Keep an invoice file that arrived and queue its reading. The same delivery again only counts.

    Args:
        source: Reception.Source.
        identificativo_sdi: SdI's number of the file; empty where nobody told it.
        metadata_name, metadata: its MT; empty where it came without.
        company_id: whose channel or person brought it; None at the installation's own door.
        delivered_at: when SdI delivered it, where that is told (a PEC's certified instant); else now, by a channel.

    Returns:
        the reception's id. When this returns (and the caller's transaction, if any, is committed), SdI may be told
        that the invoice was taken.
    """
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
        delivered_at or (None if source in BY_HAND else now),
    ]
    with system_scope():
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, values)
            reception_id, state = cursor.fetchone()
        if state in UNSETTLED:
            _defer(reception_id)
    return int(reception_id)


def read_again(actor: Actor, reception_id: int, *, now: datetime.datetime) -> bool:
    """*Rileggi*: a file that could not be read, or was nobody's, is tried once more. False where it is settled.

    Raises:
        RefusedError: the actor may only read.
    """
    if not actor.may_write:
        raise RefusedError(say("Il ruolo di consultazione non permette di rileggere i file ricevuti."))
    with company_scope(actor.company_id):
        rows = Reception.objects.select_for_update().filter(
            pk=reception_id, company_id=actor.company_id, state__in=[State.UNREADABLE, State.NOBODY]
        )
        if not rows.update(state=State.WAITING, note=""):
            return False
        _defer(reception_id)
    return True


def give_to(reception_id: int, company_id: int, user_id: int, *, now: datetime.datetime) -> bool:
    """Who administers the installation says whose a file is that seemed to be nobody's. False where it is settled."""
    with system_scope():
        rows = Reception.objects.select_for_update().filter(
            pk=reception_id, company=None, state__in=[State.UNREADABLE, State.NOBODY]
        )
        row = rows.first()
        twins = Reception.objects.filter(brought_for=company_id)
        if row is None or twins.filter(identificativo_sdi=row.identificativo_sdi, sha256=row.sha256).exclude(
            pk=row.pk
        ):
            return False
        rows.update(company_id=company_id, brought_for=company_id, state=State.WAITING, note="")
        _defer(reception_id)
        audit(
            say("fattura ricevuta assegnata all'azienda"),
            now=now,
            actor_id=user_id,
            company_id=company_id,
            file=row.name,
        )
    return True


def requeue_waiting(*, before: datetime.datetime, limit: int = 1000) -> list[int]:
    """Queue what should have been read long ago and has no job: only a fault nobody thought of leaves that behind."""
    with system_scope(), connection.cursor() as cursor:
        cursor.execute(
            "select id from documents_reception r where state = 'waiting' and received_at < %s and not exists ("
            " select 1 from procrastinate_jobs where task_name = 'documents.read_reception'"
            " and status in ('todo', 'doing') and lock = 'reception:' || r.id) order by id limit %s",
            [before, limit],
        )
        found = [int(row[0]) for row in cursor.fetchall()]
        for reception_id in found:
            _defer(reception_id)
    return found


def _defer(reception_id: int) -> None:
    from fattorino.documents.tasks_receiving import read_reception

    queue.defer(read_reception, lock=f"reception:{reception_id}", reception_id=reception_id)


def shown_name(name: str) -> str:
    """A foreign file name as it may be kept and shown: its last part, printable, not too long."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return printable(last)[:255] or say("(senza nome)")
