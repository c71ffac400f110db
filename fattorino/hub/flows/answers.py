"""What SdI tells who received an invoice: that the term has passed (DT), that it refused an outcome (SE)."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from fattorino.core.sdi.meaning import meaning
from fattorino.core.sdi.message_io import ReadMessage
from fattorino.core.texts import say, together
from fattorino.documents import flows as documents
from fattorino.documents.received import Received
from fattorino.hub.flows import outcome_told
from fattorino.hub.flows.receipts import by_hand
from fattorino.hub.models import Message


def apply(
    found: Sequence[Received], message: Message, read: ReadMessage, *, by: str, now: datetime.datetime
) -> None:
    """Tell each of the received invoices, of one company, within its scope; the documents are locked."""
    sense = meaning(read.message)
    message.event = sense.event
    words = say("{label}. {explanation}", label=sense.label, explanation=sense.explanation)
    for each in found:
        stored = documents.store(each.company_id, bytes(message.content), now=now)
        documents.attach(each.document_id, each.company_id, documents.RECEIPT, message.name, stored, now=now)
        message.note = outcome_told.told(
            each.company_id, each.document_id, sense.event, sense.codes, together(words, by_hand(by)),
            stored.sha256, now=now, named=getattr(read.message, "message_id_committente", None) or "",
        )  # fmt: skip
