"""Everything that pages and API read of the invoice desk. Every query names its company."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from fattorino.core.errors import RefusedError
from fattorino.core.fatturapa.draft import Draft, draft_from_json
from fattorino.core.texts import say
from fattorino.core.workflow.definition import Dashboard
from fattorino.documents import finding, kinds, search
from fattorino.documents.finding import Cursor as Cursor
from fattorino.documents.finding import DocumentFilters as DocumentFilters
from fattorino.documents.models import Counterpart, DocumentFile, ImportedFile, Invoice, Sezionale, StoredFile
from fattorino.organisations import reading
from fattorino.organisations.queries import Actor
from fattorino.workflow import counts as workflow_counts
from fattorino.workflow import queries as workflow
from fattorino.workflow.queries import Possibilities, StateView

if TYPE_CHECKING:
    from fattorino.workflow.models import Document, StateChange

PAGE = 50


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One row of the list."""

    id: int
    kind: str
    kind_label: str
    number: str
    date: datetime.date
    counterpart: str
    total_cents: int
    currency: str
    dashboard: str
    state: StateView | None
    state_since: datetime.datetime | None
    busy_label: str
    outcome: str
    outcome_at: datetime.datetime | None
    change_seq: int
    # Its lotto has left it behind: the action of its state can do nothing for it alone.
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of a filter, in cents of euro (other currencies are counted in `others`, never summed).

    Where `exact` is false there are at least `count` documents, and no sums.
    """

    count: int
    taxable_cents: int = 0
    tax_cents: int = 0
    total_cents: int = 0
    others: int = 0
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[DocumentRow]
    next: Cursor | None
    previous: Cursor | None
    last_change: int


def _visible(actor: Actor) -> QuerySet[Document]:
    return workflow.visible_documents(actor)


def list_documents(
    actor: Actor, filters: DocumentFilters, cursor: Cursor | None = None, limit: int = PAGE
) -> Page:
    """One page, newest first, by keyset: the depth of the page costs nothing."""
    seen = last_change(actor)
    scope = finding.scope_of(actor, filters)
    ids = (
        search.page(scope, cursor, limit + 1) if filters.searches else finding.page(scope, cursor, limit + 1)
    )
    more, ids = len(ids) > limit, ids[:limit]
    by_id = _visible(actor).in_bulk(ids)
    found = [by_id[document_id] for document_id in ids if document_id in by_id]
    forward = cursor is None or cursor.forward
    if not forward:
        found.reverse()
    first, last = (found[0], found[-1]) if found else (None, None)
    return Page(
        rows=_rows(actor, found),
        next=Cursor(last.date, last.pk) if last and (more or not forward) else None,
        previous=Cursor(first.date, first.pk, False) if first and cursor and (more or forward) else None,
        last_change=seen,
    )


def totals(actor: Actor, filters: DocumentFilters) -> Totals:
    """Sums of all documents of the filter, not only of the page."""
    scope = finding.scope_of(actor, filters)
    sums, exact = (
        search.measure(scope) if filters.searches else (workflow_counts.add(scope.groups.values()), True)
    )
    return Totals(sums.n, sums.taxable_cents, sums.tax_cents, sums.total_cents, sums.others, exact)


def export_rows(actor: Actor, filters: DocumentFilters) -> Iterator[DocumentRow]:
    """All rows of the filter for CSV and XLSX, page by page."""
    cursor: Cursor | None = None
    while True:
        page = list_documents(actor, filters, cursor, limit=500)
        yield from page.rows
        if page.next is None:
            return
        cursor = page.next
        reading.forget()  # a document that moves meanwhile is looked for where it stands then


def rows_by_id(actor: Actor, ids: list[int]) -> list[DocumentRow]:
    """The rows of these documents, of those that the actor may see, in this order."""
    there = _visible(actor).in_bulk(ids)
    return _rows(actor, [there[document_id] for document_id in ids if document_id in there])


def last_change(actor: Actor) -> int:
    """Ask before reading rows: every change up to this number is in what is read afterwards."""
    return workflow.settled_change()


def changed_rows(actor: Actor, ids: list[int], since: int) -> tuple[list[DocumentRow], int]:
    """Of the rows on the screen, those that changed after `since`; and the number to ask with next time.

    A row may come twice, when a change with a smaller number was not committed yet; none is missed.
    """
    horizon = workflow.settled_change()
    found = list(_visible(actor).filter(pk__in=ids[:200], change_seq__gt=since))
    return _rows(actor, found), max(since, horizon)


def changes(
    actor: Actor, since: int, limit: int, dashboards: Collection[str] = finding.DESK
) -> tuple[list[DocumentRow], int]:
    """What changed after `since`, in the order of the changes, and the number to ask with next time.

    Only documents of these dashboards: what follows Entrate is told of no received invoice.

    A document stands here once, as it is now. What is still being written is left for the next time, together with
    all that has a greater number: whoever follows the feed misses nothing.
    """
    horizon = workflow.settled_change()
    found = _visible(actor).filter(
        change_seq__gt=since, change_seq__lte=horizon, dashboard__in=list(dashboards)
    )
    documents = list(found.order_by("change_seq")[:limit])
    rows = _rows(actor, documents)
    return rows, documents[-1].change_seq if len(documents) == limit else max(since, horizon)


def row_of(actor: Actor, document: Document) -> DocumentRow:
    """The row of a document that was read already: what stands beside it on a page must be of the same moment, or a
    page that shows the new state with the old button believes itself up to date."""
    return _rows(actor, [document])[0]


def _rows(actor: Actor, documents: list[Document]) -> list[DocumentRow]:
    if not documents:
        return []
    looks = {s.code: s for s in workflow.state_views(actor.company_id, actor)}
    ids = [d.pk for d in documents]
    busy = workflow.open_actions(ids)
    outcomes = workflow.last_outcomes(ids)
    apart = workflow.refused_alone(actor.company_id, documents)
    names = kinds.names_of(actor.company_id, ids)
    rows = []
    for d in documents:
        message, at = outcomes.get(d.pk, ("", None))
        rows.append(
            DocumentRow(
                id=d.pk,
                kind=d.kind,
                kind_label=names.get(d.pk) or d.get_kind_display(),
                number=d.number,
                date=d.date,
                counterpart=d.counterpart_name,
                total_cents=d.total_cents,
                currency=d.currency,
                dashboard=d.dashboard,
                state=looks.get(d.state),
                state_since=d.state_since,
                busy_label=busy.get(d.pk, ""),
                outcome=message,
                outcome_at=at,
                change_seq=d.change_seq,
                apart=d.pk in apart,
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class FileView:
    id: int
    kind: str
    kind_label: str
    name: str
    size: int
    created_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a document of any kind stands, what may be done with it, what has happened."""

    row: DocumentRow
    possibilities: Possibilities
    history: list[StateChange]


