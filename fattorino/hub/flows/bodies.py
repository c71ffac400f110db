"""The documents of a file that was sent, and which of them a message of SdI is about: a lotto holds several.

The submission of a lotto is that of its first document (decision 0019). A message about one of them carries it in
`Message.document`; one about the whole file carries none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from fattorino.core.sdi.messages import RiferimentoFattura
from fattorino.documents import lotti
from fattorino.documents.files import Listed
from fattorino.documents.received import named
from fattorino.hub.models import Message, Submission

# With these SdI says its last word about one document of a file, and others may still wait for theirs.
ENDS_ONE = ("NE_EC01", "NE_EC02", "DT")


@dataclass(frozen=True, slots=True)
class About:
    """
    Attributes:
        documents: those that the message is about, of the file's `count`.
        other: the number of an invoice that it names and that the file does not hold.
        left: those of all of the file for which SdI has not said its last word before this message.
    """

    documents: list[int]
    count: int
    left: frozenset[int]
    other: str = ""

    @property
    def one(self) -> int | None:
        """The document of a lotto that alone is meant."""
        return self.documents[0] if self.count > 1 and len(self.documents) == 1 else None


def documents_of(submission: Submission) -> list[int]:
    """The documents that went out in this file."""
    bodies = lotti.bodies_of(submission.document_id, submission.company_id)
    return [body.document_id for body in bodies] or [submission.document_id]


def about(row: Submission, reference: RiferimentoFattura | None) -> About:
    """What a message about this file means by its RiferimentoFattura; without one, all documents."""
    number = (reference.numero_fattura or "") if reference else ""
    bodies = lotti.bodies_of(row.document_id, row.company_id)
    if not bodies:
        other = number if number != row.document.number else ""
        return About([row.document_id], 1, frozenset([row.document_id]), other)
    found = named(bodies, number, *(_place(reference) if reference else (None, None)))
    left = frozenset(body.document_id for body in bodies) - _ended(row)
    return About([body.document_id for body in found], len(bodies), left, "" if found else number)


def _place(reference: RiferimentoFattura) -> tuple[int | None, int | None]:
    return reference.anno_fattura, reference.posizione_fattura


def left_of(row: Submission) -> list[int]:
    """The documents of the file for which SdI has not said its last word, in its order."""
    ended = _ended(row)
    return [pk for pk in documents_of(row) if pk not in ended]


def last_words() -> QuerySet[Message]:
    """The messages with which SdI said its last word about one document of a file."""
    return Message.objects.filter(state=Message.State.APPLIED, event__in=ENDS_ONE, document__isnull=False)


def _ended(row: Submission) -> frozenset[int]:
    of_one = last_words().filter(submission=row).values_list("document_id", flat=True)
    return frozenset(pk for pk in of_one if pk)


def listed_for_all(company_id: int, files: Sequence[Listed]) -> list[Listed]:
    """A file of a document that stands for a lotto is listed under each document of it."""
    beside = lotti.others_of(company_id, [document_id for document_id, _, _ in files])
    return [
        (pk, name, stored)
        for document_id, name, stored in files
        for pk in (document_id, *beside.get(document_id, ()))
    ]
