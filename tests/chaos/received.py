"""What must be true afterwards of the invoices that suppliers sent: each is here once, and its answer at SdI once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from fattorino.documents.models import PassiveInvoice, Reception
from fattorino.hub.models import OutcomeSent
from fattorino.organisations.scope import system_scope
from tests.chaos.lines import Line
from tests.chaos.plan import OUTCOME_REFUSED, Course
from tests.chaos.suppliers import number_of

ENDS = {"EC01": "ACCETTATO_PASS", "EC02": "RIFIUTATO_PASS"}
AT_SDI = {"EC01": "ACCETTATO", "EC02": "RIFIUTATO"}


def violations(line: Line, course: Course, books: dict[str, Any]) -> list[str]:
    """Every promise that does not hold, in words; empty when all do."""
    with system_scope():
        return list(_violations(line, course, books))


def _violations(line: Line, course: Course, books: dict[str, Any]) -> Iterator[str]:
    files = {number_of(f["nome_file"]): f for f in books["files"] if number_of(f["nome_file"])}
    if sorted(files) != list(range(1, len(course.received) + 1)):
        yield f"{line.name}: SdI has {len(files)} invoices of the supplier, not {len(course.received)}"
    mine = Reception.objects.filter(company_id=line.office.company_id)
    if mine.count() != len(files):
        yield f"{line.name}: {mine.count()} receptions of {len(files)} invoices"
    invoices = PassiveInvoice.objects.filter(company_id=line.office.company_id).select_related("document")
    here: dict[str, list[PassiveInvoice]] = {}
    for invoice in invoices.order_by("pk"):
        here.setdefault(invoice.identificativo_sdi, []).append(invoice)
    refusals = Counter(m["identificativo_sdi"] for m in _refusals(books))
    for number, file in sorted(files.items()):
        esito, found = course.received[number - 1], here.get(str(file["identificativo_sdi"]), [])
        if (file["state"], file["outcome"]) != (AT_SDI[esito], esito):
            yield f"{file['nome_file']}: SdI has {file['outcome'] or 'no outcome'} ({file['state']}), not {esito}"
        if len(found) != 1 or found[0].document.state != ENDS[esito]:
            yield f"{file['nome_file']} is here as {[p.document.state for p in found]}, not {ENDS[esito]}"
            continue
        yield from _answered_once(file, found[0], refusals[file["identificativo_sdi"]], course, number)


def _answered_once(
    file: dict[str, Any], invoice: PassiveInvoice, refusals: int, course: Course, number: int
) -> Iterator[str]:
    """One outcome counts, and SdI refused none but what the plan made it refuse and second copies."""
    rows = list(OutcomeSent.objects.filter(document_id=invoice.pk).order_by("pk"))
    if [row.status for row in rows if row.status != OutcomeSent.Status.REFUSED] != ["taken"]:
        yield f"{file['nome_file']}: its outcomes are {[row.status for row in rows]}"
    planned = sum(each == (number, OUTCOME_REFUSED) for each in course.on_outcomes)
    if len(rows) != 1 + planned:
        yield f"{file['nome_file']}: {len(rows)} outcomes were made, {planned} of them to be refused"
    if refusals > planned and not any(row.offered_again for row in rows):
        yield f"{file['nome_file']}: SdI refused {refusals} outcomes though each was offered once"


def _refusals(books: dict[str, Any]) -> list[dict[str, Any]]:
    """Each SE once, however often it was brought."""
    written = {(m["identificativo_sdi"], m["nome_file"]): m for m in books["messages"] if m["tipo"] == "SE"}
    return list(written.values())
