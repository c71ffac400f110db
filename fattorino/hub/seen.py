"""Which documents of a file a person may see, where some stand in states that are reserved to others.

In the Hub a sent file is its first document, and a message about a received one lies with the first that it is about.
Whoever may see any document of the file is told of that one.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q

from fattorino.documents.received import receipts
from fattorino.organisations.queries import Actor
from fattorino.workflow import queries as workflow

if TYPE_CHECKING:
    from fattorino.workflow.models import Document


def any_of_file(actor: Actor, head: str, left_out: Exists | None = None) -> Q:
    """The condition that the actor may see a document of the sent file.

    Args:
        head: the column of the first document. left_out: a condition on further documents that do not count.
    """
    seen = workflow.visible_documents(actor)
    if left_out is not None:
        seen = seen.exclude(left_out)
    return Q(Exists(seen.filter(pk=OuterRef(head)))) | Q(Exists(seen.filter(lotto=OuterRef(head))))


def any_with_receipt(actor: Actor, sha256: str) -> Q:
    """The condition that the message of this digest (a column) lies with a document that the actor may see."""
    return Q(
        Exists(
            receipts(actor.company_id).filter(
                stored__sha256=OuterRef(sha256), document__in=workflow.visible_documents(actor)
            )
        )
    )


def of_files(actor: Actor, heads: Collection[int]) -> dict[int, list[Document]]:
    """The documents of each of these sent files that the actor may see, in their order, by the first of all."""
    found: dict[int, list[Document]] = {}
    if heads:
        rows = workflow.visible_documents(actor).filter(Q(pk__in=heads) | Q(lotto__in=heads))
        for document in rows.order_by("pk"):
            found.setdefault(document.lotto_id or document.pk, []).append(document)
    return found


def with_receipts(actor: Actor, digests: Collection[str]) -> dict[str, Document]:
    """The first document that the actor may see with each of these messages."""
    found: dict[str, Document] = {}
    if digests:
        rows = receipts(actor.company_id).filter(
            stored__sha256__in=digests, document__in=workflow.visible_documents(actor)
        )
        for row in rows.select_related("stored", "document").defer("stored__content").order_by("document"):
            found.setdefault(row.stored.sha256, row.document)
    return found