def get_standing(actor: Actor, document_id: int) -> Standing:
    """Raises: RefusedError: no such document in the actor's company, or in a state reserved to others."""
    document = _visible(actor).filter(pk=document_id).first()
    if document is None:
        raise RefusedError(say("Documento non trovato."))
    return Standing(
        row_of(actor, document), workflow.possibilities(document, actor), workflow.history(document)
    )


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document's page."""

    row: DocumentRow
    version: int
    source: str
    source_label: str
    tipo_documento: str
    formato: str
    sezionale: str
    codice_destinatario: str
    pec_destinatario: str
    confirmed: bool
    due_cents: int
    taxable_cents: int
    tax_cents: int
    draft: Draft | None
    possibilities: Possibilities
    history: list[StateChange]
    files: list[FileView]
    findings: list[dict[str, Any]]
    findings_from: StateChange | None
    # Which document of its file it is: a lotto holds several.
    position: int


def get_document(actor: Actor, document_id: int) -> DocumentView:
    """Raises: RefusedError: no such document in the actor's company, or in a state reserved to others."""
    document = _visible(actor).filter(pk=document_id).first()
    invoice = (
        Invoice.objects.select_related("sezionale")
        .filter(document_id=document_id, company_id=actor.company_id)
        .first()
    )
    if document is None or invoice is None:
        raise RefusedError(say("Documento non trovato."))
    change, findings = workflow.last_findings(document)
    return DocumentView(
        row=row_of(actor, document),
        version=document.version,
        source=invoice.source,
        source_label=invoice.get_source_display(),
        tipo_documento=invoice.tipo_documento,
        formato=invoice.formato,
        sezionale=invoice.sezionale.code if invoice.sezionale else "",
        codice_destinatario=invoice.codice_destinatario,
        pec_destinatario=invoice.pec_destinatario,
        confirmed=document.confirmed,
        due_cents=document.due_cents,
        taxable_cents=document.taxable_cents,
        tax_cents=document.tax_cents,
        draft=draft_from_json(invoice.draft) if invoice.draft is not None else None,
        possibilities=workflow.possibilities(document, actor),
        history=workflow.history(document),
        files=files_of(document),
        findings=findings,
        findings_from=change,
        position=invoice.position,
    )


