"""The invoices that the company received, as SdI's later messages name them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from django.db.models import QuerySet

from fattorino.documents.models import DocumentFile, PassiveInvoice


@dataclass(frozen=True, slots=True)
class Received:
    """One invoice of a file that SdI delivered; `position` counts its bodies from 1."""

    document_id: int
    company_id: int
    number: str
    year: int
    position: int


def received_under(identificativo_sdi: str, company_id: int | None = None) -> list[Received]:
    """What arrived under this identifier, body after body; with a company only what that company received."""
    if not identificativo_sdi:
        return []
    rows = PassiveInvoice.objects.filter(identificativo_sdi=identificativo_sdi)
    if company_id is not None:
        rows = rows.filter(company_id=company_id)
    return [
        Received(row.document_id, row.company_id, row.document.number, row.document.date.year, row.position)
        for row in rows.select_related("document").order_by("company_id", "position")
    ]


def any_stands_in(identificativo_sdi: str, company_id: int, states: Sequence[str]) -> bool:
    """Whether one of the invoices that arrived under this identifier is in one of these states."""
    if not identificativo_sdi:
        return False
    rows = PassiveInvoice.objects.filter(identificativo_sdi=identificativo_sdi, company_id=company_id)
    return rows.filter(document__state__in=list(states)).exists()


def receipts(company_id: int) -> QuerySet[DocumentFile]:
    """SdI's messages as they lie with the documents that they are about."""
    return DocumentFile.objects.filter(company_id=company_id, kind=DocumentFile.Kind.RECEIPT)


def received_as(document_id: int, company_id: int) -> Received | None:
    """A document as SdI's messages name it; None where it is none that was received."""
    row = (
        PassiveInvoice.objects.filter(pk=document_id, company_id=company_id)
        .select_related("document")
        .first()
    )
    if row is None:
        return None
    return Received(
        row.document_id, row.company_id, row.document.number, row.document.date.year, row.position
    )


class Named(Protocol):
    """One document of a file, received or sent."""

    @property
    def number(self) -> str: ...
    @property
    def year(self) -> int: ...
    @property
    def position(self) -> int: ...


T = TypeVar("T", bound=Named)


def named(found: Sequence[T], number: str | None, year: int | None, position: int | None) -> list[T]:
    """Those that a RiferimentoFattura means: the one invoice of a lotto. Without a number: all of them."""
    if not number:
        return list(found)
    alike = [each for each in found if each.number == number and year in (None, each.year)]
    exact = [each for each in alike if each.position == position]
    return exact or alike
