"""What the panel of received invoices and the API read; one invoice is in `page.py`. Every query names its company."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Q, QuerySet, Sum

from fattorino.core.workflow.definition import Action, Dashboard
from fattorino.documents import finding, queries, search
from fattorino.documents.finding import Cursor, DocumentFilters
from fattorino.documents.models import PassiveInvoice, Reception
from fattorino.documents.queries import DocumentRow, Totals
from fattorino.organisations import reading
from fattorino.organisations.queries import Actor
from fattorino.workflow import counts
from fattorino.workflow import queries as workflow

if TYPE_CHECKING:
    from fattorino.workflow.models import Document

PAGE = 50
AT_ONCE = 500
DASHBOARD = str(Dashboard.PASSIVE)
# The format of invoices to which SdI takes an answer.
PA = "FPA12"
# What asks the person for an answer to SdI.
ANSWERING = frozenset({Action.ACCEPT_OR_REFUSE, Action.ACCEPT, Action.REFUSE})


@dataclass(frozen=True, slots=True)
class PassiveFilters:
    """What the panel may be narrowed by: what every list knows, and what only received invoices have."""

    base: DocumentFilters
    unread: bool = False
    to_answer: bool = False
    source: str = ""
    # The file that SdI delivered, where the documents of one are meant.
    reception: int | None = None

    @property
    def special(self) -> bool:
        return self.unread or self.to_answer or bool(self.source) or self.reception is not None


@dataclass(frozen=True, slots=True)
class PassiveRow:
    """One row of the panel.

    Attributes:
        answer_by: until when a PA may still answer; None where nobody has to, or nobody knows.
        term_unknown: a PA may have to answer, and nobody knows since when (it was imported).
    """

    row: DocumentRow
    tipo_documento: str
    received_at: datetime.datetime
    source_label: str
    taxable_cents: int
    tax_cents: int
    unread: bool
    answer_by: datetime.datetime | None
    term_unknown: bool
    seller: str
    identificativo_sdi: str
    exported_at: datetime.datetime | None
    acknowledged_at: datetime.datetime | None

    @property
    def id(self) -> int:
        return self.row.id


@dataclass(frozen=True, slots=True)
class PassivePage:
    rows: list[PassiveRow]
    next: Cursor | None
    previous: Cursor | None
    last_change: int


def list_passive(
    actor: Actor, filters: PassiveFilters, cursor: Cursor | None = None, limit: int = PAGE
) -> PassivePage:
    """One page, newest first, by keyset, as the list of Entrate."""
    if not filters.special:
        page = queries.list_documents(actor, filters.base, cursor, limit)
        return PassivePage(rows_of(actor, page.rows), page.next, page.previous, page.last_change)
    seen = queries.last_change(actor)
    ids = _special(actor, filters, cursor, limit + 1)
    more, ids = len(ids) > limit, ids[:limit]
    forward = cursor is None or cursor.forward
    rows = queries.rows_by_id(actor, ids if forward else ids[::-1])
    first, last = (rows[0], rows[-1]) if rows else (None, None)
    return PassivePage(
        rows_of(actor, rows),
        next=Cursor(last.date, last.id) if last and (more or not forward) else None,
        previous=Cursor(first.date, first.id, False) if first and cursor and (more or forward) else None,
        last_change=seen,
    )


def totals(actor: Actor, filters: PassiveFilters) -> Totals:
    """Sums of all documents of the filter."""
    if not filters.special:
        return queries.totals(actor, filters.base)
    if filters.base.searches:
        found = _special(actor, filters, None, search.COUNTED + 1)
        return Totals(min(len(found), search.COUNTED), exact=False)
    euro = Q(currency="EUR")
    told = _narrowed(actor, filters).aggregate(
        count=Count("pk"),
        others=Count("pk", filter=~euro),
        taxable=Sum("taxable_cents", filter=euro, default=0),
        tax=Sum("tax_cents", filter=euro, default=0),
        total=Sum("total_cents", filter=euro, default=0),
    )
    return Totals(told["count"], told["taxable"], told["tax"], told["total"], told["others"])


def export_rows(actor: Actor, filters: PassiveFilters) -> Iterator[PassiveRow]:
    """All rows of the filter, page by page."""
    cursor: Cursor | None = None
    while True:
        page = list_passive(actor, filters, cursor, limit=AT_ONCE)
        yield from page.rows
        if page.next is None:
            return
        cursor = page.next
        reading.forget()


def feed(
    actor: Actor, since: int, limit: int, *, only_available: bool, acknowledged: bool | None
) -> tuple[list[PassiveRow], int, bool]:
    """What changed after `since`, in the order of the changes; the number to ask with next time; whether there is more.

    What is still being written is left for the next time, so that whoever follows the feed misses nothing.
    """
    horizon = queries.last_change(actor)
    found = workflow.visible_documents(actor).filter(dashboard=DASHBOARD, passive__isnull=False)
    found = found.filter(change_seq__gt=since, change_seq__lte=horizon)
    if only_available:
        found = found.exclude(passive__exported_at=None)
    if acknowledged is not None:
        found = found.filter(passive__acknowledged_at__isnull=not acknowledged)
    ids = list(found.order_by("change_seq").values_list("pk", flat=True)[:limit])
    rows = rows_of(actor, queries.rows_by_id(actor, ids))
    more = len(ids) == limit
    return rows, rows[-1].row.change_seq if more and rows else max(since, horizon), more


def rows_of(actor: Actor, rows: list[DocumentRow]) -> list[PassiveRow]:
    """What received invoices have beside what every document shows, in the same order."""
    found = PassiveInvoice.objects.filter(
        company_id=actor.company_id, document_id__in=[row.id for row in rows]
    ).select_related("reception", "document")
    found = found.defer("reception__content", "reception__metadata", "findings")
    facts = {passive.document_id: passive for passive in found}
    return [passive_row(row, facts[row.id]) for row in rows if row.id in facts]


def passive_row(row: DocumentRow, passive: PassiveInvoice) -> PassiveRow:
    """One row of the panel from what every document shows and what a received invoice has beside it."""
    return PassiveRow(
        row=row,
        tipo_documento=passive.tipo_documento,
        received_at=passive.delivered_at or passive.reception.received_at,
        source_label=passive.reception.get_source_display(),
        taxable_cents=passive.document.taxable_cents,
        tax_cents=passive.document.tax_cents,
        unread=passive.opened_at is None,
        answer_by=passive.answer_by,
        term_unknown=passive.formato == PA and passive.answer_by is None and passive.delivered_at is None,
        seller=passive.seller,
        identificativo_sdi=passive.identificativo_sdi,
        exported_at=passive.exported_at,
        acknowledged_at=passive.acknowledged_at,
    )


def _special(actor: Actor, filters: PassiveFilters, cursor: Cursor | None, limit: int) -> list[int]:
    """Ids, away from the newest or back towards it, of what only received invoices can be asked for."""
    if not filters.base.searches:
        rows = _narrowed(actor, filters)
        forward = cursor is None or cursor.forward
        if cursor:
            beyond = "lt" if forward else "gt"
            rows = rows.filter(
                Q(**{f"date__{beyond}": cursor.date}) | Q(date=cursor.date, **{f"pk__{beyond}": cursor.id})
            )
        order = ("-date", "-pk") if forward else ("date", "pk")
        return list(rows.order_by(*order).values_list("pk", flat=True)[:limit])
    found: list[int] = []
    scope = finding.scope_of(actor, filters.base)
    while len(found) < limit:
        ids = search.page(scope, cursor, AT_ONCE)
        there = dict(_narrowed(actor, filters).filter(pk__in=ids).values_list("pk", "date"))
        found += [document_id for document_id in ids if document_id in there]
        if len(ids) < AT_ONCE:
            break
        last = workflow.visible_documents(actor).get(pk=ids[-1])
        cursor = Cursor(last.date, last.pk, cursor is None or cursor.forward)
    return found[:limit]


def _narrowed(actor: Actor, filters: PassiveFilters) -> QuerySet[Document]:
    """Visible documents by all that is no search."""
    base = filters.base
    rows = workflow.visible_documents(actor).filter(dashboard=DASHBOARD, passive__isnull=False)
    given = {"state": base.state, "kind": base.kind, "date__gte": base.date_from, "date__lte": base.date_to}
    rows = rows.filter(**{name: value for name, value in given.items() if value})
    if filters.unread:
        rows = rows.filter(passive__opened_at=None)
    if filters.to_answer:
        unknown = Q(passive__formato=PA, passive__delivered_at=None)
        rows = rows.filter(Q(passive__answer_by__isnull=False) | unknown)
        rows = rows.filter(state__in=answering_states(actor.company_id))
    if filters.source:
        rows = rows.filter(passive__reception__source=filters.source)
    if filters.reception is not None:
        rows = rows.filter(passive__reception_id=filters.reception)
    return rows


def answering_states(company_id: int) -> list[str]:
    """The states in which somebody must answer."""
    _, flow = workflow.workflow_of(company_id)
    return [s.code for s in flow.states.values() if s.passive.action in ANSWERING]


def unread(actor: Actor) -> int:
    """How many invoices nobody has opened."""
    rows = workflow.visible_documents(actor).filter(dashboard=DASHBOARD, passive__opened_at=None)
    return rows.filter(passive__isnull=False).count()


def has_any(actor: Actor) -> bool:
    """Whether the company has ever received anything: else the page says what to do to receive."""
    return any(group.dashboard == DASHBOARD and sums.n for group, sums in counts.groups(actor).items())


def sources() -> list[tuple[str, str]]:
    """Ways by which invoices come, for the filter."""
    return [(str(value), label) for value, label in Reception.Source.choices]
