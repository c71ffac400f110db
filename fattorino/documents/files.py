"""Files of documents: kept once, listed under their document; how a FatturaPA is made. Many cost few questions."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection

from fattorino.core.fatturapa import write_fattura
from fattorino.core.fatturapa.build import build
from fattorino.core.fatturapa.draft import Draft, Party, draft_from_json
from fattorino.documents.models import DocumentFile, Invoice, StoredFile
from fattorino.organisations.rows import among

if TYPE_CHECKING:
    from fattorino.organisations.models import Company

# What is listed: document, name, file.
Listed = tuple[int, str, StoredFile]


def store(company_id: int, content: bytes, *, now: datetime.datetime) -> StoredFile:
    """Keep these bytes; the same bytes of the same company are kept once."""
    return store_many(company_id, [content], now=now)[0]


def store_many(company_id: int, contents: Sequence[bytes], *, now: datetime.datetime) -> list[StoredFile]:
    """The same for many, in their order; the rows come without their content.

    Most bytes are new: they are written at once, and only those that were there already are asked for.
    """
    digests = [hashlib.sha256(content).hexdigest() for content in contents]
    found = _insert(company_id, dict(zip(digests, contents, strict=True)), now)
    if known := [sha for sha in digests if sha not in found]:
        found |= _kept(company_id, known)
    return [found[sha] for sha in digests]


_COLUMNS = ("id", "company_id", "sha256", "size", "created_at")


def _insert(company_id: int, fresh: dict[str, bytes], now: datetime.datetime) -> dict[str, StoredFile]:
    """Those of them that were not there. Always in the same order: two who keep the same files wait in no ring."""
    if not fresh:
        return {}
    rows = [(company_id, sha, len(content), content, now) for sha, content in sorted(fresh.items())]
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into documents_storedfile (company_id, sha256, size, content, created_at)"
            f" values {', '.join(['(%s, %s, %s, %s, %s)'] * len(rows))}"
            f" on conflict (company_id, sha256) do nothing returning {', '.join(_COLUMNS)}",
            [value for row in rows for value in row],
        )
        made = [StoredFile.from_db(connection.alias, _COLUMNS, row) for row in cursor.fetchall()]
    return {row.sha256: row for row in made}


def _kept(company_id: int, digests: list[str]) -> dict[str, StoredFile]:
    rows = StoredFile.objects.filter(among("sha256", digests), company_id=company_id).defer("content")
    return {row.sha256: row for row in rows}


def contents(company_id: int, stored_ids: Sequence[int]) -> dict[int, bytes]:
    """The bytes of these files."""
    rows = StoredFile.objects.filter(among("pk", stored_ids), company_id=company_id)
    return {pk: bytes(content) for pk, content in rows.values_list("pk", "content")}


def attach(
    document_id: int, company_id: int, kind: str, name: str, stored: StoredFile, *, now: datetime.datetime
) -> None:
    """List a stored file under the document; listing it twice changes nothing."""
    attach_many(company_id, kind, [(document_id, name, stored)], now=now)


def attach_many(company_id: int, kind: str, files: Sequence[Listed], *, now: datetime.datetime) -> None:
    """The same for many documents."""
    attach_kinds(company_id, [(kind, each) for each in files], now=now)


def attach_kinds(company_id: int, files: Sequence[tuple[str, Listed]], *, now: datetime.datetime) -> None:
    """The same for files of several kinds."""
    DocumentFile.objects.bulk_create(
        [
            DocumentFile(
                company_id=company_id,
                document_id=document_id,
                kind=kind,
                name=name,
                stored=stored,
                created_at=now,
            )
            for kind, (document_id, name, stored) in files
        ],
        ignore_conflicts=True,
    )


@dataclass(frozen=True, slots=True)
class XmlSource:
    """All that the XML of a document is made of, read in one go, so that nothing is locked while it is made.

    `imported`: the bytes of another program, which are sent as they came; then there is no draft.
    """

    document_id: int
    formato: str
    imported: StoredFile | None
    draft: Draft | None
    cedente: Party

    @property
    def has_attachments(self) -> bool:
        return self.draft is not None and bool(self.draft.allegati)


def xml_sources(document_ids: Sequence[int], company: Company) -> list[XmlSource]:
    """Read what the XML of these documents is made of, but for the attachments."""
    rows = Invoice.objects.filter(among("document_id", document_ids), company_id=company.pk)
    found = list(rows.values_list("document_id", "formato", "draft", "imported_id"))
    wanted = [imported for _, _, _, imported in found if imported]
    imported = StoredFile.objects.defer("content").in_bulk(wanted) if wanted else {}
    cedente = cedente_of(company)
    return [
        XmlSource(
            document_id=document_id,
            formato=formato,
            imported=imported.get(imported_id),
            draft=None if imported_id else draft_from_json(draft or {}),
            cedente=cedente,
        )
        for document_id, formato, draft, imported_id in found
    ]


def attachments_of(source: XmlSource, company_id: int) -> dict[str, bytes]:
    """The bytes of the attachments, by sha256."""
    wanted = [a.sha256 for a in source.draft.allegati] if source.draft else []
    files = StoredFile.objects.filter(company_id=company_id, sha256__in=wanted) if wanted else ()
    return {file.sha256: bytes(file.content) for file in files}


def make_xml(
    source: XmlSource, allegati: dict[str, bytes], trasmittente: tuple[str, str], progressivo_invio: str
) -> bytes:
    """The FatturaPA of a draft; touches no database.

    Raises:
        RefusedError, FormatError: the draft cannot become a FatturaPA (fields or findings say why).
    """
    assert source.draft is not None
    fattura = build(
        source.draft,
        cedente=source.cedente,
        trasmittente=trasmittente,
        progressivo_invio=progressivo_invio,
        allegati=allegati,
    )
    return write_fattura(fattura)


def keep_xml(
    company_id: int, made: Sequence[tuple[int, str, bytes]], *, now: datetime.datetime
) -> list[StoredFile]:
    """Keep generated XML files (document, name, content) and list each under its document."""
    stored = store_many(company_id, [xml for _, _, xml in made], now=now)
    listed = [(document, name, file) for (document, name, _), file in zip(made, stored, strict=True)]
    attach_many(company_id, DocumentFile.Kind.XML, listed, now=now)
    return stored


def cedente_of(company: Company) -> Party:
    """The company as CedentePrestatore."""
    return draft_from_json({"cessionario": company.party}).cessionario
