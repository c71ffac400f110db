"""What other rooms and the Hub's own flows read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fattorino.core.fatturapa.checking import SentInvoice
from fattorino.core.fatturapa.envelope import is_xml
from fattorino.hub.models import Submission

# From here on SdI has, or may have, the invoice ...
WITH_SDI = ["queued", "sending", "uncertain", "accepted", "closed"]
# ... unless it said that it counts as not issued, or the PA refused it (sdi.md 2.4).
REFUSED = ["NS", "NE_EC02"]


def is_p7m(data: bytes) -> bool:
    """Whether a file is a CAdES envelope rather than plain XML."""
    return not is_xml(data)


def known_for(submissions: Sequence[Submission]) -> dict[int, list[SentInvoice]]:
    """What the company's own history tells about duplicates (00404), by submission: other documents of the same number
    that SdI has not refused. The submissions come with their document."""
    if not submissions:
        return {}
    rows = (
        Submission.objects.filter(
            company_id=submissions[0].company_id,
            current=True,
            document__number__in={s.document.number for s in submissions},
            status__in=WITH_SDI,
        )
        .exclude(messages__event__in=REFUSED)
        .values_list("document_id", *_INVOICE)
    )
    sent: dict[str, list[tuple[int, SentInvoice]]] = {}
    for document_id, *invoice in rows:
        sent.setdefault(invoice[1], []).append((document_id, SentInvoice(*invoice)))
    return {
        s.pk: [told for document_id, told in sent.get(s.document.number, ()) if document_id != s.document_id]
        for s in submissions
    }


def of_same_number(submissions: Sequence[Submission]) -> dict[int, list[SentInvoice]]:
    """Those among them that share their number with another, as what SdI would have once they are sent."""
    times = Counter(s.document.number for s in submissions)
    twins = [s.pk for s in submissions if times[s.document.number] > 1]
    rows = Submission.objects.filter(pk__in=twins).values_list("pk", *_INVOICE) if twins else ()
    return {pk: [SentInvoice(*invoice)] for pk, *invoice in rows}


_INVOICE = (
    "document__invoice__seller",
    "document__number",
    "document__date",
    "document__invoice__tipo_documento",
)
