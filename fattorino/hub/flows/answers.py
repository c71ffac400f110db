"""What SdI tells who received an invoice: that the term has passed (DT), that it refused an outcome (SE)."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from fattorino.core.sdi.meaning import meaning
from fattorino.core.sdi.message_io import ReadMessage
from fattorino.core.texts import say, together
from fattorino.documents import flows as documents
from fattorino.documents.received import Received
from fattorino.hub.flows.receipts import by_hand
from fattorino.hub.models import Message, OutcomeSent
from fattorino.workflow import flows as workflow

Status = OutcomeSent.Status
# An outcome whose fate is known already is not refused afterwards.
OPEN = [Status.QUEUED, Status.SENDING, Status.UNCERTAIN, Status.SENT]


def apply(
    found: Sequence[Received], message: Message, read: ReadMessage, *, by: str, now: datetime.datetime
) -> None:
    """Tell each of the received invoices, of one company, within its scope; the documents are locked."""
    sense = meaning(read.message)
    message.event = sense.event
    words = together(
        say("{label}. {explanation}", label=sense.label, explanation=sense.explanation), by_hand(by)
    )
    for each in found:
        stored = documents.store(each.company_id, bytes(message.content), now=now)
        documents.attach(each.document_id, each.company_id, documents.RECEIPT, message.name, stored, now=now)
        if sense.event == "SE":
            OutcomeSent.objects.filter(
                company_id=each.company_id, document_id=each.document_id, status__in=OPEN
            ).update(status=Status.REFUSED, last_error=sense.explanation)
        actor = workflow.system_actor(each.company_id, "sdi")
        decision = workflow.report_status(
            each.document_id, sense.event, actor, now=now, message=words, sha256=stored.sha256
        )
        message.note = decision.note
