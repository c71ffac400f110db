"""What other rooms and the Hub's own flows read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from django.db.models import Exists, OuterRef, Q

from fattorino.core.fatturapa.checking import SentInvoice
from fattorino.core.fatturapa.envelope import is_xml
from fattorino.documents import lotti
from fattorino.hub.models import Message, Submission
from fattorino.organisations.rows import among

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
    company_id = submissions[0].company_id
    mine = _documents(submissions)
    sent: dict[str, list[tuple[int, SentInvoice]]] = {}
    numbers = {number for documents in mine.values() for number in documents.values()}
    for document_id, invoice in _sent(company_id, numbers):
        sent.setdefault(invoice.numero, []).append((document_id, invoice))
    return {
        pk: [
            told
            for number in dict.fromkeys(documents.values())
            for document_id, told in sent.get(number, ())
            if document_id not in documents
        ]
        for pk, documents in mine.items()
    }


def _sent(company_id: int, numbers: Collection[str]) -> list[tuple[int, SentInvoice]]:
    """The documents with these numbers that SdI has and has not refused, and what it knows them by."""
    file = Submission.objects.filter(company_id=company_id, current=True, status__in=WITH_SDI)
    refused = Message.objects.filter(event__in=REFUSED)
    this = Q(document=None) | Q(document=OuterRef("document"))
    alone = file.filter(among("document__number", numbers))
    alone = alone.exclude(Exists(refused.filter(this, submission=OuterRef("pk"))))
    found = [(pk, SentInvoice(*told)) for pk, *told in alone.values_list("document_id", *_INVOICE)]
    # The other documents of a lotto went out in the submission of its first.
    others = [each for each in lotti.known_as(company_id, numbers=numbers) if each.document_id != each.head]
    if not others:
        return found
    heads = file.filter(document__in=[each.head for each in others])
    told = refused.filter(submission__in=heads).values_list("submission__document", "document")
    out = set(heads.values_list("document_id", flat=True)) - {head for head, one in told if one is None}
    left = {one for _, one in told}
    return found + [
        (e.document_id, _as_sent(e)) for e in others if e.head in out and e.document_id not in left
    ]


def _as_sent(each: lotti.KnownAs) -> SentInvoice:
    return SentInvoice(each.seller, each.number, each.date, each.tipo_documento)


def _documents(submissions: Sequence[Submission]) -> dict[int, dict[int, str]]:
    """The documents of each submission with their numbers: of a lotto all of them."""
    found = {s.pk: {s.document_id: s.document.number} for s in submissions}
    by_head = {s.document_id: s.pk for s in submissions}
    for each in lotti.known_as(submissions[0].company_id, heads=list(by_head)):
        found[by_head[each.head]][each.document_id] = each.number
    return found


def of_same_number(submissions: Sequence[Submission]) -> dict[int, list[SentInvoice]]:
    """Those among them that share their number with another, as what SdI would have once they are sent."""
    if not submissions:
        return {}
    mine = _documents(submissions)
    times = Counter(number for documents in mine.values() for number in documents.values())
    twins = {
        document_id: pk
        for pk, documents in mine.items()
        for document_id, number in documents.items()
        if times[number] > 1
    }
    found: dict[int, list[SentInvoice]] = {}
    for each in lotti.known_as(submissions[0].company_id, ids=list(twins)) if twins else ():
        found.setdefault(twins[each.document_id], []).append(_as_sent(each))
    return found


_INVOICE = (
    "document__invoice__seller",
    "document__number",
    "document__date",
    "document__invoice__tipo_documento",
)
