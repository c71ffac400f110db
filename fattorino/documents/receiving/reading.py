"""Reading what arrived: whose it is, what it is, and the documents it becomes."""

from __future__ import annotations

import datetime
from dataclasses import replace

from django.db import DataError, connection, transaction

from fattorino import clock
from fattorino.core.errors import FormatError, InputError, RefusedError
from fattorino.core.texts import say, together
from fattorino.documents.models import Reception
from fattorino.documents.receiving.contents import Contents, Metadata, read_contents, read_metadata
from fattorino.documents.receiving.take import BY_HAND, UNSETTLED
from fattorino.documents.receiving.whose import Owner, owner_of
from fattorino.documents.receiving.writing import write
from fattorino.organisations.queries import companies_receiving_at
from fattorino.organisations.scope import company_scope, system_scope

State = Reception.State
# First key of the advisory lock under which a company's receptions are written: two that say the same see each other.
RECEIVING = 0x2E55


def read(reception_id: int, *, now: datetime.datetime) -> None:
    """Read a kept file and make its documents; doing it again changes nothing. Call it outside any transaction.

    What cannot be read keeps the reason, and may be read again by a version that knows more.
    """
    with system_scope():
        row = Reception.objects.filter(pk=reception_id).first()
    if row is None or row.state not in UNSETTLED:
        return
    metadata = read_metadata(bytes(row.metadata or b""), bytes(row.content))
    try:
        contents = read_contents(bytes(row.content), at=row.received_at, on=clock.day(row.received_at))
    except InputError as exc:
        set_aside(reception_id, _why(exc), now=now, code=metadata.codice_destinatario)
        return
    first = contents.documents[0]
    with system_scope():
        owner = owner_of(row, first.cessionario, metadata.codice_destinatario or first.codice_destinatario)
        if owner.company_id is None:
            _settle_nobodys(row, owner, now)
            return
        Reception.objects.filter(pk=reception_id, state__in=UNSETTLED).update(company_id=owner.company_id)
    try:
        _write(reception_id, owner, contents, metadata, now)
    except RefusedError as exc:
        set_aside(reception_id, exc.text, now=now)
    except DataError:
        why = say("Il file non rispetta il tracciato: contiene un valore che non si può registrare.")
        set_aside(reception_id, why, now=now)


def set_aside(reception_id: int, why: str, *, now: datetime.datetime, code: str = "") -> None:
    """A file that cannot be read is kept with the reason, for a person to look at.

    Args:
        code: the CodiceDestinatario of its MT, which may tell whose it is.
    """
    with system_scope():
        row = Reception.objects.select_for_update().get(pk=reception_id)
        if row.state not in UNSETTLED:
            return
        at_code = companies_receiving_at(code) if code and not row.brought_for else []
        if row.brought_for:
            row.company_id = row.company_id or row.brought_for
        elif len(at_code) == 1:
            row.company_id = at_code[0]
        row.state, row.note, row.read_at = State.UNREADABLE, why, now
        row.save(update_fields=["company", "state", "note", "read_at"])


def _settle_nobodys(row: Reception, owner: Owner, now: datetime.datetime) -> None:
    # What a person put in stays before her eyes; all else only the administrators of the installation see.
    keeper = row.brought_for if row.source in BY_HAND else None
    Reception.objects.filter(pk=row.pk, state__in=UNSETTLED).update(
        company_id=keeper, state=State.NOBODY, note=owner.note, read_at=now
    )


def _write(
    reception_id: int, owner: Owner, contents: Contents, metadata: Metadata, now: datetime.datetime
) -> None:
    assert owner.company_id is not None
    with company_scope(owner.company_id), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s, %s)", [RECEIVING, owner.company_id])
        row = Reception.objects.select_for_update().get(pk=reception_id)
        if row.state not in UNSETTLED:
            return
        if row.source not in BY_HAND:
            # SdI's own word, or that of whoever brought it, stands before what a file beside it says.
            metadata = replace(
                metadata, identificativo_sdi=row.identificativo_sdi or metadata.identificativo_sdi
            )
        written = write(row, contents, metadata, now=now)
        row.state, row.document_id = written.state, written.document_id
        row.note = together(owner.note, metadata.remark, *written.notes)
        row.read_at = now
        row.save(update_fields=["state", "document", "note", "read_at"])


def _why(error: InputError) -> str:
    first = error.findings[0] if isinstance(error, FormatError) and error.findings else None
    where = first.message if first and first.message not in error.message else ""
    return together(error.message, where, error.hint)
