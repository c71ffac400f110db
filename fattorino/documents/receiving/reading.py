"""Reading what arrived: whose it is, what it is, and the documents it becomes."""

from __future__ import annotations

import datetime
from dataclasses import replace

from django.db import DataError, connection

from fattorino import clock
from fattorino.core.errors import FattorinoError, FormatError, InputError, RefusedError
from fattorino.core.sdi.message_io import read_message
from fattorino.core.texts import say, together
from fattorino.documents.models import Reception
from fattorino.documents.receiving.contents import Contents, Metadata, read_contents, read_metadata
from fattorino.documents.receiving.take import BY_HAND, UNSETTLED
from fattorino.documents.receiving.whose import Owner, owner_of
from fattorino.documents.receiving.writing import write
from fattorino.organisations.queries import companies_receiving_at
from fattorino.organisations.scope import show_only, system_scope

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
        why = _receipt(bytes(row.content)) or _why(exc)
        set_aside(reception_id, why, now=now, code=metadata.codice_destinatario)
        return
    first = contents.documents[0]
    code = metadata.codice_destinatario or first.codice_destinatario
    owner = Owner(None)
    try:
        with system_scope():
            owner = owner_of(row, first.cessionario, code)
            if owner.company_id is None:
                _settle_nobodys(row, owner, now)
            else:
                _write(row, owner.company_id, owner.note, contents, metadata, now)
    except RefusedError as exc:
        set_aside(reception_id, exc.text, now=now, company_id=owner.company_id)
    except DataError:
        why = say("Il file non rispetta il tracciato: contiene un valore che non si può registrare.")
        set_aside(reception_id, why, now=now, company_id=owner.company_id)
    except Exception:
        # The border of the job sets it aside: by then it must be known before whose eyes.
        _note_owner(reception_id, owner)
        raise


def set_aside(
    reception_id: int, why: str, *, now: datetime.datetime, code: str = "", company_id: int | None = None
) -> None:
    """A file that cannot be read is kept with the reason, for a person to look at.

    Args:
        code: the CodiceDestinatario of its MT, which may tell whose it is.
        company_id: whose it is, where that was found out.
    """
    with system_scope():
        row = Reception.objects.select_for_update().get(pk=reception_id)
        if row.state not in UNSETTLED:
            return
        at_code = companies_receiving_at(code) if code and not row.brought_for else []
        if company_id is not None:
            row.company_id = company_id
        elif row.brought_for:
            row.company_id = row.company_id or row.brought_for
        elif len(at_code) == 1:
            row.company_id = at_code[0]
        row.state, row.note, row.read_at = State.UNREADABLE, why, now
        row.save(update_fields=["company", "state", "note", "read_at"])


def _note_owner(reception_id: int, owner: Owner) -> None:
    with system_scope():
        if owner.company_id is not None:
            waiting = Reception.objects.filter(pk=reception_id, state__in=UNSETTLED)
            waiting.update(company_id=owner.company_id)


def _settle_nobodys(row: Reception, owner: Owner, now: datetime.datetime) -> None:
    # What a person put in stays before her eyes; all else only the administrators of the installation see.
    keeper = row.brought_for if row.source in BY_HAND else None
    Reception.objects.filter(pk=row.pk, state__in=UNSETTLED).update(
        company_id=keeper, state=State.NOBODY, note=owner.note, read_at=now
    )


def _write(
    row: Reception,
    company_id: int,
    remark: str,
    contents: Contents,
    metadata: Metadata,
    now: datetime.datetime,
) -> None:
    """Inside the transaction of the system scope, which from here on shows this company alone."""
    if not _hold(row, company_id):
        return
    if row.source not in BY_HAND:
        # SdI's own word, or that of whoever brought it, stands before what a file beside it says.
        metadata = replace(metadata, identificativo_sdi=row.identificativo_sdi or metadata.identificativo_sdi)
    written = write(row, contents, metadata, now=now)
    row.state, row.document_id = written.state, written.document_id
    row.note = together(remark, metadata.remark, *written.notes)
    row.read_at = now
    row.save(update_fields=["state", "document", "note", "read_at"])


def _hold(row: Reception, company_id: int) -> bool:
    """Lock what the company receives, then the row, which is the company's now; False where it is settled.

    What may have come to it since it was read comes with the answer; the bytes never change.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, %s)", [RECEIVING, company_id])
        cursor.execute(
            "update documents_reception set company_id = %s where id = %s and state = any(%s)"
            " returning state, metadata_name, metadata",
            [company_id, row.pk, list(UNSETTLED)],
        )
        found = cursor.fetchone()
    if found is None:
        return False
    row.company_id = company_id
    row.state, row.metadata_name, row.metadata = found
    show_only(company_id)
    return True


def _why(error: InputError) -> str:
    first = error.findings[0] if isinstance(error, FormatError) and error.findings else None
    where = first.message if first and first.message not in error.message else ""
    return together(error.message, where, error.hint)


def _receipt(content: bytes) -> str:
    """What to do with a receipt that somebody brought in place of an invoice; "" where it is none."""
    try:
        message = read_message(content).message
    except FattorinoError:
        return ""
    if message.tipo == "MT":  # goes with an invoice
        return ""
    return say(
        "È un messaggio dello SdI ({tipo}), non una fattura. Se riguarda un documento trasmesso a mano, caricarlo "
        "nella pagina «A mano».",
        tipo=message.tipo,
    )
