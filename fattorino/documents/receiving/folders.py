"""Folders of the machine from which received invoices are taken: watched ones, and one by command.

A watched folder lies below a root that the installation allows, in the company's own part of it (named by its partita
IVA): no company reads another's. The folder is opened once, its files are reached through it, and nothing that is a
link is followed, whoever put links there meanwhile.
"""

from __future__ import annotations

import datetime
import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db.models import F

from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.documents.models import FolderFile, Reception, WatchedFolder
from fattorino.documents.receiving.bringing import take_found
from fattorino.documents.receiving.bundles import unpack
from fattorino.documents.receiving.directory import Directory, Entry, paired
from fattorino.organisations.flows import audit
from fattorino.organisations.queries import Actor, get_company
from fattorino.organisations.scope import company_scope, system_scope

QUIET = datetime.timedelta(seconds=60)  # what was written to more recently may not be whole
MOST = 2000  # files of one look; the next one goes on
STEP = 100  # files after which the page is told how many were taken


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at a folder did; `error` is the last thing that went wrong; `more`: the folder holds more."""

    taken: int = 0
    error: str = ""
    more: bool = False


def own_roots(actor: Actor, roots: Sequence[str]) -> list[str]:
    """Below which folders the company may watch one: its own part of each root."""
    company = get_company(actor.company_id)
    # The number alone is not one company's: another country may have given it too.
    code = company.id_codice if company.id_paese == "IT" else company.id_paese + company.id_codice
    return [str(Path(root) / code) for root in roots if code.isalnum()]


def watch(
    actor: Actor, path: str, roots: Sequence[str], *, moves: bool, now: datetime.datetime
) -> WatchedFolder:
    """Watch a folder for the company.

    Raises:
        RefusedError: not an administrator; `fields` says what is wrong with the path.
    """
    _may_configure(actor)
    if not roots:
        raise RefusedError(
            say("Questa installazione non permette cartelle sorvegliate."),
            say("Chi la gestisce può indicare le cartelle ammesse con FATTORINO_WATCH_ROOTS."),
        )
    folder = _within(path.strip(), own_roots(actor, roots))
    with company_scope(actor.company_id):
        row, fresh = WatchedFolder.objects.get_or_create(
            company_id=actor.company_id,
            path=str(folder),
            defaults={"created_at": now, "moves": moves},
        )
        if not fresh:
            row.active, row.moves, row.last_error = True, moves, ""
            row.save(update_fields=["active", "moves", "last_error"])
        audit(
            say("cartella sorvegliata"),
            now=now,
            actor_id=actor.user_id,
            company_id=actor.company_id,
            path=row.path,
        )
    return row


def stop(actor: Actor, folder_id: int, *, now: datetime.datetime) -> None:
    """Watch the folder no more; what was taken stays.

    Raises:
        RefusedError: not an administrator, or no such folder of the company.
    """
    _may_configure(actor)
    with company_scope(actor.company_id):
        row = WatchedFolder.objects.filter(pk=folder_id, company_id=actor.company_id).first()
        if row is None:
            raise RefusedError(say("Cartella non trovata."))
        row.active = False
        row.save(update_fields=["active"])
        audit(
            say("cartella non più sorvegliata"),
            now=now,
            actor_id=actor.user_id,
            company_id=actor.company_id,
            path=row.path,
        )


def look(folder_id: int, company_id: int, roots: Sequence[str], *, now: datetime.datetime) -> Looked:
    """Take what is new in a watched folder. Each file is committed before it is moved or remembered; taken twice, it
    only counts."""
    with company_scope(company_id):
        row = WatchedFolder.objects.filter(pk=folder_id, company_id=company_id, active=True).first()
        if row is None:
            return Looked()
        known = {f.name: (f.size, f.changed_ns) for f in FolderFile.objects.filter(folder=row)}
        own = own_roots(Actor("hub", "", company_id), roots)
    taken, told, error, more = 0, 0, "", False
    try:
        with Directory(_within(row.path, own)) as directory:
            fresh = _new(directory, known, now)
            more = len(fresh) > MOST
            for place, (entry, beside) in enumerate(fresh[:MOST], 1):
                try:
                    taken += _take(directory, company_id, entry, beside, now)
                    error = _put_away(directory, row, [entry, *([beside] if beside else [])]) or error
                except OSError as exc:
                    # What grew since it was seen is not whole: a later look takes it.
                    error = error if exc.errno == errno.EAGAIN else _reason(entry.shown, exc)
                if place % STEP == 0:
                    _tell(row, taken - told)
                    told = taken
    except RefusedError as exc:
        error = exc.text
    except OSError as exc:
        error = _reason(row.path, exc)
    _tell(row, taken - told, looked_at=now, last_error=error)
    # Where nothing could be taken another look at once would find the same.
    return Looked(taken, error, more and taken > 0)


def _tell(row: WatchedFolder, taken: int, **changes: datetime.datetime | str) -> None:
    with company_scope(row.company_id):
        WatchedFolder.objects.filter(pk=row.pk, company_id=row.company_id).update(
            taken=F("taken") + taken, **changes
        )


def watched() -> list[tuple[int, int]]:
    """Every folder to look at: (folder, company)."""
    with system_scope():
        rows = WatchedFolder.objects.filter(active=True).order_by("looked_at", "pk")
        return list(rows.values_list("pk", "company_id"))


def take_folder(company_id: int, path: Path, *, now: datetime.datetime) -> Iterator[tuple[str, int, str]]:
    """Take all that lies in a folder and the folders in it, and move nothing: for a command of whoever runs the
    installation. (file, invoices taken, what went wrong) one after the other; done again, nothing comes twice.

    Raises:
        OSError: the folder itself cannot be read.
    """
    for place, folders, _ in os.walk(path, onerror=_raise):
        folders.sort()
        with Directory(Path(place)) as directory:
            for entry, beside in paired(directory.entries()):
                shown = os.path.join(os.path.relpath(place, path), entry.shown).removeprefix("./")
                try:
                    yield shown, _take(directory, company_id, entry, beside, now), ""
                except OSError as exc:
                    yield shown, 0, _reason(entry.shown, exc)


def _raise(error: OSError) -> None:
    raise error


def _new(
    directory: Directory, known: dict[str, tuple[int, int]], now: datetime.datetime
) -> list[tuple[Entry, Entry | None]]:
    """What is to be taken now: not taken before, and written to the end, with the MT beside it if there is one."""
    last = int((now - QUIET).timestamp() * 1_000_000_000)

    def whole(entry: Entry | None) -> bool:
        return entry is None or entry.changed_ns <= last

    fresh = [e for e in directory.entries() if known.get(e.shown) != (e.size, e.changed_ns)]
    return [(entry, beside) for entry, beside in paired(fresh) if whole(entry) and whole(beside)]


def _take(
    directory: Directory, company_id: int, entry: Entry, beside: Entry | None, now: datetime.datetime
) -> int:
    """How many invoice files were taken out of it."""
    content = directory.read(entry)
    metadata = directory.read(beside) if beside else b""
    taken = 0
    for found in unpack(entry.name, content):
        if found.note:
            continue
        if beside and not found.metadata:
            found = found.with_metadata(beside.name, metadata)
        take_found(Reception.Source.FOLDER, found, company_id, now=now)
        taken += 1
    return taken


def _put_away(directory: Directory, row: WatchedFolder, entries: Sequence[Entry]) -> str:
    """Move what was taken, or remember it; why it could not be moved."""
    error = ""
    for entry in entries:
        if row.moves:
            try:
                directory.move(entry)
                continue
            except OSError as exc:
                error = say(
                    "Il file «{name}» è stato preso ma non si può spostare ({reason}): resta dove si trova.",
                    name=entry.shown,
                    reason=exc.strerror or "",
                )
        with company_scope(row.company_id):
            FolderFile.objects.update_or_create(
                folder=row,
                name=entry.shown,
                defaults={
                    "company_id": row.company_id,
                    "size": entry.size,
                    "changed_ns": entry.changed_ns,
                },
            )
    return error


def _within(path: str, own: Sequence[str]) -> Path:
    """The folder as it really lies, if that is below one of the company's own."""
    try:
        real = Path(path).resolve(strict=True)
        roots = [Path(root).resolve() for root in own]
    except (OSError, RuntimeError, ValueError):
        raise _wrong(say("La cartella «{path}» non esiste o non si può leggere.", path=path[:200])) from None
    if not path.startswith("/") or not any(real.is_relative_to(root) for root in roots):
        raise _wrong(
            say(
                "La cartella «{path}» non è tra quelle ammesse per l'azienda: {roots}.",
                path=path[:200],
                roots=", ".join(own),
            )
        )
    if not real.is_dir():
        raise _wrong(say("«{path}» non è una cartella.", path=path[:200]))
    return real


def _wrong(why: str) -> RefusedError:
    return RefusedError(why, fields={"path": why})


def _reason(name: str, error: OSError) -> str:
    return say("«{name}» non si può leggere: {reason}.", name=name, reason=error.strerror or str(error.errno))


def _may_configure(actor: Actor) -> None:
    if not actor.may_configure:
        raise RefusedError(say("Le cartelle sorvegliate le decide un amministratore dell'azienda."))
