"""Files from any program: kept as they came, then read, then made into active documents that send those bytes."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import DataError, connection, transaction

from fattorino import clock
from fattorino.core.errors import (
    EnvelopeError,
    FattorinoError,
    FormatError,
    InputError,
    RefusedError,
    XmlError,
)
from fattorino.core.fatturapa import check, read_fattura
from fattorino.core.fatturapa.archive import is_zip, read_zip
from fattorino.core.fatturapa.draft import Party
from fattorino.core.fatturapa.envelope import unwrap
from fattorino.core.fatturapa.summary import Summary, summarise, summarise_each
from fattorino.core.texts import say, together
from fattorino.documents import flows, importing_lotti
from fattorino.documents.importing_documents import BY_THE_BUYER as BY_THE_BUYER
from fattorino.documents.importing_documents import (
    create_document,
    replace_document,
    same_number,
)
from fattorino.documents.models import DocumentFile, ImportedFile, Invoice, StoredFile
from fattorino.organisations.queries import Actor, get_company
from fattorino.organisations.scope import company_scope
from fattorino.workflow import queue

if TYPE_CHECKING:
    from fattorino.organisations.models import Company

LIMIT = 20 * 1024 * 1024
MAX_MEMBERS = 2000
# First key of the advisory lock under which a company's imports are written.
IMPORTING = 0x1339
Status = ImportedFile.Status


def take_file(actor: Actor, name: str, content: bytes, *, now: datetime.datetime) -> ImportedFile:
    """Keep what was handed in and queue its reading; what is too large is refused at once, and noted.

    Raises:
        RefusedError: the actor may only read.
    """
    from fattorino.documents.tasks import read_import

    if not actor.may_write:
        raise RefusedError(say("Il ruolo di consultazione non permette di importare documenti."))
    row = ImportedFile(
        company_id=actor.company_id,
        name=_shown_name(name),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        created_at=now,
        created_by_id=actor.user_id,
    )
    if len(content) > LIMIT:
        row.status = Status.REFUSED
        row.outcomes = [
            _refused(
                row.name,
                say("Il file supera i {limit} MB.", limit=LIMIT // 1_048_576),
                say("Dividerlo in più file."),
                "00003",
            )
        ]
        row.save()
        return row
    with transaction.atomic():
        if content:
            row.stored = flows.store(actor.company_id, content, now=now)
        row.save()
        queue.defer(
            read_import,
            lock=f"import:{row.pk}",
            company_id=actor.company_id,
            import_id=row.pk,
            actor={
                "kind": actor.kind,
                "label": actor.label,
                "user_id": actor.user_id,
                "role": actor.role,
            },
        )
    return row


def read_import(actor: Actor, import_id: int, *, now: datetime.datetime) -> None:
    """Read a kept file and make the documents in it, each in a transaction of its own; doing it again changes nothing.

    Call it outside any transaction: a file with two thousand invoices must not hold the locks of numbers that long.
    """
    with company_scope(actor.company_id):
        row = (
            ImportedFile.objects.select_related("stored")
            .filter(pk=import_id, company_id=actor.company_id)
            .first()
        )
        if row is None or row.status != Status.WAITING:
            return
        content = bytes(row.stored.content) if row.stored else b""
    outcomes = list(row.outcomes)
    try:
        members = _members(row.name, content)
    except InputError as exc:
        members = []
        outcomes = [_refused(row.name, exc.message, exc.hint, getattr(exc, "code", "00106"))]
    # A worker that was killed left the outcomes of the files it had done: go on after them.
    for name, data in members[len(outcomes) :]:
        with company_scope(actor.company_id):
            outcomes.append(_one(actor, name, data, now))
            ImportedFile.objects.filter(pk=import_id).update(outcomes=outcomes)
    good = sum(1 for outcome in outcomes if outcome["ok"])
    status = Status.DONE if good == len(outcomes) else Status.PARTLY if good else Status.REFUSED
    with company_scope(actor.company_id):
        ImportedFile.objects.filter(pk=import_id).update(outcomes=outcomes, status=status)


def take_at_once(actor: Actor, name: str, content: bytes, *, now: datetime.datetime) -> dict[str, Any]:
    """Make the document of one file in the caller's transaction; the outcome as `ImportedFile.outcomes` keeps it."""
    return _one(actor, name, content, now)


def _members(name: str, content: bytes) -> list[tuple[str, bytes]]:
    if not content:
        raise InputError(
            say("Il file è vuoto."), say("Controllare il file all'origine ed esportarlo di nuovo.")
        )
    if is_zip(content):
        return [(m.name, m.content) for m in read_zip(content, max_members=MAX_MEMBERS)]
    return [(name, content)]


