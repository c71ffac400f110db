"""Received invoices that a person hands in: files, archives, letters. Kept as they came, then taken one by one."""

from __future__ import annotations

import datetime
import hashlib
import io
import re
import zipfile
from collections.abc import Sequence
from itertools import islice

from django.db import transaction

from fattorino.core.errors import InputError, RefusedError
from fattorino.core.fatturapa.archive import is_zip
from fattorino.core.sdi.message_io import read_message
from fattorino.core.texts import say
from fattorino.documents import files
from fattorino.documents.models import BroughtFile, ImportedFile, Reception
from fattorino.documents.receiving.bundles import LETTERS, Found, unpack
from fattorino.documents.receiving.take import shown_name, take_invoice
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow import queue

LIMIT = 20 * 1024 * 1024
AT_ONCE = 50
Status = ImportedFile.Status


def bring_files(
    actor: Actor, handed: Sequence[tuple[str, bytes]], *, now: datetime.datetime
) -> list[ImportedFile]:
    """Keep what was handed in together and queue its opening. Loose files become one bundle, so that an invoice finds
    its MT.

    Raises:
        RefusedError: the actor may only read.
    """
    if not actor.may_write:
        raise RefusedError(say("Il ruolo di consultazione non permette di importare fatture ricevute."))
    loose = [each for each in handed if not _holds_others(*each)]
    others = [each for each in handed if _holds_others(*each)]
    if len(loose) > 1 and sum(len(content) for _, content in loose) <= LIMIT:
        others = [_bundle(loose), *others]
    else:
        others = [*loose, *others]
    return [_keep(actor, name, content, now) for name, content in others]


def bring(company_id: int, import_id: int, *, now: datetime.datetime) -> None:
    """Take what is in a kept file, some at a time; interrupted, it goes on where it was."""
    with company_scope(company_id):
        row = (
            ImportedFile.objects.select_related("stored")
            .filter(pk=import_id, company_id=company_id, received=True, status=Status.WAITING)
            .first()
        )
        if row is None:
            return
        content = bytes(row.stored.content) if row.stored else b""
        done = BroughtFile.objects.filter(company_id=company_id, imported_id=import_id).count()
    found = islice(enumerate(unpack(row.name, content), 1), done, None)
    while batch := list(islice(found, AT_ONCE)):
        with company_scope(company_id):
            _take(company_id, import_id, batch, now)
    with company_scope(company_id):
        good = BroughtFile.objects.filter(imported_id=import_id, company_id=company_id)
        taken = good.exclude(reception=None).exists()
        left = good.filter(reception=None).exists()
        status = (Status.PARTLY if left else Status.DONE) if taken else Status.REFUSED
        ImportedFile.objects.filter(pk=import_id, company_id=company_id).update(status=status)


def identifier_in(metadata: bytes) -> str:
    """IdentificativoSdI as an MT says it; empty where there is none that can be read."""
    if not metadata:
        return ""
    try:
        return str(getattr(read_message(metadata).message, "identificativo_sdi", "") or "")
    except InputError:
        return ""


def take_found(source: str, found: Found, company_id: int, *, now: datetime.datetime) -> int:
    """Take one file that a person or a folder brought."""
    return take_invoice(
        source,
        identifier_in(found.metadata),
        found.name,
        found.content,
        found.metadata_name,
        found.metadata,
        company_id=company_id,
        now=now,
        delivered_at=found.delivered_at,
    )


def _take(
    company_id: int, import_id: int, batch: Sequence[tuple[int, Found]], now: datetime.datetime
) -> None:
    # A job that was given up for dead may still run beside the one that took its place.
    ImportedFile.objects.select_for_update().get(pk=import_id, company_id=company_id)
    done = BroughtFile.objects.filter(company_id=company_id, imported_id=import_id).count()
    rows = []
    for position, found in batch:
        if position <= done:
            continue
        row = BroughtFile(
            company_id=company_id,
            imported_id=import_id,
            position=position,
            name=shown_name(found.name),
            note=found.note,
        )
        if not found.note:
            row.reception_id = take_found(Reception.Source.IMPORT, found, company_id, now=now)
        rows.append(row)
    BroughtFile.objects.bulk_create(rows)


def _keep(actor: Actor, name: str, content: bytes, now: datetime.datetime) -> ImportedFile:
    from fattorino.documents.tasks_receiving import bring_received

    row = ImportedFile(
        company_id=actor.company_id,
        name=shown_name(name),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        received=True,
        created_at=now,
        created_by_id=actor.user_id,
    )
    with transaction.atomic():
        if len(content) > LIMIT:
            row.status = Status.REFUSED
            row.save()
            why = say("Il file supera i {limit} MB: dividerlo in più file.", limit=LIMIT // 1_048_576)
            BroughtFile.objects.create(
                company_id=actor.company_id, imported=row, position=1, name=row.name, note=why
            )
            return row
        if content:
            row.stored = files.store(actor.company_id, content, now=now)
        row.save()
        queue.defer(bring_received, lock=f"bring:{row.pk}", company_id=actor.company_id, import_id=row.pk)
    return row


def _holds_others(name: str, content: bytes) -> bool:
    return is_zip(content) or name.lower().endswith(LETTERS)


def _bundle(loose: Sequence[tuple[str, bytes]]) -> tuple[str, bytes]:
    """Loose files as one archive; two of one name each keep it, in a folder of their own."""
    out, seen = io.BytesIO(), set[str]()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, (name, content) in enumerate(loose, 1):
            shown = re.sub(r"[:/\\\\]", "_", shown_name(name))[-200:]
            inside = f"{place}/{shown}" if shown.lower() in seen else shown
            seen.add(shown.lower())
            archive.writestr(inside, content)
    return f"fatture-{len(loose)}.zip", out.getvalue()
