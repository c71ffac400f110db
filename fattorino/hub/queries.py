"""What other rooms and the Hub's own flows read."""

from __future__ import annotations

from fattorino.core.fatturapa.checking import Known, SentInvoice
from fattorino.core.fatturapa.envelope import is_xml
from fattorino.hub.models import Submission

# From here on SdI has, or may have, the invoice ...
WITH_SDI = ["queued", "sending", "uncertain", "accepted", "closed"]
# ... unless it said that it counts as not issued, or the PA refused it (sdi.md 2.4).
REFUSED = ["NS", "NE_EC02"]


def is_p7m(data: bytes) -> bool:
    """Whether a file is a CAdES envelope rather than plain XML."""
    return not is_xml(data)


def known_for(submission: Submission) -> Known:
    """What the company's own history tells about duplicates (00404): other documents that SdI has not refused."""
    number = submission.document.number
    rows = (
        Submission.objects.filter(
            company_id=submission.company_id, current=True, document__number=number, status__in=WITH_SDI
        )
        .exclude(document_id=submission.document_id)
        .exclude(messages__event__in=REFUSED)
        .values_list("document__invoice__seller", "document__date", "document__invoice__tipo_documento")
    )
    return Known(invoices=tuple(SentInvoice(seller, number, date, tipo) for seller, date, tipo in rows))