def files_of(document: Document) -> list[FileView]:
    """The files of a document that the actor may see."""
    rows = DocumentFile.objects.filter(document=document, company_id=document.company_id)
    return [
        FileView(f.pk, f.kind, f.get_kind_display(), f.name, f.stored.size, f.created_at)
        for f in rows.select_related("stored").defer("stored__content").order_by("id")
    ]


def file_bytes(actor: Actor, document_id: int, file_id: int) -> tuple[str, bytes]:
    """Name and content of a file of a visible document.

    Raises:
        RefusedError: not there for this actor.
    """
    get = DocumentFile.objects.select_related("stored").filter(
        pk=file_id, document_id=document_id, company_id=actor.company_id
    )
    file = get.first()
    if file is None or not _visible(actor).filter(pk=document_id).exists():
        raise RefusedError(say("File non trovato."))
    return file.name, bytes(file.stored.content)


def current_xml(actor: Actor, document_id: int) -> bytes | None:
    """The invoice's XML or p7m as last made or imported; None where there is none yet."""
    if not _visible(actor).filter(pk=document_id).exists():
        raise RefusedError(say("Documento non trovato."))
    rows = DocumentFile.objects.select_related("stored").filter(
        document_id=document_id,
        company_id=actor.company_id,
        kind__in=[DocumentFile.Kind.XML, DocumentFile.Kind.IMPORTED],
    )
    file = rows.order_by("-id").first()
    return bytes(file.stored.content) if file else None


def attachments(actor: Actor, draft: Draft) -> dict[str, bytes]:
    """The bytes of a draft's attachments, by sha256."""
    wanted = [a.sha256 for a in draft.allegati]
    rows = StoredFile.objects.filter(company_id=actor.company_id, sha256__in=wanted)
    return {row.sha256: bytes(row.content) for row in rows}


def find_counterparts(actor: Actor, text: str, limit: int = 8) -> list[Counterpart]:
    """Known counterparts whose name or codes hold these words or words that begin so, last used first.

    Of very many only some are looked at: who reads them types on.
    """
    rows = Counterpart.objects.filter(company_id=actor.company_id).defer("words")
    ids = search.counterparts(actor.company_id, text)
    return list((rows if ids is None else rows.filter(pk__in=ids)).order_by("-used_at")[:limit])


def sezionali(actor: Actor) -> list[Sezionale]:
    return list(Sezionale.objects.filter(company_id=actor.company_id).order_by("code"))


def list_states(actor: Actor) -> list[StateView]:
    """The states a document of Entrate can stand in, for the filter."""
    return workflow.state_views(actor.company_id, actor, (Dashboard.ACTIVE_PA, Dashboard.ACTIVE_PRIVATE))


def check_unused(actor: Actor, filters: DocumentFilters) -> bool:
    """Whether the filter asks for a check of no state that the actor may know of: there can be no document then."""
    if not filters.check:
        return False
    hidden = workflow.hidden_states(actor.company_id, actor)
    return workflow.states_with(actor.company_id, filters.check) <= frozenset(hidden)


def imports(actor: Actor, before: int | None = None, limit: int = 30) -> list[ImportedFile]:
    """Earlier imports, newest first; `before` is the id of the last one seen."""
    rows = ImportedFile.objects.filter(company_id=actor.company_id, received=False).defer("stored__content")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows.select_related("created_by").order_by("-pk")[:limit])


def get_import(actor: Actor, import_id: int) -> ImportedFile:
    """Raises: RefusedError: not there for this actor."""
    row = ImportedFile.objects.filter(pk=import_id, company_id=actor.company_id, received=False).first()
    if row is None:
        raise RefusedError(say("Importazione non trovata."))
    return row
