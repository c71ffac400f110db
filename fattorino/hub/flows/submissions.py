"""Submissions: one for each press of the button, with a file name of its own for ever."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F

from fattorino.core.errors import RefusedError
from fattorino.core.sdi.names import progressive
from fattorino.core.texts import say
from fattorino.documents import files
from fattorino.hub.flows.remote_names import names_for
from fattorino.hub.models import FileNameSeries, Submission
from fattorino.organisations.queries import get_company
from fattorino.organisations.rows import among, insert_rows
from fattorino.organisations.scope import company_scope
from fattorino.workflow.actions import ActionResult, ActionRun

if TYPE_CHECKING:
    from fattorino.organisations.models import Company

Status = Submission.Status
Runs = Sequence[ActionRun]
Results = dict[uuid.UUID, ActionResult]
Portion = list[tuple[uuid.UUID, Submission, bytes]]
# Files that lie in memory at the same time, in bytes; a single one may be larger.
AT_ONCE = 16_000_000


def open_submissions(runs: Runs) -> dict[uuid.UUID, Submission]:
    """One submission per press of the button: reserves the file names first, whatever comes after."""
    company = get_company(runs[0].company_id)
    with transaction.atomic():
        # Before looking: of two that carry out the same press the second finds what the first has made.
        series = _locked_series(company)
        rows = Submission.objects.filter(among("run", [run.run for run in runs]), company_id=company.pk)
        found = {row.run: row for row in rows}
        fresh = [run for run in runs if run.run not in found]
        if not fresh:
            return found
        numbers = range(series.last + 1, series.last + 1 + len(fresh))
        FileNameSeries.objects.filter(pk=series.pk).update(last=F("last") + len(fresh))
        Submission.objects.filter(
            among("document_id", [run.document_id for run in fresh]), company_id=company.pk, current=True
        ).update(current=False)
        # What another program handed in keeps the name it came with.
        names = names_for(company.pk, [run.document_id for run in fresh])
        made = [
            _submission(company, run, number, names.get(run.document_id, ""))
            for run, number in zip(fresh, numbers, strict=True)
        ]
        insert_rows(made)
        return found | {row.run: row for row in made}


def _submission(company: Company, run: ActionRun, number: int, name: str) -> Submission:
    return Submission(
        company_id=company.pk,
        document_id=run.document_id,
        run=run.run,
        status=Status.ACQUIRED,
        # A file name that this transmitter never used: `IT01234567890_00001`, without extension.
        base_name=name or f"{company.trasmittente_paese}{company.trasmittente_codice}_{progressive(number)}",
        created_at=run.now,
    )


def _locked_series(company: Company) -> FileNameSeries:
    id_paese, id_codice = company.trasmittente_paese, company.trasmittente_codice
    FileNameSeries.objects.bulk_create(
        [FileNameSeries(id_paese=id_paese, id_codice=id_codice, last=0)], ignore_conflicts=True
    )
    return FileNameSeries.objects.select_for_update().get(id_paese=id_paese, id_codice=id_codice)


def start_names_after(company: Company, last: str) -> None:
    """The company's former program used these names already: go on after its last progressive ("0001Z")."""
    number = int(last, 36) if last.isascii() and last.isalnum() and len(last) <= 5 else -1
    if number < 0:
        raise RefusedError(say("L'ultimo progressivo dei nomi di file ha da 1 a 5 lettere o cifre."))
    series, _ = FileNameSeries.objects.get_or_create(
        id_paese=company.trasmittente_paese, id_codice=company.trasmittente_codice
    )
    FileNameSeries.objects.filter(pk=series.pk, last__lt=number).update(last=number)


_NEEDED = (
    *("company_id", "document_id", "run", "status", "formato", "base_name", "file_name", "next_attempt_at"),
    *("content__sha256", "content__size", "outgoing__sha256", "document__number", "document__dashboard"),
)


def current(runs: Runs) -> tuple[dict[uuid.UUID, Submission], Results]:
    """The submission that each works on: the run's own, else the document's current one; and who has none.

    Their files are not read yet, see in_portions.
    """
    company_id = runs[0].company_id
    rows = Submission.objects.select_related("content", "outgoing", "document")
    rows = rows.only(*_NEEDED).filter(company_id=company_id)
    own = {row.run: row for row in rows.filter(among("run", [run.run for run in runs]))}
    others = [run.document_id for run in runs if run.run not in own]
    waiting = rows.filter(among("document_id", others), current=True)
    by_document = {row.document_id: row for row in waiting}
    found, missing = dict[uuid.UUID, Submission](), Results()
    for run in runs:
        submission = own.get(run.run) or by_document.get(run.document_id)
        if submission is not None and submission.content is not None:
            found[run.run] = submission
        else:
            missing[run.run] = ActionResult(
                False,
                say("Il Digital Hub non ha ancora l'XML di questo documento. Usare «Genera XML e invia»."),
            )
    return found, missing


def in_portions(company_id: int, submissions: dict[uuid.UUID, Submission]) -> Iterator[Portion]:
    """The submissions with their content, so many at a time as fit into memory; nothing is open meanwhile."""
    waiting = list(submissions.items())
    while waiting:
        size, some = 0, list[tuple[uuid.UUID, Submission]]()
        while waiting and (not some or size + _size(waiting[0][1]) <= AT_ONCE):
            size += _size(waiting[0][1])
            some.append(waiting.pop(0))
        with company_scope(company_id):
            contents = files.contents(company_id, [s.content_id for _, s in some if s.content_id])
        yield [(run, s, contents[s.content_id]) for run, s in some if s.content_id]


def _size(submission: Submission) -> int:
    return submission.content.size if submission.content else 0
