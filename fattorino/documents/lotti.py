"""Lotti: several documents in one imported file, as pages and the Hub read them. `importing_lotti` writes them."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import F

from fattorino.documents.models import DocumentFile, Invoice
from fattorino.organisations.queries import Actor
from fattorino.organisations.rows import among
from fattorino.workflow.queries import StateView, state_views, visible_documents

CANCELLED = "ANNULLATO"
# Of a longer lotto the page of a document names no more.
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Body:
    """One document of a file that we send; `position` counts the file's bodies from 1."""

    document_id: int
    company_id: int
    number: str
    year: int
    position: int
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class KnownAs:
    """A document as SdI tells it from others (00404); `head` stands for its file."""

    document_id: int
    head: int
    seller: str
    number: str
    date: datetime.date
    tipo_documento: str


@dataclass(frozen=True, slots=True)
class Member:
    """A document of a lotto as the pages of the others show it."""

    document_id: int
    position: int
    number: str
    total_cents: int
    currency: str
    state: StateView | None


@dataclass(frozen=True, slots=True)
class Lotto:
    """A document's lotto: `position` of `count` in the file `name`, for which `head` stands.

    Members that the actor may not see are left out."""

    name: str
    position: int
    count: int
    members: list[Member]
    head: int

    @property
    def shown(self) -> list[Member]:
        return self.members[:SHOWN]

    @property
    def more(self) -> int:
        return len(self.members) - len(self.shown)


def head_of(document_id: int, company_id: int) -> int:
    """The document whose submissions are those of this one's file: the first of its lotto, else itself."""
    rows = Invoice.objects.filter(pk=document_id, company_id=company_id, document__lotto__isnull=False)
    return rows.values_list("document__lotto", flat=True).first() or document_id


def bodies_of(head_id: int, company_id: int) -> list[Body]:
    """The documents of the lotto that this one stands for, in the order of the file; none for any other."""
    rows = Invoice.objects.filter(company_id=company_id, document__lotto=head_id)
    values = ("pk", "company_id", "document__number", "document__date__year", "position", "document__state")
    return [
        Body(pk, company, number, year, position, state == CANCELLED)
        for pk, company, number, year, position, state in rows.order_by("position").values_list(*values)
    ]


def others_of(company_id: int, document_ids: Sequence[int]) -> dict[int, list[int]]:
    """The other documents of its file, by the one that stands for a lotto."""
    found: dict[int, list[int]] = {}
    rows = Invoice.objects.filter(company_id=company_id, document__lotto__in=list(document_ids))
    rows = rows.exclude(pk=F("document__lotto"))
    for head, pk in rows.order_by("pk").values_list("document__lotto", "pk"):
        found.setdefault(head or 0, []).append(pk)
    return found


def known_as(
    company_id: int,
    *,
    ids: Collection[int] | None = None,
    heads: Collection[int] | None = None,
    numbers: Collection[str] | None = None,
) -> list[KnownAs]:
    """What SdI knows documents by: these, all of these lotti, or all of any lotto that have these numbers."""
    mine = Invoice.objects.filter(company_id=company_id)
    rows = mine.filter(document__lotto__isnull=False) if ids is None else mine.filter(among("pk", ids))
    if heads is not None:
        rows = rows.filter(among("document__lotto_id", heads))
    if numbers is not None:
        rows = rows.filter(among("document__number", numbers))
    values = rows.values_list(
        "pk", "document__lotto", "seller", "document__number", "document__date", "tipo_documento"
    )
    return [
        KnownAs(pk, head or pk, seller, number, date, kind) for pk, head, seller, number, date, kind in values
    ]


def lotto_of(actor: Actor, document_id: int) -> Lotto | None:
    """The lotto of a visible document; None where it travels alone."""
    document = visible_documents(actor).filter(pk=document_id).first()
    if document is None or document.lotto_id is None:
        return None
    rows = Invoice.objects.filter(company_id=actor.company_id, document__lotto=document.lotto_id)
    positions = dict(rows.values_list("pk", "position"))
    states = {view.code: view for view in state_views(actor.company_id, actor)}
    shown = visible_documents(actor).filter(lotto=document.lotto_id)
    members = [
        Member(d.pk, positions[d.pk], d.number, d.total_cents, d.currency, states.get(d.state)) for d in shown
    ]
    return Lotto(
        _name(document_id, actor.company_id),
        positions[document_id],
        len(positions),
        sorted(members, key=lambda member: member.position),
        document.lotto_id,
    )


def _name(document_id: int, company_id: int) -> str:
    """The name of the file as it was last imported."""
    files = DocumentFile.objects.filter(document_id=document_id, company_id=company_id)
    imported = files.filter(kind=DocumentFile.Kind.IMPORTED).order_by("-pk")
    return imported.values_list("name", flat=True).first() or ""