def _one(actor: Actor, name: str, content: bytes, now: datetime.datetime) -> dict[str, Any]:
    shown = _shown_name(name)
    try:
        with transaction.atomic():
            # Many files come at once, each with its job: one company's are written one after the other, so that two
            # of the same number see each other.
            with connection.cursor() as cursor:
                cursor.execute("select pg_advisory_xact_lock(%s, %s)", [IMPORTING, actor.company_id])
            taken = _take_invoice(actor, shown, content, now)
    except FormatError as exc:
        first = exc.findings[0] if exc.findings else None
        where = first.message if first and first.message not in exc.message else ""
        return _refused(shown, together(exc.message, where), exc.hint, first.code if first else "00200")
    except (XmlError, EnvelopeError) as exc:
        return _refused(shown, exc.message, exc.hint, exc.code)
    except FattorinoError as exc:
        return _refused(shown, exc.message, exc.hint, "")
    except DataError:
        return _unkeepable(shown, content, now)
    return {
        "name": shown,
        "ok": True,
        "message": taken.message,
        "hint": taken.hint,
        "code": taken.code,
        # Of a lotto the one that stands for the file.
        "document_id": min(taken.documents),
        "documents": taken.documents,
        "tolerated": list(taken.tolerated),
    }


def _refused(name: str, message: str, hint: str, code: str) -> dict[str, Any]:
    return {
        "name": name,
        "ok": False,
        "message": message,
        "hint": hint,
        "code": code,
        "document_id": None,
        "documents": [],
        "tolerated": [],
    }


def _unkeepable(name: str, content: bytes, now: datetime.datetime) -> dict[str, Any]:
    """A file with a value that no column holds. Only a broken format has one, and its check says which it is."""
    first = next((f for f in check(unwrap(content).content, on=clock.day(now)) if f.is_error), None)
    message = together(say("Il file non rispetta il tracciato."), first.message if first else "")
    hint = say("Correggerlo nel programma d'origine e importarlo di nuovo.")
    return _refused(name, message, hint, first.code if first else "00200")


@dataclass(frozen=True, slots=True)
class _Taken:
    documents: list[int]
    message: str
    hint: str
    code: str
    tolerated: tuple[str, ...]


def _take_invoice(actor: Actor, name: str, content: bytes, now: datetime.datetime) -> _Taken:
    opened = unwrap(content)
    if not opened.valid:
        raise EnvelopeError(
            say("La firma del file non è valida: il contenuto è stato modificato dopo la firma."),
            say("Chiedere al programma d'origine un file firmato di nuovo."),
        )
    reading = read_fattura(opened.content)
    summary = summarise(reading)
    company = get_company(actor.company_id)
    summaries = summarise_each(reading)
    ours = [_belongs(each, company) for each in summaries]
    stored = flows.store(actor.company_id, content, now=now)
    if Invoice.objects.filter(company_id=actor.company_id, imported=stored).exists():
        raise RefusedError(
            say(
                "Lo stesso file è già stato importato: è il documento {number} del {date:%d/%m/%Y}.",
                number=summary.numero,
                date=summary.data,
            )
        )
    if summary.bodies > 1:
        lotto = importing_lotti.take(actor, summaries, stored, now, ours=ours)
        documents, message = lotto.documents, lotto.message
    else:
        documents, message = _take_single(actor, summary, stored, now, ours=ours[0])
    kind = DocumentFile.Kind.IMPORTED
    flows.attach_many(actor.company_id, kind, [(each, name, stored) for each in documents], now=now)
    errors = [f for f in check(opened.content, on=clock.day(now)) if f.is_error]
    if errors:
        fault = say("Così com'è, però, SdI lo scarterebbe: {fault}", fault=errors[0].message)
        message = together(message, fault)
        hint = say("Correggerlo nel programma d'origine e importarlo di nuovo: prenderà il posto di questo.")
        return _Taken(documents, message, hint, errors[0].code, ())
    return _Taken(documents, message, "", "", reading.tolerated)


def _take_single(
    actor: Actor, summary: Summary, stored: StoredFile, now: datetime.datetime, *, ours: bool
) -> tuple[list[int], str]:
    earlier = same_number(actor.company_id, summary)
    if earlier:
        importing_lotti.refuse_alone(earlier, actor.company_id)
        told = say("Il documento {number} è stato aggiornato con il nuovo file.", number=summary.numero)
        return [replace_document(actor, earlier, summary, stored, now)], told
    told = say(
        "Importato il documento {number} del {date:%d/%m/%Y}.", number=summary.numero, date=summary.data
    )
    return [create_document(actor, summary, stored, now, ours=ours)], told


def _belongs(summary: Summary, company: Company) -> bool:
    """Whether the company is the seller; False where it writes for its supplier.

    Raises:
        RefusedError: somebody else's document.
    """
    ours = {(company.id_paese, company.id_codice)}
    codes = {company.codice_fiscale, company.id_codice}

    def is_us(party: Party) -> bool:
        return (party.id_paese, party.id_codice) in ours or bool(
            not party.id_codice and party.codice_fiscale in codes
        )

    if is_us(summary.cedente):
        return True
    by_buyer = summary.tipo_documento in BY_THE_BUYER or summary.soggetto_emittente == "CC"
    if by_buyer and is_us(summary.cessionario):
        return False
    who = flows.party_name(summary.cedente) or say("(senza nome)")
    raise RefusedError(
        say("Il cedente del documento è «{seller}», non {company}.", seller=who, company=company.name),
        say(
            "Qui si importano i documenti emessi dall'azienda; controllare in alto per quale azienda si sta"
            " lavorando."
        ),
    )


def _shown_name(name: str) -> str:
    """A foreign file name as it may be kept and shown: its last part, printable, not too long."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in last)
    return clean[:255] or say("(senza nome)")
